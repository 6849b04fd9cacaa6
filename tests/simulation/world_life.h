#ifndef HLSREC_TESTS_SIMULATION_WORLD_LIFE_H_
#define HLSREC_TESTS_SIMULATION_WORLD_LIFE_H_

#include <algorithm>
#include <chrono>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "tests/simulation/world.h"

namespace hlsrec::simulation {

inline constexpr int kSampleRate = 8000;
inline constexpr std::chrono::milliseconds kTarget{1000};

// What one process tells.
class World::Witness final : public Observer {
 public:
  explicit Witness(World& world) : world_(world) {}

  void OnEvent(const Event& event) override {
    if (event.type == EventType::kPacketsDropped) dropped += event.count;
    if (event.type == EventType::kSegmentLost) OnLost(event);
    if (event.type == EventType::kRecordingFinished) world_.ending_ = true;
    if (event.type == EventType::kSpoolFull) full_since = world_.media();
    if (event.type == EventType::kSpoolRoom) full_since.reset();
    if (event.type == EventType::kSegmentSealed ||
        event.type == EventType::kPlaylistPublished ||
        event.type == EventType::kSegmentStored) {
      return;
    }
    world_.verdict_.Note("  {} {} {} {} {}", EventTypeName(event.type),
                         event.output, event.key, event.message,
                         event.status.message());
  }

  std::uint64_t dropped = 0;
  std::uint64_t lost = 0;
  // What is recorded from there on waits in memory.
  std::optional<microseconds> full_since = {};

 private:
  void OnLost(const Event& event) {
    ++lost;
    const std::string_view why = event.status.message();
    const auto output = static_cast<std::size_t>(std::stoi(event.output));
    if (why.find("dropped to make room") != std::string_view::npos) {
      world_.stages_[output]->audience().OnGivenUp(event.key);
    }
    if (why.find("file is gone") != std::string_view::npos &&
        why.find("is not there") != std::string_view::npos &&
        !world_.unsynced_lost_ && !world_.journal_lost_) {
      world_.verdict_.Violate("P4 {}: the spool has lost it", event.key);
    }
  }

  World& world_;
};

// One process.
struct World::Life {
  std::unique_ptr<testing::SimulatedRuntime> simulation;
  std::vector<std::shared_ptr<testing::FaultySink>> sinks;
  std::shared_ptr<Witness> observer;
  std::unique_ptr<Recorder> recorder;
  bool gone = false;
  bool failed = false;  // it takes no more packets
  bool disk_full = false;
  // Where the media stood when the disk first failed.
  std::optional<microseconds> trouble_since = {};
};

}  // namespace hlsrec::simulation

#endif  // HLSREC_TESTS_SIMULATION_WORLD_LIFE_H_
