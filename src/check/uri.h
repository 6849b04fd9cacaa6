#ifndef HLSREC_SRC_CHECK_URI_H_
#define HLSREC_SRC_CHECK_URI_H_

#include <string>
#include <string_view>

#include "src/playlist/reference.h"

namespace hlsrec::check {

// "http://", "https://"
bool IsHttpUrl(std::string_view location);

using playlist::HasScheme;

// What `uri` in the playlist at `base` (path or URL) names: RFC 3986 section
// 5.2 for URLs; for paths, the percent-decoded path beside the playlist,
// without query and fragment.
std::string ResolveUri(std::string_view base, std::string_view uri);

// Does `uri`, relative to the playlist at `base`, lead out of the folder `root`
// by its ".."? Both are paths or URLs.
bool LeavesFolder(std::string_view root, std::string_view base,
                  std::string_view uri);

// ".m4s" of "https://h/a/b.m4s?x=1", lower case; empty where there is none.
std::string ExtensionOf(std::string_view uri);

}  // namespace hlsrec::check

#endif  // HLSREC_SRC_CHECK_URI_H_
