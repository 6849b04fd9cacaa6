#ifndef HLSREC_SRC_PLAYLIST_PARSE_VALUES_H_
#define HLSREC_SRC_PLAYLIST_PARSE_VALUES_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "src/playlist/model.h"

// The value types of RFC 8216 section 4.2. Pure; none depends on the locale.
namespace hlsrec::playlist {

std::optional<std::uint64_t> ParseDecimalInteger(std::string_view text);

// "6", "6.006", "-1.5" where `allow_sign`; rounded half up to microseconds.
enum class Sign { kNone, kAllowed };
std::optional<std::chrono::microseconds> ParseDecimalSeconds(
    std::string_view text, Sign sign = Sign::kNone);

// "2026-01-31T23:59:59.123Z", also "+0100", "+01:00" or no zone.
std::optional<DateTime> ParseDateTime(std::string_view text);

// "1280x720"
struct Resolution {
  int width = 0;
  int height = 0;
};
std::optional<Resolution> ParseResolution(std::string_view text);

// "n" or "n@o"
std::optional<ByteRange> ParseByteRange(std::string_view text);

// Reads NAME=value,... and says what is wrong with it, one sentence each.
AttributeList ParseAttributeList(std::string_view text,
                                 std::vector<std::string>& problems);

// Is all of `text` well-formed UTF-8 (RFC 3629)?
bool IsUtf8(std::string_view text);

}  // namespace hlsrec::playlist

#endif  // HLSREC_SRC_PLAYLIST_PARSE_VALUES_H_
