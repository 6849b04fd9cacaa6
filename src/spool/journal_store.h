#ifndef HLSREC_SRC_SPOOL_JOURNAL_STORE_H_
#define HLSREC_SRC_SPOOL_JOURNAL_STORE_H_

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hlsrec/runtime.h"
#include "hlsrec/status.h"
#include "src/spool/journal.h"
#include "src/spool/journal_rows.h"
#include "src/spool/sqlite_handles.h"
#include "src/spool/sqlite_journal.h"

namespace hlsrec::spool {

// The journal's file: transactions, syncs, and what is done when they fail.
//
// Threads. One at a time. Blocking. Yes.
class JournalStore {
 public:
  static StatusOr<std::unique_ptr<JournalStore>> Open(
      const SqliteJournalOptions& options);

  // One transaction if it goes well; each entry's outcome, in order.
  std::vector<Status> Write(std::span<const JournalEntry* const> entries);
  // What need not be waited for: keeps the write-ahead log short.
  void Tidy();

  StatusOr<JournaledRecording> Load(RecordingId recording,
                                    Journal::Detail detail) {
    if (detail == Journal::Detail::kFiles) return rows_->LoadFiles(recording);
    if (detail == Journal::Detail::kChat) return rows_->LoadChat(recording);
    return rows_->Load(recording);
  }
  StatusOr<JournaledRecording> LoadPart(const SeriesPart& part) {
    return rows_->LoadPart(part);
  }
  StatusOr<std::vector<RecordingSummary>> Recordings() {
    return rows_->Recordings();
  }
  StatusOr<std::vector<StoredNotification>> Notifications(
      const NotificationFilter& filter) {
    return rows_->Notifications(filter);
  }
  StatusOr<RecordingId> HighestRecording() { return rows_->HighestRecording(); }

 private:
  enum class Synchronous { kOff, kNormal, kFull };

  JournalStore(SqliteDatabase database, const SqliteJournalOptions& options)
      : database_(std::move(database)),
        sync_(options.durability != Durability::kNone),
        max_log_pages_(options.max_log_pages > 0 ? options.max_log_pages
                                                 : kMaxLogPages),
        release_reserve_(options.release_reserve) {}

  Status Prepare();
  Status SetSynchronous(Synchronous synchronous);
  Status WriteTogether(std::span<const JournalEntry* const> entries,
                       std::span<Status> outcomes);
  Status Begin(std::span<const JournalEntry* const> entries);
  Status Commit();
  void RollBack();
  Status Checkpoint(int mode);

  SqliteDatabase database_;
  std::optional<JournalRows> rows_;  // after database_: goes before it
  // 4 MiB of log, and twice that on the disk: what SQLite itself would do.
  static constexpr int kMaxLogPages = 1000;

  const bool sync_;
  const int max_log_pages_;
  const std::function<void()> release_reserve_;
  std::optional<Synchronous> synchronous_;
  int log_pages_ = 0;
  // A sync failed: the kernel may have dropped what it could not write, and
  // would not say so again. What is in the log is copied and synced anew before
  // anything is added to it.
  bool log_in_doubt_ = false;
};

}  // namespace hlsrec::spool

#endif  // HLSREC_SRC_SPOOL_JOURNAL_STORE_H_
