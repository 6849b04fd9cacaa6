#include "src/base/clock.h"

namespace hlsrec {
namespace {

class MachineClock final : public Clock {
 public:
  SteadyTime Steady() const override {
    return std::chrono::steady_clock::now();
  }
  WallTime Wall() const override { return std::chrono::system_clock::now(); }
};

}  // namespace

const Clock& SystemClock() {
  // Never destroyed: threads of the host's may use it while it exits.
  static const Clock& clock = *new MachineClock;
  return clock;
}

}  // namespace hlsrec
