#ifndef HLSREC_RECORDING_RANGE_H_
#define HLSREC_RECORDING_RANGE_H_

#include <chrono>
#include <optional>
#include <string_view>
#include <variant>

#include "hlsrec/export.h"
#include "hlsrec/status.h"

// A piece of a recording, for hlsrec/export_recording.h and hlsrec/clip.h.
namespace hlsrec {

// Media time since the first segment of the playlist, gaps included; or a time
// of day, by EXT-X-PROGRAM-DATE-TIME.
using RecordingPoint =
    std::variant<std::chrono::microseconds,
                 std::chrono::sys_time<std::chrono::microseconds>>;

struct RecordingRange {
  // None: from the beginning, to the end. Both are widened to where media can
  // be cut.
  std::optional<RecordingPoint> from = {};
  std::optional<RecordingPoint> to = {};
};

// "12.5", "1:02:03.5" (hours, minutes, seconds), "2026-01-31T23:59:59.5Z".
// kInvalidArgument for others.
HLSREC_EXPORT StatusOr<RecordingPoint> ParseRecordingPoint(
    std::string_view text);

}  // namespace hlsrec

#endif  // HLSREC_RECORDING_RANGE_H_
