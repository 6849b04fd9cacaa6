#ifndef HLSREC_TESTS_CLI_RECORDED_H_
#define HLSREC_TESTS_CLI_RECORDED_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

// Independent eyes for what a recording left on the disk: a reader of playlists
// and libavformat, neither of them hlsrec's own.
namespace hlsrec::testing {

struct ListedSegment {
  std::string uri = {};
  double duration = 0;
  bool discontinuity = false;
  bool gap = false;
  std::string map = {};  // URI of the init section
};

struct Playlist {
  std::string text = {};
  std::vector<ListedSegment> segments = {};
  std::uint64_t media_sequence = 0;
  int target_duration = 0;
  bool ended = false;
  // What is not a media playlist as RFC 8216 has it; empty if all is well.
  std::string defect = {};

  [[nodiscard]] double duration() const;  // of all EXTINF
  [[nodiscard]] std::size_t discontinuities() const;
  [[nodiscard]] std::size_t gaps() const;
  [[nodiscard]] bool Has(const std::string& text_part) const {
    return text.find(text_part) != std::string::npos;
  }
};

std::string ReadText(const std::string& path);
Playlist ParseMedia(const std::string& text);
// Required to be one.
Playlist ReadPlaylist(const std::string& path);
// True once it is there and lists that many segments.
bool Lists(const std::string& path, std::size_t segments);

// Requires `hlsrec check` to find no error in a playlist or folder.
void RequireConforms(const std::string& location);

// One hash for each access unit: of video the slices alone, of audio the frames
// without ADTS; in the order of the file.
struct Contents {
  std::vector<std::uint64_t> video = {};
  std::vector<std::uint64_t> audio = {};
};
Contents ContentsOf(const std::string& media_file);
// Of all segments of a media playlist, each init section where it is due.
Contents RecordedContents(const std::string& playlist_path);

// Checks that all that was sent was recorded, but for what hlsrec says it
// dropped at the ends.
void CheckSame(const Contents& sent, const Contents& recorded,
               std::size_t dropped = 0);
// The packets that were dropped, by the summary of `record --json`.
std::size_t Dropped(const std::string& json_lines);
// Checks that what was recorded is a piece of `sent`, nothing missing inside,
// at most `lost` pictures (and twice as many frames) missing at the ends.
void CheckPieceOf(const Contents& sent, const Contents& recorded,
                  std::size_t lost);
Contents Twice(const Contents& contents);

}  // namespace hlsrec::testing

#endif  // HLSREC_TESTS_CLI_RECORDED_H_
