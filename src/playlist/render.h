#ifndef HLSREC_SRC_PLAYLIST_RENDER_H_
#define HLSREC_SRC_PLAYLIST_RENDER_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/playlist_policy.h"

namespace hlsrec::playlist {

// The tags before the first segment of a media playlist (RFC 8216 4.3.3).
struct MediaHeader {
  int version = 3;
  PlaylistType type = PlaylistType::kLive;
  std::int64_t target_duration = 1;  // seconds
  std::uint64_t media_sequence = 0;
  // Written always: discontinuities may appear at any time.
  std::uint64_t discontinuity_sequence = 0;
  bool independent_segments = false;
};

// One segment's lines, without EXT-X-MAP, which depends on its neighbours.
struct SegmentLines {
  bool discontinuity = false;
  bool gap = false;
  std::optional<std::chrono::system_clock::time_point> program_date_time = {};
  std::chrono::microseconds duration{0};
  std::string uri = {};
};

struct VariantLines {
  std::string uri = {};
  std::int64_t bandwidth = 0;          // bits per second, peak
  std::int64_t average_bandwidth = 0;  // 0: not written
  std::vector<std::string> codecs = {};
  int width = 0;
  int height = 0;
  double frame_rate = 0;
  std::string_view video_range = {};  // "SDR", "HLG", "PQ"
  std::string audio_group = {};
};

struct AudioLines {
  std::string group = {};
  std::string name = {};
  std::string language = {};
  bool is_default = false;
  int channels = 0;
  std::string uri = {};  // empty: inside the variant
};

struct MultivariantLines {
  int version = 3;
  bool independent_segments = false;
  std::vector<AudioLines> audio = {};
  std::vector<VariantLines> variants = {};
};

std::string RenderHeader(const MediaHeader& header);
std::string RenderMap(std::string_view uri);
std::string RenderSegment(const SegmentLines& segment);
inline constexpr std::string_view kEndList = "#EXT-X-ENDLIST\n";
std::string RenderMultivariant(const MultivariantLines& playlist);

// "2026-11-21T06:50:00.000Z"
std::string FormatDateTime(std::chrono::system_clock::time_point time);

// `to` as a URI reference relative to the object `from`, percent-encoded
// (RFC 3986 section 2.1): ("a/index.m3u8", "a/b 1.ts") is "b%201.ts".
std::string RelativeUri(std::string_view from, std::string_view to);

}  // namespace hlsrec::playlist

#endif  // HLSREC_SRC_PLAYLIST_RENDER_H_
