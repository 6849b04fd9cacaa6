#ifndef HLSREC_TESTS_SPOOL_SPOOL_BENCH_H_
#define HLSREC_TESTS_SPOOL_SPOOL_BENCH_H_

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "hlsrec/testing.h"
#include "src/base/file.h"
#include "src/base/runtime_core.h"
#include "src/spool/spool.h"
#include "tests/catch.h"
#include "tests/spool/fake_journal.h"
#include "tests/temporary_directory.h"

namespace hlsrec::spool {

// A directory that outlives the runs of processes in it, and their journal.
struct SpoolFolder {
  TemporaryDirectory directory;
  std::shared_ptr<FakeStore> store = std::make_shared<FakeStore>();

  [[nodiscard]] std::string path() const { return directory.Path("out/spool"); }
  [[nodiscard]] std::string Path(const std::string& name) const {
    return path() + "/" + name;
  }
  // Names of segments' files and sidecars.
  [[nodiscard]] std::set<std::string> Files() const {
    std::set<std::string> names;
    for (const auto& entry : std::filesystem::directory_iterator(path())) {
      const std::string name = entry.path().filename().string();
      if (name != "lock" && name != "reserve" && name != "journal.db" &&
          name != "unsynced" && !name.starts_with("rebuilt-")) {
        names.insert(name);
      }
    }
    return names;
  }
  void Write(const std::string& name, const std::string& bytes) const {
    std::filesystem::create_directories(path());
    std::ofstream(Path(name), std::ios::binary) << bytes;
  }
  [[nodiscard]] std::string Read(const std::string& name) const {
    std::ifstream file(Path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
};

// What is in the folder while that segment is.
inline std::set<std::string> WithSidecar(const std::string& name) {
  return {name, name + ".open"};
}

// Nobody owes it any more, and nobody refers to it.
inline void LetGo(std::optional<StatusOr<SealedSegment>>& sealed) {
  *(*sealed)->owed = 0;
  sealed.reset();
}

// One process's run in it. What is left in the simulation when it ends never
// happens.
struct SpoolRun {
  explicit SpoolRun(SpoolFolder& in, FileSystem& file_system,
                    FileSpoolOptions options = {}, JournalOpener journal = {})
      : folder(in), files(file_system) {
    options.directory = folder.path();
    if (!journal) journal = OpenFakeJournal(folder.store);
    opened =
        OpenFileSpool(simulation.runtime()->core(), files, options, journal);
    if (opened.ok()) spool = std::move(opened).value();
  }
  explicit SpoolRun(SpoolFolder& in) : SpoolRun(in, PosixFileSystem()) {}

  std::unique_ptr<SegmentWriter> Create(std::uint64_t index,
                                        WriterOptions options = {}) {
    options.link.pending = pending;
    return spool->Create(
        {.id = {.recording = 1, .index = index}, .extension = "ts"},
        std::move(options));
  }
  // Where its result will be.
  std::shared_ptr<std::optional<StatusOr<SealedSegment>>> Seal(
      SegmentWriter& writer) {
    auto result = std::make_shared<std::optional<StatusOr<SealedSegment>>>();
    writer.Seal(std::chrono::seconds(6),
                [result](StatusOr<SealedSegment> sealed) {
                  *result = std::move(sealed);
                });
    return result;
  }

  SpoolFolder& folder;
  FileSystem& files;
  testing::ManualClock clock;
  testing::SimulatedRuntime simulation{clock};
  StatusOr<std::unique_ptr<Spool>> opened{Status(StatusCode::kInternal, "")};
  std::unique_ptr<Spool> spool;
  std::shared_ptr<PendingBytes> pending = std::make_shared<PendingBytes>(0);
};

}  // namespace hlsrec::spool

#endif  // HLSREC_TESTS_SPOOL_SPOOL_BENCH_H_
