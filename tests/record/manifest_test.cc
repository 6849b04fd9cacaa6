// Manifests: what they say, when, and through deaths.
#include "hlsrec/manifest.h"

#include <nlohmann/json.hpp>
#include <set>

#include "hlsrec/recorder.h"
#include "hlsrec/resume.h"
#include "hlsrec/testing.h"
#include "src/base/hash.h"
#include "src/playlist/parse.h"
#include "tests/catch.h"
#include "tests/record/machine.h"
#include "tests/record/synthetic.h"
#include "tests/temporary_directory.h"

namespace hlsrec {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::FaultySink;
using testing::MemorySink;
using testing::SimulatedRuntime;

constexpr std::string_view kKey = "recording.json";

std::string HashOf(const std::string& bytes) {
  return Sha256Hex(
      {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()});
}

struct Studio : Machine {
  std::vector<std::string> states;  // each that was stored
  bool hashed = true;               // segments are

  Studio() {
    sink->OnChange([this] {
      Judge();
      const std::string text = sink->Text(std::string(kKey));
      if (text.empty()) return;
      std::string state = Json::parse(text).at("state");
      if (states.empty() || states.back() != state) states.push_back(state);
    });
  }
  ~Studio() override { sink->OnChange(nullptr); }
  // At every moment what a manifest names is stored, as it says.
  void Judge() const {
    const auto objects = sink->objects();
    const auto found = objects.find(std::string(kKey));
    if (found == objects.end()) return;
    const Json json = Json::parse(found->second);
    for (const Json& rendition : json.at("renditions")) {
      for (const Json& key : rendition.at("playlists")) {
        CHECK(objects.contains(key.get<std::string>()));
      }
    }
    if (!json.contains("objects")) return;
    for (const Json& object : json.at("objects")) {
      const auto stored = objects.find(object.at("key").get<std::string>());
      INFO(object.dump());
      REQUIRE(stored != objects.end());
      CHECK(object.at("size") == stored->second.size());
      if (object.at("kind") == "segment" && !hashed) continue;
      CHECK(object.at("sha256") == HashOf(stored->second));
    }
  }
  RecordingOptions Options(bool audio = false) {
    RecordingOptions options = CameraOptions(sink);
    if (audio) options.tracks.push_back(AudioTrack());
    options.outputs[0].manifest_path = std::string(kKey);
    return options;
  }
  [[nodiscard]] Json Manifest() const {
    return Json::parse(sink->Text(std::string(kKey)));
  }
  // All that is stored is named, and nothing else.
  void RequireWhole() const {
    std::set<std::string> named = {std::string(kKey)};
    const Json json = Manifest();
    for (const Json& object : json.at("objects")) {
      CHECK(named.insert(object.at("key").get<std::string>()).second);
    }
    std::set<std::string> stored;
    for (const std::string& key : sink->Keys()) stored.insert(key);
    CHECK(named == stored);
  }
};

// What a run can't know beforehand is left out.
std::string Golden(std::string text) {
  const auto mask = [&text](std::string_view name) {
    const std::string begin = "\"" + std::string(name) + "\": \"";
    for (auto at = text.find(begin); at != std::string::npos;
         at = text.find(begin, at + 1)) {
      const std::size_t from = at + begin.size();
      text.replace(from, text.find('"', from) - from, "*");
    }
  };
  mask("id");
  mask("sha256");
  return text;
}

TEST_CASE("manifest: a recording's states, and the whole text of its end") {
  Studio studio;
  RecordingOptions options = studio.Options(true);
  options.identity = {.room_id = "r1", .layer_index = 2};
  auto recorder = studio.Open(options);
  studio.simulation->Advance(milliseconds(500));
  CHECK(Golden(studio.sink->Text(std::string(kKey))) == R"({
  "version": 1,
  "id": "*",
  "state": "starting",
  "stream": "cam",
  "session": "s",
  "started": "2026-01-01T00:00:00.000Z",
  "updated": "2026-01-01T00:00:00.000Z",
  "identity": {
    "room_id": "r1",
    "layer_index": 2,
    "start_date": "20260101",
    "epoch_ms": 1767225600000
  },
  "output": "0",
  "key": "recording.json",
  "container": "mpegts",
  "timescale": 90000,
  "renditions": [
    {
      "name": "",
      "layer_index": 2,
      "codecs": [],
      "first_sequence": 0,
      "playlists": [],
      "tracks": []
    }
  ]
}
)");
  for (const Packet& packet : Stream(3, 50, true)) {
    REQUIRE(recorder->Push(packet).ok());
    studio.simulation->RunUntilIdle();
  }
  recorder->Finish();
  CHECK(recorder->Wait().status.ok());
  CHECK(studio.states == std::vector<std::string>{"starting", "running",
                                                  "stopping", "completed"});
  studio.RequireWhole();
  CHECK(Golden(studio.sink->Text(std::string(kKey))) == R"({
  "version": 1,
  "id": "*",
  "state": "completed",
  "stream": "cam",
  "session": "s",
  "started": "2026-01-01T00:00:00.000Z",
  "updated": "2026-01-01T00:00:00.500Z",
  "ended": "2026-01-01T00:00:00.500Z",
  "identity": {
    "room_id": "r1",
    "layer_index": 2,
    "start_date": "20260101",
    "epoch_ms": 1767225600000
  },
  "output": "0",
  "key": "recording.json",
  "container": "mpegts",
  "timescale": 90000,
  "renditions": [
    {
      "name": "",
      "layer_index": 2,
      "codecs": [
        "avc1.4D400C",
        "mp4a.40.2"
      ],
      "width": 320,
      "height": 180,
      "frame_rate": 25.0,
      "video_range": "SDR",
      "bandwidth": 104278,
      "average_bandwidth": 104278,
      "first_sequence": 0,
      "playlists": [
        "index.m3u8"
      ],
      "tracks": [
        {
          "id": 0,
          "type": "video",
          "codec": "h264",
          "codecs": "avc1.4D400C",
          "width": 320,
          "height": 180,
          "frame_rate": 25.0
        },
        {
          "id": 1,
          "type": "audio",
          "codec": "aac",
          "codecs": "mp4a.40.2",
          "sample_rate": 48000,
          "channels": 1
        }
      ]
    }
  ],
  "duration_ticks": 270000,
  "counts": {
    "segments": 2,
    "bytes": 39104,
    "gaps": 0,
    "discontinuities": 0,
    "undelivered": 0,
    "retries": 0
  },
  "objects": [
    {"key": "index.m3u8", "kind": "media_playlist", "rendition": "", "size": 293, "sha256": "*"},
    {"key": "0.ts", "kind": "segment", "rendition": "", "sequence": 0, "size": 25756, "duration": 2.000000, "duration_ticks": 180000, "start_ticks": 0, "date_time": "2026-01-01T00:00:00.500Z", "sha256": "*"},
    {"key": "1.ts", "kind": "segment", "rendition": "", "sequence": 1, "size": 13348, "duration": 1.000000, "duration_ticks": 90000, "start_ticks": 180000, "date_time": "2026-01-01T00:00:02.500Z", "sha256": "*"}
  ],
  "gaps": [
  ],
  "undelivered": []
}
)");
}

