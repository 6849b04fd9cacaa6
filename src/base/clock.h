#ifndef HLSREC_SRC_BASE_CLOCK_H_
#define HLSREC_SRC_BASE_CLOCK_H_

#include <chrono>

namespace hlsrec {

using SteadyTime = std::chrono::steady_clock::time_point;
using WallTime = std::chrono::system_clock::time_point;

// Where time comes from. Intervals use Steady(); Wall() only names things and
// anchors EXT-X-PROGRAM-DATE-TIME.
//
// Threads. Any.
class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual SteadyTime Steady() const = 0;
  [[nodiscard]] virtual WallTime Wall() const = 0;
};

// The machine's clocks; static storage.
const Clock& SystemClock();

}  // namespace hlsrec

#endif  // HLSREC_SRC_BASE_CLOCK_H_
