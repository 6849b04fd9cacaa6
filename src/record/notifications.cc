#include "src/record/notifications.h"

#include <set>
#include <utility>

#include "src/base/answer.h"
#include "src/deliver/outbox.h"
#include "src/spool/spool.h"

namespace hlsrec {
namespace record {

Status PlanNotifiers(RecordingPlan& plan) {
  std::set<std::string> targets;
  for (std::size_t i = 0; i < plan.options.notifiers.size(); ++i) {
    const NotifierOptions& options = plan.options.notifiers[i];
    if (options.notifier == nullptr) {
      return InvalidArgument("notifiers[{}].notifier: is null", i);
    }
    NotifierPlan notifier{.target = options.notifier->Describe(),
                          .types = options.types};
    if (!targets.insert(notifier.target).second) {
      return InvalidArgument("notifiers[{}]: {}: is named twice", i,
                             notifier.target);
    }
    if (notifier.types.empty()) {
      notifier.types = {NotificationType::kRecordingStarted,
                        NotificationType::kRecordingStopped,
                        NotificationType::kRecordingSucceeded,
                        NotificationType::kRecordingFailed,
                        NotificationType::kSegmentLost,
                        NotificationType::kStorageDegraded,
                        NotificationType::kStorageRecovered};
    }
    plan.notifiers.push_back(std::move(notifier));
  }
  return {};
}

void AttachNotifiers(RuntimeCore& core, const RecordingPlan& plan) {
  for (const NotifierOptions& options : plan.options.notifiers) {
    deliver::Outbox::Of(core)->Attach(options.notifier);
  }
}

}  // namespace record

namespace {

using spool::NotificationFilter;
using spool::NotificationState;
using spool::StoredNotification;

NotificationFilter FilterOf(const NotificationSelection& selection) {
  return {.which = selection.owed_only ? NotificationFilter::Which::kOwed
                                       : NotificationFilter::Which::kAll,
          .target = selection.notifier,
          .subject = selection.recording,
          .from = selection.from,
          .until = selection.until};
}

bool IsOwed(NotificationState state) {
  return state == NotificationState::kOwed ||
         state == NotificationState::kReplayed;
}

NotificationRecord RecordOf(const StoredNotification& stored) {
  NotificationRecord record{
      .notification = {.id = stored.queued.id,
                       .type =
                           ParseNotificationType(stored.queued.type)
                               .value_or(NotificationType::kRecordingStarted),
                       .time = stored.queued.time,
                       .recording = stored.queued.subject,
                       .data = stored.queued.data,
                       .attempt = 0,
                       .replayed =
                           stored.state == NotificationState::kReplayed},
      .notifier = stored.queued.target};
  if (stored.state == NotificationState::kDelivered) {
    record.state = NotificationRecord::State::kDelivered;
  } else if (stored.state == NotificationState::kGivenUp) {
    record.state = NotificationRecord::State::kGivenUp;
  }
  return record;
}

StatusOr<std::vector<StoredNotification>> LoadAll(
    const std::shared_ptr<Runtime>& runtime, const NotificationFilter& filter) {
  if (runtime == nullptr) {
    return InvalidArgument("notifications: runtime: is null");
  }
  RuntimeCore& core = runtime->core();
  const auto answer =
      std::make_shared<Answer<std::vector<StoredNotification>>>();
  core.spool().journal().LoadNotifications(
      filter, [answer](StatusOr<std::vector<StoredNotification>> loaded) {
        answer->Set(std::move(loaded));
      });
  return answer->Take(core);
}

}  // namespace

StatusOr<std::vector<NotificationRecord>> ListNotifications(
    const std::shared_ptr<Runtime>& runtime,
    const NotificationSelection& selection) {
  HLSREC_ASSIGN_OR_RETURN(const std::vector<StoredNotification> stored,
                          LoadAll(runtime, FilterOf(selection)));
  std::vector<NotificationRecord> records;
  records.reserve(stored.size());
  for (const StoredNotification& each : stored) {
    records.push_back(RecordOf(each));
  }
  return records;
}

StatusOr<std::uint64_t> ReplayNotifications(
    const std::shared_ptr<Runtime>& runtime,
    const NotificationSelection& selection) {
  HLSREC_ASSIGN_OR_RETURN(const std::vector<StoredNotification> stored,
                          LoadAll(runtime, FilterOf(selection)));
  RuntimeCore& core = runtime->core();
  std::uint64_t count = 0;
  for (const StoredNotification& each : stored) {
    if (IsOwed(each.state)) continue;
    const auto answer = std::make_shared<Answer<bool>>();
    core.spool().journal().Add(
        spool::NotificationSettled{.number = each.number,
                                   .state = NotificationState::kReplayed},
        [answer](const Status& status) {
          answer->Set(status.ok() ? StatusOr<bool>(true)
                                  : StatusOr<bool>(status));
        });
    HLSREC_RETURN_IF_ERROR(answer->Take(core).status());
    ++count;
  }
  deliver::Outbox::Of(core)->LookAgain();
  return count;
}

Status AttachNotifier(const std::shared_ptr<Runtime>& runtime,
                      std::shared_ptr<Notifier> notifier) {
  if (runtime == nullptr || notifier == nullptr) {
    return InvalidArgument("notifications: {}: is null",
                           runtime == nullptr ? "runtime" : "notifier");
  }
  deliver::Outbox::Of(runtime->core())->Attach(std::move(notifier));
  return {};
}

Status SetNotificationSchedule(const std::shared_ptr<Runtime>& runtime,
                               NotificationSchedule schedule) {
  if (runtime == nullptr) {
    return InvalidArgument("notifications: runtime: is null");
  }
  for (const std::chrono::milliseconds& retry : schedule.retries) {
    if (retry < std::chrono::milliseconds(1)) {
      return InvalidArgument("notifications: retries: {} ms: want 1 ms or more",
                             retry.count());
    }
  }
  if (schedule.retry_max < std::chrono::milliseconds(1)) {
    return InvalidArgument("notifications: retry_max: want 1 ms or more");
  }
  deliver::Outbox::Of(runtime->core())->SetSchedule(std::move(schedule));
  return {};
}

StatusOr<std::uint64_t> WaitForNotifications(
    const std::shared_ptr<Runtime>& runtime,
    std::chrono::milliseconds timeout) {
  if (runtime == nullptr) {
    return InvalidArgument("notifications: runtime: is null");
  }
  RuntimeCore& core = runtime->core();
  const auto settled = std::make_shared<Latch>();
  deliver::Outbox::Of(core)->WhenSettled(core.clock().Steady() + timeout,
                                         [settled] { settled->Open(); });
  core.Await(*settled);
  HLSREC_ASSIGN_OR_RETURN(
      const std::vector<StoredNotification> owed,
      LoadAll(runtime, {.which = NotificationFilter::Which::kOwed}));
  return owed.size();
}

}  // namespace hlsrec