TEST_CASE("manifest: fMP4, its init section, and both containers apart") {
  Studio studio;
  const auto other = std::make_shared<MemorySink>();
  RecordingOptions options = studio.Options(true);
  options.outputs[0].container = Container::kFmp4;
  options.outputs.push_back(options.outputs[0]);
  options.outputs[1].container = Container::kMpegTs;
  options.outputs[1].sink = other;
  auto recorder = studio.Open(options);
  studio.Push(*recorder, Stream(5, 50, true));
  recorder->Finish();
  CHECK(recorder->Wait().status.ok());
  studio.RequireWhole();
  const Json mine = studio.Manifest();
  const Json its = Json::parse(other->Text(std::string(kKey)));
  CHECK(mine.at("id") == its.at("id"));
  CHECK(mine.at("container") == "fmp4");
  CHECK(its.at("container") == "mpegts");
  CHECK(mine.at("objects").size() == its.at("objects").size() + 1);
}

TEST_CASE("manifest: nothing is written unless asked for") {
  Studio studio;
  RecordingOptions options = studio.Options();
  options.outputs[0].manifest_path.clear();
  auto recorder = studio.Open(options);
  studio.Push(*recorder, Stream(3, 50, false));
  recorder->Finish();
  CHECK(recorder->Wait().status.ok());
  CHECK(studio.sink->Text(std::string(kKey)).empty());
}

