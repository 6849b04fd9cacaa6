#ifndef HLSREC_SRC_BASE_BASE64_H_
#define HLSREC_SRC_BASE_BASE64_H_

#include <optional>
#include <string>
#include <string_view>

namespace hlsrec {

// RFC 4648 section 4, with padding.
std::string Base64(std::string_view bytes);
// None where `text` is anything else.
std::optional<std::string> FromBase64(std::string_view text);

}  // namespace hlsrec

#endif  // HLSREC_SRC_BASE_BASE64_H_
