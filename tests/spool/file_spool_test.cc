#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <optional>

#include "hlsrec/testing.h"
#include "src/base/hash.h"
#include "src/base/runtime_core.h"
#include "src/spool/spool.h"
#include "tests/catch.h"
#include "tests/faulty_file_system.h"
#include "tests/spool/spool_bench.h"
#include "tests/temporary_directory.h"
#include "tests/wrapped_file_system.h"

namespace hlsrec::spool {
namespace {

namespace fs = std::filesystem;

struct Bench {
  TemporaryDirectory directory;
  FaultyFileSystem files{PosixFileSystem()};
  testing::ManualClock clock;
  testing::SimulatedRuntime simulation{clock};
  std::unique_ptr<Spool> spool = Open();
  std::shared_ptr<PendingBytes> pending = std::make_shared<PendingBytes>(0);

  std::unique_ptr<Spool> Open() {
    auto opened = OpenFileSpool(
        simulation.runtime()->core(), files,
        {.directory = directory.Path("out/spool")},
        [](const std::string&, const std::function<void()>&) {
          return StatusOr<std::unique_ptr<Journal>>(MakeVolatileJournal());
        });
    REQUIRE(opened.ok());
    return std::move(opened).value();
  }
  std::unique_ptr<SegmentWriter> Create() {
    return spool->Create({.extension = "ts"}, {.link = {.pending = pending}});
  }
  std::size_t Files() {
    std::size_t count = 0;
    for (const auto& entry :
         fs::directory_iterator(directory.Path("out/spool"))) {
      const std::string name = entry.path().filename().string();
      if (name != "lock" && name != "reserve") ++count;
    }
    return count;
  }
};

TEST_CASE("file spool: a sealed segment is there until its last owner goes") {
  Bench bench;
  auto writer = bench.Create();
  writer->Append(Bytes(1000, 'x'));
  writer->Append(Bytes(500, 'y'));
  CHECK(*bench.pending == 1500);
  std::optional<SealedSegment> sealed;
  writer->Seal(std::chrono::seconds(1), [&](StatusOr<SealedSegment> result) {
    REQUIRE(result.ok());
    sealed = std::move(result).value();
  });
  writer = nullptr;
  bench.simulation.RunUntilIdle();
  CHECK(*bench.pending == 0);
  REQUIRE(sealed);
  CHECK(sealed->body->size() == 1500);
  const auto bytes = ReadBody(*sealed->body, 10000);
  REQUIRE(bytes.ok());
  CHECK(*bytes == std::string(1000, 'x') + std::string(500, 'y'));
  CHECK(fs::file_size(std::string(sealed->body->link_source())) == 1500);
  *sealed->owed = 0;
  auto second_owner = sealed->body;
  sealed.reset();
  bench.simulation.RunUntilIdle();
  CHECK(bench.Files() == 2);
  second_owner = nullptr;
  bench.simulation.RunUntilIdle();
  CHECK(bench.Files() == 0);
}

TEST_CASE("file spool: who may wait for the disk writes himself") {
  Bench bench;
  const auto writes_here = std::make_shared<bool>(true);
  auto writer = bench.spool->Create(
      {.extension = "ts"},
      {.link = {.pending = bench.pending, .writes_here = writes_here}});
  writer->Append(Bytes(1000, 'x'));
  writer->MarkChunk(std::chrono::milliseconds(100));
  // Nothing ran but this: media and sidecar are there.
  CHECK(*bench.pending == 0);
  CHECK(bench.Files() == 2);
  CHECK(bench.spool->used_bytes() == 1000);
  *writes_here = false;
  writer->Append(Bytes(500, 'y'));
  CHECK(*bench.pending == 500);
  // What waits comes first.
  *writes_here = true;
  writer->Append(Bytes(250, 'z'));
  CHECK(*bench.pending == 750);
  std::optional<SealedSegment> sealed;
  writer->Seal(std::chrono::seconds(1), [&](StatusOr<SealedSegment> result) {
    REQUIRE(result.ok());
    sealed = std::move(result).value();
  });
  CHECK_FALSE(sealed);
  bench.simulation.RunUntilIdle();
  REQUIRE(sealed);
  std::string bytes(1750, ' ');
  REQUIRE(
      sealed->body->ReadAt(0, std::as_writable_bytes(std::span(bytes))).ok());
  CHECK(bytes ==
        std::string(1000, 'x') + std::string(500, 'y') + std::string(250, 'z'));
  *sealed->owed = 0;
}

TEST_CASE("file spool: what could not be delivered stays") {
  Bench bench;
  auto writer = bench.Create();
  writer->Append(Bytes(1000, 'x'));
  writer->Seal(std::chrono::seconds(1),
               [](StatusOr<SealedSegment> result) { REQUIRE(result.ok()); });
  writer = nullptr;
  bench.simulation.RunUntilIdle();
  CHECK(bench.Files() == 2);  // with its sidecar
}

TEST_CASE("file spool: a folder that another process removed is made again") {
  Bench bench;
  fs::remove_all(bench.directory.Path("out/spool"));
  auto writer = bench.Create();
  writer->Append(Bytes(1000, 'x'));
  std::optional<Status> status;
  writer->Seal(
      std::chrono::seconds(1),
      [&](const StatusOr<SealedSegment>& result) { status = result.status(); });
  bench.simulation.RunUntilIdle();
  REQUIRE(status);
  CHECK(status->ok());
}

TEST_CASE("file spool: an abandoned segment leaves nothing") {
  Bench bench;
  auto writer = bench.Create();
  writer->Append(Bytes(1000, 'x'));
  bench.simulation.RunUntilIdle();
  CHECK(bench.Files() == 2);  // media and sidecar
  writer = nullptr;
  bench.simulation.RunUntilIdle();
  CHECK(bench.Files() == 0);
}

TEST_CASE("file spool: any failing call is told and leaves nothing") {
  bool reached_end = false;
  for (int call = 1; !reached_end; ++call) {
    REQUIRE(call < 20);
    Bench bench;
    bench.files.FailCall(
        call, Status(StatusCode::kUnavailable, "input/output error"));
    auto writer = bench.Create();
    writer->Append(Bytes(1000, 'x'));
    writer->MarkChunk(std::chrono::seconds(1));
    writer->Append(Bytes(1000, 'y'));
    std::optional<Status> status;
    writer->Seal(std::chrono::seconds(1),
                 [&](const StatusOr<SealedSegment>& result) {
                   status = result.status();
                 });
    writer = nullptr;
    bench.simulation.RunUntilIdle();
    REQUIRE(status);
    reached_end = status->ok();
    if (!status->ok()) {
      CHECK(status->code() == StatusCode::kUnavailable);
      CHECK(bench.Files() == 0);
    }
    CHECK(*bench.pending == 0);
  }
}

TEST_CASE("file spool: a sealed segment is in the journal") {
  SpoolFolder folder;
  SpoolRun run(folder);
  REQUIRE(run.spool);
  auto writer = run.Create(3);
  writer->Append(Bytes(1000, 'x'));
  const auto sealed = run.Seal(*writer);
  run.simulation.RunUntilIdle();
  REQUIRE(*sealed);
  REQUIRE((*sealed)->ok());
  const auto segments = folder.store->segments();
  REQUIRE(segments.size() == 1);
  CHECK(segments[0].id == SegmentId{.recording = 1, .index = 3});
  CHECK(segments[0].duration == std::chrono::seconds(6));
  CHECK(segments[0].size_bytes == 1000);
  CHECK(segments[0].sha256 == Sha256Hex(Bytes(1000, 'x')));
  CHECK((**sealed)->sha256 == segments[0].sha256);
  CHECK(folder.Files() == WithSidecar(segments[0].file));
}

TEST_CASE("file spool: what the journal does not take is adopted later") {
  SpoolFolder folder;
  folder.store->Open(1);
  {
    SpoolRun run(folder, PosixFileSystem(), {},
                 OpenFakeJournal(folder.store, {},
                                 Status(StatusCode::kDataLoss, "broken")));
    REQUIRE(run.spool);
    auto writer = run.Create(0);
    writer->Append(Bytes(1000, 'x'));
    const auto sealed = run.Seal(*writer);
    writer = nullptr;
    run.simulation.RunUntilIdle();
    REQUIRE(*sealed);
    CHECK((*sealed)->status().code() == StatusCode::kDataLoss);
    CHECK(folder.Files().size() == 2);
  }
  SpoolRun next(folder);
  REQUIRE(next.spool);
  REQUIRE(folder.store->segments().size() == 1);
  CHECK(folder.store->segments()[0].size_bytes == 1000);
  CHECK(folder.store->segments()[0].duration == std::chrono::seconds(6));
}

TEST_CASE("file spool: what goes with the runtime stays for the next run") {
  SpoolFolder folder;
  folder.store->Open(1);
  testing::ManualClock clock;
  auto simulation = std::make_unique<testing::SimulatedRuntime>(clock);
  auto spool = OpenFileSpool(simulation->runtime()->core(), PosixFileSystem(),
                             {.directory = folder.path()},
                             OpenFakeJournal(folder.store));
  REQUIRE(spool.ok());
  auto open = (*spool)->Create(
      {.id = {.recording = 1, .index = 1}, .extension = "ts"}, {});
  open->Append(Bytes(1000, 'x'));
  open->MarkChunk(std::chrono::seconds(1));
  auto closed =
      (*spool)->Create({.id = {.recording = 1}, .extension = "ts"}, {});
  closed->Append(Bytes(500, 'x'));
  std::shared_ptr<const Body> body;
  closed->Seal(std::chrono::seconds(2), [&](StatusOr<SealedSegment> sealed) {
    REQUIRE(sealed.ok());
    body = sealed->body;
  });
  simulation->RunUntilIdle();
  REQUIRE(body);
  const auto runtime = simulation->runtime();  // its executor is stopped
  simulation = nullptr;
  open = nullptr;
  closed = nullptr;
  body = nullptr;
  CHECK(folder.Files().size() == 4);
  *spool = nullptr;
  CHECK(folder.Files().size() == 4);
  SpoolRun next(folder);
  REQUIRE(next.spool);
  CHECK(folder.store->segments().size() == 2);
  CHECK(next.spool->recovered().adopted.size() == 1);
}

TEST_CASE("file spool: what was let go of before the end is removed at it") {
  SpoolFolder folder;
  folder.store->Open(1);
  SpoolRun run(folder);
  REQUIRE(run.spool);
  auto writer = run.Create(0);
  writer->Append(Bytes(1000, 'x'));
  auto sealed = run.Seal(*writer);
  run.simulation.RunUntilIdle();
  REQUIRE(*sealed);
  CHECK(folder.Files().size() == 2);
  LetGo(*sealed);  // the removal is posted, and dropped
  run.spool = nullptr;
  CHECK(folder.Files().empty());
}

TEST_CASE("file spool: a segment of an earlier run is found") {
  SpoolFolder folder;
  folder.store->Open(1);
  {
    SpoolRun run(folder);
    REQUIRE(run.spool);
    auto writer = run.Create(0);
    writer->Append(Bytes(1000, 'x'));
    const auto sealed = run.Seal(*writer);
    run.simulation.RunUntilIdle();
  }
  const SegmentSealed segment = folder.store->segments().at(0);
  SpoolRun run(folder);
  REQUIRE(run.spool);
  CHECK(run.spool->used_bytes() == 1000);
  auto found = run.spool->Find(segment);
  REQUIRE(found.ok());
  auto again = run.spool->Find(segment);
  REQUIRE(again.ok());
  CHECK(found->body->size() == 1000);
  CHECK(found->sha256 == segment.sha256);
  CHECK(*ReadBody(*found->body, 1000) == std::string(1000, 'x'));
  *found->owed = 0;
  found = Status(StatusCode::kNotFound, "");
  run.simulation.RunUntilIdle();
  CHECK(folder.Files().size() == 2);
  again = Status(StatusCode::kNotFound, "");
  run.simulation.RunUntilIdle();
  CHECK(folder.Files().empty());
  CHECK(run.spool->used_bytes() == 0);
  CHECK(run.spool->Find(segment).status().code() == StatusCode::kNotFound);
  folder.Write(segment.file, "short");
  CHECK(run.spool->Find(segment).status().code() == StatusCode::kDataLoss);
  CHECK(run.spool->Find({.file = "../../etc/passwd"}).status().code() ==
        StatusCode::kNotFound);
}

TEST_CASE("file spool: a directory has one spool at a time") {
  SpoolFolder folder;
  SpoolRun run(folder);
  REQUIRE(run.spool);
  {
    const SpoolRun second(folder);
    CHECK(second.opened.status() ==
          Status(StatusCode::kFailedPrecondition,
                 fmt::format("spool: {}: is in use by process {}: "
                             "one process has a spool at a time",
                             folder.path(), ::getpid())));
  }
  run.spool = nullptr;
  const SpoolRun third(folder);
  CHECK(third.opened.ok());
}

class NetworkFileSystem final : public WrappedFileSystem {
 public:
  using WrappedFileSystem::WrappedFileSystem;
  StatusOr<std::string> NetworkType(const std::string&) override {
    return std::string("nfs");
  }
};

TEST_CASE("file spool: a network file system is refused") {
  SpoolFolder folder;
  NetworkFileSystem files(PosixFileSystem());
  const SpoolRun run(folder, files);
  CHECK(run.opened.status() ==
        Status(StatusCode::kFailedPrecondition,
               fmt::format("spool: {}: is on a network file system (nfs): "
                           "choose a spool directory on a local disk",
                           folder.path())));
}

TEST_CASE("file spool: half-made files of a dead run go when it is opened") {
  SpoolFolder folder;
  fs::create_directories(folder.path());
  const std::vector<std::string> left = {"scratch-1-0123.mp4",
                                         ".hlsrec-machine-1-0123.tmp"};
  for (const std::string& name : left) {
    std::ofstream(folder.Path(name)) << "half";
  }
  SpoolRun run(folder);
  REQUIRE(run.spool);
  for (const std::string& name : left) CHECK(!fs::exists(folder.Path(name)));
}

TEST_CASE("file spool: an empty one leaves no folder") {
  SpoolFolder folder;
  {
    SpoolRun run(folder, PosixFileSystem(), {},
                 [](const std::string&, const std::function<void()>&) {
                   return MakeVolatileJournal();
                 });
    REQUIRE(run.spool);
    CHECK(fs::file_size(folder.Path("reserve")) == 1 << 20);
  }
  CHECK(!fs::exists(folder.path()));
}

TEST_CASE("file spool: the folder above it stays readable for others") {
  Bench bench;
  const auto out = fs::status(bench.directory.Path("out")).permissions();
  const auto spool =
      fs::status(bench.directory.Path("out/spool")).permissions();
  CHECK((out & fs::perms::others_read) != fs::perms::none);
  CHECK((spool & fs::perms::others_all) == fs::perms::none);
}

TEST_CASE("file spool: buffers come back") {
  Bench bench;
  auto writer = bench.Create();
  writer->Append(Bytes(100000, 'x'));
  bench.simulation.RunUntilIdle();
  const Bytes buffer = bench.spool->TakeBuffer();
  CHECK(buffer.empty());
  CHECK(buffer.capacity() >= 100000);
}

}  // namespace
}  // namespace hlsrec::spool
