#include <filesystem>
#include <optional>

#include "hlsrec/testing.h"
#include "src/base/runtime_core.h"
#include "src/spool/spool.h"
#include "tests/catch.h"
#include "tests/faulty_file_system.h"
#include "tests/temporary_directory.h"

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
    auto opened = OpenFileSpool(simulation.runtime()->core(), files,
                                {.directory = directory.Path("out/spool")});
    REQUIRE(opened.ok());
    return std::move(opened).value();
  }
  std::unique_ptr<SegmentWriter> Create() {
    return spool->Create({.extension = "ts"}, {.pending = pending});
  }
  std::size_t Files() {
    std::size_t count = 0;
    for (const auto& entry :
         fs::directory_iterator(directory.Path("out/spool"))) {
      (void)entry;
      ++count;
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
  auto second_owner = sealed->body;
  sealed.reset();
  bench.simulation.RunUntilIdle();
  CHECK(bench.Files() == 1);
  second_owner = nullptr;
  bench.simulation.RunUntilIdle();
  CHECK(bench.Files() == 0);
}

TEST_CASE("file spool: what could not be delivered stays") {
  Bench bench;
  auto writer = bench.Create();
  writer->Append(Bytes(1000, 'x'));
  writer->Seal(std::chrono::seconds(1), [](StatusOr<SealedSegment> result) {
    REQUIRE(result.ok());
    *result->keep = true;
  });
  writer = nullptr;
  bench.simulation.RunUntilIdle();
  CHECK(bench.Files() == 1);
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
  CHECK(bench.Files() == 1);
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
        call, Status(StatusCode::kResourceExhausted, "no space left"));
    auto writer = bench.Create();
    writer->Append(Bytes(1000, 'x'));
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
      CHECK(status->code() == StatusCode::kResourceExhausted);
      CHECK(bench.Files() == 0);
    }
    CHECK(*bench.pending == 0);
  }
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
