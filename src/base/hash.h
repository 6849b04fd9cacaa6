#ifndef HLSREC_SRC_BASE_HASH_H_
#define HLSREC_SRC_BASE_HASH_H_

#include <string>

#include "src/base/bytes.h"

namespace hlsrec {

// SHA-256 as 64 lower-case hex digits.
std::string Sha256Hex(ByteSpan bytes);

// `count` random lower-case hex digits, for names that must not collide.
std::string RandomHex(int count);

}  // namespace hlsrec

#endif  // HLSREC_SRC_BASE_HASH_H_
