#ifndef HLSREC_SRC_PLAYLIST_MODEL_H_
#define HLSREC_SRC_PLAYLIST_MODEL_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// What a playlist says, as values (RFC 8216, draft-pantos-hls-rfc8216bis).
// Lines count from 1; line 0 means "not there".
namespace hlsrec::playlist {

// A header value and where it stands.
template <typename T>
struct Located {
  T value = {};
  int line = 0;

  [[nodiscard]] bool present() const { return line != 0; }
};

// Seconds as written, and rounded half up to microseconds.
struct DecimalSeconds {
  std::string text = {};
  std::chrono::microseconds value{0};
};

struct DateTime {
  std::string text = {};
  std::chrono::sys_time<std::chrono::microseconds> time = {};
  // Without a zone the time is read as UTC.
  std::optional<std::chrono::minutes> zone = {};
  bool has_fraction = false;
};

struct Attribute {
  std::string name = {};
  std::string value = {};  // without its quotes
  bool quoted = false;
};

struct AttributeList {
  std::vector<Attribute> attributes = {};

  [[nodiscard]] const Attribute* Find(std::string_view name) const {
    for (const Attribute& attribute : attributes) {
      if (attribute.name == name) return &attribute;
    }
    return nullptr;
  }
  // The value, or empty.
  [[nodiscard]] std::string_view Get(std::string_view name) const {
    const Attribute* found = Find(name);
    return found == nullptr ? std::string_view() : found->value;
  }
};

struct ByteRange {
  std::uint64_t length = 0;
  // Where it begins; written as `n@o`, or following the range before it.
  std::uint64_t offset = 0;
  bool offset_written = false;
};

struct MapTag {
  std::string uri = {};
  std::optional<ByteRange> byte_range = {};
  std::vector<std::uint32_t> keys = {};  // as Segment::keys
  int line = 0;
};

struct KeyTag {
  std::string method = {};  // "NONE", "AES-128", "SAMPLE-AES", ...
  std::string uri = {};
  std::string iv = {};  // as written, "0x..."
  std::string key_format = {};
  AttributeList attributes = {};
  int line = 0;
};

struct DateRange {
  std::string id = {};
  AttributeList attributes = {};
  int line = 0;
};

// A tag this model has no field for, kept as it stands.
struct OtherTag {
  std::string name = {};  // without '#'
  std::string value = {};
  int line = 0;
};

struct Segment {
  std::string uri = {};
  int line = 0;  // of the URI
  std::uint64_t sequence = 0;
  std::uint64_t discontinuity_sequence = 0;

  DecimalSeconds duration = {};
  int duration_line = 0;  // 0: a URI without EXTINF
  std::string title = {};

  std::optional<ByteRange> byte_range = {};
  bool discontinuity = false;
  bool gap = false;
  std::optional<DateTime> date_time = {};
  std::optional<std::uint64_t> bitrate_kbps = {};
  // In scope here: index into MediaPlaylist::maps.
  std::optional<std::uint32_t> map = {};
  // In scope here, one per KEYFORMAT: indices into MediaPlaylist::keys. Empty
  // where the segment is clear.
  std::vector<std::uint32_t> keys = {};
  std::vector<OtherTag> other_tags = {};
};

enum class ListType { kNone, kEvent, kVod };

struct StartTag {
  std::string time_offset = {};
  std::optional<std::chrono::microseconds> offset = {};
  bool precise = false;
};

struct MediaPlaylist {
  Located<int> version = {.value = 1};
  Located<ListType> type = {};
  Located<std::uint64_t> target_duration = {};  // seconds
  Located<std::uint64_t> media_sequence = {};
  Located<std::uint64_t> discontinuity_sequence = {};
  Located<bool> independent_segments = {};
  Located<bool> end_list = {};
  Located<bool> i_frames_only = {};
  Located<StartTag> start = {};

  std::vector<Segment> segments = {};
  std::vector<MapTag> maps = {};
  std::vector<KeyTag> keys = {};
  std::vector<DateRange> date_ranges = {};
  // SERVER-CONTROL, PART-INF, PART, SKIP, vendors' tags before a segment, ...
  std::vector<OtherTag> other_tags = {};
};

struct Variant {
  std::string uri = {};
  int line = 0;      // of the tag
  int uri_line = 0;  // of the URI; the tag's for I-frame variants
  std::uint64_t bandwidth = 0;
  std::optional<std::uint64_t> average_bandwidth = {};
  std::string codecs = {};
  int width = 0;
  int height = 0;
  std::string frame_rate = {};
  std::string video_range = {};
  std::string audio = {};
  std::string video = {};
  std::string subtitles = {};
  std::string closed_captions = {};
  AttributeList attributes = {};
};

struct Rendition {
  std::string type = {};  // "AUDIO", "VIDEO", "SUBTITLES", "CLOSED-CAPTIONS"
  std::string uri = {};
  std::string group_id = {};
  std::string language = {};
  std::string name = {};
  std::string channels = {};
  bool is_default = false;
  bool autoselect = false;
  bool forced = false;
  AttributeList attributes = {};
  int line = 0;
};

struct MultivariantPlaylist {
  Located<int> version = {.value = 1};
  Located<bool> independent_segments = {};
  Located<StartTag> start = {};
  std::vector<Variant> variants = {};
  std::vector<Variant> i_frame_variants = {};
  std::vector<Rendition> renditions = {};
  std::vector<OtherTag> session_data = {};
  std::vector<KeyTag> session_keys = {};
  std::vector<OtherTag> other_tags = {};
};

}  // namespace hlsrec::playlist

#endif  // HLSREC_SRC_PLAYLIST_MODEL_H_
