#include "src/spool/notification_table.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "src/base/status_util.h"

namespace hlsrec::spool {
namespace {

bool Owed(const StoredNotification& stored) {
  return stored.state == NotificationState::kOwed ||
         stored.state == NotificationState::kReplayed;
}

bool Matches(const StoredNotification& stored,
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

}  // namespace

Status NotificationTable::Queue(NotificationQueued queued) {
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

void NotificationTable::Settle(const NotificationSettled& settled) {
  MutexLock lock(mutex_);
  for (StoredNotification& each : rows_) {
    if (each.number == settled.number) each.state = settled.state;
  }
}

void NotificationTable::Forget(WallTime before) {
  MutexLock lock(mutex_);
  std::erase_if(rows_, [before](const StoredNotification& each) {
    return !Owed(each) && each.queued.time < before;
  });
}

std::vector<StoredNotification> NotificationTable::Find(
    const NotificationFilter& filter) {
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

}  // namespace hlsrec::spool
