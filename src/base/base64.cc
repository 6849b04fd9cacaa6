#include "src/base/base64.h"

#include <openssl/evp.h>

#include <limits>

namespace hlsrec {
namespace {

const unsigned char* Unsigned(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

}  // namespace

std::string Base64(std::string_view bytes) {
  if (bytes.empty()) return {};
  std::string coded((bytes.size() + 2) / 3 * 4 + 1, '\0');
  const int size =
      EVP_EncodeBlock(reinterpret_cast<unsigned char*>(coded.data()),
                      Unsigned(bytes), static_cast<int>(bytes.size()));
  coded.resize(static_cast<std::size_t>(size));
  return coded;
}

std::optional<std::string> FromBase64(std::string_view text) {
  if (text.empty()) return std::string();
  if (text.size() % 4 != 0 ||
      text.size() > std::size_t{std::numeric_limits<int>::max()}) {
    return std::nullopt;
  }
  std::string bytes(text.size() / 4 * 3, '\0');
  const int size =
      EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                      Unsigned(text), static_cast<int>(text.size()));
  if (size < 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && text[text.size() - 1 - padding] == '=') ++padding;
  bytes.resize(static_cast<std::size_t>(size) - padding);
  // White space at the ends is dropped by the library.
  if (Base64(bytes) != text) return std::nullopt;
  return bytes;
}

}  // namespace hlsrec
