#include "src/spool/sqlite_journal.h"

#include <sqlite3.h>

#include <fstream>
#include <limits>
#include <vector>

#include "src/base/mutex.h"
#include "src/base/status_util.h"
#include "tests/catch.h"
#include "tests/spool/journal_bench.h"
#include "tests/spool/journal_text.h"
#include "tests/temporary_directory.h"

namespace hlsrec::spool {
namespace {

using std::chrono::microseconds;

// On the machine's disk.
struct Bench : JournalBench {
  explicit Bench(Durability durability = Durability::kSegment)
      : Bench(std::make_unique<TemporaryDirectory>(), durability) {
    REQUIRE(Open().ok());
  }
  std::string path() { return options().path; }

 private:
  Bench(std::unique_ptr<TemporaryDirectory> made, Durability durability)
      : JournalBench(
            {.path = made->Path("journal.db"), .durability = durability}),
        directory_(std::move(made)) {}
  std::unique_ptr<TemporaryDirectory> directory_;
};

SegmentSealed Segment(std::uint64_t index, int packaging = 0) {
  return {.id = {.recording = 1, .packaging = packaging, .index = index},
          .duration = microseconds(2'000'000),
          .start = WallTime(microseconds(1'700'000'000'000'000)),
          .init_hash = "h1",
          .file = fmt::format("{}-{}.m4s", packaging, index),
          .size_bytes = 1000,
          .sha256 = "ab"};
}
SegmentDelivered Delivery(std::uint64_t index, const std::string& output) {
  return {.recording = 1, .output = output, .index = index};
}

void Sql(const std::string& path, const std::string& sql) {
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  const int code =
      sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr);
  INFO(sqlite3_errmsg(database));
  CHECK(code == SQLITE_OK);
  sqlite3_close(database);
}

TEST_CASE("sqlite journal: every kind of entry comes back as it was") {
  const Durability durability =
      GENERATE(Durability::kNone, Durability::kSegment, Durability::kSecond);
  Bench bench(durability);
  const std::string odd("a\0'\xff\n", 5);
  for (const JournalEntry& entry : std::vector<JournalEntry>{
           RecordingOpened{1, "cam" + odd, "config" + odd},
           InitSection{1, 2, 3, "hash", "bytes" + odd},
           InitSection{1, 0, 0, "", ""},
           SegmentSealed{.id = {1, 2, 3, 4},
           .duration = microseconds(1'999'999),
           .start = WallTime(microseconds(-1)),
           .discontinuity = true,
           .init_hash = "hash",
           .file = "name" + odd,
           .size_bytes = std::numeric_limits<uint64_t>::max(),
           .sha256 = "00ff"},
           SegmentSealed{.id = {1, 2, 3, 5}, .gap = true},
           SegmentDelivered{1, "out" + odd, 2, 4, Outcome::kStored},
           SegmentDelivered{1, "out" + odd, 2, 5, Outcome::kLost},
           PlaylistPublished{1, "out", 2, "a/b.m3u8", 3, 4, 5, false},
           PlaylistPublished{1, "out", -1, "main.m3u8", 0, 0, 0, true},
           RenditionDescribed{1, 2, "info" + odd},
       }) {
    CHECK(bench.Write(entry) == Status());
  }
  const std::string expected =
      "recording 1 'cam" + odd + "' 'config" + odd +
      "'\n"
      "init 1 r2 p3 hash bytes" +
      odd +
      "\n"
      "init 1 r0 p0  \n"
      "segment 1 r2 p3 #4 1999999us at -1 discontinuity init 'hash' file "
      "'name" +
      odd +
      "' 18446744073709551615 bytes '00ff'\n"
      "segment 1 r2 p3 #5 0us at 0 gap init '' file '' 0 bytes ''\n"
      "delivery 1 out" +
      odd +
      " r2 #4 stored\n"
      "delivery 1 out" +
      odd +
      " r2 #5 lost\n"
      "playlist 1 out r-1 main.m3u8 0-0 d0 ended\n"
      "playlist 1 out r2 a/b.m3u8 3-4 d5\n"
      "rendition 1 r2 info" +
      odd + "\n";
  REQUIRE(bench.Load(1).ok());
  CHECK(Text(*bench.Load(1)) == expected);
  REQUIRE(bench.Reopen().ok());
  REQUIRE(bench.Load(1).ok());
  CHECK(Text(*bench.Load(1)) == expected);
}

TEST_CASE("sqlite journal: what is told again replaces what was told") {
  Bench bench;
  for (const JournalEntry& entry : std::vector<JournalEntry>{
           RecordingOpened{1, "cam", "old"},
           RecordingEnding{1},
           RecordingOpened{1, "camera", "new"},
           InitSection{1, 0, 0, "h1", "old"},
           InitSection{1, 0, 0, "h2", "other"},
           InitSection{1, 0, 0, "h1", "new"},
           SegmentDelivered{1, "out", 0, 4, Outcome::kLost},
           SegmentDelivered{1, "out", 0, 4, Outcome::kStored},
           PlaylistPublished{1, "out", 0, "a.m3u8", 0, 4, 0, false},
           PlaylistPublished{1, "out", 0, "a.m3u8", 1, 5, 1, true},
           RenditionDescribed{1, 0, "old"},
           RenditionDescribed{1, 0, "new"},
       }) {
    CHECK(bench.Write(entry) == Status());
  }
  REQUIRE(bench.Load(1).ok());
  CHECK(Text(*bench.Load(1)) ==
        "recording 1 'camera' 'new'\n"
        "init 1 r0 p0 h2 other\n"
        "init 1 r0 p0 h1 new\n"
        "delivery 1 out r0 #4 stored\n"
        "playlist 1 out r0 a.m3u8 1-5 d1 ended\n"
        "rendition 1 r0 new\n");
}

TEST_CASE("sqlite journal: a recording loads in the order of its ids") {
  Bench bench;
  CHECK(bench.Write(RecordingOpened{1}).ok());
  for (const auto& [index, packaging] :
       std::vector<std::pair<std::uint64_t, int>>{
           {2, 1}, {10, 0}, {2, 0}, {1, 1}}) {
    CHECK(bench.Write(Segment(index, packaging)).ok());
    for (const char* output : {"b", "a"}) {
      CHECK(bench.Write(Delivery(index, output)).ok());
    }
  }
  // A list that was rotated out is published once more, after the next one.
  CHECK(bench.Write(PlaylistPublished{1, "a", 0, "2.m3u8", 5, 6, 0}).ok());
  CHECK(
      bench.Write(PlaylistPublished{1, "a", 0, "1.m3u8", 1, 4, 0, true}).ok());
  const auto loaded = bench.Load(1);
  REQUIRE(loaded.ok());
  std::string order;
  for (const SegmentSealed& segment : loaded->segments)
    order += segment.file + " ";
  CHECK(order == "0-2.m4s 0-10.m4s 1-1.m4s 1-2.m4s ");
  order.clear();
  for (const SegmentDelivered& delivered : loaded->deliveries) {
    order += fmt::format("{}{} ", delivered.output, delivered.index);
  }
  CHECK(order == "a1 a2 a10 b1 b2 b10 ");
  REQUIRE(loaded->playlists.size() == 2);
  CHECK(loaded->playlists[1].key == "2.m3u8");
}

TEST_CASE("sqlite journal: loads as of what was added before") {
  Bench bench;
  std::vector<std::size_t> seen;
  const auto load = [&] {
    bench.journal().Load(1, [&](StatusOr<JournaledRecording> loaded) {
      REQUIRE(loaded.ok());
      seen.push_back(loaded->segments.size());
    });
  };
  bench.journal().Add(RecordingOpened{1}, {});
  load();
  bench.journal().Add(Segment(0), {});
  bench.journal().Add(Segment(1), {});
  load();
  load();
  bench.journal().Add(Segment(2), {});
  bench.Run();
  CHECK(seen == std::vector<std::size_t>{0, 2, 2});
  CHECK(bench.Load(2).status().code() == StatusCode::kNotFound);
}

TEST_CASE("sqlite journal: forgets segments and the init sections of them") {
  Bench bench;
  CHECK(bench.Write(RecordingOpened{1}).ok());
  for (const char* hash : {"h0", "h1", "h2", "h3", "h4"}) {
    CHECK(bench.Write(InitSection{1, 0, 0, hash, "x"}).ok());
  }
  CHECK(bench.Write(InitSection{1, 1, 0, "h0", "x"}).ok());
  CHECK(bench.Write(InitSection{1, 0, 1, "h0", "x"}).ok());
  for (std::uint64_t index = 0; index < 4; ++index) {
    SegmentSealed segment = Segment(index);
    segment.init_hash = index < 2 ? "h0" : "h2";
    CHECK(bench.Write(segment).ok());
    segment.id.rendition = 1;
    CHECK(bench.Write(segment).ok());
    CHECK(bench.Write(Delivery(index, "out")).ok());
  }
  CHECK(bench.Write(SegmentsForgotten{1, 0, 3}).ok());
  const auto loaded = bench.Load(1);
  REQUIRE(loaded.ok());
  CHECK(loaded->segments.size() == 5);
  CHECK(loaded->segments[0].id.index == 3);
  REQUIRE(loaded->deliveries.size() == 1);
  CHECK(loaded->deliveries[0].index == 3);
  std::string inits;
  for (const InitSection& init : loaded->inits) {
    inits +=
        fmt::format("r{} p{} {}, ", init.rendition, init.packaging, init.hash);
  }
  // A segment of h3 is on its way, and h4 is what the next one will have.
  CHECK(inits == "r0 p0 h2, r0 p0 h3, r0 p0 h4, r1 p0 h0, r0 p1 h0, ");
}

TEST_CASE("sqlite journal: forgets a recording, but not its id") {
  Bench bench;
  CHECK(bench.journal().NewRecording() == 1);
  CHECK(bench.journal().NewRecording() == 2);
  for (const RecordingId recording : {1, 2}) {
    CHECK(bench.Write(RecordingOpened{recording}).ok());
    CHECK(bench.Write(InitSection{recording, 0, 0, "h", "x"}).ok());
    CHECK(bench.Write(SegmentSealed{.id = {.recording = recording}}).ok());
    CHECK(bench.Write(SegmentDelivered{recording, "out"}).ok());
    CHECK(bench.Write(PlaylistPublished{recording, "out"}).ok());
    CHECK(bench.Write(RenditionDescribed{recording, 0, "x"}).ok());
  }
  CHECK(bench.Write(RecordingForgotten{2}).ok());
  CHECK(bench.Load(2).status().code() == StatusCode::kNotFound);
  REQUIRE(bench.Reopen().ok());
  REQUIRE(bench.journal().Recordings().size() == 1);
  CHECK(bench.journal().NewRecording() == 3);
  CHECK(bench.Write(RecordingOpened{2}).ok());
  CHECK(Text(*bench.Load(2)) == "recording 2 '' ''\n");
  const auto other = bench.Load(1);
  REQUIRE(other.ok());
  CHECK(other->segments.size() == 1);
  CHECK(other->deliveries.size() == 1);
}

TEST_CASE("sqlite journal: tells what recordings there are") {
  Bench bench;
  CHECK(bench.journal().Recordings().empty());
  CHECK(bench.Write(RecordingOpened{4, "a", "x"}).ok());
  CHECK(bench.Write(RecordingOpened{2, "b", "y"}).ok());
  CHECK(bench.Write(RecordingOpened{5, "c", "z"}).ok());
  CHECK(bench.Write(RecordingEnding{2}).ok());
  CHECK(bench.Write(RecordingForgotten{5}).ok());
  const auto tell = [&bench] {
    std::string text;
    for (const auto& summary : bench.journal().Recordings()) {
      text += Text(summary) + "\n";
    }
    return text;
  };
  const std::string all = "recording 2 'b' 'y' ending\nrecording 4 'a' 'x'\n";
  CHECK(tell() == all);
  REQUIRE(bench.Reopen().ok());
  CHECK(tell() == all);
}

TEST_CASE("sqlite journal: one at a time claims a recording") {
  Bench bench;
  CHECK(bench.journal().Claim("a").ok());
  CHECK(bench.journal().Claim("b").ok());
  CHECK(bench.journal().Claim("a").code() == StatusCode::kFailedPrecondition);
  bench.journal().Release("a");
  CHECK(bench.journal().Claim("a").ok());
}

TEST_CASE("sqlite journal: an identity belongs to one open recording") {
  Bench bench;
  CHECK(bench.Write(RecordingOpened{1, "cam"}).ok());
  const Status twice = bench.Write(RecordingOpened{2, "cam"});
  CHECK(twice.ToString() ==
        "journal: recording 2: cam: another open recording has this identity "
        "(already exists)");
  CHECK(bench.Write(RecordingEnding{1}).ok());
  CHECK(bench.Write(RecordingOpened{2, "cam"}).ok());
  CHECK(bench.Write(RecordingOpened{3, ""}).ok());
  CHECK(bench.Write(RecordingOpened{4, ""}).ok());
}

TEST_CASE("sqlite journal: an entry that is wrong fails alone") {
  Bench bench;
  std::vector<std::string> told;
  const auto add = [&](JournalEntry entry) {
    bench.journal().Add(std::move(entry), [&](const Status& status) {
      told.push_back(status.ToString());
    });
  };
  add(Segment(0));  // of a recording that nobody opened
  add(RecordingOpened{1, "cam"});
  add(Segment(1));
  add(RecordingOpened{2, "cam"});
  add(RecordingEnding{7});
  add(Segment(2));
  bench.Run();
  CHECK(told ==
        std::vector<std::string>{
            "journal: recording 1: is not in it (not found)", "ok", "ok",
            "journal: recording 2: cam: another open recording has this "
            "identity (already exists)",
            "journal: recording 7: is not in it (not found)", "ok"});
  REQUIRE(bench.Reopen().ok());
  const auto loaded = bench.Load(1);
  REQUIRE(loaded.ok());
  CHECK(loaded->segments.size() == 2);
}

TEST_CASE("sqlite journal: another that has it open is told") {
  Bench bench;
  const auto second = OpenSqliteJournal(bench.core(), bench.options());
  CHECK(second.status().ToString() ==
        fmt::format("journal: {}: database is locked: somebody else has it "
                    "open (failed precondition)",
                    bench.path()));
}

TEST_CASE("sqlite journal: a newer version's is left alone") {
  Bench bench;
  bench.Close();
  Sql(bench.path(), "PRAGMA user_version = 7");
  CHECK(bench.Open().ToString() ==
        fmt::format("journal: {}: is of version 7, and version 3 is known "
                    "here: use a newer hlsrec, or move it aside (failed "
                    "precondition)",
                    bench.path()));
  Sql(bench.path(), "PRAGMA user_version = 3");
  CHECK(bench.Open().ok());
}

TEST_CASE("sqlite journal: what earlier versions wrote is read, and goes on") {
  const int version = GENERATE(1, 2);
  Bench bench;
  REQUIRE(bench.Write(RecordingOpened{.recording = 1, .identity = "a"}).ok());
  REQUIRE(bench.Write(SegmentDelivered{.recording = 1, .output = "o"}).ok());
  bench.Close();
  Sql(bench.path(),
      fmt::format("DROP TABLE chat; ALTER TABLE delivery DROP "
                  "COLUMN etag; {} PRAGMA user_version = {}",
                  version < 2 ? "DROP TABLE notification;" : "", version));
  REQUIRE(bench.Open().ok());
  CHECK(bench.journal().Recordings().size() == 1);
  CHECK(bench.Write(NotificationQueued{.id = "x"}).ok());
  CHECK(bench.Write(ChatAppended{.recording = 1, .number = 1}).ok());
  CHECK(bench.Load(1)->deliveries.size() == 1);
}

TEST_CASE("sqlite journal: a chat goes with its recording") {
  Bench bench;
  REQUIRE(bench.Write(RecordingOpened{.recording = 1}).ok());
  CHECK(bench.Write(ChatAppended{.recording = 1, .number = 2, .message = "b"})
            .ok());
  CHECK(bench.Write(ChatAppended{.recording = 1, .number = 1, .message = "a"})
            .ok());
  CHECK(bench.Write(ChatAppended{.recording = 1, .number = 1, .message = "c"})
            .ok());
  CHECK(bench.Write(ChatAppended{.recording = 7, .number = 1}).code() ==
        StatusCode::kNotFound);
  REQUIRE(bench.Reopen().ok());
  const JournaledRecording loaded = *bench.Load(1);
  REQUIRE(loaded.chat.size() == 2);
  CHECK(loaded.chat[0].message == "c");
  CHECK(loaded.chat[1].message == "b");
  CHECK(bench.Write(RecordingForgotten{1}).ok());
  CHECK(bench.Write(RecordingOpened{.recording = 1}).ok());
  CHECK(bench.Load(1)->chat.empty());
}

std::string Names(Bench& bench, const NotificationFilter& filter) {
  std::string names;
  bench.journal().LoadNotifications(
      filter, [&names](const StatusOr<std::vector<StoredNotification>>& all) {
        REQUIRE(all.ok());
        for (const StoredNotification& each : *all) {
          names += each.queued.target + "/" + each.queued.id + " ";
        }
      });
  bench.Run();
  return names;
}

NotificationQueued Notice(const std::string& target, const std::string& id,
                          const std::string& subject, int second) {
  return {.id = id,
          .target = target,
          .subject = subject,
          .type = "t\n" + id,
          .data = "{}",
          .time = WallTime(std::chrono::seconds(second))};
}

TEST_CASE("sqlite journal: notifications stay until they are settled") {
  using Which = NotificationFilter::Which;
  Bench bench;
  CHECK_FALSE(bench.journal().HasNotifications());
  for (const auto& notice :
       {Notice("a", "1", "cam", 1), Notice("b", "1", "cam", 1),
        Notice("a", "2", "cam", 2), Notice("a", "3", "door", 3)}) {
    CHECK(bench.Write(notice).ok());
  }
  // Told again it is not another one.
  CHECK(bench.Write(Notice("a", "1", "cam", 9)).ok());
  REQUIRE(bench.Reopen().ok());
  CHECK(bench.journal().HasNotifications());
  CHECK(Names(bench, {}) == "a/1 b/1 a/2 a/3 ");
  CHECK(Names(bench, {.target = "a", .heads = true}) == "a/1 a/3 ");
  CHECK(Names(bench, {.target = "a", .subject = "cam", .limit = 1}) == "a/1 ");
  CHECK(Names(bench, {.from = WallTime(std::chrono::seconds(2)),
                      .until = WallTime(std::chrono::seconds(3))}) == "a/2 ");

  CHECK(bench.Write(NotificationSettled{.number = 1}).ok());
  CHECK(bench
            .Write(NotificationSettled{.number = 4,
                                       .state = NotificationState::kGivenUp})
            .ok());
  CHECK(Names(bench, {.which = Which::kOwed}) == "b/1 a/2 ");
  CHECK(Names(bench, {.target = "a", .heads = true}) == "a/2 ");
  // What is settled is not owed by being queued again, but by a replay.
  CHECK(bench.Write(Notice("a", "1", "cam", 1)).ok());
  CHECK(Names(bench, {.which = Which::kOwed}) == "b/1 a/2 ");
  CHECK(bench
            .Write(NotificationSettled{.number = 4,
                                       .state = NotificationState::kReplayed})
            .ok());
  CHECK(Names(bench, {.which = Which::kOwed}) == "b/1 a/2 a/3 ");

  // What is owed is not forgotten.
  CHECK(bench
            .Write(NotificationsForgotten{
                .before = WallTime(std::chrono::seconds(10))})
            .ok());
  CHECK(Names(bench, {}) == "b/1 a/2 a/3 ");
}

TEST_CASE("sqlite journal: another program's database is left alone") {
  const char* sql = GENERATE("PRAGMA application_id = 5", "CREATE TABLE t(x)",
                             "PRAGMA user_version = 1");
  Bench bench;
  bench.options().path += "2";
  Sql(bench.path(), sql);
  CHECK(bench.Open().ToString() ==
        fmt::format("journal: {}: is another program's database (failed "
                    "precondition)",
                    bench.path()));
}

TEST_CASE("sqlite journal: a damaged file is told with what helps") {
  Bench bench;
  CHECK(bench.Write(RecordingOpened{1}).ok());
  bench.Close();
  const bool header = GENERATE(true, false);
  {
    std::fstream file(bench.path(),
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(header ? 0 : 100);  // the schema's b-tree
    file << std::string(200, 'x');
  }
  const Status status = bench.Open();
  CHECK(status.code() == StatusCode::kDataLoss);
  CHECK(status.message() ==
        fmt::format("journal: {}: {}: move it aside, and a new one begins",
                    bench.path(),
                    header ? "file is not a database"
                           : "database disk image is malformed"));
}

TEST_CASE("sqlite journal: damage anywhere is told when it is opened") {
  Bench bench;
  CHECK(bench.Write(RecordingOpened{1}).ok());
  for (std::uint64_t index = 0; index < 2000; ++index) {
    bench.journal().Add(Segment(index), {});
  }
  bench.Close();
  {
    std::fstream file(bench.path(),
                      std::ios::in | std::ios::out | std::ios::binary);
    file.seekg(0, std::ios::end);
    const auto size = static_cast<int>(file.tellg());
    REQUIRE(size > 16 * 4096);
    file.seekp(12 * 4096);
    file << std::string(static_cast<std::size_t>(size - 12 * 4096), 'x');
  }
  CHECK(bench.Open().code() == StatusCode::kDataLoss);
}

TEST_CASE("sqlite journal: an index that is not its table's is told") {
  Bench bench;
  CHECK(bench.Write(RecordingOpened{1, "cam", "config"}).ok());
  bench.Close();
  // What is in the index is not what should be.
  Sql(bench.path(),
      "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = "
      "replace(sql, 'ending = 0', 'ending = 1') WHERE name = 'recording_open'");
  CHECK(bench.Open().code() == StatusCode::kDataLoss);
}

TEST_CASE("sqlite journal: a folder that is missing is told") {
  Bench bench;
  bench.options().path = "/nonexistent/journal.db";
  CHECK(bench.Open().ToString() ==
        "journal: /nonexistent/journal.db: unable to open database file "
        "(unavailable)");
}

TEST_CASE("sqlite journal: what was added is written before it closes") {
  Bench bench;
  int told = 0;
  bench.journal().Add(RecordingOpened{1}, {});
  for (std::uint64_t index = 0; index < 2000; ++index) {
    bench.journal().Add(Segment(index), [&](const Status& status) {
      told += status.ok() ? 1 : 0;
    });
  }
  REQUIRE(bench.Reopen().ok());
  CHECK(told == 2000);
  const auto loaded = bench.Load(1);
  REQUIRE(loaded.ok());
  CHECK(loaded->segments.size() == 2000);
}

TEST_CASE("sqlite journal: a `done` may add, and may be the last owner") {
  Bench bench;
  bench.Close();
  auto opened = OpenSqliteJournal(bench.core(), bench.options());
  REQUIRE(opened.ok());
  std::shared_ptr<Journal> journal = std::move(opened).value();
  const std::weak_ptr<Journal> weak = journal;
  std::optional<Status> last;
  Journal& adding = *journal;
  adding.Add(RecordingOpened{1},
             [&last, owner = std::move(journal)](const Status&) mutable {
               owner->Add(Segment(0),
                          [&last](Status status) { last = std::move(status); });
               owner = nullptr;
             });
  bench.Run();
  CHECK(last == Status());
  CHECK(weak.expired());
  CHECK(bench.Open().ok());
}

TEST_CASE("sqlite journal: a stopped runtime drops what waits") {
  TemporaryDirectory directory;
  auto alive = std::make_shared<int>(1);
  std::unique_ptr<Journal> journal;
  {
    testing::ManualClock clock;
    testing::SimulatedRuntime simulation(clock);
    auto opened = OpenSqliteJournal(simulation.runtime()->core(),
                                    {.path = directory.Path("journal.db")});
    REQUIRE(opened.ok());
    journal = std::move(opened).value();
  }
  journal->Add(RecordingOpened{1}, [alive](const Status&) {});
  CHECK(alive.use_count() == 1);
  journal = nullptr;
  Bench bench;
  bench.options().path = directory.Path("journal.db");
  REQUIRE(bench.Open().ok());
  CHECK(bench.journal().Recordings().empty());
}

// A runtime of real threads: as much of one as a journal needs.
class ThreadedCore final : public RuntimeCore {
 public:
  ~ThreadedCore() override { io_->Stop(); }
  const Clock& clock() const override { return SystemClock(); }
  std::shared_ptr<Executor> media() override { return io_; }
  std::shared_ptr<Executor> Io(const std::string&) override { return io_; }
  std::shared_ptr<Budget> budget() override { return nullptr; }
  Spool& spool() override { std::abort(); }
  void Await(Latch& latch) override { latch.Wait(); }
  void Stop() { io_->Stop(); }

 private:
  const std::shared_ptr<ThreadPool> io_ =
      std::make_shared<ThreadPool>(SystemClock(), "hlsrec-io", 1);
};

TEST_CASE("sqlite journal: many threads add while one writes") {
  constexpr int kThreads = 4;
  constexpr std::uint64_t kEach = 200;
  TemporaryDirectory directory;
  const SqliteJournalOptions options = {.path = directory.Path("journal.db")};
  ThreadedCore core;
  auto opened = OpenSqliteJournal(core, options);
  REQUIRE(opened.ok());
  std::unique_ptr<Journal> journal = std::move(opened).value();
  journal->Add(RecordingOpened{1}, {});
  std::atomic<std::uint64_t> stored = 0;
  Latch all;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (std::uint64_t index = 0; index < kEach; ++index) {
        journal->Add(Segment(index, thread), [&](const Status& status) {
          if (status.ok() && ++stored == kThreads * kEach) all.Open();
        });
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  core.Await(all);
  Latch loaded;
  std::size_t segments = 0;
  journal->Load(1, [&](StatusOr<JournaledRecording> recording) {
    if (recording.ok()) segments = recording->segments.size();
    loaded.Open();
  });
  core.Await(loaded);
  CHECK(segments == kThreads * kEach);

  // What was not told may be lost, but nothing is touched twice.
  for (std::uint64_t index = 0; index < kEach; ++index) {
    journal->Add(Segment(kEach + index), {});
  }
  if (GENERATE(true, false)) {
    core.Stop();
    journal = nullptr;
  } else {
    journal = nullptr;
    core.Stop();
  }
  ThreadedCore second;
  CHECK(OpenSqliteJournal(second, options).ok());
}

}  // namespace
}  // namespace hlsrec::spool
