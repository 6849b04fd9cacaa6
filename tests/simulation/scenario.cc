#include "tests/simulation/scenario.h"

#include <algorithm>

namespace hlsrec::simulation {
namespace {

Scenario::Output DrawOutput(Random& random) {
  Scenario::Output output;
  if (random.Percent(30)) output.sink = SinkKind::kFile;
  if (random.Percent(40)) output.container = Container::kFmp4;
  if (random.Percent(20)) output.expired = ExpiredSegments::kKeep;
  switch (random.Below(5)) {
    case 0:
    case 1:
      output.live = true;
      break;
    case 2:
      output.event = true;
      break;
    case 3:
      output.event = output.vod = true;
      break;
    default:
      output.rotating = true;
      output.live = random.Percent(50);
  }
  return output;
}

}  // namespace

Scenario::Scenario(Random& random, Journals journals) {
  constexpr Durability kDurabilities[] = {
      Durability::kSegment, Durability::kSegment, Durability::kSecond,
      Durability::kNone};
  durability = kDurabilities[random.Below(4)];
  constexpr Audio kAudios[] = {Audio::kNone, Audio::kNone, Audio::kBeside,
                               Audio::kApart};
  audio = kAudios[random.Below(4)];
  const int count = random.Percent(30) ? 2 : 1;
  for (int i = 0; i < count; ++i) outputs.push_back(DrawOutput(random));
  lives = 1 + random.Below(4);
  steps = 10 + random.Below(50);
  gop = random.Percent(80) ? 5 : 3 + random.Below(15);
  if (random.Percent(60)) fault_chance = 2 + random.Below(10);
  if (random.Percent(25)) pause = Pause::kGaps;
  if (random.Percent(25)) {
    constexpr WhenSpoolFull kWays[] = {
        WhenSpoolFull::kStop, WhenSpoolFull::kWait, WhenSpoolFull::kWait,
        WhenSpoolFull::kDropOldest, WhenSpoolFull::kDropOldest};
    spool_full = kWays[random.Below(5)];
    // A segment has about 7 kB.
    spool_max_bytes = 25000 + static_cast<std::uint64_t>(random.Below(60000));
    max_pending_bytes = 5000 + static_cast<std::uint64_t>(random.Below(60000));
    // It fills where nothing is delivered.
    fault_chance = 3 + random.Below(5);
  }
  if (random.Percent(20)) disk_fault_chance = 1 + random.Below(4);
  if (random.Percent(25)) restart_chance = 2 + random.Below(5);
  if (random.Percent(30)) journal_log_pages = 8 + random.Below(40);
  const bool may_be_lost = journals == Journals::kMayBeLost;
  if (may_be_lost && random.Percent(30)) journal_loss_chance = 40;
  const bool elsewhere = std::all_of(
      outputs.begin(), outputs.end(),
      [](const Output& output) { return output.sink == SinkKind::kMemory; });
  power_may_fail =
      durability != Durability::kNone || (may_be_lost && elsewhere);
  if (random.Percent(15)) MakeTakeOver();
}

// What another machine can go on with, and nothing that excuses what is lost.
void Scenario::MakeTakeOver() {
  takeover = true;
  for (Output& output : outputs) {
    output.sink = SinkKind::kMemory;
    output.vod = output.rotating = false;
    output.event = output.event || !output.live;
  }
  lives = std::max(lives, 3);
  pause = Pause::kDiscontinuity;
  journal_loss_chance = 0;
  if (durability == Durability::kNone) durability = Durability::kSegment;
  power_may_fail = true;
}

}  // namespace hlsrec::simulation
