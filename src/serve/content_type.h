#ifndef HLSREC_SRC_SERVE_CONTENT_TYPE_H_
#define HLSREC_SRC_SERVE_CONTENT_TYPE_H_

#include <string_view>

namespace hlsrec::serve {

// By the name's extension, without regard to case; application/octet-stream for
// what is not known. Static storage.
std::string_view ContentTypeOf(std::string_view name);

// *.m3u8
bool IsPlaylistName(std::string_view name);

}  // namespace hlsrec::serve

#endif  // HLSREC_SRC_SERVE_CONTENT_TYPE_H_
