#ifndef HLSREC_CHECK_H_
#define HLSREC_CHECK_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/export.h"
#include "hlsrec/status.h"

// Does a recording obey the rules of HLS? Rules are cited by number ("R10");
// CheckRules() lists them.
namespace hlsrec {

enum class CheckProfile {
  // RFC 8216 and its successor draft decide; what only Apple's authoring
  // specification asks for is a warning.
  kRfc,
  // Apple's authoring specification decides too.
  kApple,
};

enum class CheckSeverity { kWarning, kError };

struct CheckFinding {
  std::string rule = {};  // "R10"
  CheckSeverity severity = CheckSeverity::kError;
  std::string file = {};  // playlist or segment, as a path or URL
  int line = 0;           // of the playlist, from 1; 0 where there is none
  std::string message = {};

  friend bool operator==(const CheckFinding&, const CheckFinding&) = default;
};

struct CheckRule {
  std::string_view number = {};
  std::string_view title = {};
  // Who makes it: section numbers of RFC 8216 (or of its successor draft,
  // draft-pantos-hls-rfc8216bis: "bis"), of Apple's HLS Authoring Specification
  // ("Apple"), or of another standard. Empty: a habit worth having.
  std::string_view source = {};
};

// Every rule that a finding may cite, by number; static storage.
HLSREC_EXPORT std::span<const CheckRule> CheckRules();

// "file:line: error R10: message"
HLSREC_EXPORT std::string FormatFinding(const CheckFinding& finding);

enum class CheckDepth {
  kText,   // playlists alone
  kMedia,  // playlists, and the bytes of every segment they list
};

struct CheckOptions {
  CheckProfile profile = CheckProfile::kRfc;
  CheckDepth depth = CheckDepth::kMedia;
  // Larger objects are reported, not read: memory holds one segment at a time.
  std::uint64_t max_segment_bytes = std::uint64_t{512} << 20;
  std::uint64_t max_playlist_bytes = std::uint64_t{256} << 20;
  // Below a directory, and named by multivariant playlists.
  std::size_t max_playlists = 10'000;
  // Of one rule in one file; the rest is counted.
  std::size_t max_findings_per_rule = 20;
  // For one request, over the network.
  std::chrono::milliseconds timeout{30'000};
};

struct CheckReport {
  std::vector<CheckFinding> findings = {};
  std::uint64_t errors = 0;    // with those that were not kept
  std::uint64_t warnings = 0;  // likewise
  std::uint64_t playlists = 0;
  std::uint64_t segments = 0;  // listed, over all media playlists
  std::uint64_t bytes_read = 0;
};

// Checks a playlist (path or http(s) URL) with all it names, or every .m3u8
// below a directory.
//
// Errors. kNotFound, kPermissionDenied, kUnavailable, ... where `location`
//     itself can't be read. What is wrong beyond that is in the report.
// Blocking. Reads files or the network.
HLSREC_EXPORT StatusOr<CheckReport> CheckRecording(
    const std::string& location, const CheckOptions& options = {});

// Checks the text of one playlist, whatever it names. Pure.
HLSREC_EXPORT CheckReport CheckPlaylistText(std::string_view text,
                                            const std::string& name,
                                            const CheckOptions& options = {});

// Follows one media playlist over time and checks the rules that a single
// version can't break: what may leave and join, and what must never change.
// Pure: time is what Add() is told.
//
// Threads. One at a time.
class HLSREC_EXPORT SnapshotChecker {
 public:
  explicit SnapshotChecker(std::string name, CheckOptions options = {});
  ~SnapshotChecker();
  SnapshotChecker(const SnapshotChecker&) = delete;
  SnapshotChecker& operator=(const SnapshotChecker&) = delete;

  // A reader got `text` at `time`; times never go back. Give every read, also
  // of an unchanged text: that is how a stalled playlist shows. Returns what is
  // new since the call before, the text's own findings included.
  std::vector<CheckFinding> Add(std::chrono::steady_clock::time_point time,
                                std::string_view text);

  // A reader asked at `time` and got no playlist.
  std::vector<CheckFinding> AddUnreadable(
      std::chrono::steady_clock::time_point time, const std::string& why);

  // The URIs that must be downloadable at `time`: those listed, and those that
  // left so lately that a reader of an older version may still ask for them.
  [[nodiscard]] std::vector<std::string> AvailableUris(
      std::chrono::steady_clock::time_point time) const;

  // The last version read has EXT-X-ENDLIST.
  [[nodiscard]] bool ended() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

struct WatchOptions {
  CheckOptions check = {};
  // How often the playlist is read. Zero: half its target duration.
  std::chrono::milliseconds interval{0};
  // Ends the watch though the playlist goes on. Zero: never.
  std::chrono::milliseconds duration{0};
  // Asked between reads, at least ten times a second; true ends the watch.
  std::function<bool()> stop = {};
  // Told of each finding as it is made, on the calling thread.
  std::function<void(const CheckFinding&)> on_finding = {};
};

// Reads a media playlist (path or URL; of a multivariant playlist each that it
// names) again and again until all have ended, and checks the versions with
// SnapshotChecker and each new segment as CheckRecording() does. A playlist
// that answers "not found" for as long as it lasted counts as removed, and
// ended; one that comes back sooner should not have gone (R30).
//
// Errors. As CheckRecording().
// Blocking. Until the playlist ends, `duration` is over or `stop` says so.
HLSREC_EXPORT StatusOr<CheckReport> WatchRecording(
    const std::string& location, const WatchOptions& options = {});

}  // namespace hlsrec

#endif  // HLSREC_CHECK_H_
