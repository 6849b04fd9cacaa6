#include "src/av/interrupter.h"

#include <algorithm>
#include <chrono>

#include "src/base/status_util.h"

namespace hlsrec::av {
namespace {

// How often a sleep looks at the polled function.
constexpr std::chrono::milliseconds kPollInterval(100);

}  // namespace

void Interrupter::SetTimeout(std::chrono::milliseconds timeout) {
  if (reason_ != Reason::kNone) return;
  deadline_ = (clock_.Steady() + timeout).time_since_epoch().count();
}

void Interrupter::Cancel() {
  MutexLock lock(mutex_);
  reason_ = Reason::kCancelled;
  wake_.NotifyAll();
}

bool Interrupter::Check() {
  if (reason_ != Reason::kNone) return true;
  if (cancelled_poll_ && cancelled_poll_()) {
    Cancel();
    return true;
  }
  const SteadyTime::rep deadline = deadline_;
  if (deadline == kNever ||
      clock_.Steady().time_since_epoch().count() < deadline) {
    return false;
  }
  Reason none = Reason::kNone;
  reason_.compare_exchange_strong(none, Reason::kTimedOut);
  return true;
}

bool Interrupter::SleepUntil(SteadyTime when) {
  while (!Check()) {
    const SteadyTime now = clock_.Steady();
    if (now >= when) return true;
    MutexLock lock(mutex_);
    if (reason_ != Reason::kNone) return false;
    std::chrono::nanoseconds wait = when - now;
    if (cancelled_poll_) {
      wait = std::min<std::chrono::nanoseconds>(wait, kPollInterval);
    }
    wake_.WaitFor(mutex_, wait);
  }
  return false;
}

Status Interrupter::Ended(std::string_view context) const {
  switch (reason()) {
    case Reason::kCancelled:
      return Cancelled("{}: cancelled", context);
    case Reason::kTimedOut:
      return DeadlineExceeded("{}: timed out", context);
    case Reason::kNone:
      break;
  }
  return {};
}

}  // namespace hlsrec::av
