#include <algorithm>
#include <atomic>
#include <deque>
#include <set>
#include <utility>

#include "src/base/mutex.h"
#include "src/base/status_util.h"
#include "src/spool/journal.h"

namespace hlsrec::spool {
namespace {

bool Owed(const StoredNotification& stored) {
  return stored.state == NotificationState::kOwed ||
         stored.state == NotificationState::kReplayed;
}

// What others are to be told, for as long as the process lives.
class NotificationTable {
 public:
  Status Queue(NotificationQueued queued) {
    MutexLock lock(mutex_);
    const auto same = [&queued](const StoredNotification& each) {
      return each.queued.id == queued.id && each.queued.target == queued.target;
    };
    if (std::any_of(rows_.begin(), rows_.end(), same)) return {};
    if (rows_.size() == kMost) {
      const auto settled = std::find_if_not(rows_.begin(), rows_.end(), Owed);
      if (settled == rows_.end()) {
        return ResourceExhausted(
            "notifications: {} wait in memory: use a spool directory",
            rows_.size());
      }
      rows_.erase(settled);
    }
    rows_.push_back({.number = ++last_, .queued = std::move(queued)});
    return {};
  }
  void Settle(const NotificationSettled& settled) {
    MutexLock lock(mutex_);
    for (StoredNotification& each : rows_) {
      if (each.number == settled.number) each.state = settled.state;
    }
  }
  void Forget(WallTime before) {
    MutexLock lock(mutex_);
    std::erase_if(rows_, [before](const StoredNotification& each) {
      return !Owed(each) && each.queued.time < before;
    });
  }
  std::vector<StoredNotification> Find(const NotificationFilter& filter) {
    std::vector<StoredNotification> found;
    std::set<std::pair<std::string, std::string>> headed;
    MutexLock lock(mutex_);
    for (const StoredNotification& each : rows_) {
      if (!Matches(each, filter)) continue;
      if (filter.heads &&
          !headed.emplace(each.queued.target, each.queued.subject).second) {
        continue;
      }
      found.push_back(each);
      if (filter.limit > 0 &&
          found.size() == static_cast<std::size_t>(filter.limit)) {
        break;
      }
    }
    return found;
  }

 private:
  static constexpr std::size_t kMost = 10'000;

  static bool Matches(const StoredNotification& stored,
                      const NotificationFilter& filter) {
    const bool owed_only =
        filter.heads || filter.which == NotificationFilter::Which::kOwed;
    const NotificationQueued& queued = stored.queued;
    return (!owed_only || Owed(stored)) &&
           (filter.target.empty() || queued.target == filter.target) &&
           (filter.subject.empty() || queued.subject == filter.subject) &&
           (!filter.from || queued.time >= *filter.from) &&
           (!filter.until || queued.time < *filter.until);
  }

  Mutex mutex_;
  std::deque<StoredNotification> rows_ ABSL_GUARDED_BY(mutex_);
  std::int64_t last_ ABSL_GUARDED_BY(mutex_) = 0;
};

class VolatileJournal final : public Journal {
 public:
  RecordingId NewRecording() override { return next_++; }
  void Add(JournalEntry entry, Done done) override {
    Status status;
    if (auto* queued = std::get_if<NotificationQueued>(&entry)) {
      status = notifications_.Queue(std::move(*queued));
    } else if (const auto* settled = std::get_if<NotificationSettled>(&entry)) {
      notifications_.Settle(*settled);
    } else if (const auto* old = std::get_if<NotificationsForgotten>(&entry)) {
      notifications_.Forget(old->before);
    }
    if (done) done(std::move(status));
  }
  std::vector<RecordingSummary> Recordings() override { return {}; }
  Status Claim(const std::string&) override { return {}; }
  void Release(const std::string&) override {}
  void Load(RecordingId recording, Detail, Loaded loaded) override {
    loaded(NotFound("journal: recording {}: is not kept", recording));
  }
  void LoadNotifications(NotificationFilter filter,
                         NotificationsLoaded loaded) override {
    loaded(notifications_.Find(filter));
  }

 private:
  std::atomic<RecordingId> next_ = 1;
  NotificationTable notifications_;
};

}  // namespace

std::unique_ptr<Journal> MakeVolatileJournal() {
  return std::make_unique<VolatileJournal>();
}

}  // namespace hlsrec::spool
