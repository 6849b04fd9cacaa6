#ifndef HLSREC_SRC_NET_HEADER_TEXT_H_
#define HLSREC_SRC_NET_HEADER_TEXT_H_

#include <string_view>

// Pieces of HTTP header fields.
namespace hlsrec::net {

// Without white space at both ends.
std::string_view Trim(std::string_view text);

// Of ASCII letters.
bool EqualsIgnoringCase(std::string_view a, std::string_view b);

// Not empty, and letters, digits and signs of RFC 9110 section 5.6.2 only.
bool IsToken(std::string_view text);

// No control characters, which could begin another header.
bool IsFieldValue(std::string_view text);

}  // namespace hlsrec::net

#endif  // HLSREC_SRC_NET_HEADER_TEXT_H_
