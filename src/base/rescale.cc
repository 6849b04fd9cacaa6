#include "src/base/rescale.h"

#include <limits>

namespace hlsrec {

std::int64_t Rescale(std::int64_t value, Rational from, Rational to) {
  if (value == kNoTimestamp) return value;
  __extension__ using Wide = __int128;
  const Wide numerator = Wide{from.num} * to.den;
  const Wide denominator = Wide{from.den} * to.num;
  if (denominator == 0) return 0;
  if (numerator == denominator) return value;
  const Wide product = Wide{value} * numerator;
  const Wide half = denominator / 2;
  const Wide result =
      (product >= 0 ? product + half : product - half) / denominator;
  constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
  if (result > kMax) return kMax;
  if (result < -kMax) return -kMax;
  return static_cast<std::int64_t>(result);
}

}  // namespace hlsrec
