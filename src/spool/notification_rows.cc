// Notifications as rows, in the journal.
#include <string>
#include <utility>

#include "src/base/status_util.h"
#include "src/spool/journal_rows.h"

namespace hlsrec::spool {
namespace {

using std::chrono::microseconds;

// As ?1 to ?5; what does not choose matches all.
std::string Select(const NotificationFilter& filter) {
  std::string sql =
      "SELECT number, target, id, subject, type, data, time_us, state "
      "FROM notification WHERE time_us >= ?3 AND time_us < ?4 ";
  // Indices are used for what is there.
  sql += filter.target.empty() ? "AND ?1 = '' " : "AND target = ?1 ";
  sql += filter.subject.empty() ? "AND ?2 = '' " : "AND subject = ?2 ";
  if (filter.which == NotificationFilter::Which::kOwed) {
    sql += "AND state IN (0, 3) ";
  }
  if (filter.heads) {
    sql +=
        "AND number IN (SELECT min(number) FROM notification "
        "WHERE state IN (0, 3) GROUP BY target, subject) ";
  }
  return sql + "ORDER BY number LIMIT ?5";
}

}  // namespace

Status JournalRows::Write(const NotificationQueued& entry) {
  return queue_notification_.Run(entry.target, entry.id, entry.subject,
                                 entry.type, entry.data,
                                 Microseconds(entry.time));
}

Status JournalRows::Write(const NotificationSettled& entry) {
  return settle_notification_.Run(entry.number, static_cast<int>(entry.state));
}

Status JournalRows::Write(const NotificationsForgotten& entry) {
  return forget_notifications_.Run(Microseconds(entry.before));
}

StatusOr<std::vector<StoredNotification>> JournalRows::Notifications(
    const NotificationFilter& filter) {
  HLSREC_ASSIGN_OR_RETURN(SqliteStatement statement,
                          database_->Prepare(Select(filter)));
  std::vector<StoredNotification> stored;
  HLSREC_RETURN_IF_ERROR(statement.Read(
      [&stored](const SqliteRow& row) {
        stored.push_back(
            {.number = row.Integer(0),
             .queued = {.id = row.Text(2),
                        .target = row.Text(1),
                        .subject = row.Text(3),
                        .type = row.Text(4),
                        .data = row.Text(5),
                        .time = WallTime(microseconds(row.Integer(6)))},
             .state = static_cast<NotificationState>(row.Int(7))});
      },
      filter.target, filter.subject,
      filter.from ? Microseconds(*filter.from) : INT64_MIN,
      filter.until ? Microseconds(*filter.until) : INT64_MAX,
      filter.limit > 0 ? filter.limit : -1));
  return stored;
}

}  // namespace hlsrec::spool
