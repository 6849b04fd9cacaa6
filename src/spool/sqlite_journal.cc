#include "src/spool/sqlite_journal.h"

#include <atomic>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "src/base/mutex.h"
#include "src/base/runtime_core.h"
#include "src/base/status_util.h"
#include "src/spool/journal_store.h"

namespace hlsrec::spool {
namespace {

// A transaction's entries: what waits for the first of them waits for them all.
constexpr std::size_t kMaxTransaction = 512;

struct Write {
  JournalEntry entry;
  Journal::Done done;
};
struct Read {
  RecordingId recording = 0;
  Journal::Detail detail = Journal::Detail::kAll;
  std::optional<SeriesPart> part = {};  // alone
  Journal::Loaded loaded = {};
};
struct NotificationRead {
  NotificationFilter filter;
  NotificationsLoaded loaded;
};
using Work = std::variant<Write, Read, NotificationRead>;

// What waits, and the file it goes to. The file is used by the I/O thread.
class WorkQueue : public std::enable_shared_from_this<WorkQueue> {
 public:
  WorkQueue(std::shared_ptr<Executor> io, std::unique_ptr<JournalStore> store)
      : io_(std::move(io)), store_(std::move(store)) {}

  void Add(Work work) {
    {
      MutexLock lock(mutex_);
      work_.push_back(std::move(work));
      if (scheduled_) return;
      scheduled_ = true;
    }
    io_->Post(DrainTask(shared_from_this()));
  }

 private:
  // Dropped by a stopped executor it takes what waits along, which may own us.
  class DrainTask {
   public:
    explicit DrainTask(std::shared_ptr<WorkQueue> queue)
        : queue_(std::move(queue)) {}
    DrainTask(DrainTask&&) = default;
    DrainTask& operator=(DrainTask&&) = delete;
    ~DrainTask() {
      if (queue_ != nullptr) queue_->Drop();
    }
    void operator()() { std::exchange(queue_, nullptr)->Drain(); }

   private:
    std::shared_ptr<WorkQueue> queue_;
  };

  void Drop() {
    std::deque<Work> dropped;
    MutexLock lock(mutex_);
    dropped.swap(work_);
    scheduled_ = false;
  }

  // One read, or the writes up to the next; empty at the end.
  std::vector<Work> Take() {
    std::vector<Work> taken;
    MutexLock lock(mutex_);
    while (!work_.empty() && taken.size() < kMaxTransaction) {
      const bool read = !std::holds_alternative<Write>(work_.front());
      if (read && !taken.empty()) break;
      taken.push_back(std::move(work_.front()));
      work_.pop_front();
      if (read) break;
    }
    if (taken.empty()) scheduled_ = false;
    return taken;
  }

  void Drain() {
    for (;;) {
      std::vector<Work> work = Take();
      if (work.empty()) return;
      if (auto* read = std::get_if<Read>(&work.front())) {
        read->loaded(read->part ? store_->LoadPart(*read->part)
                                : store_->Load(read->recording, read->detail));
      } else if (auto* told = std::get_if<NotificationRead>(&work.front())) {
        told->loaded(store_->Notifications(told->filter));
      } else {
        WriteAll(work);
      }
    }
  }

  void WriteAll(std::vector<Work>& work) {
    std::vector<const JournalEntry*> entries;
    entries.reserve(work.size());
    for (const Work& write : work) {
      entries.push_back(&std::get<Write>(write).entry);
    }
    const std::vector<Status> outcomes = store_->Write(entries);
    for (std::size_t i = 0; i < work.size(); ++i) {
      const Journal::Done& done = std::get<Write>(work[i]).done;
      if (done) done(outcomes[i]);
    }
    store_->Tidy();
  }

  const std::shared_ptr<Executor> io_;
  const std::unique_ptr<JournalStore> store_;
  Mutex mutex_;
  std::deque<Work> work_ ABSL_GUARDED_BY(mutex_);
  bool scheduled_ ABSL_GUARDED_BY(mutex_) = false;
};

// Which recordings there are, as of the transactions that went well, and who
// is claimed.
class RecordingTable {
 public:
  explicit RecordingTable(std::vector<RecordingSummary> recordings) {
    MutexLock lock(mutex_);
    for (RecordingSummary& summary : recordings) {
      const RecordingId id = summary.recording;
      recordings_.emplace(id, std::move(summary));
    }
  }

  void Opened(const RecordingOpened& entry) {
    MutexLock lock(mutex_);
    recordings_[entry.recording] = {.recording = entry.recording,
                                    .identity = entry.identity,
                                    .config = entry.config};
  }
  void Ending(RecordingId recording) {
    MutexLock lock(mutex_);
    const auto found = recordings_.find(recording);
    if (found != recordings_.end()) found->second.ending = true;
  }
  void Forgotten(RecordingId recording) {
    MutexLock lock(mutex_);
    recordings_.erase(recording);
  }
  bool Has(RecordingId recording) {
    MutexLock lock(mutex_);
    return recordings_.contains(recording);
  }
  std::vector<RecordingSummary> All() {
    std::vector<RecordingSummary> all;
    MutexLock lock(mutex_);
    for (const auto& [id, summary] : recordings_) all.push_back(summary);
    return all;
  }
  Status Claim(const std::string& identity) {
    MutexLock lock(mutex_);
    if (claims_.insert(identity).second) return {};
    return FailedPrecondition("is being recorded already");
  }
  void Release(const std::string& identity) {
    MutexLock lock(mutex_);
    claims_.erase(identity);
  }

