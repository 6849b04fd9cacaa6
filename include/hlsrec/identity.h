#ifndef HLSREC_IDENTITY_H_
#define HLSREC_IDENTITY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/export.h"
#include "hlsrec/status.h"

namespace hlsrec {

// Who and what is recorded, in the words of conference and streaming services:
// names of objects, manifests and events are made from it. Fixed when the
// recording starts, journaled, unchanged by a resume. Each is a field of path
// templates by its name here; a template that uses one without a value is
// refused, but for `prefix`.
struct RecordingIdentity {
  std::string room_id = {};
  // Of the meeting; RecordingOptions::session names this run of the recorder.
  std::string session_id = {};
  std::string peer_id = {};
  std::string stream_id = {};
  std::string track_id = {};
  // 0: the highest resolution. Empty: each rendition's own place in that order.
  std::optional<int> layer_index = {};
  // When the meeting started, YYYYMMDD in UTC. Empty: the day of `epoch_ms`.
  std::string start_date = {};
  // When the recorder started, milliseconds since 1970. Empty: when it does.
  std::optional<std::int64_t> epoch_ms = {};
  // Levels before everything; may hold `/`, and may be empty.
  std::string prefix = {};
  // The bucket, or what else holds the outputs.
  std::string location = {};

  friend bool operator==(const RecordingIdentity&,
                         const RecordingIdentity&) = default;
};

// "room_id", "session_id", ...: in the order above.
HLSREC_EXPORT std::vector<std::string> IdentityFieldNames();

// One by its name, as text; empty where it has no value or there is none of
// that name.
HLSREC_EXPORT std::string IdentityField(const RecordingIdentity& identity,
                                        std::string_view name);

// Sets one by its name, from text. kInvalidArgument where there is none of that
// name, or `value` is not what it takes.
HLSREC_EXPORT Status SetIdentityField(RecordingIdentity& identity,
                                      std::string_view name,
                                      std::string_view value);

// kInvalidArgument names the field: ids hold no `/`, `\` or control characters,
// `start_date` is a day, numbers are not negative.
HLSREC_EXPORT Status CheckIdentity(const RecordingIdentity& identity);

}  // namespace hlsrec

#endif  // HLSREC_IDENTITY_H_
