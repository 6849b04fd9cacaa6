#ifndef HLSREC_TOOLS_HLSREC_STOP_SIGNAL_H_
#define HLSREC_TOOLS_HLSREC_STOP_SIGNAL_H_

#include <atomic>
#include <cstdlib>

#include "tools/hlsrec/exit_codes.h"
#include "tools/hlsrec/signals.h"

namespace hlsrec::tools {

// Ends long work in good order at the first SIGINT or SIGTERM, and the process
// at the second: where a server does not answer the first may take its timeout.
class StopSignal {
 public:
  [[nodiscard]] bool stopped() const { return stopped_; }

 private:
  std::atomic<bool> stopped_ = false;
  const SignalWatch watch_{[this](int count) {
                             if (count > 1) std::_Exit(kStopped);
                             stopped_ = true;
                           },
                           [](SignalWatch::Wish) {}};
};

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_STOP_SIGNAL_H_
