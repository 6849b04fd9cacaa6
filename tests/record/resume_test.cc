#include <filesystem>
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

// A recording whose process dies and comes again; the sink lives elsewhere.
struct Studio {
  TemporaryDirectory directory;
  testing::ManualClock clock;
  std::shared_ptr<MemorySink> sink = std::make_shared<MemorySink>();
  std::unique_ptr<SimulatedRuntime> simulation;

  Studio() { Start(); }
  void Start() {
    auto created = SimulatedRuntime::Create(clock, directory.Path("spool"));
    INFO(created.status().message());
    REQUIRE(created.ok());
    simulation = std::move(created).value();
  }
  void Kill(std::unique_ptr<Recorder>& recorder) {
    simulation->Kill();
    recorder = nullptr;
    simulation = nullptr;
  }

  RecordingOptions Options(bool audio = false) {
    RecordingOptions options{.stream = "cam", .session = "s"};
    options.tracks = {VideoTrack()};
    if (audio) options.tracks.push_back(AudioTrack());
    options.segment.target_duration = seconds(2);
    options.segment.max_gop = seconds(2);
    options.outputs.push_back({.sink = sink});
    options.outputs[0].segment_path = "{seq}.{ext}";
    options.outputs[0].init_path = "init-{hash}.mp4";
    options.outputs[0].playlists = {{.path = "index.m3u8"}};
    return options;
  }
  std::unique_ptr<Recorder> Open(RecordingOptions options) {
    auto recorder = Recorder::Open(simulation->runtime(), std::move(options));
    INFO(recorder.status().message());
    REQUIRE(recorder.ok());
    return std::move(recorder).value();
  }
  // As they would come live.
  void Push(Recorder& recorder, const std::vector<Packet>& packets) {
    for (const Packet& packet : packets) {
      REQUIRE(recorder.Push(packet).ok());
      simulation->Advance(milliseconds(40));
    }
  }
  [[nodiscard]] playlist::MediaPlaylist Playlist(
      const std::string& key = "index.m3u8") const {
    const auto parsed = playlist::ParsePlaylist(sink->Text(key));
    REQUIRE(parsed.ok());
    CHECK(parsed->findings.empty());
    return parsed->media;
  }
  [[nodiscard]] std::vector<std::int64_t> Marks() const {
    std::vector<std::int64_t> marks;
    for (const auto& segment : Playlist().segments) {
      if (segment.gap) continue;
      const auto in = MarksIn(sink->Text(segment.uri), 'A');
      marks.insert(marks.end(), in.begin(), in.end());
    }
    return marks;
  }
};

TEST_CASE("resume: a killed recording goes on where it was") {
  Studio studio;
  auto recorder = studio.Open(studio.Options());
  studio.Push(*recorder, Stream(7, 25, false));
  const std::string before = studio.sink->Text("index.m3u8");
  CHECK(studio.Playlist().segments.size() == 3);
  studio.Kill(recorder);

  studio.Start();
  recorder = studio.Open(studio.Options());
  studio.simulation->RunUntilIdle();
  // What was open is adopted.
  CHECK(studio.Playlist().segments.size() == 4);
  CHECK(studio.sink->Text("index.m3u8").starts_with(before));
  studio.Push(*recorder, Stream(4, 25, false, 250));
  recorder->Finish();
  const RecordingResult result = recorder->Wait();
  INFO(result.status.message());
  CHECK(result.status.ok());
  const auto list = studio.Playlist();
  CHECK(studio.sink->Text("index.m3u8").starts_with(before));
  CHECK(list.end_list.present());
  REQUIRE(list.segments.size() == 6);
  CHECK(list.segments[4].discontinuity);
  CHECK_FALSE(list.segments[3].discontinuity);
  CHECK(list.segments[4].uri == "4.ts");
  // 7 s, less what had not been flushed, and 4 s.
  const auto marks = studio.Marks();
  CHECK(std::set<std::int64_t>(marks.begin(), marks.end()).size() ==
        marks.size());
  CHECK(marks.size() >= 175 - 25 + 100);
  recorder = nullptr;
  studio.simulation = nullptr;
  // Nothing is owed, nothing is left.
  CHECK_FALSE(std::filesystem::exists(studio.directory.Path("spool")));
}

TEST_CASE("resume: no playlist says less than before, wherever it was killed") {
  for (int tasks = 0; tasks < 40; ++tasks) {
    INFO(tasks);
    Studio studio;
    auto recorder = studio.Open(studio.Options());
    studio.Push(*recorder, Stream(6, 25, false));
    const auto more = Stream(1, 25, false, 150);
    REQUIRE(recorder->Push(more.front()).ok());
    REQUIRE(recorder->CutSegment().ok());
    studio.simulation->RunTasks(tasks);
    const std::string before = studio.sink->Text("index.m3u8");
    studio.Kill(recorder);
    studio.Start();
    bool shrank = false;
    studio.sink->OnChange([&] {
      shrank = shrank || !studio.sink->Text("index.m3u8").starts_with(before);
    });
    recorder = studio.Open(studio.Options());
    studio.simulation->RunUntilIdle();
    CHECK_FALSE(shrank);
    studio.sink->OnChange({});
    studio.Kill(recorder);
  }
}

}  // namespace
}  // namespace hlsrec
