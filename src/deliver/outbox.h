#ifndef HLSREC_SRC_DELIVER_OUTBOX_H_
#define HLSREC_SRC_DELIVER_OUTBOX_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "hlsrec/notification.h"
#include "src/base/executor.h"
#include "src/base/runtime_core.h"
#include "src/base/status_util.h"
#include "src/spool/journal.h"

namespace hlsrec::deliver {

// Tells notifiers what the journal says that they are owed: each recording's
// notifications one after the other, those of several side by side.
//
//   Queue() ─▶ journal ─▶ lane of (notifier, recording) ─▶ Notify()
//                 ▲                                          │ taken, or
//                 └──────────── settled ◀────────────────────┘ given up
//
// A lane holds a few of them; the rest waits in the journal.
//
// Threads. All methods from any thread; the rest on a strand of its own.
// Lifetime. The runtime's service; calls in flight hold it weakly.
class Outbox : public std::enable_shared_from_this<Outbox> {
 public:
  static std::shared_ptr<Outbox> Of(RuntimeCore& core);

  explicit Outbox(RuntimeCore& core);

  void SetSchedule(NotificationSchedule schedule);
  void Attach(std::shared_ptr<Notifier> notifier);
  // In the journal behind what was added to it before this call. `queued` (may
  // be empty) once, on any thread: whether it is there. Where it is not, it is
  // tried again for as long as the runtime lives.
  void Queue(spool::NotificationQueued notification,
             const std::function<void(Status)>& queued);
  // The journal holds more that is owed than it was told.
  void LookAgain();
  // `done` once on the strand: when nothing is owed to those attached, or at
  // `deadline`.
  void WhenSettled(SteadyTime deadline, std::function<void()> done);

 private:
  using Task = std::function<void(Outbox&)>;
  using LaneId = std::pair<std::string, std::string>;  // target, subject
  struct Lane {
    std::deque<spool::StoredNotification> waiting;
    int attempt = 0;  // of the first
    bool loading = false;
    bool telling = false;  // or waits to be told again
    bool more = false;     // may be in the journal
  };

  void OnQueued(const LaneId& id);
  void LoadHeads(const std::string& target);
  void Load(const LaneId& id);
  void Tell(const LaneId& id);
  void OnTold(const LaneId& id, std::int64_t number, const Status& status);
  void Settle(const LaneId& id, spool::NotificationState state);
  void RetryLater(const LaneId& id, const Status& status);
  [[nodiscard]] std::chrono::milliseconds Delay(int attempt);
  void ForgetOld();
  void TellIfSettled();
  // Runs tasks on the strand while we are there. Holds nobody: who answers a
  // call must not be the one who ends us, and our notifiers with us.
  [[nodiscard]] std::function<void(Task)> Poster();
  void Post(Task task);
  void PostLater(std::chrono::milliseconds delay, Task task);

  RuntimeCore& core_;
  const std::shared_ptr<Strand> strand_;
  NotificationSchedule schedule_;
  std::map<std::string, std::shared_ptr<Notifier>> notifiers_;
  std::map<LaneId, Lane> lanes_;
  int loading_heads_ = 0;
  SteadyTime forget_next_ = {};
  std::minstd_rand random_;
  std::vector<std::shared_ptr<std::function<void()>>> waiters_;
};

}  // namespace hlsrec::deliver

#endif  // HLSREC_SRC_DELIVER_OUTBOX_H_
