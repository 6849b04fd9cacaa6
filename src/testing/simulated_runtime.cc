#include <map>
#include <utility>

#include "hlsrec/testing.h"
#include "src/base/file.h"
#include "src/base/runtime_core.h"
#include "src/spool/spool.h"

namespace hlsrec::testing {

class ManualClock::Impl final : public Clock {
 public:
  SteadyTime Steady() const override { return SteadyTime(now_); }
  WallTime Wall() const override {
    constexpr std::chrono::sys_days kStart =
        std::chrono::year(2026) / std::chrono::January / 1;
    return WallTime(kStart) +
           std::chrono::duration_cast<WallTime::duration>(now_);
  }
  void MoveTo(SteadyTime time) {
    if (time.time_since_epoch() > now_) now_ = time.time_since_epoch();
  }

 private:
  SteadyTime::duration now_{0};
};

ManualClock::ManualClock() : impl_(std::make_unique<Impl>()) {}
ManualClock::~ManualClock() = default;
std::chrono::system_clock::time_point ManualClock::Wall() const {
  return impl_->Wall();
}
std::chrono::steady_clock::time_point ManualClock::Steady() const {
  return impl_->Steady();
}

// The tasks of all strands and pools in one queue.
class SimulatedExecutor final : public Executor {
 public:
  explicit SimulatedExecutor(ManualClock::Impl& clock) : clock_(clock) {}

  bool Post(Task task) override {
    if (stopped_) return false;
    ready_.push_back(std::move(task));
    return true;
  }
  bool PostAt(SteadyTime when, Task task) override {
    if (stopped_) return false;
    timers_.emplace(when, std::move(task));
    return true;
  }
  bool stopped() override { return stopped_; }
  // What dropped tasks own may post again.
  void Stop() {
    stopped_ = true;
    std::exchange(ready_, {}).clear();
    std::exchange(timers_, {}).clear();
  }

  // False: nothing was due.
  bool RunOne() {
    while (!timers_.empty() && timers_.begin()->first <= clock_.Steady()) {
      ready_.push_back(std::move(timers_.extract(timers_.begin()).mapped()));
    }
    if (ready_.empty()) return false;
    Task task = std::move(ready_.front());
    ready_.pop_front();
    task();
    return true;
  }
  // Moves the clock to the next timer, if there is one by `end`.
  bool MoveToNext(SteadyTime end) {
    if (timers_.empty() || timers_.begin()->first > end) return false;
    clock_.MoveTo(timers_.begin()->first);
    return true;
  }

 private:
  ManualClock::Impl& clock_;
  bool stopped_ = false;
  std::deque<Task> ready_;
  std::multimap<SteadyTime, Task> timers_;
};

class SimulatedRuntime::Impl final : public RuntimeCore {
 public:
  explicit Impl(ManualClock::Impl& clock)
      : clock_(clock), executor_(std::make_shared<SimulatedExecutor>(clock)) {}
  ~Impl() override { executor_->Stop(); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  const Clock& clock() const override { return clock_; }
  std::shared_ptr<Executor> media() override { return executor_; }
  std::shared_ptr<Executor> Io(const std::string&) override {
    return executor_;
  }
  std::shared_ptr<Budget> budget() override { return budget_; }
  spool::Spool& spool() override { return *spool_; }
  void Await(Latch& latch) override {
    while (!latch.open()) {
      RunUntilIdle();
      if (latch.open() || !executor_->MoveToNext(SteadyTime::max())) return;
    }
  }

  // Once, before use.
  Status Open(const OpenSpool& open) { return open(*this, spool_); }
  void RunUntilIdle() {
    while (executor_->RunOne()) {
    }
  }
  void RunTasks(int count) {
    while (count-- > 0 && executor_->RunOne()) {
    }
  }
  void Stop() { executor_->Stop(); }
  void Advance(std::chrono::milliseconds duration) {
    const SteadyTime end = clock_.Steady() + duration;
    RunUntilIdle();
    while (executor_->MoveToNext(end)) RunUntilIdle();
    clock_.MoveTo(end);
  }

 private:
  ManualClock::Impl& clock_;
  const std::shared_ptr<Budget> budget_ =
      std::make_shared<Budget>(std::uint64_t{1} << 30);
  const std::shared_ptr<SimulatedExecutor> executor_;
  std::unique_ptr<spool::Spool> spool_;
};

SimulatedRuntime::SimulatedRuntime() = default;

SimulatedRuntime::SimulatedRuntime(ManualClock& clock) {
  auto core = std::make_unique<Impl>(clock.impl());
  impl_ = core.get();
  impl_
      ->Open([](RuntimeCore& opening, std::unique_ptr<spool::Spool>& spool) {
        spool = spool::MakeMemorySpool(opening);
        return Status();
      })
      .Ignore("memory needs no opening");
  runtime_ = std::make_shared<Runtime>(std::move(core));
}

StatusOr<std::unique_ptr<SimulatedRuntime>> SimulatedRuntime::Create(
    ManualClock& clock, const OpenSpool& open) {
  auto core = std::make_unique<Impl>(clock.impl());
  if (Status status = core->Open(open); !status.ok()) {
    core->Stop();
    return status;
  }
  std::unique_ptr<SimulatedRuntime> simulation(new SimulatedRuntime());
  simulation->impl_ = core.get();
  simulation->runtime_ = std::make_shared<Runtime>(std::move(core));
  return simulation;
}

StatusOr<std::unique_ptr<SimulatedRuntime>> SimulatedRuntime::Create(
    ManualClock& clock, const std::string& spool_directory) {
  return Create(clock, [&spool_directory](RuntimeCore& core,
                                          std::unique_ptr<spool::Spool>& out) {
    auto opened = spool::OpenFileSpool(core, PosixFileSystem(),
                                       {.directory = spool_directory});
    if (!opened.ok()) return opened.status();
    out = std::move(opened).value();
    return Status();
  });
}

void SimulatedRuntime::Kill() { impl_->Stop(); }

// What was posted holds the runtime, which holds what was posted.
SimulatedRuntime::~SimulatedRuntime() {
  impl_->RunUntilIdle();
  impl_->Stop();
}
void SimulatedRuntime::RunUntilIdle() { impl_->RunUntilIdle(); }
void SimulatedRuntime::RunTasks(int count) { impl_->RunTasks(count); }
void SimulatedRuntime::Advance(std::chrono::milliseconds duration) {
  impl_->Advance(duration);
}

}  // namespace hlsrec::testing
