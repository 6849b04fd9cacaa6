#ifndef HLSREC_PLAYLIST_POLICY_H_
#define HLSREC_PLAYLIST_POLICY_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "hlsrec/export.h"

namespace hlsrec {

// EXT-X-PLAYLIST-TYPE (RFC 8216 section 4.3.3.5).
enum class PlaylistType {
  kLive,   // no tag: a window that slides
  kEvent,  // EVENT: only ever grows
  kVod,    // VOD: written once, when the recording has ended
};

// What a policy may know of a segment. A plain value.
struct ListedSegment {
  std::uint64_t sequence = 0;
  std::chrono::microseconds duration{0};
  // Wall-clock time of its first sample (EXT-X-PROGRAM-DATE-TIME), UTC.
  std::chrono::system_clock::time_point start = {};
};

// What is listed now, in summary.
struct ListedWindow {
  std::size_t count = 0;
  std::chrono::microseconds duration{0};
  ListedSegment oldest = {};
  ListedSegment newest = {};
};

// Which of the stored segments a playlist lists. Built-in policies below; a
// program may bring its own.
//
// Threads. Pure and const: called on the recording's strand, many recordings
//     may share one policy object.
class HLSREC_EXPORT PlaylistPolicy {
 public:
  virtual ~PlaylistPolicy();

  [[nodiscard]] virtual PlaylistType type() const = 0;

  // May the oldest segment leave? Asked again after each that left. hlsrec
  // never lets a running playlist fall below three target durations (RFC 8216
  // section 6.2.2), whatever the answer. Asked only of kLive.
  [[nodiscard]] virtual bool MayRemoveOldest(const ListedWindow& window) const;

  // Whether StartsNewPlaylist() may ever say yes: then every playlist needs a
  // name of its own.
  [[nodiscard]] virtual bool rotates() const;

  // How another process can make the same policy; empty for a program's own,
  // which is needed again to go on with an interrupted recording.
  [[nodiscard]] virtual std::string Describe() const;

  // Does `next` begin another playlist (with its own name and end)?
  [[nodiscard]] virtual bool StartsNewPlaylist(const ListedWindow& window,
                                               const ListedSegment& next) const;
};

struct LiveWindowOptions {
  // Lists as many of the newest segments as both limits allow. Six is the least
  // that Apple's authoring rules (8.11) accept.
  std::optional<std::size_t> segments = 6;
  std::optional<std::chrono::seconds> duration = {};
};
// kLive: a sliding window. Both limits empty: nothing ever leaves.
HLSREC_EXPORT std::shared_ptr<const PlaylistPolicy> LiveWindow(
    const LiveWindowOptions& options = {});

// kEvent: everything, from the first segment on.
HLSREC_EXPORT std::shared_ptr<const PlaylistPolicy> EventList();

// kVod: everything, written once at the end.
HLSREC_EXPORT std::shared_ptr<const PlaylistPolicy> VodList();

struct RotatingOptions {
  // A new playlist at each multiple of `period` since 1970-01-01T00:00Z plus
  // `offset`; its segments start at the first cut after it.
  std::chrono::seconds period = std::chrono::hours(1);
  std::chrono::seconds offset{0};
};
// kEvent lists that end and start anew by wall-clock period. The playlist's
// path must hold `{segment_time}` so that each has its own name.
HLSREC_EXPORT std::shared_ptr<const PlaylistPolicy> RotatingList(
    const RotatingOptions& options = {});

}  // namespace hlsrec

#endif  // HLSREC_PLAYLIST_POLICY_H_
