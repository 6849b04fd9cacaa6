#ifndef HLSREC_SRC_CHECK_MEDIA_RULES_H_
#define HLSREC_SRC_CHECK_MEDIA_RULES_H_

#include <string_view>

#include "src/check/findings.h"
#include "src/playlist/parse.h"

namespace hlsrec::check {

// What the text of any playlist shows: syntax, version, its end.
void CheckText(const playlist::ParsedPlaylist& parsed, Findings& findings);

// Does the multivariant playlist say EXT-X-INDEPENDENT-SEGMENTS for all?
enum class Independent { kUnknown, kDeclared };

// What one version of a media playlist shows by itself.
void CheckMediaPlaylist(const playlist::MediaPlaylist& media,
                        Findings& findings,
                        Independent independent = Independent::kUnknown);

// A URI that a playlist names: escapes, secrets, where it leads.
void CheckUri(std::string_view uri, int line, Findings& findings);

// EXTINF as TARGETDURATION counts it: to the nearest second, halves up.
std::uint64_t RoundedSeconds(const playlist::DecimalSeconds& duration);

}  // namespace hlsrec::check

#endif  // HLSREC_SRC_CHECK_MEDIA_RULES_H_