 private:
  Mutex mutex_;
  std::map<RecordingId, RecordingSummary> recordings_ ABSL_GUARDED_BY(mutex_);
  std::set<std::string> claims_ ABSL_GUARDED_BY(mutex_);
};

class SqliteJournal final : public Journal {
 public:
  SqliteJournal(std::shared_ptr<Executor> io,
                std::unique_ptr<JournalStore> store,
                std::vector<RecordingSummary> recordings, RecordingId next,
                bool has_notifications)
      : io_(io),
        queue_(std::make_shared<WorkQueue>(std::move(io), std::move(store))),
        table_(std::make_shared<RecordingTable>(std::move(recordings))),
        found_below_(next),
        has_notifications_(has_notifications),
        next_(next) {}
  // After what was added before; here, where the I/O thread has ended.
  ~SqliteJournal() override {
    io_->Post([queue = std::move(queue_)] {});
  }
  SqliteJournal(const SqliteJournal&) = delete;
  SqliteJournal& operator=(const SqliteJournal&) = delete;

  RecordingId NewRecording() override { return next_++; }
  bool HasForgotten(RecordingId recording) const override {
    return recording < found_below_ && !table_->Has(recording);
  }
  void Add(JournalEntry entry, Done done) override {
    if (const auto* opened = std::get_if<RecordingOpened>(&entry)) {
      // Of one that a lost journal had the id is somebody else's.
      RecordingId next = next_;
      while (next <= opened->recording &&
             !next_.compare_exchange_weak(next, opened->recording + 1)) {
      }
    }
    if (std::holds_alternative<NotificationQueued>(entry)) {
      has_notifications_ = true;
    }
    done = AndInTable(entry, std::move(done));
    queue_->Add(Write{std::move(entry), std::move(done)});
  }
  std::vector<RecordingSummary> Recordings() override { return table_->All(); }
  Status Claim(const std::string& identity) override {
    return table_->Claim(identity);
  }
  void Release(const std::string& identity) override {
    table_->Release(identity);
  }
  void Load(RecordingId recording, Detail detail, Loaded loaded) override {
    queue_->Add(Read{
        .recording = recording, .detail = detail, .loaded = std::move(loaded)});
  }
  void LoadPart(const SeriesPart& part, Loaded loaded) override {
    queue_->Add(Read{.recording = part.recording,
                     .part = part,
                     .loaded = std::move(loaded)});
  }
  bool HasNotifications() const override { return has_notifications_; }
  void LoadNotifications(NotificationFilter filter,
                         NotificationsLoaded loaded) override {
    queue_->Add(NotificationRead{std::move(filter), std::move(loaded)});
  }

 private:
  // `done`, after the table is brought up to date.
  Done AndInTable(const JournalEntry& entry, Done done) const {
    std::function<void(RecordingTable&)> change;
    if (const auto* opened = std::get_if<RecordingOpened>(&entry)) {
      change = [opened = *opened](RecordingTable& t) { t.Opened(opened); };
    } else if (const auto* ending = std::get_if<RecordingEnding>(&entry)) {
      change = [id = ending->recording](RecordingTable& t) { t.Ending(id); };
    } else if (const auto* gone = std::get_if<RecordingForgotten>(&entry)) {
      change = [id = gone->recording](RecordingTable& t) { t.Forgotten(id); };
    } else {
      return done;
    }
    return [table = table_, change = std::move(change),
            done = std::move(done)](Status status) {
      if (status.ok()) change(*table);
      if (done) done(std::move(status));
    };
  }

  const std::shared_ptr<Executor> io_;
  std::shared_ptr<WorkQueue> queue_;
  const std::shared_ptr<RecordingTable> table_;
  const RecordingId found_below_;  // ids that were given before
  std::atomic<bool> has_notifications_;
  std::atomic<RecordingId> next_;
};

}  // namespace

StatusOr<std::unique_ptr<Journal>> OpenSqliteJournal(
    RuntimeCore& core, const SqliteJournalOptions& options) {
  HLSREC_ASSIGN_OR_RETURN(std::unique_ptr<JournalStore> store,
                          JournalStore::Open(options));
  HLSREC_ASSIGN_OR_RETURN(std::vector<RecordingSummary> recordings,
                          store->Recordings());
  HLSREC_ASSIGN_OR_RETURN(const RecordingId highest, store->HighestRecording());
  HLSREC_ASSIGN_OR_RETURN(const std::vector<StoredNotification> notifications,
                          store->Notifications({.limit = 1}));
  return std::unique_ptr<Journal>(std::make_unique<SqliteJournal>(
      core.Io("journal:" + options.path), std::move(store),
      std::move(recordings), highest + 1, !notifications.empty()));
}

}  // namespace hlsrec::spool
