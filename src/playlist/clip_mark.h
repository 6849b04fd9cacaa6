#ifndef HLSREC_SRC_PLAYLIST_CLIP_MARK_H_
#define HLSREC_SRC_PLAYLIST_CLIP_MARK_H_

#include <string>
#include <string_view>

// A comment in a playlist, behind #EXTM3U, that says what it is a clip of:
// players pass it over, and it goes where the playlist goes. Pure.
namespace hlsrec::playlist {

// `text` with a mark; `uri` is that of the recording's playlist, relative to
// this one.
std::string MarkAsClip(std::string_view text, std::string_view uri);

// The URI of the mark; empty: it is no clip. Into `text`.
std::string_view ClipOf(std::string_view text);

}  // namespace hlsrec::playlist

#endif  // HLSREC_SRC_PLAYLIST_CLIP_MARK_H_
