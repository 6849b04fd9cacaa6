#ifndef HLSREC_SRC_BASE_RESCALE_H_
#define HLSREC_SRC_BASE_RESCALE_H_

#include <cstdint>

#include "hlsrec/media.h"

namespace hlsrec {

// `value` ticks of `from` seconds each, in ticks of `to` seconds each; rounded
// to nearest, halves away from zero. The only conversion of media time.
// Saturates at the ends of the range; kNoTimestamp stays what it is.
std::int64_t Rescale(std::int64_t value, Rational from, Rational to);

// The clock everything inside is compared on, MPEG's.
inline constexpr std::int64_t kClockRate = 90000;
inline constexpr Rational kClock = {.num = 1, .den = kClockRate};
inline constexpr Rational kMicroseconds = {.num = 1, .den = 1000000};

}  // namespace hlsrec

#endif  // HLSREC_SRC_BASE_RESCALE_H_
