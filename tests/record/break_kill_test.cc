// What a kill costs where timestamps break: media that waits for a break to be
// decided is in memory.
#include <algorithm>
#include <set>

#include "hlsrec/recorder.h"
#include "hlsrec/testing.h"
#include "src/playlist/parse.h"
#include "tests/catch.h"
#include "tests/record/synthetic.h"
#include "tests/temporary_directory.h"

namespace hlsrec {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::MemorySink;
using testing::SimulatedRuntime;

constexpr int kPicturesPerSecond = 25;
constexpr std::int64_t kSecond = 90000;

// A picture or frame each, in order.
std::set<std::int64_t> Recorded(const MemorySink& sink, char kind) {
  const auto parsed = playlist::ParsePlaylist(sink.Text("index.m3u8"));
  REQUIRE(parsed.ok());
  std::set<std::int64_t> numbers;
  for (const auto& segment : parsed->media.segments) {
    const auto marks = MarksIn(sink.Text(segment.uri), kind);
    numbers.insert(marks.begin(), marks.end());
  }
  return numbers;
}

// Whether the sound goes on beside a picture that breaks, or is silent from
// the first break on.
enum class Sound { kGoesOn, kFallsSilent };

// In pictures, each after the one before.
struct Schedule {
  int first_break = 0;
  int second_break = 0;
  int kill = 0;
  Sound sound = Sound::kGoesOn;
};

struct Process {
  Process(testing::ManualClock& clock, const TemporaryDirectory& directory,
          std::shared_ptr<MemorySink> sink) {
    auto created = SimulatedRuntime::Create(clock, directory.Path("spool"));
    REQUIRE(created.ok());
    simulation = std::move(created).value();
    RecordingOptions options{.stream = "cam", .session = "s"};
    options.tracks = {VideoTrack(), AudioTrack()};
    options.outputs.push_back({.sink = std::move(sink)});
    options.outputs[0].playlists = {{.path = "index.m3u8"}};
    auto opened = Recorder::Open(simulation->runtime(), std::move(options));
    REQUIRE(opened.ok());
    recorder = std::move(opened).value();
  }

  std::unique_ptr<SimulatedRuntime> simulation;
  std::unique_ptr<Recorder> recorder;
};

// How much of the newest media is gone after a kill.
milliseconds CostOf(const Schedule& schedule) {
  const TemporaryDirectory directory;
  testing::ManualClock clock;
  const auto sink = std::make_shared<MemorySink>();
  const int first = schedule.first_break;
  const int second = first + schedule.second_break;
  const int pictures = second + schedule.kill;
  {
    Process process(clock, directory, sink);
    std::int64_t frame = 0;
    for (int i = 0; i < pictures; ++i) {
      const bool breaks = i == first || i == second;
      Packet picture = VideoPacket(i, i % 5 == 0 || breaks);
      const int jumps = (i >= first ? 1 : 0) + (i >= second ? 1 : 0);
      picture.pts += jumps * 10 * kSecond;
      picture.dts = picture.pts;
      REQUIRE(process.recorder->Push(std::move(picture)).ok());
      while (frame * 1024 / 48 < (i + 1) * 1000 / kPicturesPerSecond &&
             (schedule.sound == Sound::kGoesOn || i < first)) {
        REQUIRE(process.recorder->Push(AudioPacket(frame++)).ok());
      }
      process.simulation->Advance(milliseconds(1000 / kPicturesPerSecond));
    }
    process.simulation->Kill();
  }
  Process next(clock, directory, sink);
  next.recorder->Finish();
  REQUIRE(next.recorder->Wait().status.ok());
  const std::set<std::int64_t> recorded = Recorded(*sink, 'A');
  int lost = 0;
  while (lost < pictures && !recorded.contains(pictures - 1 - lost)) ++lost;
  // All before it is there.
  CHECK(recorded.size() == static_cast<std::size_t>(pictures - lost));
  return milliseconds(lost * 1000 / kPicturesPerSecond);
}

TEST_CASE("breaks: a kill amidst two of them costs a second at most") {
  milliseconds worst{0};
  for (const Sound sound : {Sound::kGoesOn, Sound::kFallsSilent}) {
    for (const int first : {53, 56, 59}) {
      for (const int second : {9, 12}) {
        for (int kill = 3; kill < 30; kill += 4) {
          INFO("breaks at " << first << ", " << second << " later, killed "
                            << kill << " later, sound "
                            << (sound == Sound::kGoesOn ? "on" : "off"));
          const milliseconds cost = CostOf({.first_break = first,
                                            .second_break = second,
                                            .kill = kill,
                                            .sound = sound});
          CHECK(cost <= seconds(1));
          worst = std::max(worst, cost);
        }
      }
    }
  }
  // The schedules are such that media waits.
  CHECK(worst >= milliseconds(600));
}

// Sound beside a picture that jumps, and whose next keyframe is far.
TEST_CASE("breaks: sound does not wait for a keyframe that is far") {
  constexpr int kJump = 60;
  constexpr std::int64_t kFramesPerSecond = 47;
  for (const int after : {20, 30, 45, 70}) {
    INFO("killed " << after << " pictures behind the jump");
    const TemporaryDirectory directory;
    testing::ManualClock clock;
    const auto sink = std::make_shared<MemorySink>();
    std::int64_t frame = 0;
    {
      Process process(clock, directory, sink);
      for (int i = 0; i < kJump + after; ++i) {
        Packet picture = VideoPacket(i, i == 0);
        if (i >= kJump) picture.pts += 10 * kSecond;
        picture.dts = picture.pts;
        REQUIRE(process.recorder->Push(std::move(picture)).ok());
        while (frame * 1024 / 48 < (i + 1) * 1000 / kPicturesPerSecond) {
          Packet sound = AudioPacket(frame++);
          if (i >= kJump) sound.pts += std::int64_t{10} * 48000;
          sound.dts = sound.pts;
          REQUIRE(process.recorder->Push(std::move(sound)).ok());
        }
        process.simulation->Advance(milliseconds(1000 / kPicturesPerSecond));
      }
      process.simulation->Kill();
    }
    Process next(clock, directory, sink);
    next.recorder->Finish();
    REQUIRE(next.recorder->Wait().status.ok());
    const std::set<std::int64_t> recorded = Recorded(*sink, 'B');
    REQUIRE_FALSE(recorded.empty());
    CHECK(frame - 1 - *recorded.rbegin() <= kFramesPerSecond);
    // All before it is there.
    CHECK(static_cast<std::int64_t>(recorded.size()) == *recorded.rbegin() + 1);
  }
}

}  // namespace
}  // namespace hlsrec
