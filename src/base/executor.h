#ifndef HLSREC_SRC_BASE_EXECUTOR_H_
#define HLSREC_SRC_BASE_EXECUTOR_H_

#include <absl/functional/function_ref.h>

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "src/base/clock.h"
#include "src/base/mutex.h"
#include "src/base/thread.h"

namespace hlsrec {

// Runs tasks, now or later.
//
// Threads. Post() and PostAt() from any thread. Tasks must not throw.
// Lifetime. Shared: a reply may come after the runtime is gone. Once stopped it
//     takes no more tasks and drops those that did not start.
class Executor {
 public:
  virtual ~Executor() = default;
  // False: stopped, and the task was dropped.
  virtual bool Post(Task task) = 0;
  virtual bool PostAt(SteadyTime when, Task task) = 0;
  // Tells what dropped tasks own that this is the end of the runtime.
  [[nodiscard]] virtual bool stopped() = 0;
};

// A fixed number of threads and a timer queue.
class ThreadPool final : public Executor {
 public:
  ThreadPool(const Clock& clock, const std::string& name, int threads);
  // Joins; one of its own threads that does so is joined when it can be.
  ~ThreadPool() override;
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  bool Post(Task task) override;
  bool PostAt(SteadyTime when, Task task) override;
  bool stopped() override;
  // Takes no more tasks, drops what waits, joins. What dropped tasks own may
  // still post to this pool or another: it goes nowhere.
  void Stop();

 private:
  struct State {
    Mutex mutex;
    CondVar wake;
    std::deque<Task> ready ABSL_GUARDED_BY(mutex);
    std::multimap<SteadyTime, Task> timers ABSL_GUARDED_BY(mutex);
    bool stopping ABSL_GUARDED_BY(mutex) = false;
  };
  static void Run(const Clock& clock, const std::shared_ptr<State>& state);

  std::shared_ptr<State> state_;
  std::vector<Thread> threads_;
};

// Runs the tasks posted to it one at a time, in order, on an executor that may
// have many threads.
//
// Lifetime. Tasks keep the strand alive.
class Strand final : public std::enable_shared_from_this<Strand> {
 public:
  static std::shared_ptr<Strand> Create(std::shared_ptr<Executor> executor) {
    return std::shared_ptr<Strand>(new Strand(std::move(executor)));
  }
  void Post(Task task);
  // Here and now where nothing of the strand waits or runs; else false. The
  // caller holds no lock that tasks take.
  bool TryRun(absl::FunctionRef<void()> task);
  void PostAt(SteadyTime when, Task task);
  // Lets go of what waits, as is done when the executor stops.
  void Drop();

 private:
  class Scheduled;

  // Tasks of one turn on the executor: enough to make the hand-over cheap, few
  // enough to let other strands in.
  static constexpr int kTurn = 64;

  explicit Strand(std::shared_ptr<Executor> executor)
      : executor_(std::move(executor)) {}
  void Schedule();
  void Turn();
  void EndRun();

  const std::shared_ptr<Executor> executor_;
  Mutex mutex_;
  std::deque<Task> tasks_ ABSL_GUARDED_BY(mutex_);
  bool scheduled_ ABSL_GUARDED_BY(mutex_) = false;  // or running
};

}  // namespace hlsrec

#endif  // HLSREC_SRC_BASE_EXECUTOR_H_
