#ifndef HLSREC_TESTS_RECORD_MACHINE_H_
#define HLSREC_TESTS_RECORD_MACHINE_H_

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hlsrec/recorder.h"
#include "hlsrec/testing.h"
#include "src/playlist/model.h"
#include "src/spool/spool.h"
#include "tests/temporary_directory.h"

namespace hlsrec {

// A machine that records: a spool on its disk, and processes over it that are
// killed and come again. The store in memory is elsewhere and outlives them.
struct Machine {
  // Its first process runs, over a spool with these options.
  explicit Machine(spool::FileSpoolOptions options = {});
  // In the time of others.
  explicit Machine(testing::ManualClock& shared);
  virtual ~Machine() = default;
  Machine(const Machine&) = delete;
  Machine& operator=(const Machine&) = delete;

  void Start();
  void Kill(std::unique_ptr<Recorder>& recorder);
  [[nodiscard]] std::unique_ptr<Recorder> Open(RecordingOptions options) const;
  // As they would come live, at 25 a second.
  void Push(Recorder& recorder, const std::vector<Packet>& packets) const;

  TemporaryDirectory directory;
  testing::ManualClock own_clock;
  testing::ManualClock& clock;
  std::shared_ptr<testing::MemorySink> sink =
      std::make_shared<testing::MemorySink>();
  // Calls of `faulty` for such keys fail.
  std::function<bool(const std::string& key)> fails;
  std::shared_ptr<Sink> faulty;
  spool::FileSpoolOptions spool;  // of the next process
  std::unique_ptr<testing::SimulatedRuntime> simulation;
};

// Resumes the one recording that is owed, into `faulty`.
RecordingResult ResumeOnly(Machine& machine);

// One picture track, segments of two seconds: "{seq}.{ext}" in `sink`, listed
// in index.m3u8.
RecordingOptions CameraOptions(std::shared_ptr<Sink> sink);

// What is listed, without any finding.
playlist::MediaPlaylist ListIn(const testing::MemorySink& sink,
                               const std::string& key = "index.m3u8");
// The numbers of the pictures or frames ('A', 'B') of all that it lists.
std::vector<std::int64_t> MarksOf(const testing::MemorySink& sink, char kind,
                                  const std::string& key = "index.m3u8");

}  // namespace hlsrec

#endif  // HLSREC_TESTS_RECORD_MACHINE_H_
