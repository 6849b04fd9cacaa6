#ifndef HLSREC_SRC_AV_LANGUAGE_H_
#define HLSREC_SRC_AV_LANGUAGE_H_

#include <string>
#include <string_view>

namespace hlsrec::av {

// An RFC 5646 tag for what containers write (mostly ISO 639-2, "eng" or
// "ger"): the shortest code there is, as section 2.2.1 asks. Empty where the
// code is malformed or says "undetermined".
std::string LanguageTag(std::string_view code);

}  // namespace hlsrec::av

#endif  // HLSREC_SRC_AV_LANGUAGE_H_
