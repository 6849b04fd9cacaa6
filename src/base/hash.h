#ifndef HLSREC_SRC_BASE_HASH_H_
#define HLSREC_SRC_BASE_HASH_H_

#include <memory>
#include <string>

#include "src/base/bytes.h"

namespace hlsrec {

// SHA-256 as 64 lower-case hex digits.
std::string Sha256Hex(ByteSpan bytes);

// The same of bytes that come in pieces. Threads. One at a time.
class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(const Sha256&) = delete;
  Sha256& operator=(const Sha256&) = delete;
  void Add(ByteSpan bytes);
  // Of what was added so far; more may follow.
  [[nodiscard]] std::string Hex() const;

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

// HMAC-SHA-256 (RFC 2104), 32 bytes.
Bytes HmacSha256(ByteSpan key, ByteSpan message);

// Two lower-case hex digits for each byte.
std::string HexDigits(ByteSpan bytes);

// `count` random lower-case hex digits, for names that must not collide.
std::string RandomHex(int count);

}  // namespace hlsrec

#endif  // HLSREC_SRC_BASE_HASH_H_
