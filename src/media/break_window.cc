#include "src/media/break_window.h"

#include <algorithm>
#include <utility>

namespace hlsrec::media {

void BreakWindow::Open(const std::vector<bool>& awaited) {
  for (const bool each : awaited) tracks_.push_back({.awaited = each});
}

bool BreakWindow::Ends(const TimedSample& sample) const {
  if (samples_.empty()) return false;
  const auto& track = tracks_[static_cast<std::size_t>(sample.sample.track)];
  // A track that breaks twice makes two breaks.
  if (sample.discontinuity && track.from) return true;
  if (sample.format != nullptr && track.has_new_format) return true;
  return sample.dts90 - samples_.front().dts90 >= kLength ||
         bytes_ >= kMaxBytes;
}

void BreakWindow::Add(TimedSample sample) {
  auto& track = tracks_[static_cast<std::size_t>(sample.sample.track)];
  const std::size_t position = samples_.size();
  if (sample.format != nullptr) {
    // What a jump brought before it told its format is of the old one; with no
    // keyframe among it, it is not worth to be kept there.
    if (!track.from || track.decodable) track.from = position;
    track.has_new_format = true;
    changed_.push_back(sample.sample.track);
  } else if (sample.discontinuity) {
    track.from = position;
  }
  jumped_ = jumped_ || sample.discontinuity;
  track.decodable = track.decodable || (track.from && sample.sample.keyframe);
  bytes_ += sample.sample.payload.size();
  samples_.push_back(std::move(sample));
}

bool BreakWindow::settled() const {
  return std::all_of(
      tracks_.begin(), tracks_.end(),
      [](const TrackState& track) { return !track.awaited || track.from; });
}

// Where the break is for the tracks that do not change.
std::size_t BreakWindow::PivotFor(int leader) const {
  if (jumped_ || leader < 0) return 0;
  if (const auto from = tracks_[static_cast<std::size_t>(leader)].from) {
    return *from;
  }
  const auto keyframe = std::find_if(
      samples_.begin(), samples_.end(), [leader](const TimedSample& sample) {
        return sample.sample.track == leader && sample.sample.keyframe;
      });
  return keyframe == samples_.end()
             ? 0
             : static_cast<std::size_t>(keyframe - samples_.begin());
}

SettledBreak BreakWindow::Take(int leader) {
  const std::size_t pivot = PivotFor(leader);
  SettledBreak settled;
  settled.changed = std::move(changed_);
  settled.jumped = jumped_;
  settled.leader_goes_on =
      !jumped_ &&
      (leader < 0 || !tracks_[static_cast<std::size_t>(leader)].from);
  for (std::size_t i = 0; i < samples_.size(); ++i) {
    TimedSample& sample = samples_[i];
    const auto& track = tracks_[static_cast<std::size_t>(sample.sample.track)];
    if (i == pivot && sample.sample.track == leader) {
      settled.start = settled.after.size();
    }
    auto& list =
        i < track.from.value_or(pivot) ? settled.before : settled.after;
    list.push_back(std::move(sample));
  }
  *this = {};
  return settled;
}

}  // namespace hlsrec::media
