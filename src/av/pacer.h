#ifndef HLSREC_SRC_AV_PACER_H_
#define HLSREC_SRC_AV_PACER_H_

#include <chrono>
#include <optional>

#include "src/base/clock.h"

namespace hlsrec::av {

// When to hand on a packet so that a file runs at the speed of its timestamps.
// Pure: time is an input.
class Pacer {
 public:
  // `position` is the packet's place on the source's timeline. A jump starts
  // anew instead of waiting for it or racing after it.
  SteadyTime Due(std::chrono::microseconds position, SteadyTime now) {
    if (!last_.has_value() || position < *last_ - kMaxBackward ||
        position > *last_ + kMaxForward) {
      start_ = now;
      origin_ = position;
    }
    last_ = position;
    return start_ + (position - origin_);
  }

 private:
  // Tracks are interleaved that roughly.
  static constexpr std::chrono::seconds kMaxBackward{5};
  static constexpr std::chrono::seconds kMaxForward{10};

  std::optional<std::chrono::microseconds> last_;
  std::chrono::microseconds origin_{0};
  SteadyTime start_;
};

}  // namespace hlsrec::av

#endif  // HLSREC_SRC_AV_PACER_H_
