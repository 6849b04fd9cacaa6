#ifndef HLSREC_TESTS_SIMULATION_WORLD_H_
#define HLSREC_TESTS_SIMULATION_WORLD_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "hlsrec/recorder.h"
#include "hlsrec/resume.h"
#include "hlsrec/testing.h"
#include "tests/simulation/scenario.h"
#include "tests/simulation/stage.h"

namespace hlsrec::simulation {

// One recording, from its first process to its last, on one machine's disk, or
// on two in turn, of which one takes over from the other; its source brings
// five pictures and eight frames of sound a second. How processes begin and end
// is in world_lives.cc, how they die in world_deaths.cc.
class World {
 public:
  World(std::uint64_t seed, Scenario::Journals journals, Verdict& verdict);
  ~World();

  // Until it has ended, or a promise is broken.
  void Run();

 private:
  enum class Health {
    kGood,
    kFlaky,
    kLossy,
    kStalled,
    kRefusing,   // segments, for good
    kSlow,       // stores what was given up
    kDenying,    // who we are
    kThrottling  // says for how long
  };
  static constexpr int kHealths = 8;
  struct Life;
  class Witness;

  [[nodiscard]] RecordingOptions Options();
  [[nodiscard]] std::shared_ptr<Sink> Offered(std::size_t output);
  [[nodiscard]] testing::FaultySink::Decision Decide(std::size_t output);
  void SetHealth(std::size_t output, Health health);
  bool Start();  // false: it died meanwhile
  bool OpenRuntime();
  bool MakeSinks();
  bool OpenRecorder();
  void FinishByResuming(std::int64_t recording);
  void Live();  // until it is to end
  void Step();
  void PushPicture();
  void Push(Packet packet, char kind);
  void Jump();
  void Stall();
  void Interrupt();
  void Restart();
  void TroubleTheDisk();
  void HealTheDisk();
  void ChangeHealth();
  void DieSomehow();
  void DieWhileEnding();
  void Kill();
  void End();
  void TakeResult(const RecordingResult& result, bool in_trouble);
  void LookAtTheEnd();
  void Crash();
  void LoseJournal();
  void CheckJournal();
  void Advance(std::chrono::milliseconds duration);
  [[nodiscard]] SimulatedDisk& disk() const { return *disks_[machine_]; }
  void TakeOver();
  [[nodiscard]] StatusOr<std::vector<InterruptedRecording>> Left() const;
  [[nodiscard]] bool alive() const;
  [[nodiscard]] bool saw_end() const;
  [[nodiscard]] std::vector<Track> Tracks() const;
  [[nodiscard]] microseconds media() const;
  void NoteBreak();

  const std::uint64_t seed_;
  Verdict& verdict_;
  Random random_;
  testing::ManualClock clock_;
  std::vector<std::unique_ptr<SimulatedDisk>> disks_;  // of each machine
  std::size_t machine_ = 0;
  // It has not yet got hold of the recording.
  bool contends_ = false;
  Ledger ledger_;
  const Scenario scenario_;
  std::vector<std::unique_ptr<Stage>> stages_;
  std::vector<Health> health_;
  std::unique_ptr<Life> life_;
  bool ending_ = false;  // Finish() was called, in any life
  bool over_ = false;
  bool journal_lost_ = false;     // in any life
  bool journal_missing_ = false;  // and no process has begun another
  bool unsynced_lost_ = false;    // by a power failure, in any life
  int boots_ = 0;

  // The source.
  std::int64_t next_picture_ = 0;
  std::int64_t next_frame_ = 0;
  std::int64_t since_keyframe_ = 0;
  std::int64_t offset_ticks_ = 0;  // of 90 kHz
  int epoch_ = 0;
  int channels_ = 1;
};

}  // namespace hlsrec::simulation

#endif  // HLSREC_TESTS_SIMULATION_WORLD_H_
