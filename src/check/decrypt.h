#ifndef HLSREC_SRC_CHECK_DECRYPT_H_
#define HLSREC_SRC_CHECK_DECRYPT_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "hlsrec/status.h"
#include "src/base/bytes.h"

namespace hlsrec::check {

using AesBlock = std::array<std::uint8_t, 16>;

// "0x" and 32 hexadecimal digits.
std::optional<AesBlock> ParseIv(std::string_view text);
// The media sequence number, big-endian (RFC 8216 section 5.2).
AesBlock IvOfSequence(std::uint64_t sequence);

// AES-128-CBC with PKCS #7 padding, as METHOD=AES-128 has it. kDataLoss where
// the size or the padding is wrong.
StatusOr<Bytes> DecryptSegment(ByteSpan bytes, const AesBlock& key,
                               const AesBlock& iv);

}  // namespace hlsrec::check

#endif  // HLSREC_SRC_CHECK_DECRYPT_H_
