#ifndef HLSREC_SRC_PACKAGE_TIMELINE_RANGE_H_
#define HLSREC_SRC_PACKAGE_TIMELINE_RANGE_H_

#include <chrono>
#include <cstddef>
#include <optional>
#include <vector>

#include "hlsrec/recording_range.h"
#include "hlsrec/status.h"
#include "src/playlist/model.h"

namespace hlsrec::package {

using Micros = std::chrono::microseconds;
using DateTime = std::chrono::sys_time<Micros>;

// When each segment of a playlist begins: since the first one, and of the day
// where the playlist says so, here or before.
struct SegmentTime {
  Micros start{0};
  std::optional<DateTime> date = {};
};
std::vector<SegmentTime> TimesOf(const playlist::MediaPlaylist& list);

// Since the first segment.
struct TimeRange {
  std::optional<Micros> from = {};
  std::optional<Micros> to = {};
};

// kInvalidArgument where it lies outside of the recording, or is none;
// kFailedPrecondition where it wants dates that the playlist has not.
StatusOr<TimeRange> ResolveRange(const RecordingRange& range,
                                 const playlist::MediaPlaylist& list);

// The segments that have some of it.
struct SegmentRange {
  std::size_t begin = 0;
  std::size_t end = 0;
};
SegmentRange SegmentsIn(const TimeRange& range,
                        const playlist::MediaPlaylist& list);

}  // namespace hlsrec::package

#endif  // HLSREC_SRC_PACKAGE_TIMELINE_RANGE_H_
