#include "src/base/executor.h"

namespace hlsrec {

ThreadPool::ThreadPool(const Clock& clock, const std::string& name, int threads)
    : state_(std::make_shared<State>()) {
  for (int i = 0; i < threads; ++i) {
    threads_.emplace_back(name,
                          [&clock, state = state_] { Run(clock, state); });
  }
}

ThreadPool::~ThreadPool() { Stop(); }

void ThreadPool::Stop() {
  std::deque<Task> dropped;
  std::multimap<SteadyTime, Task> dropped_timers;
  {
    MutexLock lock(state_->mutex);
    state_->stopping = true;
    dropped.swap(state_->ready);
    dropped_timers.swap(state_->timers);
    state_->wake.NotifyAll();
  }
  // The last owner may let go inside a task of its own: Thread copes.
  threads_.clear();
}

bool ThreadPool::Post(Task task) {
  MutexLock lock(state_->mutex);
  if (state_->stopping) return false;
  state_->ready.push_back(std::move(task));
  state_->wake.NotifyOne();
  return true;
}

bool ThreadPool::PostAt(SteadyTime when, Task task) {
  MutexLock lock(state_->mutex);
  if (state_->stopping) return false;
  state_->timers.emplace(when, std::move(task));
  state_->wake.NotifyOne();
  return true;
}

bool ThreadPool::stopped() {
  MutexLock lock(state_->mutex);
  return state_->stopping;
}

void ThreadPool::Run(const Clock& clock, const std::shared_ptr<State>& state) {
  state->mutex.Lock();
  while (!state->stopping) {
    const SteadyTime now = clock.Steady();
    while (!state->timers.empty() && state->timers.begin()->first <= now) {
      state->ready.push_back(
          std::move(state->timers.extract(state->timers.begin()).mapped()));
    }
    if (!state->ready.empty()) {
      Task task = std::move(state->ready.front());
      state->ready.pop_front();
      // Timers may have made several tasks ready at once.
      if (!state->ready.empty()) state->wake.NotifyOne();
      state->mutex.Unlock();
      task();
      task = nullptr;  // what it owns goes before the lock is taken again
      state->mutex.Lock();
    } else if (state->timers.empty()) {
      state->wake.Wait(state->mutex);
    } else {
      state->wake.WaitFor(state->mutex, state->timers.begin()->first - now);
    }
  }
  state->mutex.Unlock();
}

// A turn of a strand, as the executor has it.
class Strand::Scheduled {
 public:
  explicit Scheduled(std::shared_ptr<Strand> strand)
      : strand_(std::move(strand)) {}
  // What waits may hold the strand, and would for ever.
  ~Scheduled() {
    if (strand_ != nullptr) strand_->Drop();
  }
  Scheduled(Scheduled&& other) noexcept = default;
  Scheduled& operator=(Scheduled&&) = delete;
  void operator()() { std::exchange(strand_, nullptr)->Turn(); }

 private:
  std::shared_ptr<Strand> strand_;
};

void Strand::Schedule() { executor_->Post(Scheduled(shared_from_this())); }

void Strand::Post(Task task) {
  {
    MutexLock lock(mutex_);
    tasks_.push_back(std::move(task));
    if (std::exchange(scheduled_, true)) return;
  }
  Schedule();
}

bool Strand::TryRun(absl::FunctionRef<void()> task) {
  {
    MutexLock lock(mutex_);
    if (std::exchange(scheduled_, true)) return false;
  }
  task();
  EndRun();
  return true;
}

void Strand::EndRun() {
  {
    MutexLock lock(mutex_);
    if (tasks_.empty()) {
      scheduled_ = false;
      return;
    }
  }
  Schedule();
}

void Strand::Drop() {
  std::deque<Task> dropped;
  {
    MutexLock lock(mutex_);
    dropped.swap(tasks_);
    scheduled_ = false;
  }
}

void Strand::PostAt(SteadyTime when, Task task) {
  executor_->PostAt(
      when, [self = shared_from_this(), task = std::move(task)]() mutable {
        self->Post(std::move(task));
      });
}

void Strand::Turn() {
  for (int i = 0; i < kTurn; ++i) {
    Task task;
    {
      MutexLock lock(mutex_);
      if (tasks_.empty()) break;
      task = std::move(tasks_.front());
      tasks_.pop_front();
    }
    task();
  }
  EndRun();
}

}  // namespace hlsrec
