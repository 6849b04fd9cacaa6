#ifndef HLSREC_SRC_SPOOL_NOTIFICATION_H_
#define HLSREC_SRC_SPOOL_NOTIFICATION_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "hlsrec/status.h"
#include "src/base/clock.h"

// What others are to be told of recordings, and whether they were: it outlives
// the recordings.
namespace hlsrec::spool {

// `target` shall be told. Queued again under the same id it changes nothing.
struct NotificationQueued {
  std::string id = {};       // unique for a target
  std::string target = {};   // opaque: who
  std::string subject = {};  // what it is about: those of one go in order
  std::string type = {};     // opaque
  std::string data = {};     // opaque
  WallTime time = {};
};

enum class NotificationState {
  kOwed = 0,
  kDelivered = 1,
  kGivenUp = 2,
  kReplayed = 3,  // owed once more, after it was settled
};

struct NotificationSettled {
  std::int64_t number = 0;  // StoredNotification::number
  NotificationState state = NotificationState::kDelivered;
};

// Of those that are settled and were queued before.
struct NotificationsForgotten {
  WallTime before = {};
};

struct StoredNotification {
  std::int64_t number = 0;  // ascending in the order they were queued
  NotificationQueued queued = {};
  NotificationState state = NotificationState::kOwed;
};

// Empty fields do not choose.
struct NotificationFilter {
  enum class Which { kAll, kOwed } which = Which::kAll;
  std::string target = {};
  std::string subject = {};
  std::optional<WallTime> from = {};   // inclusive
  std::optional<WallTime> until = {};  // exclusive
  int limit = 0;                       // 0: none
  // The first of each subject of each target alone.
  bool heads = false;
};

using NotificationsLoaded =
    std::function<void(StatusOr<std::vector<StoredNotification>>)>;

}  // namespace hlsrec::spool

#endif  // HLSREC_SRC_SPOOL_NOTIFICATION_H_
