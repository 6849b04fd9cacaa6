#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include "hlsrec/testing.h"
#include "src/base/runtime_core.h"
#include "src/base/status_util.h"
#include "src/spool/spool.h"
#include "tests/catch.h"
#include "tests/simulated_disk.h"
#include "tests/spool/journal_bench.h"
#include "tests/spool/journal_model.h"
#include "tests/spool/journal_text.h"

namespace hlsrec::spool {
namespace {

constexpr const char* kDirectory = "/spool";
constexpr std::uint64_t kPage = 4096;

// A journal on a simulated disk, and what was told of its entries.
class Schedule {
 public:
  Schedule(std::uint64_t seed, Durability durability,
           std::uint64_t max_init_bytes = 3 * kPage)
      : disk_(seed),
        random_(seed),
        durability_(durability),
        maker_(max_init_bytes) {
    REQUIRE(disk_.files().CreateDirectories(kDirectory, 0700).ok());
    REQUIRE(disk_.files().SyncDirectory("/").ok());
  }

  // Opens, adds groups of entries, and stops where the disk does.
  void Run(int groups) {
    JournalBench bench(Options());
    if (!bench.Open().ok()) return;
    for (int group = 0; group < groups && !disk_.halted(); ++group) {
      const std::uint64_t size = 1 + random_() % 6;
      for (std::uint64_t i = 0; i < size; ++i) Add(bench);
      bench.Run();
      // Each of them is one transaction.
      borders_.push_back(entries_.size());
      // What is OK in one that failed, on a disk that stands still, is what had
      // nothing to do.
      if (failed_) return;
      written_ = last_written_;
      synced_ = last_synced_;
    }
  }

  // The journal says what some number of whole transactions left, no fewer
  // than were promised.
  void Check(std::size_t promised) {
    JournalBench bench(Options());
    const Status opened = bench.Open();
    INFO("reopened: " << opened.ToString());
    REQUIRE(opened.ok());
    const std::string found = Contents(bench);
    JournalModel model;
    std::size_t applied = 0;
    std::string nearest;
    for (const std::size_t border : borders_) {
      if (applied >= promised) {
        nearest = model.Contents();
        if (nearest == found) return;
      }
      for (; applied < border; ++applied) model.Apply(entries_[applied]);
    }
    REQUIRE(applied >= promised);
    INFO("promised: " << promised << " of " << entries_.size());
    CHECK(found == model.Contents());
  }

  // As many of the first entries as were told to be safe.
  std::size_t Written() const { return written_; }
  std::size_t Synced() const { return synced_; }

  SimulatedDisk& disk() { return disk_; }

 private:
  SqliteJournalOptions Options() {
    return {.path = std::string(kDirectory) + "/journal.db",
            .durability = durability_,
            .vfs = disk_.vfs()};
  }

  static bool SurvivesPower(const JournalEntry& entry) {
    if (const auto* delivered = std::get_if<SegmentDelivered>(&entry)) {
      return delivered->outcome == Outcome::kLost;
    }
    return !std::holds_alternative<PlaylistPublished>(entry) &&
           !std::holds_alternative<RenditionDescribed>(entry) &&
           !std::holds_alternative<ChatAppended>(entry) &&
           !std::holds_alternative<SegmentsForgotten>(entry) &&
           !std::holds_alternative<RecordingForgotten>(entry);
  }

  void Add(JournalBench& bench) {
    entries_.push_back(maker_.Next(random_));
    bench.journal().Add(entries_.back(),
                        [this, number = entries_.size()](const Status& status) {
                          Told(number, status);
                        });
  }
  void Told(std::size_t number, const Status& status) {
    if (!status.ok()) {
      failed_ = true;
      if (!disk_.halted()) FAIL(status.ToString());
    } else {
      last_written_ = number;
      if (SurvivesPower(entries_[number - 1])) last_synced_ = number;
    }
  }

  static std::string Contents(JournalBench& bench) {
    std::string text;
    for (const RecordingSummary& summary : bench.journal().Recordings()) {
      const auto loaded = bench.Load(summary.recording);
      REQUIRE(loaded.ok());
      text += Text(*loaded);
    }
    return text;
  }

