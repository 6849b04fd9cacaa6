#ifndef HLSREC_SRC_BASE_GZIP_H_
#define HLSREC_SRC_BASE_GZIP_H_

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "hlsrec/status.h"

namespace hlsrec {

// Text that was compressed on its own, and of which a gzip member is made
// together with others (RFC 1951, RFC 1952): it ends in a full flush, so that
// it needs nothing of what stands before it.
struct DeflatedText {
  std::string bytes = {};
  std::uint32_t crc = 0;
  std::uint64_t text_bytes = 0;
};
// kResourceExhausted where there is no memory.
StatusOr<DeflatedText> DeflateText(std::string_view text);

// What a member begins with.
std::string_view GzipHeader();
// What it ends with behind deflated texts whose checksum and length are these.
std::string GzipTrailer(std::uint32_t crc, std::uint64_t text_bytes);
// CRC-32 of what was, whose checksum is `crc` (0: nothing), and `bytes`.
std::uint32_t ExtendCrc(std::uint32_t crc, std::span<const std::uint8_t> bytes);
// The checksum of two texts one after the other.
std::uint32_t JoinCrc(std::uint32_t first, std::uint32_t second,
                      std::uint64_t second_bytes);

// Whether `bytes` begin like a gzip member. No playlist does.
bool IsGzip(std::string_view bytes);
// The text of one member. kDataLoss where it is broken or something follows it,
// kResourceExhausted above `max_bytes`.
StatusOr<std::string> Gunzip(std::string_view member, std::uint64_t max_bytes);

}  // namespace hlsrec

#endif  // HLSREC_SRC_BASE_GZIP_H_