TEST_CASE("manifest: what it costs does not grow with the recording") {
  Studio studio;
  auto recorder = studio.Open(studio.Options());
  studio.Push(*recorder, Stream(60, 50, false));
  std::size_t puts = 0;
  for (const auto& operation : studio.sink->log()) {
    if (operation.object == ObjectKind::kManifest) ++puts;
  }
  CHECK(puts == 2);  // starting, running
  recorder->Finish();
  CHECK(recorder->Wait().status.ok());
  CHECK(studio.Manifest().at("counts").at("segments") == 30);
}

TEST_CASE("manifest: a window's names what is still there") {
  Studio studio;
  RecordingOptions options = studio.Options();
  options.outputs[0].playlists[0].policy = LiveWindow({.segments = 3});
  SECTION("what left is removed") {}
  SECTION("what left is kept") {
    options.outputs[0].expired_segments = ExpiredSegments::kKeep;
  }
  auto recorder = studio.Open(options);
  studio.Push(*recorder, Stream(60, 50, false));
  recorder->Finish();
  CHECK(recorder->Wait().status.ok());
  studio.RequireWhole();
}

TEST_CASE("manifest: lists that rotate, and packed ones") {
  Studio studio;
  RecordingOptions options = studio.Options();
  SECTION("rotating") {
    options.outputs[0].playlists = {
        {.path = "{segment_time:%H%M%S}.m3u8",
         .policy = RotatingList({.period = seconds(6)})}};
    auto recorder = studio.Open(options);
    studio.Push(*recorder, Stream(20, 50, false));
    recorder->Finish();
    CHECK(recorder->Wait().status.ok());
    studio.RequireWhole();
  }
  SECTION("gzip: of the text that is packed") {
    studio.sink->OnChange(nullptr);
    options.outputs[0].playlist_encoding = PlaylistEncoding::kGzip;
    auto recorder = studio.Open(options);
    studio.Push(*recorder, Stream(20, 50, false));
    recorder->Finish();
    CHECK(recorder->Wait().status.ok());
    const Json list = studio.Manifest().at("objects").front();
    CHECK(list.at("encoding") == "gzip");
    CHECK(list.at("size") > studio.sink->Text("index.m3u8").size());
  }
}

TEST_CASE("manifest: killed, it goes on under its id and is complete") {
  Studio studio;
  auto recorder = studio.Open(studio.Options());
  studio.Push(*recorder, Stream(7, 50, false));
  const std::string id = studio.Manifest().at("id");
  studio.Kill(recorder);
  studio.Start();
  SECTION("recorded again") {
    recorder = studio.Open(studio.Options());
    studio.Push(*recorder, Stream(5, 50, false, 1000));
    recorder->Finish();
    CHECK(recorder->Wait().status.ok());
  }
  SECTION("resumed") {
    const auto left = ListInterrupted(studio.simulation->runtime());
    REQUIRE(left.ok());
    REQUIRE(left->size() == 1);
    const auto sink = studio.sink;
    const auto resumed = Resume(studio.simulation->runtime(), left->front().id,
                                {.open_sink = [sink](const std::string&) {
                                  return StatusOr<std::shared_ptr<Sink>>(sink);
                                }});
    REQUIRE(resumed.ok());
    CHECK(resumed->status.ok());
  }
  const Json json = studio.Manifest();
  CHECK(json.at("id") == id);
  CHECK(json.at("renditions")[0].at("tracks").size() == 1);
  CHECK(studio.states == std::vector<std::string>{"starting", "running",
                                                  "stopping", "completed"});
  studio.RequireWhole();
}

// Each life runs one task more; the last one ends in peace.
TEST_CASE("manifest: killed at any task, it never goes back, and ends whole") {
  for (int tasks = 0; tasks < 120; tasks += 3) {
    INFO(tasks);
    Studio studio;
    auto recorder = studio.Open(studio.Options());
    studio.Push(*recorder, Stream(3, 50, false));
    recorder->Finish();
    studio.simulation->RunTasks(tasks);
    studio.Kill(recorder);
    studio.Start();
    const auto left = ListInterrupted(studio.simulation->runtime());
    REQUIRE(left.ok());
    const auto sink = studio.sink;
    for (const InterruptedRecording& each : *left) {
      const auto resumed =
          Resume(studio.simulation->runtime(), each.id,
                 {.open_sink = [sink](const std::string&) {
                   return StatusOr<std::shared_ptr<Sink>>(sink);
                 }});
      REQUIRE(resumed.ok());
      CHECK(resumed->status.ok());
    }
    // Once the journal knows of the end nobody says "stopping" again.
    std::erase(studio.states, "stopping");
    CHECK(studio.states ==
          std::vector<std::string>{"starting", "running", "completed"});
    studio.RequireWhole();
  }
}

