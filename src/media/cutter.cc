#include "src/media/cutter.h"

#include <algorithm>

namespace hlsrec::media {
namespace {

// Keyframes of a 2 s GOP at 29.97 fps, or with millisecond timestamps, come
// a little before or after the grid: such a one is on it.
std::int64_t Tolerance(std::int64_t target) {
  return std::min<std::int64_t>(target / 20, 9000);
}

// Lost media at the border is a break, not a long segment. Leading pictures of
// an open GOP make a hole of a few frames in decoding order: that is none.
std::int64_t HoleLimit(std::int64_t frame) {
  return std::max<std::int64_t>(45000, 2 * frame);
}

}  // namespace

void Cutter::Open(const CutCandidate& sample, std::int64_t start) {
  if (!open_ || sample.discontinuity) origin_ = start;
  open_ = true;
  requested_ = false;
  start_ = start;
  end_ = std::max(start, sample.pts + sample.duration);
  // The first position after the start, however late the start was.
  const std::int64_t passed = start - origin_ + Tolerance(options_.target);
  next_ = origin_ + (passed / options_.target + 1) * options_.target;
  last_duration_ = sample.duration;
  last_keyframe_ = false;
}

// How early a keyframe may be and still be taken for the one on the grid.
std::int64_t Cutter::Early(const CutCandidate& sample) const {
  // Audio, and video of keyframes only, has one on either side.
  if (last_keyframe_) return sample.duration / 2;
  return Tolerance(options_.target);
}

std::optional<Cut> Cutter::Before(const CutCandidate& sample) {
  if (!open_) {
    Open(sample, sample.pts);
    return std::nullopt;
  }
  std::optional<Cut> cut;
  if (sample.discontinuity) {
    cut = Cut{CutReason::kDiscontinuity, end_, sample.pts};
  } else if (sample.keyframe && requested_) {
    cut = Cut{CutReason::kRequested, sample.pts, sample.pts};
  } else if (sample.keyframe && sample.pts + Early(sample) >= next_) {
    cut = sample.pts - end_ > HoleLimit(last_duration_)
              ? Cut{CutReason::kDiscontinuity, end_, sample.pts}
              : Cut{CutReason::kGrid, sample.pts, sample.pts};
  } else if (std::max(end_, sample.pts + sample.duration) - start_ >
             options_.limit) {
    cut = Cut{CutReason::kForced, end_, end_};
  }
  if (cut && cut->reason != CutReason::kDiscontinuity &&
      cut->end - start_ > options_.limit) {
    cut->end = start_ + options_.limit;
  }
  if (cut) {
    Open(sample, cut->start);
    return cut;
  }
  end_ = std::max(end_, sample.pts + sample.duration);
  last_duration_ = sample.duration;
  last_keyframe_ = sample.keyframe;
  return std::nullopt;
}

}  // namespace hlsrec::media
