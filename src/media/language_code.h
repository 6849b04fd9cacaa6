#ifndef HLSREC_SRC_MEDIA_LANGUAGE_CODE_H_
#define HLSREC_SRC_MEDIA_LANGUAGE_CODE_H_

#include <string>
#include <string_view>

namespace hlsrec::media {

// What containers write for an RFC 5646 tag: the language's three letters of
// ISO 639-2/T ("en-US" -> "eng"). Empty where there are none.
std::string Iso639Part2(std::string_view tag);

// An RFC 5646 tag for what containers write (mostly ISO 639-2, "eng" or
// "ger"): the shortest code there is, as section 2.2.1 asks. Empty where the
// code is malformed or says "undetermined".
std::string LanguageTag(std::string_view code);

}  // namespace hlsrec::media

#endif  // HLSREC_SRC_MEDIA_LANGUAGE_CODE_H_
