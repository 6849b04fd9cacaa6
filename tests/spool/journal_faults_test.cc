#include <map>
#include <vector>

#include "src/base/status_util.h"
#include "tests/catch.h"
#include "tests/simulated_disk.h"
#include "tests/spool/journal_bench.h"
#include "tests/spool/journal_text.h"

namespace hlsrec::spool {
namespace {

SegmentSealed Segment(std::uint64_t index) {
  return {.id = {.recording = 1, .index = index},
          .file = std::string(100, 'f')};
}

struct Bench {
  SimulatedDisk disk;
  JournalBench journal{{.path = "/journal.db", .vfs = disk.vfs()}};

  std::vector<Status> AddAll(std::uint64_t first, std::uint64_t count) {
    std::vector<Status> told;
    for (std::uint64_t index = first; index < first + count; ++index) {
      journal.journal().Add(Segment(index),
                            [&](Status status) { told.push_back(status); });
    }
    journal.Run();
    return told;
  }
  // Indices of the segments that are there.
  std::vector<std::uint64_t> Found() {
    const auto loaded = journal.Load(1);
    std::vector<std::uint64_t> found;
    if (!loaded.ok()) return found;
    for (const SegmentSealed& segment : loaded->segments) {
      CHECK(Text(segment) == Text(Segment(segment.id.index)));
      found.push_back(segment.id.index);
    }
    return found;
  }
};

TEST_CASE("journal: what is added at once is synced once") {
  Bench bench;
  REQUIRE(bench.journal.Open().ok());
  CHECK(bench.journal.Write(RecordingOpened{1}).ok());
  const int before = bench.disk.syncs();
  CHECK(bench.AddAll(0, 500).size() == 500);
  CHECK(bench.disk.syncs() == before + 1);
  CHECK(bench.journal.Write(Segment(500)).ok());
  CHECK(bench.disk.syncs() == before + 2);
}

TEST_CASE("journal: what a power failure may cost is not synced") {
  const Durability durability =
      GENERATE(Durability::kNone, Durability::kSegment, Durability::kSecond);
  Bench bench;
  bench.journal.options().durability = durability;
  REQUIRE(bench.journal.Open().ok());
  const auto syncs = [&](const JournalEntry& entry) {
    const int before = bench.disk.syncs();
    CHECK(bench.journal.Write(entry).ok());
    return bench.disk.syncs() - before;
  };
  syncs(RecordingOpened{1});  // with the log's first header
  const int synced = durability == Durability::kNone ? 0 : 1;
  CHECK(syncs(RecordingOpened{2}) == synced);
  CHECK(syncs(InitSection{1}) == synced);
  CHECK(syncs(Segment(0)) == synced);
  CHECK(syncs(SegmentDelivered{1, "a", 0, 0, Outcome::kStored}) == 0);
  CHECK(syncs(SegmentDelivered{1, "a", 0, 1, Outcome::kLost}) == synced);
  CHECK(syncs(PlaylistPublished{1}) == 0);
  CHECK(syncs(RenditionDescribed{1}) == 0);
  CHECK(syncs(SegmentsForgotten{1, 0, 1}) == 0);
  CHECK(syncs(RecordingEnding{1}) == synced);
  CHECK(syncs(RecordingForgotten{1}) == 0);
}

TEST_CASE("journal: any failing operation loses nothing that was OK") {
  int failed_opens = 0;
  for (const DiskFault fault :
       {DiskFault::kNoSpace, DiskFault::kIoError, DiskFault::kShortWrite}) {
    bool reached_end = false;
    for (int operation = 1; !reached_end; ++operation) {
      INFO("fault " << static_cast<int>(fault) << " of " << operation);
      REQUIRE(operation < 1000);
      Bench bench;
      bench.disk.FailOperation(operation, fault);
      if (const Status opened = bench.journal.Open(); !opened.ok()) {
        ++failed_opens;
        CHECK((opened.code() == StatusCode::kResourceExhausted ||
               opened.code() == StatusCode::kUnavailable));
        REQUIRE(bench.journal.Open().ok());  // it was once
      }
      if (!bench.journal.Write(RecordingOpened{1}).ok()) {
        REQUIRE(bench.journal.Write(RecordingOpened{1}).ok());
      }
      std::vector<std::uint64_t> ok;
      for (std::uint64_t group = 0; group < 10; ++group) {
        // Something that waits for the next sync.
        bench.journal.journal().Add(RenditionDescribed{1}, {});
        bench.journal.Run();
        const std::vector<Status> told = bench.AddAll(group * 3, 3);
        REQUIRE(told.size() == 3);
        for (std::uint64_t i = 0; i < 3; ++i) {
          if (told[i].ok()) ok.push_back(group * 3 + i);
        }
      }
      // What met the fault was tried again, each by itself.
      CHECK(ok.size() == 30);
      reached_end = bench.disk.operations() < operation;
      CHECK(bench.Found() == ok);
      bench.disk.Crash(CrashKind::kPowerStrict);
      REQUIRE(bench.journal.Reopen().ok());
      CHECK(bench.Found() == ok);
    }
  }
  CHECK(failed_opens > 10);
}

TEST_CASE("journal: a full disk is told, and the reserve is let go first") {
  Bench bench;
  int released = 0;
  bench.journal.options().release_reserve = [&] {
    ++released;
    bench.disk.SetCapacity(bench.disk.used_bytes() + 100'000);
  };
  REQUIRE(bench.journal.Open().ok());
  CHECK(bench.journal.Write(RecordingOpened{1}).ok());
  bench.disk.SetCapacity(bench.disk.used_bytes());
  CHECK(bench.journal.Write(Segment(0)) == Status());
  CHECK(released == 1);
  CHECK(bench.Found() == std::vector<std::uint64_t>{0});

  bench.journal.Close();
  bench.journal.options().release_reserve = nullptr;
  REQUIRE(bench.journal.Open().ok());
  bench.disk.SetCapacity(bench.disk.used_bytes() + 50'000);
  // One entry that is too large does not keep the others out.
  std::vector<std::string> told;
  const auto tell = [&](const Status& status) {
    told.push_back(status.ToString());
  };
  bench.journal.journal().Add(Segment(1), tell);
  bench.journal.journal().Add(
      InitSection{1, 0, 0, "h", std::string(200'000, 'i')}, tell);
  bench.journal.journal().Add(Segment(2), tell);
  bench.journal.Run();
  CHECK(told ==
        std::vector<std::string>{"ok",
                                 "journal: /journal.db: database or disk is "
                                 "full (resource exhausted)",
                                 "ok"});
  CHECK(bench.Found() == std::vector<std::uint64_t>{0, 1, 2});
  bench.disk.SetCapacity(0);
  CHECK(bench.journal.Write(InitSection{1, 0, 0, "h", "i"}).ok());
}

TEST_CASE("journal: a read that fails is told, and the next one goes on") {
  Bench bench;
  REQUIRE(bench.journal.Open().ok());
  CHECK(bench.journal.Write(RecordingOpened{1}).ok());
  bench.AddAll(0, 500);
  REQUIRE(bench.journal.Reopen().ok());
  bench.disk.FailRead(3);
  CHECK(bench.journal.Load(1).status().code() == StatusCode::kUnavailable);
  CHECK(bench.Found().size() == 500);
}

TEST_CASE("journal: the log stays short") {
  Bench bench;
  REQUIRE(bench.journal.Open().ok());
  CHECK(bench.journal.Write(RecordingOpened{1}).ok());
  for (int i = 0; i < 200; ++i) {
    // 75 pages each, in the same place.
    CHECK(bench.journal
              .Write(InitSection{1, 0, 0, "h", std::string(300'000, 'i')})
              .ok());
  }
  CHECK(bench.disk.files().Size("/journal.db-wal").value() < 6'000'000);
  CHECK(bench.disk.files().Size("/journal.db").value() < 2'000'000);
}

}  // namespace
}  // namespace hlsrec::spool