TEST_CASE("manifest: what is refused for good is a gap, and undelivered") {
  Studio studio;
  RecordingOptions options = studio.Options();
  options.outputs[0].sink = std::make_shared<FaultySink>(
      studio.sink,
      [](std::uint64_t, const std::string& key) -> FaultySink::Decision {
        if (key != "1.ts") return {};
        return {.fault = testing::Fault::kFail,
                .status = Status(StatusCode::kInvalidArgument, "no")};
      });
  auto recorder = studio.Open(options);
  studio.Push(*recorder, Stream(7, 50, false));
  recorder->Finish();
  CHECK_FALSE(recorder->Wait().status.ok());
  const Json json = studio.Manifest();
  CHECK(json.at("state") == "failed");
  CHECK_FALSE(json.at("error").get<std::string>().empty());
  CHECK(json.at("undelivered") == Json::array({"1.ts"}));
  REQUIRE(json.at("gaps").size() == 1);
  CHECK(json.at("gaps")[0].at("key") == "1.ts");
  CHECK(json.at("gaps")[0].at("reason") == "not_stored");
  CHECK(json.at("gaps")[0].at("sequence") == 1);
  studio.RequireWhole();
}

TEST_CASE("manifest: declared gaps and discontinuities are told") {
  Studio studio;
  RecordingOptions options = studio.Options();
  auto recorder = studio.Open(options);
  studio.Push(*recorder, Stream(4, 50, false));
  REQUIRE(recorder->Interrupt(seconds(3)).ok());
  studio.simulation->Advance(seconds(3));
  studio.Push(*recorder, Stream(4, 50, false, 1000));
  recorder->Finish();
  CHECK(recorder->Wait().status.ok());
  const Json json = studio.Manifest();
  CHECK(json.at("state") == "completed");
  CHECK(json.at("counts").at("discontinuities") == 1);
  CHECK(json.at("counts").at("gaps") == 3);  // with the wait for a keyframe
  CHECK(json.at("gaps")[0].at("reason") == "no_media");
  CHECK(json.at("undelivered").empty());
  studio.RequireWhole();
}

TEST_CASE("manifest: a sink that takes none leaves it owed, not forgotten") {
  Studio studio;
  bool refuse = true;
  RecordingOptions options = studio.Options();
  options.outputs[0].sink = std::make_shared<FaultySink>(
      studio.sink,
      [&](std::uint64_t, const std::string& key) -> FaultySink::Decision {
        if (key != kKey || !refuse) return {};
        return {.fault = testing::Fault::kFail,
                .status = Status(StatusCode::kInvalidArgument, "no json here")};
      });
  auto recorder = studio.Open(options);
  studio.Push(*recorder, Stream(3, 50, false));
  recorder->Finish();
  const RecordingResult result = recorder->Wait();
  CHECK_FALSE(result.status.ok());
  CHECK(result.outputs[0].missing ==
        std::vector<std::string>{"recording.json"});
  recorder = nullptr;
  refuse = false;
  const auto left = ListInterrupted(studio.simulation->runtime());
  REQUIRE(left.ok());
  REQUIRE(left->size() == 1);
  const auto sink = options.outputs[0].sink;
  const auto resumed = Resume(studio.simulation->runtime(), left->front().id,
                              {.open_sink = [sink](const std::string&) {
                                return StatusOr<std::shared_ptr<Sink>>(sink);
                              }});
  REQUIRE(resumed.ok());
  CHECK(resumed->status.ok());
  studio.RequireWhole();
}

