#include "src/check/decrypt.h"

#include <openssl/evp.h>

#include <algorithm>
#include <charconv>
#include <limits>
#include <memory>

#include "src/base/status_util.h"

namespace hlsrec::check {

std::optional<AesBlock> ParseIv(std::string_view text) {
  AesBlock iv{};
  if (text.size() != 2 + 2 * iv.size() ||
      (!text.starts_with("0x") && !text.starts_with("0X"))) {
    return std::nullopt;
  }
  for (std::size_t i = 0; i < iv.size(); ++i) {
    const char* begin = text.data() + 2 + 2 * i;
    const auto [end, error] = std::from_chars(begin, begin + 2, iv.at(i), 16);
    if (error != std::errc() || end != begin + 2) return std::nullopt;
  }
  return iv;
}

AesBlock IvOfSequence(std::uint64_t sequence) {
  AesBlock iv{};
  for (std::size_t i = 0; i < 8; ++i) {
    iv.at(15 - i) = static_cast<std::uint8_t>(sequence >> (8 * i));
  }
  return iv;
}

StatusOr<Bytes> DecryptSegment(ByteSpan bytes, const AesBlock& key,
                               const AesBlock& iv) {
  if (bytes.empty() || bytes.size() % 16 != 0) {
    return DataLoss("decrypt: {} bytes are no multiple of 16", bytes.size());
  }
  if (bytes.size() > std::numeric_limits<int>::max()) {
    return ResourceExhausted("decrypt: {} bytes are too many", bytes.size());
  }
  const std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)> ctx(
      EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  Bytes clear(bytes.size() + 16);
  int size = 0;
  int last = 0;
  if (ctx == nullptr ||
      EVP_DecryptInit_ex(ctx.get(), EVP_aes_128_cbc(), nullptr, key.data(),
                         iv.data()) != 1 ||
      EVP_DecryptUpdate(ctx.get(), clear.data(), &size, bytes.data(),
                        static_cast<int>(bytes.size())) != 1) {
    return Internal("decrypt: AES is not available");
  }
  if (EVP_DecryptFinal_ex(ctx.get(), clear.data() + size, &last) != 1) {
    return DataLoss("decrypt: the padding is wrong");
  }
  clear.resize(static_cast<std::size_t>(size) + static_cast<std::size_t>(last));
  return clear;
}

}  // namespace hlsrec::check
