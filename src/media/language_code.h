#ifndef HLSREC_SRC_MEDIA_LANGUAGE_CODE_H_
#define HLSREC_SRC_MEDIA_LANGUAGE_CODE_H_

#include <string>
#include <string_view>

namespace hlsrec::media {

// What containers write for an RFC 5646 tag: the language's three letters of
// ISO 639-2/T ("en-US" -> "eng"). Empty where there are none.
std::string Iso639Part2(std::string_view tag);

}  // namespace hlsrec::media

#endif  // HLSREC_SRC_MEDIA_LANGUAGE_CODE_H_
