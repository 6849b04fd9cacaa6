#ifndef HLSREC_SRC_AV_INTERRUPTER_H_
#define HLSREC_SRC_AV_INTERRUPTER_H_

extern "C" {
#include <libavformat/avio.h>
}

#include <atomic>
#include <functional>
#include <string_view>

#include "hlsrec/status.h"
#include "src/base/clock.h"
#include "src/base/mutex.h"

namespace hlsrec::av {

// Ends a blocked libavformat call: by a deadline, or for ever by Cancel().
// libavformat polls it every 100 ms while it waits for the network.
//
// Threads. Cancel() and the getters from any thread, the rest from the thread
//     that reads.
class Interrupter {
 public:
  enum class Reason { kNone, kCancelled, kTimedOut };

  explicit Interrupter(const Clock& clock) : clock_(clock) {}
  Interrupter(const Interrupter&) = delete;
  Interrupter& operator=(const Interrupter&) = delete;

  // Polled beside Cancel(); an empty function ends that.
  void Poll(std::function<bool()> cancelled) {
    cancelled_poll_ = std::move(cancelled);
  }
  // From now. A deadline that has passed stays passed: a flush that follows a
  // timeout must not wait again.
  void SetTimeout(std::chrono::milliseconds timeout);
  void ClearTimeout() { deadline_ = kNever; }

  void Cancel();

  // Is it over? Looks at the clock.
  [[nodiscard]] bool Check();
  // The same for people: kCancelled or kDeadlineExceeded; OK: neither.
  [[nodiscard]] Status Ended(std::string_view context) const;
  // What Check() found last.
  [[nodiscard]] Reason reason() const { return reason_; }

  // Sleeps; false when it was cut short.
  bool SleepUntil(SteadyTime when);

  [[nodiscard]] AVIOInterruptCB callback() {
    return {.callback = &Interrupter::Callback, .opaque = this};
  }

 private:
  static constexpr SteadyTime::rep kNever =
      SteadyTime::max().time_since_epoch().count();
  static int Callback(void* self) {
    return static_cast<Interrupter*>(self)->Check() ? 1 : 0;
  }

  const Clock& clock_;
  std::function<bool()> cancelled_poll_;
  std::atomic<SteadyTime::rep> deadline_ = kNever;
  std::atomic<Reason> reason_ = Reason::kNone;
  Mutex mutex_;
  CondVar wake_;
};

}  // namespace hlsrec::av

#endif  // HLSREC_SRC_AV_INTERRUPTER_H_
