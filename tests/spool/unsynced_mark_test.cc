// What is not synced is doubted after the machine has stopped.
#include "src/spool/unsynced_mark.h"

#include "tests/spool/spool_bench.h"

namespace hlsrec::spool {
namespace {

FileSpoolOptions Unsynced(const std::string& boot) {
  return {.durability = Durability::kNone, .boot = boot};
}

// One sealed segment that nobody took.
void LeaveSegment(SpoolFolder& folder, const FileSpoolOptions& options) {
  SpoolRun run(folder, PosixFileSystem(), options);
  REQUIRE(run.spool);
  folder.store->Open(1);
  auto writer = run.Create(0);
  writer->Append(Bytes(1000, 'x'));
  const auto sealed = run.Seal(*writer);
  run.simulation.RunUntilIdle();
  REQUIRE(*sealed);
  REQUIRE((*sealed)->ok());
  folder.Write("journal.db", "");
}

TEST_CASE("unsynced: another process in the same start trusts what is there") {
  SpoolFolder folder;
  LeaveSegment(folder, Unsynced("a"));
  SpoolRun run(folder, PosixFileSystem(), Unsynced("a"));
  REQUIRE(run.spool);
  CHECK_FALSE(run.spool->IsRebuilt(1));
  CHECK(run.spool->Find(folder.store->segments().front()).ok());
}

TEST_CASE("unsynced: after another start nothing counts that has no hash") {
  const Durability durability =
      GENERATE(Durability::kNone, Durability::kSegment);
  SpoolFolder folder;
  LeaveSegment(folder, Unsynced("a"));
  SpoolRun run(folder, PosixFileSystem(),
               {.durability = durability, .boot = "b"});
  REQUIRE(run.spool);
  CHECK(run.spool->IsRebuilt(1));
  CHECK_FALSE(run.spool->Find(folder.store->segments().front()).ok());
}

TEST_CASE("unsynced: what a hash vouches for counts after another start") {
  SpoolFolder folder;
  LeaveSegment(folder, {.durability = Durability::kSegment, .boot = "a"});
  {
    // From here on nothing is synced.
    SpoolRun run(folder, PosixFileSystem(), Unsynced("a"));
    REQUIRE(run.spool);
  }
  SpoolRun run(folder, PosixFileSystem(), Unsynced("b"));
  REQUIRE(run.spool);
  CHECK(run.spool->IsRebuilt(1));
  CHECK(run.spool->Find(folder.store->segments().front()).ok());
}

TEST_CASE("unsynced: what is synced is trusted after another start") {
  SpoolFolder folder;
  LeaveSegment(folder, {.durability = Durability::kSegment, .boot = "a"});
  SpoolRun run(folder, PosixFileSystem(),
               {.durability = Durability::kSegment, .boot = "b"});
  REQUIRE(run.spool);
  CHECK_FALSE(run.spool->IsRebuilt(1));
}

TEST_CASE("unsynced: doubt stays until it was looked at") {
  SpoolFolder folder;
  LeaveSegment(folder, Unsynced("a"));
  {
    SpoolRun failed(folder, PosixFileSystem(), Unsynced("b"),
                    [](const std::string&, const std::function<void()>&) {
                      return StatusOr<std::unique_ptr<Journal>>(Status(
                          StatusCode::kUnavailable, "input/output error"));
                    });
    REQUIRE_FALSE(failed.opened.ok());
  }
  SpoolRun run(folder, PosixFileSystem(), Unsynced("b"));
  REQUIRE(run.spool);
  CHECK(run.spool->IsRebuilt(1));
}

TEST_CASE("unsynced: half a mark is doubted") {
  SpoolFolder folder;
  folder.Write(std::string(kUnsyncedMarkName), "a");
  const auto trust = ReadUnsyncedMark(PosixFileSystem(), folder.path(), "a");
  REQUIRE(trust.ok());
  CHECK(*trust == Trust::kMayHaveGoneBack);
}

}  // namespace
}  // namespace hlsrec::spool
