#ifndef HLSREC_SRC_SERVE_TIME_RANGE_H_
#define HLSREC_SRC_SERVE_TIME_RANGE_H_

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "hlsrec/status.h"

// A part of a recording by its wall-clock time. Pure.
namespace hlsrec::serve {

struct TimeRange {
  using Time = std::chrono::sys_time<std::chrono::microseconds>;
  std::optional<Time> start = {};  // none: from the beginning
  std::optional<Time> end = {};    // none: to the end
};

// `start` and `end` of a query, in seconds since 1970; nothing where it has
// neither. kInvalidArgument: they are no numbers, or the wrong way round.
StatusOr<std::optional<TimeRange>> ParseTimeRange(std::string_view query);
// "start=1&end=2", as it was asked for.
std::string TimeRangeQuery(std::string_view query);

// A playlist of the segments that overlap the range by EXT-X-PROGRAM-DATE-TIME;
// segments without one follow the ones before them. Numbers, discontinuities,
// gaps, keys and maps are those of the whole; each list begins with a date.
// Where nothing can come into the range any more it is ended, and VOD; before
// that it grows like the whole. Of a multivariant playlist the variants are
// asked for with `query`.
//
// Errors. kNotFound where nothing is in the range, kFailedPrecondition where no
//     segment has a date, kInvalidArgument where it is no playlist.
StatusOr<std::string> SliceByTime(std::string_view text, const TimeRange& range,
                                  std::string_view query);

}  // namespace hlsrec::serve

#endif  // HLSREC_SRC_SERVE_TIME_RANGE_H_
