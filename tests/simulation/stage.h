#ifndef HLSREC_TESTS_SIMULATION_STAGE_H_
#define HLSREC_TESTS_SIMULATION_STAGE_H_

#include <functional>
#include <memory>
#include <string>

#include "hlsrec/testing.h"
#include "tests/simulated_disk.h"
#include "tests/simulation/audience.h"
#include "tests/simulation/wire.h"

namespace hlsrec::simulation {

enum class SinkKind { kMemory, kFile };

// One output's objects, which outlive processes, and who reads them.
class Stage {
 public:
  // All of them outlive it. In memory, or in a folder of `disk`.
  Stage(SinkKind kind, int number, SimulatedDisk& disk, Verdict& verdict,
        const Ledger& ledger, const testing::ManualClock& clock);

  // For one process: calls that come when `alive` says no are never answered,
  // and change nothing. In memory, puts stay on the wire while `delays`.
  std::shared_ptr<testing::FaultySink> MakeSink(
      const std::shared_ptr<Runtime>& runtime, std::function<bool()> alive,
      std::function<bool()> delays, testing::FaultySink::Decide decide);
  // Names that were changed reach the disk.
  void Settle();
  [[nodiscard]] SinkKind kind() const { return kind_; }
  [[nodiscard]] Audience& audience() { return audience_; }
  [[nodiscard]] Wire& wire() { return wire_; }

 private:
  [[nodiscard]] Shelf MakeShelf();

  const SinkKind kind_;
  const std::string root_;
  SimulatedDisk& disk_;
  const std::shared_ptr<testing::MemorySink> memory_ =
      std::make_shared<testing::MemorySink>();
  Audience audience_;
  Wire wire_{memory_,
             [this](const std::string& key) { audience_.OnChange(key); }};
};

// Tells `audience` what `inner` is asked for. Segments are not taken, for good,
// while `refuses`.
std::shared_ptr<Sink> MakeOfferedSink(std::shared_ptr<Sink> inner,
                                      std::function<bool()> refuses,
                                      Audience& audience);

}  // namespace hlsrec::simulation

#endif  // HLSREC_TESTS_SIMULATION_STAGE_H_
