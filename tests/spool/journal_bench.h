#ifndef HLSREC_TESTS_SPOOL_JOURNAL_BENCH_H_
#define HLSREC_TESTS_SPOOL_JOURNAL_BENCH_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "hlsrec/runtime.h"
#include "hlsrec/testing.h"
#include "src/base/runtime_core.h"
#include "src/spool/sqlite_journal.h"

namespace hlsrec::spool {

// A journal in a simulated runtime: work is done in Run().
class JournalBench {
 public:
  explicit JournalBench(SqliteJournalOptions options)
      : options_(std::move(options)) {}

  Status Open() {
    auto opened = OpenSqliteJournal(core(), options_);
    if (!opened.ok()) return opened.status();
    journal_ = std::move(opened).value();
    return {};
  }
  void Close() {
    journal_ = nullptr;
    Run();
  }
  Status Reopen() {
    Close();
    return Open();
  }
  void Run() { simulation_.RunUntilIdle(); }

  // Adds, runs, and gives what `done` was told.
  Status Write(JournalEntry entry) {
    std::optional<Status> told;
    journal().Add(std::move(entry),
                  [&told](Status status) { told = std::move(status); });
    Run();
    return told.value_or(
        Status(StatusCode::kInternal, "journal bench: nothing was told"));
  }
  StatusOr<JournaledRecording> Load(RecordingId recording) {
    std::optional<StatusOr<JournaledRecording>> told;
    journal().Load(recording, [&told](StatusOr<JournaledRecording> loaded) {
      told = std::move(loaded);
    });
    Run();
    if (told) return *std::move(told);
    return Status(StatusCode::kInternal, "journal bench: nothing was told");
  }

  Journal& journal() { return *journal_; }
  RuntimeCore& core() { return simulation_.runtime()->core(); }
  SqliteJournalOptions& options() { return options_; }

 private:
  SqliteJournalOptions options_;
  testing::ManualClock clock_;
  testing::SimulatedRuntime simulation_{clock_};
  std::unique_ptr<Journal> journal_;
};

}  // namespace hlsrec::spool

#endif  // HLSREC_TESTS_SPOOL_JOURNAL_BENCH_H_
