#ifndef HLSREC_SRC_SPOOL_NOTIFICATION_TABLE_H_
#define HLSREC_SRC_SPOOL_NOTIFICATION_TABLE_H_

#include <cstdint>
#include <deque>
#include <vector>

#include "hlsrec/status.h"
#include "src/base/mutex.h"
#include "src/spool/notification.h"

namespace hlsrec::spool {

// What others are to be told, for as long as the process lives.
//
// Threads. Any.
class NotificationTable {
 public:
  // kResourceExhausted: too many are owed.
  Status Queue(NotificationQueued queued);
  void Settle(const NotificationSettled& settled);
  void Forget(WallTime before);
  std::vector<StoredNotification> Find(const NotificationFilter& filter);

 private:
  static constexpr std::size_t kMost = 10'000;

  Mutex mutex_;
  std::deque<StoredNotification> rows_ ABSL_GUARDED_BY(mutex_);
  std::int64_t last_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace hlsrec::spool

#endif  // HLSREC_SRC_SPOOL_NOTIFICATION_TABLE_H_