  SimulatedDisk disk_;
  std::mt19937_64 random_;
  const Durability durability_;
  EntryMaker maker_;
  std::vector<JournalEntry> entries_;
  std::vector<std::size_t> borders_ = {0};
  std::size_t written_ = 0;
  std::size_t synced_ = 0;
  std::size_t last_written_ = 0;
  std::size_t last_synced_ = 0;
  bool failed_ = false;
};

TEST_CASE("power loss: a crash at each operation costs nothing promised") {
  constexpr int kGroups = 12;
  constexpr std::uint64_t kSeed = 7;
  int operations = 0;
  {
    Schedule schedule(kSeed, Durability::kSegment);
    const int before = schedule.disk().operations();
    schedule.Run(kGroups);
    operations = schedule.disk().operations() - before;
  }
  REQUIRE(operations > 50);
  for (const CrashKind kind : {CrashKind::kProcess, CrashKind::kPowerStrict,
                               CrashKind::kPowerRandom}) {
    for (int operation = 1; operation <= operations; ++operation) {
      INFO("crash " << static_cast<int>(kind) << " at " << operation);
      Schedule schedule(kSeed, Durability::kSegment);
      schedule.disk().HaltAt(operation);
      schedule.Run(kGroups);
      REQUIRE(schedule.disk().halted());
      schedule.disk().Crash(kind);
      schedule.Check(kind == CrashKind::kProcess ? schedule.Written()
                                                 : schedule.Synced());
    }
  }
}

TEST_CASE("power loss: random entries and crashes cost nothing promised") {
  for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
    std::mt19937_64 random(seed);
    const auto kind = static_cast<CrashKind>(random() % 3);
    INFO("seed " << seed << ", crash " << static_cast<int>(kind));
    Schedule schedule(seed, Durability::kSegment);
    schedule.disk().HaltAt(static_cast<int>(1 + random() % 300));
    schedule.Run(static_cast<int>(1 + random() % 40));
    schedule.disk().Crash(kind);
    schedule.Check(kind == CrashKind::kProcess ? schedule.Written()
                                               : schedule.Synced());
  }
}

TEST_CASE("power loss: the log may be copied and begun anew meanwhile") {
  // Of up to 500 pages an entry, while 1000 begin a copy: 2000 operations, and
  // 1000 more.
  int copies = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    std::mt19937_64 random(seed);
    const auto kind = static_cast<CrashKind>(random() % 3);
    INFO("seed " << seed << ", crash " << static_cast<int>(kind));
    Schedule schedule(seed, Durability::kSegment, 500 * kPage);
    schedule.disk().HaltAt(static_cast<int>(2000 + random() % 4000));
    schedule.Run(60);
    schedule.disk().Crash(kind);
    const auto size =
        schedule.disk().files().Size(std::string(kDirectory) + "/journal.db");
    if (size.ok() && *size > 100 * kPage) ++copies;
    schedule.Check(kind == CrashKind::kProcess ? schedule.Written()
                                               : schedule.Synced());
  }
  CHECK(copies > 15);
}

TEST_CASE("power loss: without syncs the process may die, still") {
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    INFO("seed " << seed);
    Schedule schedule(seed, Durability::kNone);
    // Behind the making of the file: SQLite syncs what it takes back of that.
    schedule.disk().HaltAt(static_cast<int>(30 + seed));
    schedule.Run(40);
    schedule.disk().Crash(CrashKind::kProcess);
    schedule.Check(schedule.Written());
    CHECK(schedule.disk().syncs() == 0);
  }
}

TEST_CASE("spool: its own folders survive a power failure") {
  SimulatedDisk disk;
  testing::ManualClock clock;
  auto simulation = testing::SimulatedRuntime::Create(
      clock, [&](RuntimeCore& core, std::unique_ptr<Spool>& out) {
        auto opened = OpenFileSpool(
            core, disk.files(),
            {.directory = "/srv/new/spool", .journal_vfs = disk.vfs()});
        if (opened.ok()) out = std::move(opened).value();
        return opened.status();
      });
  REQUIRE(simulation.ok());
  disk.HaltAt(disk.operations() + 1);
  *simulation = nullptr;
  disk.Crash(CrashKind::kPowerStrict);
  CHECK(disk.files().List("/srv/new/spool").ok());
}

}  // namespace
}  // namespace hlsrec::spool
