#include "src/base/hash.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <sys/random.h>

#include <array>

namespace hlsrec {
namespace {

struct FreeContext {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};
using ContextPtr = std::unique_ptr<EVP_MD_CTX, FreeContext>;

}  // namespace

struct Sha256::Context {
  ContextPtr running{EVP_MD_CTX_new()};
  ContextPtr copy{EVP_MD_CTX_new()};  // to be finished in its place
};

Sha256::Sha256() : context_(std::make_unique<Context>()) {
  EVP_DigestInit_ex(context_->running.get(), EVP_sha256(), nullptr);
}
Sha256::~Sha256() = default;

void Sha256::Add(ByteSpan bytes) {
  EVP_DigestUpdate(context_->running.get(), bytes.data(), bytes.size());
}

std::string Sha256::Hex() const {
  std::array<std::uint8_t, 32> digest{};
  EVP_MD_CTX_copy_ex(context_->copy.get(), context_->running.get());
  EVP_DigestFinal_ex(context_->copy.get(), digest.data(), nullptr);
  return HexDigits(digest);
}

std::string Sha256Hex(ByteSpan bytes) {
  std::array<std::uint8_t, 32> digest{};
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(),
             nullptr);
  return HexDigits(digest);
}

std::string HexDigits(ByteSpan bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const std::uint8_t byte : bytes) {
    text.push_back(kDigits[byte >> 4]);
    text.push_back(kDigits[byte & 15]);
  }
  return text;
}

Bytes HmacSha256(ByteSpan key, ByteSpan message) {
  Bytes digest(32);
  HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()), message.data(),
       message.size(), digest.data(), nullptr);
  return digest;
}

std::string RandomHex(int count) {
  Bytes bytes(static_cast<std::size_t>(count + 1) / 2);
  // The kernel's: OpenSSL's takes itself down at exit while threads may draw.
  // Up to 256 bytes come whole.
  [[maybe_unused]] const ssize_t drawn =
      ::getrandom(bytes.data(), bytes.size(), 0);
  return HexDigits(bytes).substr(0, static_cast<std::size_t>(count));
}

}  // namespace hlsrec
