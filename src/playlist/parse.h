#ifndef HLSREC_SRC_PLAYLIST_PARSE_H_
#define HLSREC_SRC_PLAYLIST_PARSE_H_

#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/status.h"
#include "src/playlist/model.h"

namespace hlsrec::playlist {

// Something in the text that breaks a rule of syntax; reading went on.
struct SyntaxFinding {
  std::string_view rule;  // "R6"; static storage
  bool error = true;      // else a warning
  int line = 0;
  std::string message = {};
};

// The highest EXT-X-VERSION that a feature in the text asks for.
struct VersionNeed {
  int version = 1;
  int line = 0;
  std::string_view reason = {};  // static storage
};

enum class PlaylistKind { kMedia, kMultivariant };

struct ParsedPlaylist {
  PlaylistKind kind = PlaylistKind::kMedia;
  MediaPlaylist media = {};                // kMedia
  MultivariantPlaylist multivariant = {};  // kMultivariant
  VersionNeed version_need = {};
  std::vector<SyntaxFinding> findings = {};  // by line
  // The text ends in a line break: a reader never sees half a line.
  bool ends_with_line_break = false;
};

// Reads a playlist, as much of it as can be read; what is wrong with the text
// is in `findings`. Takes LF and CRLF. Variables (EXT-X-DEFINE) with a VALUE
// are substituted. Pure.
//
// Errors. kInvalidArgument where the text does not begin with #EXTM3U (after a
//     byte order mark or blanks at most): it is no playlist.
StatusOr<ParsedPlaylist> ParsePlaylist(std::string_view text);

}  // namespace hlsrec::playlist

#endif  // HLSREC_SRC_PLAYLIST_PARSE_H_
