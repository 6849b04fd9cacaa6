#ifndef HLSREC_PATH_TEMPLATE_H_
#define HLSREC_PATH_TEMPLATE_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/export.h"
#include "hlsrec/identity.h"
#include "hlsrec/status.h"

namespace hlsrec {

// The values a template is expanded with. Unset ones may not be used.
struct PathFields {
  std::string stream = {};
  std::string session = {};
  // Who writes: 8 random hex digits for each spool that recorded a part.
  std::string run = {};
  std::string rendition = {};
  std::optional<std::uint64_t> sequence = {};
  // When the recording began: {time}, {epoch_s}, {epoch_ms}. Shown in UTC.
  std::optional<std::chrono::system_clock::time_point> time = {};
  // When the segment, or a playlist's first segment, began.
  std::optional<std::chrono::system_clock::time_point> segment_time = {};
  std::optional<int> height = {};
  std::optional<int> kbps = {};
  std::optional<int> layer = {};
  std::string hash = {};       // of an init section's content, lower-case hex
  std::string extension = {};  // without the dot
  // {room_id} ... {location}. Numbers and dates it lacks come from `time` and
  // `layer`, texts from `user`.
  RecordingIdentity identity = {};
  std::map<std::string, std::string, std::less<>> user = {};
};

// A recording path with fields in braces:
//
//   {stream} {session} {rendition} {ext} {hash} {height} {kbps} {layer}
//   {run}                                   who writes; another machine that
//                                           takes over has another
//   {seq}  {seq:09}                         decimal, zero-padded to a width
//   {time} {time:%Y-%m-%d_%H-%M-%S.%L}      the start, UTC; %L: milliseconds;
//                                           %Y %m %d %H %M %S %j %L %s %% only
//   {segment_time} {segment_time:%H%M%S}    likewise, of the segment
//   {epoch_s} {epoch_ms}                    seconds, milliseconds since 1970
//   {start_date}                            YYYYMMDD, UTC
//   {room_id} {session_id} {peer_id} {stream_id} {track_id} {layer_index}
//   {prefix} {location}                     of the recording's identity
//   {name}                                  a user field
//   {_name} {-name}                         with `_` or `-` before it, unless
//                                           the value is empty
//   {prefix} {name/}                        the identity's prefix, or a user
//                                           field, that may hold levels
//   {{ }}                                   literal braces
//
// A value can never add a level or leave the root: `/`, `\`, control characters
// and a leading dot are escaped as %XX; a level whose fields are all empty and
// that has no text of its own is left out.
//
// Threads. An immutable value.
class HLSREC_EXPORT PathTemplate {
 public:
  // kInvalidArgument with the column (from 1) and the remedy. `user_fields`
  // names the user fields that will be given.
  static StatusOr<PathTemplate> Parse(
      std::string_view text, const std::vector<std::string>& user_fields = {});

  PathTemplate() = default;  // expands to nothing

  // The key. kInvalidArgument where a field it needs is unset or the result is
  // empty or longer than 1,024 bytes (S3's limit).
  [[nodiscard]] StatusOr<std::string> Expand(const PathFields& fields) const;

  [[nodiscard]] bool Uses(std::string_view field) const;
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  struct Piece {
    enum class Kind { kText, kField, kLevelBreak } kind = Kind::kText;
    std::string text = {};    // literal, or the field's name
    std::string format = {};  // after the colon
    std::string separator = {};
    bool may_hold_levels = false;
  };
  std::string text_;
  std::vector<Piece> pieces_;
};

// The paths of an output, relative to its sink.
struct Layout {
  std::string segment = {};
  std::string init = {};
  std::string playlist = {};
  std::string multivariant = {};
  std::string manifest = {};
  std::string chat = {};  // a CSV
  std::string archive = {};
  std::string movie = {};
  std::uint64_t first_sequence = 0;
};

// Layouts by name: "default", "antmedia", "antmedia-datetime", "100ms", and
// those of ObjectPathNames() that hold media, as HLS beside the object.
// kNotFound lists the names there are.
HLSREC_EXPORT StatusOr<Layout> FindLayout(std::string_view name);
HLSREC_EXPORT std::vector<std::string> LayoutNames();

// Where 100ms stores what is one object, as a template below the bucket that is
// its location: "100ms-beam", "100ms-sfu-composite", "100ms-sfu-individual",
// "100ms-multi-resolution", "100ms-vod", "100ms-chat". kNotFound lists them.
HLSREC_EXPORT StatusOr<std::string> FindObjectPath(std::string_view name);
HLSREC_EXPORT std::vector<std::string> ObjectPathNames();

}  // namespace hlsrec

#endif  // HLSREC_PATH_TEMPLATE_H_
