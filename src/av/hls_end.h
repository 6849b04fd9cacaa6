#ifndef HLSREC_SRC_AV_HLS_END_H_
#define HLSREC_SRC_AV_HLS_END_H_

#include <map>
#include <string>
#include <string_view>

#include "hlsrec/status.h"
#include "src/av/interrupter.h"

namespace hlsrec::av {

// libavformat's HLS demuxer says "end of file" for a playlist that ended and
// for a server that is gone. Reads the playlist at `url` again (of a
// multivariant one, its first variant): OK where it has EXT-X-ENDLIST,
// kUnavailable where it has not or can't be read.
//
// Blocking. As long as `interrupter` lets it.
Status CheckHlsEnded(const std::string& url,
                     const std::map<std::string, std::string>& options,
                     Interrupter& interrupter);

// `reference` as an absolute URL (RFC 3986 section 5.2, without removing dots).
std::string ResolveReference(const std::string& base,
                             std::string_view reference);

}  // namespace hlsrec::av

#endif  // HLSREC_SRC_AV_HLS_END_H_
