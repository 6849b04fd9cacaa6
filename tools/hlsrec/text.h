#ifndef HLSREC_TOOLS_HLSREC_TEXT_H_
#define HLSREC_TOOLS_HLSREC_TEXT_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/status.h"

namespace hlsrec::tools {

// "10", "1.5s", "500ms", "2m", "1h30m"; a bare number is seconds.
StatusOr<std::chrono::milliseconds> ParseDuration(std::string_view text);

// "500M", "20G", "1.5T"; powers of 1,000, as FormatBytes() writes them. A bare
// number is bytes.
StatusOr<std::uint64_t> ParseBytes(std::string_view text);
// "1.5 GB", "320 kB".
std::string FormatBytes(std::uint64_t bytes);
// "01:02:03".
std::string FormatClock(std::chrono::microseconds duration);

// kInvalidArgument: "flag: why".
Status BadFlag(std::string_view flag, std::string_view why);

// The candidate most like `word`, if any is like it enough to be meant.
std::string Suggest(std::string_view word,
                    const std::vector<std::string>& candidates);

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_TEXT_H_
