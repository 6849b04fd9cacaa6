#ifndef HLSREC_SRC_BASE_RUNTIME_CORE_H_
#define HLSREC_SRC_BASE_RUNTIME_CORE_H_

#include <memory>
#include <string>

#include "src/base/budget.h"
#include "src/base/clock.h"
#include "src/base/executor.h"
#include "src/base/mutex.h"
#include "src/base/services.h"

namespace hlsrec {

namespace spool {
class Spool;
}

// Opens once. Threads. Any.
class Latch {
 public:
  void Open() {
    MutexLock lock(mutex_);
    open_ = true;
    changed_.NotifyAll();
  }
  [[nodiscard]] bool open() {
    MutexLock lock(mutex_);
    return open_;
  }
  void Wait() {
    MutexLock lock(mutex_);
    while (!open_) changed_.Wait(mutex_);
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  bool open_ ABSL_GUARDED_BY(mutex_) = false;
};

// What a Runtime is made of, as seen by the layers below `record`. Real threads
// and clocks in a program, one ManualExecutor in a simulation.
class RuntimeCore {
 public:
  virtual ~RuntimeCore() = default;
  [[nodiscard]] virtual const Clock& clock() const = 0;
  // Where recordings' strands run. Never blocks on I/O.
  [[nodiscard]] virtual std::shared_ptr<Executor> media() = 0;
  // One thread for all that lives behind `name`: it may block.
  [[nodiscard]] virtual std::shared_ptr<Executor> Io(
      const std::string& name) = 0;
  [[nodiscard]] virtual std::shared_ptr<Budget> budget() = 0;
  [[nodiscard]] virtual spool::Spool& spool() = 0;
  // Blocks the caller, who is on none of the runtime's threads. A simulation
  // runs its tasks meanwhile.
  virtual void Await(Latch& latch) = 0;
  [[nodiscard]] Services& services() { return services_; }

 private:
  Services services_;
};

}  // namespace hlsrec

#endif  // HLSREC_SRC_BASE_RUNTIME_CORE_H_
