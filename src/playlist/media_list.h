#ifndef HLSREC_SRC_PLAYLIST_MEDIA_LIST_H_
#define HLSREC_SRC_PLAYLIST_MEDIA_LIST_H_

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/playlist_policy.h"
#include "hlsrec/status.h"
#include "src/playlist/render.h"

namespace hlsrec::playlist {

struct MediaListOptions {
  std::shared_ptr<const PlaylistPolicy> policy = {};
  int version = 3;
  std::int64_t target_duration = 1;  // seconds; for ever
  bool independent_segments = false;
  bool program_date_time = true;
};

// One segment to list. URIs are relative to the playlist.
struct MediaListEntry {
  std::uint64_t sequence = 0;
  std::chrono::microseconds duration{0};
  std::chrono::system_clock::time_point start = {};
  bool discontinuity = false;
  bool gap = false;
  std::string uri = {};
  std::string map_uri = {};  // empty: no init section
};

// A segment that left the list.
struct RemovedSegment {
  std::uint64_t sequence = 0;
  std::chrono::microseconds duration{0};
  // The longest this list was while it held the segment.
  std::chrono::microseconds longest_list{0};
};

// What one media playlist says, version after version: the state between
// "stored" and text. Appending costs the same however long the list is; what
// never changes again is rendered once.
//
// Pure: no clock, no I/O.
class MediaList {
 public:
  explicit MediaList(MediaListOptions options);

  // Continues a playlist that exists: its text stays byte for byte, an
  // EXT-X-ENDLIST is taken off, the next segment starts a discontinuity.
  // kFailedPrecondition for a VOD list, a list of another type, or one whose
  // header would have to change.
  static StatusOr<MediaList> Continue(MediaListOptions options,
                                      std::string_view text);

  // Takes up a list whose older segments have left: `oldest` is the media
  // sequence number of the segment that is appended next.
  static MediaList Resume(MediaListOptions options, std::uint64_t oldest,
                          std::uint64_t discontinuity_sequence);

  // `entry.sequence` must be next_sequence() unless the list is fresh.
  std::vector<RemovedSegment> Append(const MediaListEntry& entry);
  // The policy wants `entry` in another playlist.
  [[nodiscard]] bool StartsNew(const MediaListEntry& entry) const;

  // The parts whose concatenation is the playlist now.
  [[nodiscard]] std::vector<std::shared_ptr<const std::string>> Render(
      bool ended) const;

  [[nodiscard]] PlaylistType type() const { return options_.policy->type(); }
  [[nodiscard]] bool empty() const { return window_.count == 0; }
  [[nodiscard]] std::uint64_t next_sequence() const { return next_sequence_; }
  [[nodiscard]] std::uint64_t discontinuity_sequence() const {
    return discontinuity_sequence_;
  }
  [[nodiscard]] std::int64_t target_duration() const {
    return options_.target_duration;
  }
  [[nodiscard]] const ListedWindow& window() const { return window_; }
  // Names that an imported list uses, in order; empty for a fresh one.
  [[nodiscard]] const std::vector<std::string>& imported_uris() const {
    return imported_uris_;
  }

 private:
  struct Line {
    ListedSegment listed = {};
    bool discontinuity = false;
    std::string map_uri = {};
    std::string text = {};  // without EXT-X-MAP
    std::chrono::microseconds longest_list{0};
  };

  [[nodiscard]] std::string Header() const;
  std::vector<RemovedSegment> Slide();
  void AppendEntry(std::string_view text);

  MediaListOptions options_;
  ListedWindow window_;
  std::uint64_t next_sequence_ = 0;
  std::uint64_t media_sequence_ = 0;
  std::uint64_t discontinuity_sequence_ = 0;
  bool pending_discontinuity_ = false;
  bool resumed_ = false;  // the first segment is not the first ever
  std::string last_map_uri_;

  // kLive: what is listed.
  std::deque<Line> lines_;
  // Otherwise: everything ever listed, full blocks never touched again.
  std::vector<std::shared_ptr<const std::string>> frozen_;
  std::string open_block_;
  std::size_t open_entries_ = 0;
  // The header as it was found; an EVENT list must keep it byte for byte.
  std::string imported_header_;
  std::vector<std::string> imported_uris_;
};

}  // namespace hlsrec::playlist

#endif  // HLSREC_SRC_PLAYLIST_MEDIA_LIST_H_
