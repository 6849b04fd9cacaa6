#ifndef HLSREC_SRC_RECORD_NOTIFICATION_FEED_H_
#define HLSREC_SRC_RECORD_NOTIFICATION_FEED_H_

#include <functional>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/events.h"
#include "hlsrec/notification.h"
#include "hlsrec/recorder.h"
#include "src/base/runtime_core.h"
#include "src/deliver/outbox.h"
#include "src/record/plan.h"

namespace hlsrec::record {

// What a recording's notifiers are told of it: goes into the journal before
// what would keep it from being told again, under ids that another run of the
// recording gives the same.
//
// Threads. The recording's strand. Lifetime. `plan` outlives it.
class NotificationFeed {
 public:
  NotificationFeed(RuntimeCore& core, const RecordingPlan& plan);

  void OnEvent(const Event& event);
  // Before the journal knows that it ends.
  void OnStopped(const RecordingProgress& progress);
  // `then` once, on any thread: whether the journal has it. `resumable`:
  // something is owed, and kept.
  void OnEnded(const RecordingResult& result, bool resumable,
               const std::function<void(Status)>& then);

 private:
  // `which`: what makes it different from others of its type.
  void Queue(NotificationType type, std::string_view which, std::string data,
             const std::function<void(Status)>& then = {});
  [[nodiscard]] bool Wanted(NotificationType type) const;

  RuntimeCore& core_;
  const RecordingPlan& plan_;
  // Of earlier runs.
  std::chrono::microseconds recorded_before_{0};
  std::uint64_t bytes_before_ = 0;
  WallTime stopped_ = {};
  std::set<std::string> degraded_;  // outputs, as was told
  bool ended_ = false;
};

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_NOTIFICATION_FEED_H_
