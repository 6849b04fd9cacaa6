#include <atomic>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "src/base/executor.h"
#include "tests/spool/spool_bench.h"

namespace hlsrec::spool {
namespace {

// Real threads and clocks.
class ThreadedCore final : public RuntimeCore {
 public:
  ~ThreadedCore() override { Stop(); }
  // In the order a runtime ends in.
  void Stop() {
    media_->Stop();
    io_->Stop();
  }
  const Clock& clock() const override { return SystemClock(); }
  std::shared_ptr<Executor> media() override { return media_; }
  std::shared_ptr<Executor> Io(const std::string&) override { return io_; }
  std::shared_ptr<Budget> budget() override { return budget_; }
  Spool& spool() override { return *spool_; }
  void Await(Latch& latch) override { latch.Wait(); }
  void set_spool(std::unique_ptr<Spool> spool) { spool_ = std::move(spool); }

 private:
  const std::shared_ptr<Budget> budget_ =
      std::make_shared<Budget>(std::uint64_t{1} << 30);
  const std::shared_ptr<ThreadPool> media_ =
      std::make_shared<ThreadPool>(SystemClock(), "media", 2);
  const std::shared_ptr<ThreadPool> io_ =
      std::make_shared<ThreadPool>(SystemClock(), "io", 1);
  std::unique_ptr<Spool> spool_;
};

constexpr int kWriters = 4;
constexpr int kSegments = 20;
constexpr std::uint64_t kBlock = 1000;

// Until what was posted before is through.
void WaitForIo(RuntimeCore& core) {
  const auto through = std::make_shared<Latch>();
  core.Io("")->Post([through] { through->Open(); });
  through->Wait();
}

// Writes, seals and delivers, within a quota for a few segments.
void WriteSegments(Spool& spool, int rendition, std::atomic<int>& bad) {
  const auto pending = std::make_shared<PendingBytes>(0);
  for (std::uint64_t index = 0; index < kSegments; ++index) {
    auto writer = spool.Create(
        {.id = {.recording = 1, .rendition = rendition, .index = index},
         .extension = "ts"},
        {.link = {.pending = pending},
         .when_full = SpoolFull::kWait,
         .on_full = [](const Status&) {}});
    for (int block = 1; block <= 3; ++block) {
      Bytes bytes = spool.TakeBuffer();
      bytes.assign(kBlock, static_cast<std::uint8_t>(rendition));
      writer->Append(std::move(bytes));
      writer->MarkChunk(std::chrono::seconds(block));
    }
    const auto done = std::make_shared<Latch>();
    writer->Seal(std::chrono::seconds(3),
                 [done, &bad](const StatusOr<SealedSegment>& sealed) {
                   if (!sealed.ok() || sealed->body->size() != 3 * kBlock) {
                     ++bad;
                   } else {
                     *sealed->owed = 0;
                   }
                   done->Open();
                 });
    writer = nullptr;
    done->Wait();
  }
}

TEST_CASE("spool: writers on threads of their own share it") {
  SpoolFolder folder;
  folder.store->Open(1);
  std::atomic<int> bad = 0;
  {
    ThreadedCore core;
    auto spool = OpenFileSpool(core, PosixFileSystem(),
                               {.directory = folder.path(), .max_bytes = 15000},
                               OpenFakeJournal(folder.store));
    REQUIRE(spool.ok());
    std::vector<std::thread> threads;
    for (int i = 0; i < kWriters; ++i) {
      threads.emplace_back([&, i] { WriteSegments(**spool, i, bad); });
    }
    for (std::thread& thread : threads) thread.join();
    WaitForIo(core);  // which lets go of the last segment after telling of it
    core.Stop();
  }
  CHECK(bad == 0);
  CHECK(folder.store->segments().size() == kWriters * kSegments);
  CHECK(folder.Files().empty());
}

TEST_CASE(
    "spool: a runtime that ends in mid-write leaves what can be adopted") {
  for (int round = 0; round < 20; ++round) {
    SpoolFolder folder;
    folder.store->Open(1);
    {
      ThreadedCore core;
      auto spool =
          OpenFileSpool(core, PosixFileSystem(), {.directory = folder.path()},
                        OpenFakeJournal(folder.store));
      REQUIRE(spool.ok());
      auto writer =
          (*spool)->Create({.id = {.recording = 1}, .extension = "ts"}, {});
      writer->Append(Bytes(kBlock, 'x'));
      writer->MarkChunk(std::chrono::seconds(1));
      WaitForIo(core);
      for (int block = 2; block <= 20; ++block) {
        writer->Append(Bytes(kBlock, 'x'));
        writer->MarkChunk(std::chrono::seconds(block));
      }
      core.Stop();
      writer = nullptr;
    }
    SpoolRun next(folder);
    REQUIRE(next.spool);
    const auto segments = folder.store->segments();
    REQUIRE(segments.size() == 1);
    CHECK(segments[0].size_bytes >= kBlock);
    CHECK(segments[0].size_bytes ==
          static_cast<std::uint64_t>(
              std::chrono::duration_cast<std::chrono::seconds>(
                  segments[0].duration)
                  .count()) *
              kBlock);
  }
}

}  // namespace
}  // namespace hlsrec::spool
