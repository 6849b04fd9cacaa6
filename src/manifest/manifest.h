#ifndef HLSREC_SRC_MANIFEST_MANIFEST_H_
#define HLSREC_SRC_MANIFEST_MANIFEST_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/identity.h"
#include "hlsrec/manifest.h"

// What a recording left on one output, as JSON: recording.schema.json.
namespace hlsrec::manifest {

using Time = std::chrono::system_clock::time_point;

inline constexpr int kVersion = 1;
// Of everything that is counted in ticks.
inline constexpr std::int64_t kTimescale = 90000;

struct Track {
  int id = 0;
  std::string type = {};    // "video", "audio"
  std::string codec = {};   // "h264"
  std::string codecs = {};  // "avc1.64001f"; empty: not known
  std::string language = {};
  std::string title = {};
  int width = 0;
  int height = 0;
  double frame_rate = 0;
  int sample_rate = 0;
  int channels = 0;

  friend bool operator==(const Track&, const Track&) = default;
};

struct Rendition {
  std::string name = {};
  int layer_index = 0;
  std::vector<std::string> codecs = {};
  int width = 0;
  int height = 0;
  double frame_rate = 0;
  std::string video_range = {};
  std::int64_t bandwidth = 0;  // bits per second, peak
  std::int64_t average_bandwidth = 0;
  // Media sequence number: what lists name before it is of earlier recordings.
  std::uint64_t first_sequence = 0;
  std::vector<std::string> playlists = {};  // keys of those that are published
  std::vector<Track> tracks = {};
};

// Over all renditions.
struct Counts {
  std::uint64_t segments = 0;  // stored
  std::uint64_t bytes = 0;     // of them
  std::uint64_t gaps = 0;
  std::uint64_t discontinuities = 0;
  std::uint64_t undelivered = 0;
  std::uint64_t retries = 0;  // by the process that wrote this
};

// All but the lists of objects.
struct Head {
  std::string id = {};  // of the recording, on all its outputs
  RecordingState state = RecordingState::kStarting;
  std::string error = {};  // of kFailed
  std::string stream = {};
  std::string session = {};
  Time started = {};
  Time updated = {};
  std::optional<Time> ended = {};
  RecordingIdentity identity = {};
  std::string output = {};  // its id
  std::string key = {};     // the manifest's own
  std::string container = {};
  std::vector<Rendition> renditions = {};
  std::string multivariant = {};          // its key, once it is published
  std::optional<Counts> counts = {};      // at the end
  std::chrono::microseconds duration{0};  // likewise, of the first rendition
  std::vector<std::string> undelivered = {};  // as it was read
};

struct Object {
  std::string key = {};
  std::string kind = {};  // see Kind...
  std::string rendition = {};
  std::optional<std::uint64_t> sequence = {};
  // Of the content, decoded where it is stored as gzip. Empty: not known.
  std::optional<std::uint64_t> size = {};
  std::string sha256 = {};
  std::string encoding = {};  // "gzip"
  std::string etag = {};      // as the store told it
  // Segments.
  std::chrono::microseconds duration{0};
  std::int64_t start_ticks = 0;
  Time date_time = {};
  bool discontinuity = false;
  bool listed_as_gap = false;  // it came too late for lists that can't change
};

inline constexpr std::string_view kMultivariant = "multivariant_playlist";
inline constexpr std::string_view kPlaylist = "media_playlist";
inline constexpr std::string_view kInitSection = "init_section";
inline constexpr std::string_view kSegment = "segment";
inline constexpr std::string_view kChat = "chat";
inline constexpr std::string_view kCaptions = "captions";
inline constexpr std::string_view kArchive = "archive";  // ZIP
inline constexpr std::string_view kMovie = "movie";      // MP4

// Where there is no media, or none that is stored.
struct Gap {
  std::string rendition = {};
  std::uint64_t sequence = 0;
  std::chrono::microseconds duration{0};
  std::int64_t start_ticks = 0;
  Time date_time = {};
  bool discontinuity = false;
  std::string key = {};  // of what could not be stored; empty: no media
};

// Exact: microseconds come from ticks.
std::int64_t Ticks(std::chrono::microseconds duration);

// A manifest of a recording that goes on.
std::string RenderRunning(const Head& head);

// One that has ended is OpenLists(head), objects, kBetweenLists, gaps and
// CloseLists(undelivered): entries are lines, the first of a list behind
// kFirstEntry, the others behind kBetweenEntries.
inline constexpr std::string_view kFirstEntry = "\n    ";
inline constexpr std::string_view kBetweenEntries = ",\n    ";
inline constexpr std::string_view kBetweenLists = "\n  ],\n  \"gaps\": [";
std::string OpenLists(const Head& head);
std::string RenderObject(const Object& object);
std::string RenderGap(const Gap& gap);
std::string CloseLists(const std::vector<std::string>& undelivered);

}  // namespace hlsrec::manifest

#endif  // HLSREC_SRC_MANIFEST_MANIFEST_H_
