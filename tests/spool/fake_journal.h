#ifndef HLSREC_TESTS_SPOOL_FAKE_JOURNAL_H_
#define HLSREC_TESTS_SPOOL_FAKE_JOURNAL_H_

#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "src/base/mutex.h"
#include "src/base/status_util.h"
#include "src/spool/journal.h"
#include "src/spool/spool.h"

namespace hlsrec::spool {

// What FakeJournals have written: outlives them as a file would.
//
// Threads. Any.
class FakeStore {
 public:
  void Add(JournalEntry entry) {
    MutexLock lock(mutex_);
    entries_.push_back(std::move(entry));
  }
  [[nodiscard]] std::vector<JournalEntry> entries() {
    MutexLock lock(mutex_);
    return entries_;
  }
  [[nodiscard]] std::vector<SegmentSealed> segments() {
    std::vector<SegmentSealed> segments;
    for (const JournalEntry& entry : entries()) {
      if (const auto* sealed = std::get_if<SegmentSealed>(&entry)) {
        segments.push_back(*sealed);
      }
    }
    return segments;
  }
  void Open(RecordingId recording) {
    Add(RecordingOpened{.recording = recording});
  }

 private:
  Mutex mutex_;
  std::vector<JournalEntry> entries_ ABSL_GUARDED_BY(mutex_);
};

// Remembers in a FakeStore.
class FakeJournal final : public Journal {
 public:
  // False: the process died before the entry was written.
  using Step = std::function<bool()>;

  FakeJournal(std::shared_ptr<FakeStore> store, Step step, Status failure)
      : store_(std::move(store)),
        step_(std::move(step)),
        failure_(std::move(failure)) {}

  RecordingId NewRecording() override { return 1; }
  bool HasForgotten(RecordingId recording) const override {
    bool forgotten = false;
    for (const JournalEntry& entry : store_->entries()) {
      const auto* gone = std::get_if<RecordingForgotten>(&entry);
      forgotten = forgotten || (gone && gone->recording == recording);
    }
    return forgotten;
  }
  void Add(JournalEntry entry, Done done) override {
    if (step_ && !step_()) return;
    if (failure_.ok()) store_->Add(std::move(entry));
    if (done) done(failure_);
  }
  std::vector<RecordingSummary> Recordings() override {
    std::vector<RecordingSummary> open;
    for (const JournalEntry& entry : store_->entries()) {
      if (const auto* opened = std::get_if<RecordingOpened>(&entry)) {
        open.push_back({.recording = opened->recording});
      }
      if (const auto* gone = std::get_if<RecordingForgotten>(&entry)) {
        std::erase_if(open, [gone](const RecordingSummary& summary) {
          return summary.recording == gone->recording;
        });
      }
    }
    return open;
  }
  Status Claim(const std::string&) override { return {}; }
  void Release(const std::string&) override {}
  void Load(RecordingId recording, Detail, Loaded loaded) override {
    JournaledRecording result{.summary = {.recording = recording}};
    for (const SegmentSealed& segment : store_->segments()) {
      if (segment.id.recording == recording) result.segments.push_back(segment);
    }
    loaded(std::move(result));
  }
  void LoadNotifications(NotificationFilter,
                         NotificationsLoaded loaded) override {
    loaded(std::vector<StoredNotification>());
  }
  void LoadPart(const SeriesPart&, Loaded loaded) override {
    loaded(Unimplemented("fake journal: has no parts"));
  }

 private:
  const std::shared_ptr<FakeStore> store_;
  const Step step_;
  const Status failure_;
};

// Opens such journals, with a file where a real one would have it.
inline JournalOpener OpenFakeJournal(std::shared_ptr<FakeStore> store,
                                     FakeJournal::Step step = {},
                                     Status failure = {}) {
  return
      [store = std::move(store), step = std::move(step),
       failure = std::move(failure)](
          const std::string& path,
          const std::function<void()>&) -> StatusOr<std::unique_ptr<Journal>> {
        std::ofstream file(path);
        return std::unique_ptr<Journal>(
            std::make_unique<FakeJournal>(store, step, failure));
      };
}

}  // namespace hlsrec::spool

#endif  // HLSREC_TESTS_SPOOL_FAKE_JOURNAL_H_
