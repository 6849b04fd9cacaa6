// A recording that is paused, and one that has enough.
#include <algorithm>

#include "hlsrec/recorder.h"
#include "hlsrec/testing.h"
#include "src/playlist/parse.h"
#include "tests/catch.h"
#include "tests/record/synthetic.h"

namespace hlsrec {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

struct Studio {
  testing::ManualClock clock;
  testing::SimulatedRuntime simulation{clock};
  std::shared_ptr<testing::MemorySink> sink =
      std::make_shared<testing::MemorySink>();

  RecordingOptions Options() {
    RecordingOptions options{.stream = "cam", .session = "s"};
    options.tracks = {VideoTrack()};
    options.segment.target_duration = seconds(2);
    options.segment.max_gop = seconds(2);
    options.outputs = {{.sink = sink}};
    options.outputs[0].segment_path = "{seq}.{ext}";
    options.outputs[0].playlists = {{.path = "index.m3u8"}};
    return options;
  }
  std::unique_ptr<Recorder> Open(RecordingOptions options) {
    auto recorder = Recorder::Open(simulation.runtime(), std::move(options));
    INFO(recorder.status().message());
    REQUIRE(recorder.ok());
    return std::move(recorder).value();
  }
  // In real time; the first picture is a keyframe.
  void Push(Recorder& recorder, double duration, std::int64_t first) {
    for (const Packet& packet : Stream(duration, 50, false, first)) {
      REQUIRE(recorder.Push(packet).ok());
      simulation.Advance(milliseconds(40));
    }
  }
  playlist::MediaPlaylist List() {
    const auto parsed = playlist::ParsePlaylist(sink->Text("index.m3u8"));
    REQUIRE(parsed.ok());
    return parsed->media;
  }
  // All pictures that are recorded, in their order.
  std::vector<std::int64_t> Pictures() {
    std::vector<std::int64_t> pictures;
    for (const auto& segment : List().segments) {
      if (segment.gap) continue;
      const auto marks = MarksIn(sink->Text(segment.uri), 'A');
      pictures.insert(pictures.end(), marks.begin(), marks.end());
    }
    return pictures;
  }
};

std::vector<std::int64_t> Numbers(std::int64_t first, std::int64_t end) {
  std::vector<std::int64_t> numbers;
  for (; first < end; ++first) numbers.push_back(first);
  return numbers;
}

// Three seconds, a pause of ten, four seconds.
RecordingResult RecordWithPause(Studio& studio, RecordingOptions options) {
  auto recorder = studio.Open(std::move(options));
  studio.Push(*recorder, 3, 0);
  REQUIRE(recorder->Pause().ok());
  REQUIRE(recorder->Pause().ok());  // once is enough
  studio.Push(*recorder, 10, 75);
  CHECK(recorder->progress().paused);
  // What came before is stored and listed meanwhile.
  CHECK(studio.Pictures() == Numbers(0, 75));
  REQUIRE(recorder->Unpause().ok());
  REQUIRE(recorder->Unpause().ok());
  studio.Push(*recorder, 4, 325);
  CHECK_FALSE(recorder->progress().paused);
  recorder->Finish();
  return recorder->Wait();
}

TEST_CASE("pause: the manifest tells of it") {
  Studio studio;
  RecordingOptions options = studio.Options();
  options.outputs[0].manifest_path = "recording.json";
  auto recorder = studio.Open(std::move(options));
  const auto tells = [&studio](const std::string& state) {
    studio.simulation.Advance(seconds(5));
    const std::string text = studio.sink->Text("recording.json");
    INFO(text);
    CHECK(text.find("\"state\": \"" + state + "\"") != std::string::npos);
  };
  studio.Push(*recorder, 3, 0);
  tells("running");
  REQUIRE(recorder->Pause().ok());
  tells("paused");
  REQUIRE(recorder->Unpause().ok());
  studio.Push(*recorder, 1, 75);
  tells("running");
  recorder->Finish();
  CHECK(recorder->Wait().status.ok());
  tells("completed");
}

TEST_CASE("pause: nothing of it is recorded, and all else is") {
  Studio studio;
  const RecordingResult result = RecordWithPause(studio, studio.Options());
  CHECK(result.status.ok());
  CHECK(result.progress.packets_paused == 250);
  CHECK(result.progress.packets_dropped == 0);
  CHECK(result.progress.packets_accepted == 425);
  auto expected = Numbers(0, 75);
  const auto after = Numbers(325, 425);
  expected.insert(expected.end(), after.begin(), after.end());
  CHECK(studio.Pictures() == expected);

  const auto list = studio.List();
  REQUIRE(list.segments.size() == 4);
  CHECK(list.segments[2].discontinuity);
  CHECK(std::count_if(list.segments.begin(), list.segments.end(),
                      [](const auto& s) { return s.discontinuity; }) == 1);
  // Dates tell how long it was.
  REQUIRE(list.segments[0].date_time);
  REQUIRE(list.segments[2].date_time);
  CHECK(list.segments[2].date_time->time - list.segments[0].date_time->time ==
        seconds(13));
}

TEST_CASE("pause: as gaps where they are asked for") {
  Studio studio;
  RecordingOptions options = studio.Options();
  options.pause = Pause::kGaps;
  CHECK(RecordWithPause(studio, std::move(options)).status.ok());
  milliseconds gaps{0};
  for (const auto& segment : studio.List().segments) {
    if (!segment.gap) continue;
    gaps += std::chrono::duration_cast<milliseconds>(segment.duration.value);
  }
  CHECK(gaps == seconds(10));
}

TEST_CASE("pause: before anything, and up to the end") {
  Studio studio;
  auto recorder = studio.Open(studio.Options());
  REQUIRE(recorder->Pause().ok());
  studio.Push(*recorder, 2, 0);
  REQUIRE(recorder->Unpause().ok());
  studio.Push(*recorder, 3, 50);
  REQUIRE(recorder->Pause().ok());
  studio.Push(*recorder, 2, 125);
  recorder->Finish();
  CHECK(recorder->Wait().status.ok());
  CHECK(studio.Pictures() == Numbers(50, 125));
  CHECK(studio.List().end_list.value);
  CHECK(!recorder->Pause().ok());
}

TEST_CASE("max bytes: ends with the segment that reaches them") {
  Studio studio;
  RecordingOptions options = studio.Options();
  options.max_bytes = 1;
  auto recorder = studio.Open(std::move(options));
  for (const Packet& packet : Stream(7, 50, false)) {
    (void)recorder->Push(packet).ok();
    studio.simulation.Advance(milliseconds(40));
  }
  const RecordingResult result = recorder->Wait();
  CHECK(result.status.ok());
  CHECK(studio.List().segments.size() == 1);
  CHECK(studio.List().end_list.value);
  CHECK(studio.Pictures() == Numbers(0, 50));
}

}  // namespace
}  // namespace hlsrec
