#ifndef HLSREC_TESTS_CRASH_LANE_H_
#define HLSREC_TESTS_CRASH_LANE_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "tests/cli/command.h"
#include "tests/crash/live_feed.h"
#include "tests/crash/playlist_reader.h"

namespace hlsrec::testing {

enum class KillKind {
  kRecording,  // at any time after the first moments
  kStarting,   // in the first moments: the spool is recovered
  kRestoring,  // about when the recording goes on
  kFinishing,  // after SIGINT
  kResuming,   // `hlsrec resume`
  // While the journal's log is copied, in the middle of a run.
  kCheckpointing,
};
std::string NameOf(KillKind kind);

struct Kill {
  KillKind kind = KillKind::kRecording;
  Steady started = {};
  // It had told that it records, by then.
  std::optional<Steady> recording = {};
  Steady killed = {};
};

// One recording, with all its deaths.
struct KilledRecording {
  std::string folder = {};
  std::vector<std::string> playlists = {};
  std::vector<Kill> kills = {};
};

struct LaneOptions {
  int port = 0;
  std::string folder = {};
  Words arguments = {};  // of `hlsrec record`
  std::vector<std::string> playlists = {};
  std::size_t kills = 0;
  std::chrono::milliseconds longest_life{4000};
  unsigned seed = 0;
};

// Records one stream, kills the recorder, starts it again, and so on; a new
// recording follows one that was ended.
//
// Threads. Run() on one; the rest after it.
class Lane {
 public:
  Lane(LaneOptions options, PlaylistReader& reader);

  void Run();

  [[nodiscard]] const std::vector<KilledRecording>& recordings() const {
    return recordings_;
  }
  [[nodiscard]] const std::vector<std::string>& problems() const {
    return problems_;
  }

 private:
  enum class State { kNothingYet, kInterrupted, kEnding, kNothingOwed };

  void RunRecording();
  // False where it ended by itself.
  bool RecordAndKill(KillKind kind);
  // Until `end`, or the instant that is looked for. Tells when it records.
  void Live(Command& command, Kill& kill, Steady end);
  void ResumeAndKill();
  void RecordToTheEnd();
  void ResumeToTheEnd();
  void Tidy();
  State StateOfSpool();
  KillKind Choose();
  std::chrono::milliseconds LifeOf(KillKind kind);
  std::chrono::milliseconds Random(int from, int to);
  void Problem(const std::string& what, const Command& command);
  [[nodiscard]] bool enough() const { return killed_ >= options_.kills; }

  const LaneOptions options_;
  PlaylistReader& reader_;
  std::mt19937 random_;
  std::size_t killed_ = 0;
  bool checkpoint_hit_ = false;
  std::chrono::milliseconds startup_{1500};  // as measured last
  std::vector<KilledRecording> recordings_;
  std::vector<std::string> problems_;
};

}  // namespace hlsrec::testing

#endif  // HLSREC_TESTS_CRASH_LANE_H_
