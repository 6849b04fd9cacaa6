#ifndef HLSREC_SRC_BASE_THREAD_H_
#define HLSREC_SRC_BASE_THREAD_H_

#include <absl/functional/any_invocable.h>

#include <atomic>
#include <memory>
#include <string>
#include <thread>

namespace hlsrec {

using Task = absl::AnyInvocable<void()>;

// A thread that takes no signals: those belong to the host. `name` shows in
// debuggers; its first 15 bytes count.
//
// Lifetime. Destroying it joins.
class Thread {
 public:
  Thread(const std::string& name, Task body);
  ~Thread() { Join(); }
  Thread(Thread&& other) noexcept = default;
  Thread& operator=(Thread&& other) = delete;

  // The thread itself, which can't wait for its own end, is left to be joined
  // when the process exits or unloads the library, before anything that it may
  // still use is torn down.
  void Join();

 private:
  std::shared_ptr<std::atomic<bool>> ended_;
  std::thread thread_;
};

}  // namespace hlsrec

#endif  // HLSREC_SRC_BASE_THREAD_H_
