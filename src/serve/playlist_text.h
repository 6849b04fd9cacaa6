#ifndef HLSREC_SRC_SERVE_PLAYLIST_TEXT_H_
#define HLSREC_SRC_SERVE_PLAYLIST_TEXT_H_

#include <string>
#include <string_view>

// What is done to a playlist's text on its way to a player. Pure.
namespace hlsrec::serve {

// Whether no version is meant to follow: EXT-X-ENDLIST, or variants.
bool IsEndedPlaylist(std::string_view text);

// Puts `query` ("a=1&b=2") behind every URI that is relative to the playlist.
// Whole URLs lead elsewhere, where it has no business.
std::string AddQueryToUris(std::string_view text, std::string_view query);

}  // namespace hlsrec::serve

#endif  // HLSREC_SRC_SERVE_PLAYLIST_TEXT_H_
