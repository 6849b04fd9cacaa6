#ifndef HLSREC_TESTS_SINK_OFFSET_CLOCK_H_
#define HLSREC_TESTS_SINK_OFFSET_CLOCK_H_

#include "src/base/clock.h"

namespace hlsrec {

// Time of a machine whose clock may be wrong.
class OffsetClock final : public Clock {
 public:
  explicit OffsetClock(std::chrono::seconds offset = {}) : offset_(offset) {}
  SteadyTime Steady() const override { return SystemClock().Steady(); }
  WallTime Wall() const override { return SystemClock().Wall() + offset_; }

 private:
  const std::chrono::seconds offset_;
};

}  // namespace hlsrec

#endif  // HLSREC_TESTS_SINK_OFFSET_CLOCK_H_
