#ifndef HLSREC_SRC_SPOOL_SQLITE_JOURNAL_H_
#define HLSREC_SRC_SPOOL_SQLITE_JOURNAL_H_

#include <functional>
#include <memory>
#include <string>

#include "hlsrec/runtime.h"
#include "hlsrec/status.h"
#include "src/spool/journal.h"

namespace hlsrec {
class RuntimeCore;
}  // namespace hlsrec

namespace hlsrec::spool {

struct SqliteJournalOptions {
  std::string path = {};  // ".../journal.db"; its folder exists
  Durability durability = Durability::kSegment;
  // SQLite's VFS, for tests; empty: the system's.
  std::string vfs = {};
  // For tests: when the log is copied; 0: as is good.
  int max_log_pages = 0;
  // Makes room on a full disk, after which the entries are tried again. Called
  // on the journal's I/O thread, by each transaction that met a full disk.
  std::function<void()> release_reserve = {};
};

// In an SQLite database. What is added while a transaction is on its way goes
// into the next one. Times are kept in microseconds.
//
// Errors. kFailedPrecondition: somebody else has it open, it is a newer
//     version's, or not a journal. kDataLoss: damaged; it may be moved aside.
//     An entry's `done` is told kNotFound where its recording was not opened,
//     or was forgotten, and kAlreadyExists where another open recording has its
//     identity.
// Lifetime. What was added is written before the file is closed, which is on
//     the I/O thread. Once that has stopped, the rest is lost as in a crash,
//     and its `done`s are dropped.
// Blocking. Opens the file and reads what recordings there are.
StatusOr<std::unique_ptr<Journal>> OpenSqliteJournal(
    RuntimeCore& core, const SqliteJournalOptions& options);

}  // namespace hlsrec::spool

#endif  // HLSREC_SRC_SPOOL_SQLITE_JOURNAL_H_
