#ifndef HLSREC_NOTIFICATION_H_
#define HLSREC_NOTIFICATION_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/export.h"
#include "hlsrec/runtime.h"
#include "hlsrec/status.h"

namespace hlsrec {

// What others are told of a recording. Unlike an Event it is written into the
// runtime's spool directory first, and told until they have taken it.
enum class NotificationType {
  kRecordingStarted,  // also when an interrupted one goes on
  kRecordingStopped,  // no more media will come
  // Everything accepted is stored, and every playlist has its end.
  kRecordingSucceeded,
  // It ended otherwise; `resumable` in its data: what is owed is kept.
  kRecordingFailed,
  kSegmentStored,
  kSegmentLost,
  kStorageDegraded,
  kStorageRecovered,
};

// "recording.started", "recording.stopped", "recording.success",
// "recording.failed", "segment.stored", "segment.lost", "storage.degraded",
// "storage.recovered"; static storage.
HLSREC_EXPORT std::string_view NotificationTypeName(NotificationType type);
// Empty where no type has that name.
HLSREC_EXPORT std::optional<NotificationType> ParseNotificationType(
    std::string_view name);

struct Notification {
  // The same whenever it is told, by whatever run of the recording.
  std::string id = {};
  NotificationType type = NotificationType::kRecordingStarted;
  std::chrono::system_clock::time_point time = {};  // when it happened
  // One presentation: the same in all of its notifications.
  std::string recording = {};
  // A JSON object, as README.md documents it. Holds no secrets.
  std::string data = {};
  int attempt = 1;        // of this process
  bool replayed = false;  // asked for once more, by ReplayNotifications()
};

// {"type", "timestamp", "id", "recording", "data"}, and "is_replay" where it
// is one: what webhooks of hlsrec's own style send. kDataLoss where the data is
// no JSON object.
HLSREC_EXPORT StatusOr<std::string> RenderNotification(
    const Notification& notification);

// Takes notifications: a webhook, a queue of your own.
//
// Threads. Notify() is called on a thread of the runtime, several calls at a
//     time, for one recording never more than one; `done` from any thread, or
//     before Notify() returns.
// Lifetime. Ends with the runtime at the latest, on a thread of the runtime or
//     the one that lets go of it, never inside its own call of `done`.
// Blocking. Must not.
// Errors. What `done` is told: an error is tried again, except kCancelled: it
//     is not wanted, and never told again.
class HLSREC_EXPORT Notifier {
 public:
  using Done = std::function<void(Status)>;
  virtual ~Notifier();
  // `done` runs once; without it nothing more of the recording is told.
  virtual void Notify(Notification notification, Done done) = 0;
  // The same in every process that tells the same receiver, without secrets:
  // what is owed is kept for this name.
  [[nodiscard]] virtual std::string Describe() const = 0;
};

// In RecordingOptions::notifiers.
struct NotifierOptions {
  std::shared_ptr<Notifier> notifier = {};
  // Empty: all but kSegmentStored, which is one for each segment and output.
  std::vector<NotificationType> types = {};
};

// How long notifications are tried, and kept.
struct NotificationSchedule {
  // After the first failures; then the last one's double, and so on up to
  // `retry_max`, each by up to a half shorter at random.
  std::vector<std::chrono::milliseconds> retries = {
      std::chrono::milliseconds(1000), std::chrono::milliseconds(3000),
      std::chrono::milliseconds(10000)};
  std::chrono::milliseconds retry_max{600'000};
  // Since it happened; later it is given up, and can be replayed.
  std::chrono::seconds give_up_after{3 * 24 * 3600};
  // What is settled can be replayed for so long.
  std::chrono::seconds keep{30 * 24 * 3600};
};

// What the runtime's spool directory knows.
struct NotificationRecord {
  enum class State { kOwed, kDelivered, kGivenUp };
  Notification notification = {};
  std::string notifier = {};  // as it described itself
  State state = State::kOwed;
};

// Which of them; empty fields do not choose.
struct NotificationSelection {
  std::string recording = {};
  std::string notifier = {};
  std::optional<std::chrono::system_clock::time_point> from = {};
  std::optional<std::chrono::system_clock::time_point> until = {};
  bool owed_only = false;
};

// In the order they were queued. Blocking. Reads the journal.
HLSREC_EXPORT StatusOr<std::vector<NotificationRecord>> ListNotifications(
    const std::shared_ptr<Runtime>& runtime,
    const NotificationSelection& selection = {});

// Makes those that are settled owed again; their ids stay. How many they are.
// Blocking. Reads and writes the journal.
HLSREC_EXPORT StatusOr<std::uint64_t> ReplayNotifications(
    const std::shared_ptr<Runtime>& runtime,
    const NotificationSelection& selection = {});

// From now on `notifier` takes what is owed to who describes itself so. A
// recording's own notifiers need no such call.
HLSREC_EXPORT Status AttachNotifier(const std::shared_ptr<Runtime>& runtime,
                                    std::shared_ptr<Notifier> notifier);

// Before the first notifier is attached or recording opened; later it has no
// effect on what waits already.
HLSREC_EXPORT Status SetNotificationSchedule(
    const std::shared_ptr<Runtime>& runtime, NotificationSchedule schedule);

// Waits until nothing is owed to those that are attached; how many are owed,
// to whomever, in the end. Blocking. For `timeout` at most.
HLSREC_EXPORT StatusOr<std::uint64_t> WaitForNotifications(
    const std::shared_ptr<Runtime>& runtime, std::chrono::milliseconds timeout);

}  // namespace hlsrec

#endif  // HLSREC_NOTIFICATION_H_
