#ifndef HLSREC_SRC_BASE_MUTEX_H_
#define HLSREC_SRC_BASE_MUTEX_H_

#include <absl/base/thread_annotations.h>

#include <chrono>

// The distribution's Abseil is not instrumented, so that ThreadSanitizer does
// not see what its mutexes order; that build uses the standard library's.
#ifdef HLSREC_STD_MUTEX
#include <condition_variable>
#include <mutex>
#else
#include <absl/synchronization/mutex.h>
#include <absl/time/time.h>
#endif

namespace hlsrec {

// The one mutex of this code base, with clang's annotations.
class ABSL_LOCKABLE Mutex {
 public:
  void Lock() ABSL_EXCLUSIVE_LOCK_FUNCTION() { Impl().lock_impl(); }
  void Unlock() ABSL_UNLOCK_FUNCTION() { Impl().unlock_impl(); }

 private:
  friend class CondVar;
#ifdef HLSREC_STD_MUTEX
  struct Native : std::mutex {
    void lock_impl() { lock(); }
    void unlock_impl() { unlock(); }
  };
#else
  struct Native : absl::Mutex {
    void lock_impl() ABSL_NO_THREAD_SAFETY_ANALYSIS { Lock(); }
    void unlock_impl() ABSL_NO_THREAD_SAFETY_ANALYSIS { Unlock(); }
  };
#endif
  Native& Impl() { return native_; }
  Native native_;
};

class ABSL_SCOPED_LOCKABLE MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ABSL_EXCLUSIVE_LOCK_FUNCTION(mutex)
      : mutex_(mutex) {
    mutex_.Lock();
  }
  ~MutexLock() ABSL_UNLOCK_FUNCTION() { mutex_.Unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

class CondVar {
 public:
  void Wait(Mutex& mutex) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    native_.Wait(mutex.native_);
  }
  // False when `timeout` passed first.
  bool WaitFor(Mutex& mutex, std::chrono::nanoseconds timeout)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex) {
    return native_.WaitFor(mutex.native_, timeout);
  }
  void NotifyOne() { native_.NotifyOne(); }
  void NotifyAll() { native_.NotifyAll(); }

 private:
#ifdef HLSREC_STD_MUTEX
  struct Native {
    void Wait(std::mutex& mutex) { cv.wait(mutex); }
    bool WaitFor(std::mutex& mutex, std::chrono::nanoseconds timeout) {
      return cv.wait_for(mutex, timeout) == std::cv_status::no_timeout;
    }
    void NotifyOne() { cv.notify_one(); }
    void NotifyAll() { cv.notify_all(); }
    std::condition_variable_any cv;
  };
#else
  struct Native {
    void Wait(absl::Mutex& mutex) { cv.Wait(&mutex); }
    bool WaitFor(absl::Mutex& mutex, std::chrono::nanoseconds timeout) {
      return !cv.WaitWithTimeout(&mutex, absl::FromChrono(timeout));
    }
    void NotifyOne() { cv.Signal(); }
    void NotifyAll() { cv.SignalAll(); }
    absl::CondVar cv;
  };
#endif
  Native native_;
};

}  // namespace hlsrec

#endif  // HLSREC_SRC_BASE_MUTEX_H_
