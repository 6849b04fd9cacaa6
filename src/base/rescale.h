#ifndef HLSREC_SRC_BASE_RESCALE_H_
#define HLSREC_SRC_BASE_RESCALE_H_

#include <chrono>
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

// A length on kClock.
inline std::int64_t Ticks90(std::chrono::milliseconds length) {
  return length.count() * (kClockRate / 1000);
}

// From one instant of kClock to another. Rounding absolute positions, not
// lengths, keeps sums exact.
inline std::chrono::microseconds Between90(std::int64_t start90,
                                           std::int64_t end90) {
  return std::chrono::microseconds(Rescale(end90, kClock, kMicroseconds) -
                                   Rescale(start90, kClock, kMicroseconds));
}

}  // namespace hlsrec

#endif  // HLSREC_SRC_BASE_RESCALE_H_
