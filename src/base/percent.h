#ifndef HLSREC_SRC_BASE_PERCENT_H_
#define HLSREC_SRC_BASE_PERCENT_H_

#include <optional>
#include <string>
#include <string_view>

// %41 -> A, RFC 3986 section 2.1. Pure.
namespace hlsrec {

// None where an escape is broken.
std::optional<std::string> DecodePercent(std::string_view text);

// A broken escape stays as it is.
std::string DecodePercentLeniently(std::string_view text);

}  // namespace hlsrec

#endif  // HLSREC_SRC_BASE_PERCENT_H_
