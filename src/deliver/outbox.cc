#include "src/deliver/outbox.h"

#include <algorithm>
#include <iterator>

#include "src/deliver/retry.h"
#include "src/spool/spool.h"

namespace hlsrec::deliver {
namespace {

using spool::NotificationFilter;
using spool::NotificationState;
using spool::StoredNotification;

constexpr int kBatch = 16;
constexpr std::chrono::milliseconds kJournalAgain{500};
constexpr std::chrono::hours kForgetEvery{1};

Notification MakeNotification(const StoredNotification& stored, int attempt) {
  return {.id = stored.queued.id,
          .type = ParseNotificationType(stored.queued.type)
                      .value_or(NotificationType::kRecordingStarted),
          .time = stored.queued.time,
          .recording = stored.queued.subject,
          .data = stored.queued.data,
          .attempt = attempt,
          .replayed = stored.state == NotificationState::kReplayed};
}

}  // namespace

std::shared_ptr<Outbox> Outbox::Of(RuntimeCore& core) {
  return core.services().Get<Outbox>(
      [&core] { return std::make_shared<Outbox>(core); });
}

Outbox::Outbox(RuntimeCore& core)
    : core_(core), strand_(Strand::Create(core.media())) {}

std::function<void(Outbox::Task)> Outbox::Poster() {
  return [strand = strand_, weak = weak_from_this()](Task task) {
    strand->Post([weak, task = std::move(task)] {
      if (const auto self = weak.lock()) task(*self);
    });
  };
}

void Outbox::Post(Task task) { Poster()(std::move(task)); }

void Outbox::PostLater(std::chrono::milliseconds delay, Task task) {
  strand_->PostAt(core_.clock().Steady() + delay,
                  [weak = weak_from_this(), task = std::move(task)] {
                    if (const auto self = weak.lock()) task(*self);
                  });
}

void Outbox::SetSchedule(NotificationSchedule schedule) {
  Post([schedule = std::move(schedule)](Outbox& self) {
    self.schedule_ = schedule;
  });
}

void Outbox::Attach(std::shared_ptr<Notifier> notifier) {
  Post([notifier = std::move(notifier)](Outbox& self) {
    const std::string target = notifier->Describe();
    const bool known = self.notifiers_.contains(target);
    self.notifiers_[target] = notifier;
    self.ForgetOld();
    if (!known) self.LoadHeads(target);
  });
}

void Outbox::Queue(spool::NotificationQueued notification,
                   const std::function<void(Status)>& queued) {
  const LaneId id(notification.target, notification.subject);
  // It is copied for another try.
  core_.spool().journal().Add(notification, [post = Poster(), notification, id,
                                             queued](const Status& status) {
    if (queued) queued(status);
    post([notification, id, ok = status.ok()](Outbox& box) {
      if (ok) return box.OnQueued(id);
      box.PostLater(kJournalAgain, [notification](Outbox& again) {
        again.Queue(notification, {});
      });
    });
  });
}

void Outbox::LookAgain() {
  Post([](Outbox& self) {
    for (const auto& [target, notifier] : self.notifiers_) {
      self.LoadHeads(target);
    }
  });
}

void Outbox::OnQueued(const LaneId& id) {
  if (!notifiers_.contains(id.first)) return;
  Lane& lane = lanes_[id];
  lane.more = true;
  if (!lane.telling && !lane.loading) Load(id);
}

// Which recordings have something that is owed.
void Outbox::LoadHeads(const std::string& target) {
  ++loading_heads_;
  core_.spool().journal().LoadNotifications(
      {.which = NotificationFilter::Which::kOwed,
       .target = target,
       .heads = true},
      [post = Poster(),
       target](const StatusOr<std::vector<StoredNotification>>& heads) {
        post([target, heads](Outbox& box) {
          --box.loading_heads_;
          if (!heads.ok()) {
            return box.PostLater(kJournalAgain, [target](Outbox& again) {
              again.LoadHeads(target);
            });
          }
          for (const StoredNotification& head : *heads) {
            box.OnQueued({target, head.queued.subject});
          }
          box.TellIfSettled();
        });
      });
}

// With nothing in memory: what was settled is so in the journal, too, before
// it reads.
void Outbox::Load(const LaneId& id) {
  lanes_[id].loading = true;
  lanes_[id].more = false;
  core_.spool().journal().LoadNotifications(
      {.which = NotificationFilter::Which::kOwed,
       .target = id.first,
       .subject = id.second,
       .limit = kBatch},
      [post = Poster(),
       id](const StatusOr<std::vector<StoredNotification>>& loaded) {
        post([id, loaded](Outbox& box) {
          Lane& lane = box.lanes_[id];
          lane.loading = false;
          if (!loaded.ok()) {
            return box.PostLater(kJournalAgain,
                                 [id](Outbox& again) { again.OnQueued(id); });
          }
          std::copy(loaded->begin(), loaded->end(),
                    std::back_inserter(lane.waiting));
          if (loaded->size() == kBatch) lane.more = true;
          box.Tell(id);
        });
      });
}

void Outbox::Tell(const LaneId& id) {
  Lane& lane = lanes_[id];
  if (lane.telling) return;
  if (lane.waiting.empty()) {
    if (lane.more) return Load(id);
    if (!lane.loading) lanes_.erase(id);
    return TellIfSettled();
  }
  lane.telling = true;
  const StoredNotification& first = lane.waiting.front();
  notifiers_.at(id.first)->Notify(
      MakeNotification(first, ++lane.attempt),
      [post = Poster(), id, number = first.number](Status status) {
        post([id, number, status = std::move(status)](Outbox& box) {
          box.OnTold(id, number, status);
        });
      });
}

void Outbox::OnTold(const LaneId& id, std::int64_t number,
                    const Status& status) {
  const auto found = lanes_.find(id);
  if (found == lanes_.end() || found->second.waiting.empty() ||
      found->second.waiting.front().number != number) {
    return;
  }
  if (status.ok()) return Settle(id, NotificationState::kDelivered);
  const WallTime queued = found->second.waiting.front().queued.time;
  const bool replayed =
      found->second.waiting.front().state == NotificationState::kReplayed;
  const bool late =
      core_.clock().Wall() - queued > schedule_.give_up_after && !replayed;
  if (late || status.code() == StatusCode::kCancelled) {
    return Settle(id, NotificationState::kGivenUp);
  }
  RetryLater(id, status);
}

// What comes next is told only when the journal knows of this, or is asked for
// it: it is told in the order of its calls.
void Outbox::Settle(const LaneId& id, NotificationState state) {
  Lane& lane = lanes_[id];
  core_.spool().journal().Add(
      spool::NotificationSettled{.number = lane.waiting.front().number,
                                 .state = state},
      {});
  lane.waiting.pop_front();
  lane.attempt = 0;
  lane.telling = false;
  ForgetOld();
  Tell(id);
}

void Outbox::RetryLater(const LaneId& id, const Status& status) {
  const std::chrono::milliseconds wait =
      std::max(Delay(lanes_[id].attempt),
               status.retry_after().value_or(std::chrono::milliseconds(0)));
  PostLater(wait, [id](Outbox& self) {
    self.lanes_[id].telling = false;
    self.Tell(id);
  });
}

std::chrono::milliseconds Outbox::Delay(int attempt) {
  const auto& given = schedule_.retries;
  const auto index = static_cast<std::size_t>(std::max(attempt - 1, 0));
  if (index < given.size()) return given[index];
  const std::chrono::milliseconds last =
      given.empty() ? std::chrono::milliseconds(1000) : given.back();
  const int doubled = attempt - static_cast<int>(given.size());
  std::chrono::milliseconds delay = last;
  for (int i = 0; i < doubled && delay < schedule_.retry_max; ++i) delay *= 2;
  delay = std::min(delay, schedule_.retry_max);
  const double share = std::uniform_real_distribution(0.0, 1.0)(random_);
  return delay / 2 +
         RetryDelay({.first = delay / 2, .max = delay / 2}, 1, share);
}

void Outbox::ForgetOld() {
  const SteadyTime now = core_.clock().Steady();
  if (now < forget_next_) return;
  forget_next_ = now + kForgetEvery;
  core_.spool().journal().Add(
      spool::NotificationsForgotten{.before =
                                        core_.clock().Wall() - schedule_.keep},
      {});
}

void Outbox::WhenSettled(SteadyTime deadline, std::function<void()> done) {
  Post([deadline, done = std::move(done)](Outbox& self) {
    const auto waiter = std::make_shared<std::function<void()>>(done);
    self.waiters_.push_back(waiter);
    self.strand_->PostAt(deadline, [waiter] {
      if (const auto told = std::exchange(*waiter, nullptr)) told();
    });
    self.TellIfSettled();
  });
}

void Outbox::TellIfSettled() {
  if (!lanes_.empty() || loading_heads_ > 0) return;
  for (const auto& waiter : std::exchange(waiters_, {})) {
    if (const auto told = std::exchange(*waiter, nullptr)) told();
  }
}

}  // namespace hlsrec::deliver