TEST_CASE("manifest: another machine goes on with what it tells") {
  Studio studio;
  const auto options = [&] {
    RecordingOptions made = studio.Options();
    made.outputs[0].segment_path = "{run}-{seq}.{ext}";
    made.outputs[0].if_exists = IfPlaylistExists::kTakeOver;
    made.outputs[0].lease = seconds(2);
    made.identity.room_id = "r1";
    return made;
  };
  auto recorder = studio.Open(options());
  studio.Push(*recorder, Stream(5, 50, false));
  const Json before = studio.Manifest();
  const std::size_t listed =
      playlist::ParsePlaylist(studio.sink->Text("index.m3u8"))
          ->media.segments.size();
  // It stands still from here.
  TemporaryDirectory elsewhere;
  auto created =
      SimulatedRuntime::Create(studio.clock, elsewhere.Path("spool"));
  REQUIRE(created.ok());
  auto taken = Recorder::Open((*created)->runtime(), options());
  INFO(taken.status().message());
  REQUIRE(taken.ok());
  for (const Packet& packet : Stream(5, 50, false, 1000)) {
    REQUIRE((*taken)->Push(packet).ok());
    (*created)->Advance(milliseconds(40));
  }
  (*taken)->Finish();
  CHECK((*taken)->Wait().status.ok());
  const Json after = studio.Manifest();
  CHECK(after.at("state") == "completed");
  CHECK(after.at("id") == before.at("id"));
  CHECK(after.at("identity") == before.at("identity"));
  // What the first one stored this one can't know: it says from where it does.
  CHECK(after.at("renditions")[0].at("first_sequence") == listed);
  // Nor does the first one say anything any more.
  studio.simulation->Advance(seconds(10));
  CHECK(recorder->Wait().status.code() == StatusCode::kConflict);
  CHECK(studio.Manifest() == after);
  CHECK(studio.states == std::vector<std::string>{"starting", "running",
                                                  "stopping", "completed"});
}

TEST_CASE("manifest: without a spool on disk it is whole, too") {
  Studio studio;
  studio.hashed = false;
  SimulatedRuntime in_memory(studio.clock);
  auto opened = Recorder::Open(in_memory.runtime(), studio.Options());
  REQUIRE(opened.ok());
  for (const Packet& packet : Stream(7, 50, false)) {
    REQUIRE((*opened)->Push(packet).ok());
    in_memory.Advance(milliseconds(40));
  }
  (*opened)->Finish();
  CHECK((*opened)->Wait().status.ok());
  CHECK(studio.Manifest().at("counts").at("segments") == 4);
  studio.RequireWhole();
}

TEST_CASE("manifest: it goes with a recording that is old enough") {
  Studio studio;
  studio.sink->OnChange(nullptr);
  const auto record = [&](const std::string& session) {
    RecordingOptions options = studio.Options();
    options.session = session;
    options.outputs[0].segment_path = "{session}/{seq}.{ext}";
    options.outputs[0].playlists = {{.path = "{session}/index.m3u8"}};
    options.outputs[0].manifest_path = "{session}/recording.json";
    options.outputs[0].retain = seconds(30);
    auto recorder = studio.Open(options);
    studio.Push(*recorder, Stream(3, 50, false));
    recorder->Finish();
    CHECK(recorder->Wait().status.ok());
  };
  record("first");
  CHECK_FALSE(studio.sink->Text("first/recording.json").empty());
  studio.simulation->Advance(seconds(60));
  record("second");
  CHECK_FALSE(studio.sink->Text("second/recording.json").empty());
  for (const std::string& key : studio.sink->Keys()) {
    CHECK_FALSE(key.starts_with("first/"));
  }
}

TEST_CASE("manifest: it has a name of its own, and goes with its recording") {
  Studio studio;
  RecordingOptions options = studio.Options();
  SECTION("of its own") {
    options.outputs[0].manifest_path = "index.m3u8";
    const auto refused = Recorder::Open(studio.simulation->runtime(), options);
    CHECK(refused.status().message().find("the manifest") != std::string::npos);
  }
  SECTION("removed with the rest, before what it names") {
    options.outputs[0].delete_after_end = seconds(1);
    auto recorder = studio.Open(options);
    studio.Push(*recorder, Stream(3, 50, false));
    recorder->Finish();
    CHECK(recorder->Wait().status.ok());
    recorder = nullptr;
    studio.simulation->Advance(seconds(2));
    CHECK(studio.sink->Keys().empty());
  }
}

}  // namespace
}  // namespace hlsrec
