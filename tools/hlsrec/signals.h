#ifndef HLSREC_TOOLS_HLSREC_SIGNALS_H_
#define HLSREC_TOOLS_HLSREC_SIGNALS_H_

#include <functional>
#include <thread>

namespace hlsrec::tools {

// Calls `on_end(count)` on a thread of its own for each SIGINT or SIGTERM,
// count from 1, and `on_pause` for SIGUSR1 (pause) and SIGUSR2 (go on), while
// it lives. One at a time in a process.
class SignalWatch {
 public:
  enum class Wish { kPause, kUnpause };
  SignalWatch(std::function<void(int count)> on_end,
              std::function<void(Wish)> on_pause);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

 private:
  std::thread thread_;
};

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_SIGNALS_H_
