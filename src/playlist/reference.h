#ifndef HLSREC_SRC_PLAYLIST_REFERENCE_H_
#define HLSREC_SRC_PLAYLIST_REFERENCE_H_

#include <optional>
#include <string>
#include <string_view>

// Keys, and what names them in playlists. Pure.
namespace hlsrec::playlist {

// Has a scheme ("https:", "data:", "skd:"): not relative to the playlist.
bool HasScheme(std::string_view uri);

// The key that a URI in the playlist `list` means; none where it is elsewhere:
// on a server, at an absolute path, or above all keys.
std::optional<std::string> KeyOfReference(std::string_view list,
                                          std::string_view uri);

// "a/b/" of "a/b/c"; empty where there is none.
std::string_view FolderOfKey(std::string_view key);

// "m3u8" of "a/B.M3U8"; empty where the last level has none.
std::string ExtensionOfKey(std::string_view key);

}  // namespace hlsrec::playlist

#endif  // HLSREC_SRC_PLAYLIST_REFERENCE_H_
