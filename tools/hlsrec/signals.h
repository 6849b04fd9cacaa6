#ifndef HLSREC_TOOLS_HLSREC_SIGNALS_H_
#define HLSREC_TOOLS_HLSREC_SIGNALS_H_

#include <functional>
#include <thread>

namespace hlsrec::tools {

// Calls `on_signal(count)` on a thread of its own for each SIGINT or SIGTERM,
// count from 1, while it lives. One at a time in a process.
class SignalWatch {
 public:
  explicit SignalWatch(std::function<void(int count)> on_signal);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  std::thread thread_;
};

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_SIGNALS_H_
