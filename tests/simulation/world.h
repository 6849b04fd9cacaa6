#ifndef HLSREC_TESTS_SIMULATION_WORLD_H_
#define HLSREC_TESTS_SIMULATION_WORLD_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "hlsrec/recorder.h"
#include "hlsrec/testing.h"
#include "tests/simulation/stage.h"

namespace hlsrec::simulation {

// What one schedule records, drawn from its seed.
struct Scenario {
  explicit Scenario(Random& random);

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
};

// One recording, from its first process to its last, on one disk; its source
// brings five pictures and eight frames of sound a second.
class World {
 public:
  World(std::uint64_t seed, Verdict& verdict);
  ~World();

  // Until it has ended, or a promise is broken.
  void Run();

 private:
  enum class Health { kGood, kFlaky, kLossy, kStalled, kRefusing };
  struct Life;
  class DropCounter;

  [[nodiscard]] RecordingOptions Options();
  [[nodiscard]] testing::FaultySink::Decision Decide(std::size_t output);
  void SetHealth(std::size_t output, Health health);
  bool Start();  // false: it died meanwhile
  void Live();   // until it is to end
  void Step();
  void PushPicture();
  void Push(Packet packet, char kind);
  void Jump();
  void Stall();
  void Interrupt();
  void ChangeHealth();
  void DieSomehow();
  void Kill();
  void End();
  void Crash();
  void CheckJournal();
  void Advance(std::chrono::milliseconds duration);
  [[nodiscard]] bool alive() const;

  const std::uint64_t seed_;
  Verdict& verdict_;
  Random random_;
  testing::ManualClock clock_;
  SimulatedDisk disk_;
  Ledger ledger_;
  const Scenario scenario_;
  std::vector<std::unique_ptr<Stage>> stages_;
  std::vector<Health> health_;
  std::unique_ptr<Life> life_;
  bool ending_ = false;  // Finish() was called
  bool over_ = false;

  // The source.
  std::int64_t next_picture_ = 0;
  std::int64_t next_frame_ = 0;
  std::int64_t since_keyframe_ = 0;
  std::int64_t offset_ticks_ = 0;  // of 90 kHz
  int epoch_ = 0;
};

}  // namespace hlsrec::simulation

#endif  // HLSREC_TESTS_SIMULATION_WORLD_H_
