#ifndef HLSREC_TESTS_SIMULATION_SCENARIO_H_
#define HLSREC_TESTS_SIMULATION_SCENARIO_H_

#include <cstdint>
#include <vector>

#include "hlsrec/recorder.h"
#include "tests/simulation/stage.h"
#include "tests/simulation/verdict.h"

namespace hlsrec::simulation {

// What one schedule records, drawn from its seed.
struct Scenario {
  // Whether journals may be lost, too.
  enum class Journals { kStay, kMayBeLost };
  Scenario(Random& random, Journals journals);

  enum class Audio { kNone, kBeside, kApart };
  struct Output {
    SinkKind sink = SinkKind::kMemory;
    Container container = Container::kMpegTs;
    ExpiredSegments expired = ExpiredSegments::kDelete;
    bool event = false;
    bool vod = false;
    bool live = false;
    bool rotating = false;
  };
  Durability durability = Durability::kSegment;
  Audio audio = Audio::kNone;
  std::vector<Output> outputs = {};
  int lives = 1;
  int steps = 20;        // per life
  int gop = 5;           // pictures
  int fault_chance = 0;  // percent of the steps that change a sink's health
  Pause pause = Pause::kDiscontinuity;
  WhenSpoolFull spool_full = WhenSpoolFull::kStop;
  std::uint64_t spool_max_bytes = 0;  // 0: any
  std::uint64_t max_pending_bytes = std::uint64_t{32} << 20;
  int disk_fault_chance = 0;  // percent of the steps
  int restart_chance = 0;     // likewise
  int journal_log_pages = 0;
  int journal_loss_chance = 0;  // percent of the kills
  // By a second machine, and by the first one again.
  bool takeover = false;
  // Where nothing is synced, of what this disk holds nothing is promised.
  bool power_may_fail = true;

 private:
  void MakeTakeOver();
};

}  // namespace hlsrec::simulation

#endif  // HLSREC_TESTS_SIMULATION_SCENARIO_H_
