#include "src/base/thread.h"

#include <pthread.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <utility>
#include <vector>

#include "src/base/mutex.h"

namespace hlsrec {
namespace {

// Threads that went out of scope on themselves. They are about to end, but one
// that still runs when libraries are torn down loses what is freed then.
class Leaving {
 public:
  struct Entry {
    std::shared_ptr<std::atomic<bool>> ended;
    std::thread thread;
    // A process that was forked has the entry, but not the thread.
    pid_t process = ::getpid();
  };

  // Never destroyed: threads may come while the process exits.
  static Leaving& Instance() {
    static auto* const leaving = new Leaving;
    return *leaving;
  }

  // Nobody will be left to join.
  void OnExit() { exiting_ = true; }

  void Add(Entry entry) {
    if (exiting_) return entry.thread.detach();
    std::vector<std::thread> ended;
    // Now, not earlier: what threads use has registered its own end before, and
    // ends after.
    [[maybe_unused]] static const int registered =
        std::atexit([] { Instance().JoinAll(); });
    {
      MutexLock lock(mutex_);
      std::erase_if(entries_, [&](Entry& earlier) {
        if (earlier.process != ::getpid() || !*earlier.ended) return false;
        ended.push_back(std::move(earlier.thread));
        return true;
      });
      entries_.push_back(std::move(entry));
    }
    for (std::thread& thread : ended) thread.join();
  }

 private:
  // What is another process's stays.
  void JoinAll() {
    std::vector<std::thread> ours;
    {
      MutexLock lock(mutex_);
      std::erase_if(entries_, [&](Entry& entry) {
        if (entry.process != ::getpid()) return false;
        ours.push_back(std::move(entry.thread));
        return true;
      });
    }
    for (std::thread& thread : ours) {
      // One of them may be who exits.
      if (thread.get_id() == std::this_thread::get_id()) {
        thread.detach();
      } else {
        thread.join();
      }
    }
  }

  std::atomic<bool> exiting_ = false;
  Mutex mutex_;
  std::vector<Entry> entries_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

Thread::Thread(const std::string& name, Task body)
    : ended_(std::make_shared<std::atomic<bool>>(false)) {
  // Before any thread can leave: runs after JoinAll().
  [[maybe_unused]] static const int registered =
      std::atexit([] { Leaving::Instance().OnExit(); });
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  thread_ = std::thread([name = name.substr(0, 15), body = std::move(body),
                         ended = ended_]() mutable {
    pthread_setname_np(pthread_self(), name.c_str());
    body();
    body = nullptr;  // what it owns goes before the thread counts as ended
    *ended = true;
  });
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

void Thread::Join() {
  if (!thread_.joinable()) return;
  if (thread_.get_id() != std::this_thread::get_id()) return thread_.join();
  Leaving::Instance().Add(
      {.ended = std::move(ended_), .thread = std::move(thread_)});
}

}  // namespace hlsrec
