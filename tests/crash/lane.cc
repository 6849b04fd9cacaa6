#include "tests/crash/lane.h"

#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <thread>
#include <utility>

#include "tests/crash/checkpoints.h"
#include "tests/inputs/ports.h"

namespace hlsrec::testing {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

bool Records(const Command& command) {
  return command.out().find("\"recording_started\"") != std::string::npos;
}

bool SaysNothingIsThere(const Command& resume) {
  return resume.err().find("no interrupted recording is") != std::string::npos;
}

}  // namespace

std::string NameOf(KillKind kind) {
  switch (kind) {
    case KillKind::kRecording:
      return "recording";
    case KillKind::kStarting:
      return "starting";
    case KillKind::kRestoring:
      return "restoring";
    case KillKind::kFinishing:
      return "finishing";
    case KillKind::kResuming:
      return "resuming";
    case KillKind::kCheckpointing:
      return "checkpointing";
  }
  return {};
}

Lane::Lane(LaneOptions options, PlaylistReader& reader)
    : options_(std::move(options)), reader_(reader), random_(options_.seed) {}

void Lane::Run() {
  while (!enough() && problems_.empty()) RunRecording();
}

void Lane::RunRecording() {
  KilledRecording recording;
  recording.folder = options_.folder + "/" + std::to_string(recordings_.size());
  for (const std::string& name : options_.playlists) {
    recording.playlists.push_back(recording.folder + "/" + name);
    reader_.Watch(recording.playlists.back());
  }
  recordings_.push_back(recording);
  // There must be something that can be ended.
  RecordAndKill(KillKind::kRecording);
  const int more = std::uniform_int_distribution<int>(2, 9)(random_);
  State state = StateOfSpool();
  const auto goes_on = [&state] {
    return state == State::kNothingYet || state == State::kInterrupted;
  };
  for (int i = 0; i < more && !enough() && goes_on(); ++i) {
    const KillKind kind = Choose();
    if (kind == KillKind::kResuming && state == State::kInterrupted) {
      ResumeAndKill();
    } else {
      RecordAndKill(kind);
    }
    state = StateOfSpool();
  }
  // What has begun to end can only be delivered.
  if (goes_on()) RecordToTheEnd();
  if (state == State::kEnding) ResumeToTheEnd();
  if (state == State::kNothingOwed) Tidy();
  if (StateOfSpool() != State::kNothingOwed) {
    problems_.push_back(recording.folder + ": something is owed at the end");
  }
  for (const std::string& playlist : recording.playlists) {
    reader_.Unwatch(playlist);
  }
}

bool Lane::RecordAndKill(KillKind kind) {
  Words arguments = {"record",
                     "udp://127.0.0.1:" + std::to_string(options_.port),
                     recordings_.back().folder + "/index.m3u8", "--json"};
  arguments.insert(arguments.end(), options_.arguments.begin(),
                   options_.arguments.end());
  Kill kill{.kind = kind, .started = steady_clock::now()};
  Command command(Hlsrec(arguments));
  Live(command, kill, kill.started + LifeOf(kind));
  if (kind == KillKind::kFinishing) {
    command.Signal(SIGINT);
    std::this_thread::sleep_for(Random(0, 60));
  }
  command.Signal(SIGKILL);
  kill.killed = steady_clock::now();
  if (!kill.recording && Records(command)) kill.recording = kill.killed;
  const int code = command.Wait();
  if (code == -SIGKILL) {
    ++killed_;
    // What was aimed at is not always hit.
    const bool hit = kill.kind != KillKind::kCheckpointing ||
                     Checkpoints(recordings_.back().folder).WasUnderWay();
    if (!hit) kill.kind = KillKind::kRecording;
    checkpoint_hit_ = checkpoint_hit_ || kill.kind == KillKind::kCheckpointing;
    recordings_.back().kills.push_back(kill);
    return true;
  }
  // Stopped by SIGINT before it could be killed, or before there was media.
  const bool stopped = kind == KillKind::kFinishing && (code == 0 || code == 2);
  if (!stopped) Problem("record ended with " + std::to_string(code), command);
  return false;
}

void Lane::Live(Command& command, Kill& kill, Steady end) {
  std::optional<Checkpoints> checkpoints;
  // The instant of death is what is tested: nothing can be waited for.
  while (steady_clock::now() < end && command.Running()) {
    if (!kill.recording && Records(command)) {
      kill.recording = steady_clock::now();
      startup_ = std::chrono::duration_cast<milliseconds>(*kill.recording -
                                                          kill.started);
      if (kill.kind == KillKind::kCheckpointing) {
        checkpoints.emplace(recordings_.back().folder);
      }
    }
    const auto step = std::min<steady_clock::duration>(
        milliseconds(5), end - steady_clock::now());
    if (!checkpoints) {
      std::this_thread::sleep_for(step);
    } else if (checkpoints->WaitFor(milliseconds(5))) {
      return;
    }
  }
}

