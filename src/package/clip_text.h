#ifndef HLSREC_SRC_PACKAGE_CLIP_TEXT_H_
#define HLSREC_SRC_PACKAGE_CLIP_TEXT_H_

#include <map>
#include <set>
#include <string>
#include <string_view>

#include "hlsrec/status.h"
#include "src/package/presentation.h"
#include "src/package/timeline_range.h"

namespace hlsrec::package {

// The text of a VOD playlist `clip` of some of a list's segments; those whose
// number is in `missing` are gaps. Pure. `text` is what `list` was read from.
StatusOr<std::string> RenderClip(const MediaList& list, std::string_view text,
                                 const SegmentRange& range,
                                 const std::set<std::size_t>& missing,
                                 const std::string& clip);

// A multivariant playlist's text as `clip`, with other media playlists: by
// location. I-frame playlists are left out. Pure.
StatusOr<std::string> RenderMultivariantClip(
    std::string_view text, const std::string& location,
    const std::map<std::string, std::string>& clips, const std::string& clip);

// `uri` of the playlist `base` as one of the playlist `to`.
StatusOr<std::string> MoveUri(const std::string& base, const std::string& uri,
                              const std::string& to);

}  // namespace hlsrec::package

#endif  // HLSREC_SRC_PACKAGE_CLIP_TEXT_H_
