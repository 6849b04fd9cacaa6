#include "src/check/date_drift.h"

#include <algorithm>

#include <fmt/format.h>

namespace hlsrec::check {
namespace {

using playlist::MediaPlaylist;
using playlist::Segment;
using std::chrono::duration_cast;
using std::chrono::microseconds;

// A segment may come late by chance, several in a row do not.
constexpr std::size_t kFew = 3;

}  // namespace

std::optional<std::chrono::sys_time<microseconds>> EndDate(
    const MediaPlaylist& media) {
  std::optional<std::chrono::sys_time<microseconds>> end;
  for (const Segment& segment : media.segments) {
    if (segment.date_time) {
      end = segment.date_time->time;
    } else if (segment.discontinuity) {
      end.reset();
    }
    if (end) *end += segment.duration.value;
  }
  return end;
}

void DateDrift::Add(std::chrono::steady_clock::time_point time,
                    const MediaPlaylist& media) {
  if (media.segments.empty()) return;
  const std::uint64_t newest = media.segments.back().sequence;
  const bool appeared = newest_ && newest > *newest_;
  newest_ = newest;
  const auto date = EndDate(media);
  if (!appeared || !date) return;
  const microseconds delay =
      duration_cast<microseconds>(time.time_since_epoch()) -
      date->time_since_epoch();
  if (first_.size() < kFew) {
    first_.push_back(delay);
    return;
  }
  last_.push_back(delay);
  if (last_.size() > kFew) last_.pop_front();
  if (last_.size() < kFew || reported_) return;
  const microseconds drift = *std::min_element(last_.begin(), last_.end()) -
                             *std::min_element(first_.begin(), first_.end());
  const auto most = std::chrono::seconds(
      static_cast<std::int64_t>(media.target_duration.value));
  if (drift <= most && drift >= -most) return;
  findings_.Warning("R41", 0,
                    fmt::format("dates and the clock have come {:+.3f} s apart",
                                -std::chrono::duration<double>(drift).count()));
  reported_ = true;
}

}  // namespace hlsrec::check