void Lane::ResumeAndKill() {
  Kill kill{.kind = KillKind::kResuming, .started = steady_clock::now()};
  Command command(Hlsrec({"resume", recordings_.back().folder}));
  std::this_thread::sleep_for(LifeOf(KillKind::kResuming));
  command.Signal(SIGKILL);
  kill.killed = steady_clock::now();
  const int code = command.Wait();
  if (code == -SIGKILL) {
    ++killed_;
    recordings_.back().kills.push_back(kill);
  } else if (code != 0) {
    Problem("resume ended with " + std::to_string(code), command);
  }
}

void Lane::RecordToTheEnd() {
  Words arguments = {"record",
                     "udp://127.0.0.1:" + std::to_string(options_.port),
                     recordings_.back().folder + "/index.m3u8", "--json"};
  arguments.insert(arguments.end(), options_.arguments.begin(),
                   options_.arguments.end());
  Command command(Hlsrec(arguments));
  const bool records =
      WaitUntil([&] { return Records(command) || !command.Running(); });
  WaitUntil([&] {
    return std::filesystem::exists(recordings_.back().playlists.front()) ||
           !command.Running();
  });
  std::this_thread::sleep_for(Random(0, 2500));
  command.Signal(SIGINT);
  const int code = command.Wait();
  if (!records || code != 0) {
    Problem("the last record ended with " + std::to_string(code), command);
  }
}

// A kill behind the end leaves an empty spool for `resume` to take away.
void Lane::Tidy() {
  const std::string& folder = recordings_.back().folder;
  if (!std::filesystem::exists(folder + "/.hlsrec-spool")) return;
  Command command(Hlsrec({"resume", folder}));
  const int code = command.Wait();
  if (code != 0 && !SaysNothingIsThere(command)) {
    Problem("resume of nothing ended with " + std::to_string(code), command);
  }
}

void Lane::ResumeToTheEnd() {
  while (!enough() && StateOfSpool() == State::kEnding &&
         Random(0, 2).count() != 0) {
    ResumeAndKill();
  }
  if (StateOfSpool() == State::kNothingOwed) return Tidy();
  Command command(Hlsrec({"resume", recordings_.back().folder}));
  const int code = command.Wait();
  if (code != 0) {
    Problem("the last resume ended with " + std::to_string(code), command);
  }
}

Lane::State Lane::StateOfSpool() {
  const std::string& folder = recordings_.back().folder;
  const bool begun =
      std::filesystem::exists(recordings_.back().playlists.front());
  const State nothing = begun ? State::kNothingOwed : State::kNothingYet;
  if (!std::filesystem::exists(folder)) return nothing;
  Command list(Hlsrec({"resume", folder, "--list", "--json"}));
  const int code = list.Wait();
  if (code == 0) {
    const std::string out = list.out();
    if (out.empty()) return nothing;
    return out.find("\"ending\":true") != std::string::npos
               ? State::kEnding
               : State::kInterrupted;
  }
  if (!SaysNothingIsThere(list)) {
    Problem("resume --list ended with " + std::to_string(code), list);
  }
  return nothing;
}

KillKind Lane::Choose() {
  // Few kills are enough for one of those.
  if (!checkpoint_hit_) return KillKind::kCheckpointing;
  const auto percent = Random(0, 99).count();
  if (percent < 35) return KillKind::kRecording;
  if (percent < 50) return KillKind::kCheckpointing;
  if (percent < 65) return KillKind::kStarting;
  if (percent < 80) return KillKind::kRestoring;
  if (percent < 90) return KillKind::kFinishing;
  return KillKind::kResuming;
}

milliseconds Lane::LifeOf(KillKind kind) {
  const auto startup = static_cast<int>(startup_.count());
  const auto longest = static_cast<int>(options_.longest_life.count());
  switch (kind) {
    case KillKind::kRecording:
      return Random(200, longest);
    case KillKind::kStarting:
      return Random(0, 300);
    case KillKind::kRestoring:
      return Random(std::max(0, startup - 80), startup + 60);
    case KillKind::kFinishing:
      return Random(startup + 100, startup + longest);
    case KillKind::kCheckpointing:
      return milliseconds(startup + longest);
    case KillKind::kResuming:
      return Random(0, 150);
  }
  return {};
}

milliseconds Lane::Random(int from, int to) {
  return milliseconds(std::uniform_int_distribution<int>(from, to)(random_));
}

void Lane::Problem(const std::string& what, const Command& command) {
  problems_.push_back(recordings_.back().folder + ": " + what + ":\n" +
                      command.out() + command.err());
}

}  // namespace hlsrec::testing
