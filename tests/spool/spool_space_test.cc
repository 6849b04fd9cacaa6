#include "src/spool/spool_space.h"

#include "tests/spool/full_disk.h"
#include "tests/spool/spool_bench.h"

namespace hlsrec::spool {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::uint64_t kReserve = 1 << 20;

// What a writer was told: "full" and "on", in order.
struct Told {
  std::shared_ptr<std::vector<std::string>> events =
      std::make_shared<std::vector<std::string>>();
  [[nodiscard]] WriterOptions Waiting() const {
    return {.when_full = SpoolFull::kWait,
            .on_full = [list = events](const Status& status) {
              list->push_back(status.ok() ? "on"
                              : status.code() == StatusCode::kResourceExhausted
                                  ? "full"
                                  : "?");
            }};
  }
};
using Events = std::vector<std::string>;

std::string Text(const SealedSegment& sealed) {
  return ReadBody(*sealed.body, 1 << 20).value();
}

TEST_CASE("spool space: a quota fails segments beyond it") {
  SpoolFolder folder;
  SpoolRun run(folder, PosixFileSystem(), {.max_bytes = 2500});
  REQUIRE(run.spool);
  auto first = run.Create(0);
  first->Append(Bytes(2000, 'x'));
  auto kept = run.Seal(*first);
  auto second = run.Create(1);
  second->Append(Bytes(400, 'y'));
  second->Append(Bytes(400, 'y'));
  const auto failed = run.Seal(*second);
  run.simulation.RunUntilIdle();
  REQUIRE(*kept);
  CHECK((*kept)->ok());
  REQUIRE(*failed);
  CHECK((*failed)->status() ==
        Status(StatusCode::kResourceExhausted,
               "spool: " + folder.path() +
                   ": 2500 bytes are all that it may hold"));
  CHECK(run.spool->used_bytes() == 2000);
  CHECK(folder.Files().size() == 2);
  LetGo(*kept);
  run.simulation.RunUntilIdle();
  CHECK(run.spool->used_bytes() == 0);
  CHECK(*run.pending == 0);
}

TEST_CASE("spool space: a writer waits for a delivered segment's room") {
  SpoolFolder folder;
  SpoolRun run(folder, PosixFileSystem(), {.max_bytes = 2500});
  REQUIRE(run.spool);
  auto first = run.Create(0);
  first->Append(Bytes(2000, 'x'));
  auto kept = run.Seal(*first);
  const Told told;
  auto second = run.Create(1, told.Waiting());
  second->Append(Bytes(400, 'y'));
  second->MarkChunk(seconds(1));
  second->Append(Bytes(700, 'z'));
  second->MarkChunk(seconds(2));
  const auto waited = run.Seal(*second);
  second = nullptr;
  run.simulation.Advance(seconds(5));
  CHECK(!*waited);
  CHECK(*told.events == Events{"full"});
  CHECK(*run.pending == 700);
  CHECK(run.simulation.runtime()->memory_used_bytes() == 700);
  CHECK(run.spool->used_bytes() == 2400);
  LetGo(*kept);  // delivered
  run.simulation.RunUntilIdle();
  REQUIRE(*waited);
  REQUIRE((*waited)->ok());
  CHECK(Text(***waited) == std::string(400, 'y') + std::string(700, 'z'));
  CHECK(*told.events == Events{"full", "on"});
  CHECK(*run.pending == 0);
  CHECK(run.simulation.runtime()->memory_used_bytes() == 0);
  CHECK(run.spool->used_bytes() == 1100);
}

TEST_CASE("spool space: segments of an earlier run count") {
  SpoolFolder folder;
  folder.store->Open(1);
  {
    SpoolRun run(folder);
    auto writer = run.Create(0);
    writer->Append(Bytes(2000, 'x'));
    writer->MarkChunk(seconds(1));
    run.simulation.RunUntilIdle();
    run.spool = nullptr;
  }
  SpoolRun run(folder, PosixFileSystem(), {.max_bytes = 2500});
  REQUIRE(run.spool);
  CHECK(run.spool->used_bytes() == 2000);
  const Told told;
  auto writer = run.Create(1, told.Waiting());
  writer->Append(Bytes(700, 'y'));
  const auto waited = run.Seal(*writer);
  run.simulation.RunUntilIdle();
  CHECK(!*waited);
  std::optional found = run.spool->Find(folder.store->segments().at(0));
  REQUIRE(found->ok());
  LetGo(found);
  run.simulation.RunUntilIdle();
  REQUIRE(*waited);
  CHECK((*waited)->ok());
}

TEST_CASE("spool space: who would wait for ever is told so") {
  SpoolFolder folder;
  SpoolRun run(folder, PosixFileSystem(), {.max_bytes = 2500});
  REQUIRE(run.spool);
  const Told told;
  auto first = run.Create(0, told.Waiting());
  auto second = run.Create(1, told.Waiting());
  first->Append(Bytes(1500, 'x'));
  second->Append(Bytes(900, 'y'));
  run.simulation.RunUntilIdle();  // segments do not wait for each other
  first->Append(Bytes(500, 'x'));
  const auto waits = run.Seal(*first);
  run.simulation.Advance(seconds(5));
  CHECK(!*waits);  // for the second, which may yet be sealed
  second->Append(Bytes(500, 'y'));
  const auto fails = run.Seal(*second);
  run.simulation.RunUntilIdle();
  REQUIRE(*fails);
  CHECK((*fails)->status().code() == StatusCode::kResourceExhausted);
  REQUIRE(*waits);
  REQUIRE((*waits)->ok());
  CHECK((**waits)->body->size() == 2000);
}

TEST_CASE("spool space: an abandoned writer stops waiting") {
  SpoolFolder folder;
  SpoolRun run(folder, PosixFileSystem(), {.max_bytes = 2500});
  REQUIRE(run.spool);
  auto first = run.Create(0);
  first->Append(Bytes(2000, 'x'));
  const Told told;
  auto second = run.Create(1, told.Waiting());
  second->Append(Bytes(700, 'y'));
  run.simulation.RunUntilIdle();
  CHECK(*run.pending == 700);
  second = nullptr;
  run.simulation.Advance(seconds(1));
  CHECK(*run.pending == 0);
  CHECK(*told.events == Events{"full", "on"});
  CHECK(folder.Files().size() == 2);  // the first's
}

TEST_CASE("spool space: a full disk fails the segment and keeps room") {
  SpoolFolder folder;
  FullDisk disk(PosixFileSystem(), folder.path());
  SpoolRun run(folder, disk);
  REQUIRE(run.spool);
  disk.set_capacity(kReserve + 2000);
  auto writer = run.Create(0);
  writer->Append(Bytes(5000, 'x'));
  const auto sealed = run.Seal(*writer);
  run.simulation.RunUntilIdle();
  REQUIRE(*sealed);
  CHECK((*sealed)->status().code() == StatusCode::kResourceExhausted);
  CHECK(folder.Files().empty());
  CHECK(!std::filesystem::exists(folder.Path("reserve")));
  // The next one brings it back first.
  auto next = run.Create(1);
  next->Append(Bytes(500, 'x'));
  const auto second = run.Seal(*next);
  run.simulation.RunUntilIdle();
  REQUIRE(*second);
  CHECK((*second)->ok());
  CHECK(std::filesystem::file_size(folder.Path("reserve")) == kReserve);
}

TEST_CASE("spool space: a writer waits while the disk is full") {
  SpoolFolder folder;
  FullDisk disk(PosixFileSystem(), folder.path());
  SpoolRun run(folder, disk);
  REQUIRE(run.spool);
  disk.set_capacity(kReserve + 2000);
  const Told told;
  auto writer = run.Create(0, told.Waiting());
  writer->Append(Bytes(1000, 'x'));
  writer->MarkChunk(seconds(1));
  writer->Append(Bytes(5000, 'y'));
  const auto sealed = run.Seal(*writer);
  writer = nullptr;
  run.simulation.Advance(seconds(10));
  CHECK(!*sealed);
  CHECK(*told.events == Events{"full"});
  CHECK(*run.pending == 5000);
  CHECK(run.spool->used_bytes() == 1000);
  // The half of it that was written is cut off again, and what the reserve
  // left is not for segments.
  for (const std::string& name : folder.Files()) {
    CHECK(std::filesystem::file_size(folder.Path(name)) <= 1000);
  }
  disk.set_capacity(std::uint64_t{1} << 30);
  run.simulation.Advance(milliseconds(199));
  CHECK(*sealed == std::nullopt);
  run.simulation.Advance(milliseconds(1));
  REQUIRE(*sealed);
  REQUIRE((*sealed)->ok());
  CHECK(Text(***sealed) == std::string(1000, 'x') + std::string(5000, 'y'));
  CHECK(*told.events == Events{"full", "on"});
  CHECK(std::filesystem::file_size(folder.Path("reserve")) == kReserve);
}

TEST_CASE("spool space: at any fill of the disk what is sealed is whole") {
  for (std::uint64_t room = 0; room <= 3000; room += 50) {
    INFO(room);
    SpoolFolder folder;
    FullDisk disk(PosixFileSystem(), folder.path());
    SpoolRun run(folder, disk);
    REQUIRE(run.spool);
    disk.set_capacity(kReserve + room);
    const Told told;
    auto writer = run.Create(0, told.Waiting());
    for (char c = 'a'; c < 'e'; ++c) {
      writer->Append(Bytes(500, static_cast<std::uint8_t>(c)));
      writer->MarkChunk(seconds(c));
    }
    const auto sealed = run.Seal(*writer);
    writer = nullptr;
    run.simulation.Advance(seconds(1));
    CHECK(*told.events == (*sealed ? Events{} : Events{"full"}));
    disk.set_capacity(std::uint64_t{1} << 30);
    run.simulation.Advance(seconds(1));
    REQUIRE(*sealed);
    REQUIRE((*sealed)->ok());
    CHECK(Text(***sealed) == std::string(500, 'a') + std::string(500, 'b') +
                                 std::string(500, 'c') + std::string(500, 'd'));
    CHECK(folder.Files().size() == 2);
  }
}

TEST_CASE("spool space: the end of the spool ends waiting") {
  SpoolFolder folder;
  folder.store->Open(1);
  const Told told;
  {
    SpoolRun run(folder, PosixFileSystem(), {.max_bytes = 1500});
    REQUIRE(run.spool);
    auto other = run.Create(0);
    other->Append(Bytes(100, 'x'));
    auto writer = run.Create(1, told.Waiting());
    writer->Append(Bytes(1000, 'x'));
    writer->MarkChunk(seconds(1));
    writer->Append(Bytes(1000, 'y'));
    const auto sealed = run.Seal(*writer);
    run.simulation.RunUntilIdle();
    run.spool = nullptr;
    run.simulation.Advance(seconds(1));
    CHECK(!*sealed);
    writer = nullptr;
    CHECK(*run.pending == 0);
  }
  SpoolRun next(folder);
  REQUIRE(next.spool);
  REQUIRE(folder.store->segments().size() == 1);
  CHECK(folder.store->segments()[0].size_bytes == 1000);
}

TEST_CASE("spool space: no room for the reserve, no spool") {
  SpoolFolder folder;
  FullDisk disk(PosixFileSystem(), folder.path());
  disk.set_capacity(kReserve / 2);
  SpoolRun run(folder, disk);
  CHECK(run.opened.status().code() == StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace hlsrec::spool
