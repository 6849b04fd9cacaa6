#ifndef HLSREC_TESTS_DELIVER_OUTPUT_BENCH_H_
#define HLSREC_TESTS_DELIVER_OUTPUT_BENCH_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hlsrec/testing.h"
#include "src/deliver/output.h"

namespace hlsrec::deliver {

// An output of one rendition, segments of two seconds, and a sink in memory
// that keeps every version of every object.
struct OutputBench {
  struct Write {
    SteadyTime time = {};
    std::string key = {};
    std::string bytes = {};
  };
  OutputBench();

  // An EVENT list unless `policy` says so.
  OutputPlan MakePlan(std::shared_ptr<const PlaylistPolicy> policy = nullptr);
  void Open(OutputPlan plan);
  // The next segment.
  void Add();
  void Finish();
  [[nodiscard]] std::vector<Write> WritesOf(const std::string& key) const;

  testing::ManualClock clock;
  testing::SimulatedRuntime simulation{clock};
  std::shared_ptr<testing::MemorySink> memory =
      std::make_shared<testing::MemorySink>();
  std::shared_ptr<Strand> strand;
  std::vector<Event> events;
  std::vector<Write> writes;
  std::shared_ptr<Output> output;
  std::uint64_t next = 0;
  std::optional<OutputResult> result;
};

}  // namespace hlsrec::deliver

#endif  // HLSREC_TESTS_DELIVER_OUTPUT_BENCH_H_
