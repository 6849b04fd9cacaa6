#include "src/spool/journal_store.h"

#include <algorithm>
#include <utility>

#include "src/base/status_util.h"
#include "src/spool/journal_schema.h"

namespace hlsrec::spool {
namespace {

// Whether a power failure must not cost the entry: without the others segments
// are stored, published or forgotten once more, and others told again. Of a
// chat it costs what came since the last of them, as it does of the media.
bool NeedsSync(const JournalEntry& entry) {
  if (const auto* delivered = std::get_if<SegmentDelivered>(&entry)) {
    return delivered->outcome == Outcome::kLost;
  }
  return std::holds_alternative<RecordingOpened>(entry) ||
         std::holds_alternative<InitSection>(entry) ||
         std::holds_alternative<SegmentSealed>(entry) ||
         std::holds_alternative<RecordingEnding>(entry);
}

// The transaction is as good as it was before the entry.
bool IsEntrysOwn(const Status& status) {
  return status.code() == StatusCode::kNotFound ||
         status.code() == StatusCode::kAlreadyExists ||
         status.code() == StatusCode::kInvalidArgument;
}

}  // namespace

StatusOr<std::unique_ptr<JournalStore>> JournalStore::Open(
    const SqliteJournalOptions& options) {
  HLSREC_ASSIGN_OR_RETURN(SqliteDatabase database,
                          SqliteDatabase::Open(options.path, options.vfs));
  std::unique_ptr<JournalStore> store(
      new JournalStore(std::move(database), options));
  HLSREC_RETURN_IF_ERROR(store->Prepare());
  return store;
}

Status JournalStore::Prepare() {
  // Exclusive: without shared memory, and nobody else comes in. Temporary
  // files would be out of the directory.
  HLSREC_RETURN_IF_ERROR(database_.Execute(
      "PRAGMA locking_mode = EXCLUSIVE; PRAGMA temp_store = MEMORY;"
      "PRAGMA foreign_keys = ON"));
  HLSREC_RETURN_IF_ERROR(
      SetSynchronous(sync_ ? Synchronous::kFull : Synchronous::kOff));
  HLSREC_RETURN_IF_ERROR(PrepareSchema(database_));
  // Else what is damaged would be met in the middle of a recording.
  HLSREC_ASSIGN_OR_RETURN(const std::string check,
                          database_.Value("PRAGMA integrity_check(1)"));
  if (check != "ok") {
    return DataLoss("journal: {}: is damaged: {}", database_.path(), check);
  }
  HLSREC_RETURN_IF_ERROR(database_.Execute("PRAGMA shrink_memory"));
  HLSREC_ASSIGN_OR_RETURN(const std::string mode,
                          database_.Value("PRAGMA journal_mode = WAL"));
  if (mode != "wal") {
    return Internal("journal: {}: journal_mode: stays {}", database_.path(),
                    mode);
  }
  // Checkpoints are ours, in Tidy(): SQLite would not tell of a failed one.
  HLSREC_RETURN_IF_ERROR(database_.Execute(
      "PRAGMA wal_autocheckpoint = 0; PRAGMA journal_size_limit = 8388608"));
  sqlite3_wal_hook(
      database_.get(),
      [](void* self, sqlite3*, const char*, int pages) {
        static_cast<JournalStore*>(self)->log_pages_ = pages;
        return SQLITE_OK;
      },
      this);
  HLSREC_ASSIGN_OR_RETURN(rows_, JournalRows::Prepare(database_));
  // A sync may have failed in the run before, and only that run knew.
  return sync_ ? Checkpoint(SQLITE_CHECKPOINT_TRUNCATE) : Status();
}

Status JournalStore::SetSynchronous(Synchronous synchronous) {
  if (synchronous_ == synchronous) return {};
  HLSREC_RETURN_IF_ERROR(database_.Execute(
      fmt::format("PRAGMA synchronous = {}", static_cast<int>(synchronous))));
  synchronous_ = synchronous;
  return {};
}

std::vector<Status> JournalStore::Write(
    std::span<const JournalEntry* const> entries) {
  std::vector<Status> outcomes(entries.size());
  Status together = WriteTogether(entries, outcomes);
  if (together.code() == StatusCode::kResourceExhausted && release_reserve_) {
    release_reserve_();
    together = WriteTogether(entries, outcomes);
  }
  if (together.ok()) return outcomes;
  if (entries.size() == 1) return {together};
  // One of them may be the reason, and the others may go.
  for (std::size_t i = 0; i < entries.size(); ++i) {
    const std::span<Status> outcome = std::span(outcomes).subspan(i, 1);
    const Status alone = WriteTogether(entries.subspan(i, 1), outcome);
    if (!alone.ok()) outcomes[i] = alone;
  }
  return outcomes;
}

Status JournalStore::WriteTogether(std::span<const JournalEntry* const> entries,
                                   std::span<Status> outcomes) {
  HLSREC_RETURN_IF_ERROR(Begin(entries));
  for (std::size_t i = 0; i < entries.size(); ++i) {
    outcomes[i] = rows_->Apply(*entries[i]);
    if (outcomes[i].ok()) continue;
    if (IsEntrysOwn(outcomes[i]) && database_.in_transaction()) continue;
    Status status = outcomes[i];
    RollBack();
    return status;
  }
  return Commit();
}

Status JournalStore::Begin(std::span<const JournalEntry* const> entries) {
  if (log_in_doubt_) {
    HLSREC_RETURN_IF_ERROR(Checkpoint(SQLITE_CHECKPOINT_TRUNCATE));
    log_in_doubt_ = false;
  }
  if (sync_) {
    const bool full = std::any_of(entries.begin(), entries.end(),
                                  [](const auto* e) { return NeedsSync(*e); });
    HLSREC_RETURN_IF_ERROR(
        SetSynchronous(full ? Synchronous::kFull : Synchronous::kNormal));
  }
  return database_.Execute("BEGIN IMMEDIATE");
}

Status JournalStore::Commit() {
  Status status = database_.Execute("COMMIT");
  if (!status.ok()) {
    if (sqlite3_extended_errcode(database_.get()) == SQLITE_IOERR_FSYNC) {
      log_in_doubt_ = true;
    }
    RollBack();
  }
  return status;
}

void JournalStore::RollBack() {
  if (!database_.in_transaction()) return;  // SQLite did it
  database_.Execute("ROLLBACK").Ignore("the reason for it is told");
}

void JournalStore::Tidy() {
  if (log_pages_ < max_log_pages_) return;
  Checkpoint(SQLITE_CHECKPOINT_PASSIVE)
      .Ignore("the log grows until one succeeds, after the next transaction");
}

Status JournalStore::Checkpoint(int mode) {
  const int code = sqlite3_wal_checkpoint_v2(database_.get(), "main", mode,
                                             nullptr, nullptr);
  Status status = SqliteStatus(database_.get(), code, database_.path());
  if (status.ok()) {
    log_pages_ = 0;
  } else if (sqlite3_extended_errcode(database_.get()) == SQLITE_IOERR_FSYNC) {
    log_in_doubt_ = true;
  }
  return status;
}

}  // namespace hlsrec::spool
