// A ZIP and MP4 files as part of a recording: complete, once, whatever dies,
// and told of when they are stored.
#include <algorithm>
#include <functional>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "hlsrec/recorder.h"
#include "hlsrec/resume.h"
#include "src/base/bytes.h"
#include "tests/catch.h"
#include "tests/record/archive.h"
#include "tests/record/machine.h"
#include "tests/record/synthetic.h"

namespace hlsrec {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::MemorySink;

TEST_CASE("vod: the archive has all that was recorded, ended, and is told of") {
  Machine machine;
  RecordingOptions options = ZipOptions(machine);
  options.outputs[0].manifest_path = "recording.json";
  auto recorder = machine.Open(std::move(options));
  machine.Push(*recorder, Stream(7, 50, false));
  CHECK(!machine.sink->objects().contains(kZip));
  recorder->Finish();
  const RecordingResult result = recorder->Wait();
  INFO(result.status.message());
  REQUIRE(result.status.ok());

  const std::string zip = machine.sink->Text(kZip);
  const Entries entries = Unzip(zip);
  CHECK(entries.size() == 5);
  CHECK(Pictures(entries) == Numbers(175));
  for (const auto& [name, bytes] : entries) {
    if (name != "index.m3u8") CHECK(bytes == machine.sink->Text(name));
  }
  REQUIRE(result.outputs[0].made.size() == 1);
  CHECK(result.outputs[0].made[0].kind == "archive");
  CHECK(result.outputs[0].made[0].key == kZip);
  CHECK(result.outputs[0].made[0].size_bytes == zip.size());
  const Json manifest = Json::parse(machine.sink->Text("recording.json"));
  CHECK(std::any_of(manifest.at("objects").begin(),
                    manifest.at("objects").end(), [&](const Json& object) {
                      return object.at("kind") == "archive" &&
                             object.at("key") == kZip &&
                             object.at("size") == zip.size();
                    }));
  CheckSpoolIsEmpty(machine);
}

TEST_CASE("vod: the archive has what a live window has dropped") {
  Machine machine;
  RecordingOptions options = ZipOptions(machine);
  options.outputs[0].playlists[0].policy = LiveWindow({.segments = 3});
  auto recorder = machine.Open(std::move(options));
  machine.Push(*recorder, Stream(40, 50, false));
  CHECK(!machine.sink->objects().contains("0.ts"));
  recorder->Finish();
  REQUIRE(recorder->Wait().status.ok());
  const Entries entries = Unzip(machine.sink->Text(kZip));
  CHECK(Pictures(entries) == Numbers(1000));
  CHECK(Listed(entries).media_sequence.value == 0);
  CheckSpoolIsEmpty(machine);
}

TEST_CASE("vod: what another run recorded is in the archive, too") {
  Machine machine;
  auto recorder = machine.Open(ZipOptions(machine));
  machine.Push(*recorder, Stream(7, 50, false));
  machine.simulation->Advance(seconds(2));
  machine.Kill(recorder);
  machine.Start();
  recorder = machine.Open(ZipOptions(machine));
  machine.Push(*recorder, Stream(4, 50, false, 200));
  recorder->Finish();
  REQUIRE(recorder->Wait().status.ok());
  const Entries entries = Unzip(machine.sink->Text(kZip));
  CHECK(Pictures(entries) == Joined(Numbers(175), Numbers(100, 200)));
  CheckSpoolIsEmpty(machine);
}

TEST_CASE("vod: whole, once, after a death at any moment of the end") {
  int deaths = 0;
  for (int tasks = 0;; ++tasks) {
    INFO("dies after " << tasks << " tasks");
    Machine machine;
    auto recorder = machine.Open(ZipAndMovieOptions(machine));
    machine.Push(*recorder, Stream(3, 50, false));
    machine.simulation->Advance(seconds(1));
    recorder->Finish();
    machine.simulation->RunTasks(tasks);
    const auto before = machine.sink->objects();
    machine.Kill(recorder);
    machine.Start();
    const auto owed = ListInterrupted(machine.simulation->runtime());
    if (owed->empty()) {
      CHECK(Pictures(Unzip(machine.sink->Text(kZip))) == Numbers(75));
      CHECK(machine.sink->objects().contains(kMovie));
      CheckSpoolIsEmpty(machine);
      break;
    }
    const RecordingResult result = ResumeOnly(machine);
    INFO(result.status.message());
    CHECK(result.status.ok());
    CHECK(result.outputs[0].made.size() == 2);
    CHECK(Pictures(Unzip(machine.sink->Text(kZip))) == Numbers(75));
    CHECK(machine.sink->objects().contains(kMovie));
    // What was stored is as it was.
    for (const std::string& key : {kZip, kMovie}) {
      const auto stored = before.find(key);
      if (stored == before.end()) continue;
      CHECK(machine.sink->objects().at(key) == stored->second);
    }
    CheckSpoolIsEmpty(machine);
    ++deaths;
    REQUIRE(tasks < 1000);
  }
  CHECK(deaths > 10);
}

TEST_CASE("vod: what can't be put is owed, and made again") {
  Machine machine;
  auto recorder = machine.Open(ZipOptions(machine));
  machine.Push(*recorder, Stream(3, 50, false));
  machine.fails = [](const std::string& key) { return key == kZip; };
  recorder->Finish();
  const RecordingResult result = recorder->Wait();
  CHECK(!result.status.ok());
  CHECK(result.outputs[0].missing == std::vector<std::string>{kZip});
  CHECK(result.outputs[0].made.empty());
  recorder = nullptr;
  machine.simulation = nullptr;

  machine.Start();
  machine.fails = nullptr;
  CHECK(ResumeOnly(machine).status.ok());
  CHECK(Pictures(Unzip(machine.sink->Text(kZip))) == Numbers(75));
  CheckSpoolIsEmpty(machine);
}

// The archive and all lists are stored, and their recording is still owed.
void EndWithoutManifest(Machine& machine) {
  RecordingOptions options = ZipOptions(machine);
  options.outputs[0].manifest_path = "recording.json";
  options.outputs[0].multivariant_path = "master.m3u8";
  auto recorder = machine.Open(std::move(options));
  std::vector<Packet> packets;
  for (int i = 0; i < 100; ++i) {
    packets.push_back(VideoPacket(i, i % 50 == 0, 0, i < 50 ? 640 : 320));
  }
  machine.Push(*recorder, packets);
  machine.fails = [](const std::string& key) {
    return key == "recording.json";
  };
  recorder->Finish();
  CHECK(!recorder->Wait().status.ok());
  recorder = nullptr;
  machine.simulation = nullptr;
  machine.Start();
  machine.fails = nullptr;
}

TEST_CASE("vod: who resumes knows of all formats, and makes the same again") {
  Machine machine;
  EndWithoutManifest(machine);
  const std::string zip = machine.sink->Text(kZip);
  const std::string master = machine.sink->Text("master.m3u8");
  REQUIRE(!zip.empty());
  CHECK(master.find("RESOLUTION=640x") != std::string::npos);
  CHECK(ResumeOnly(machine).status.ok());
  CHECK(machine.sink->Text(kZip) == zip);
  CHECK(machine.sink->Text("master.m3u8") == master);
  CheckSpoolIsEmpty(machine);
}

TEST_CASE("vod: an archive that knew less is replaced by who resumes") {
  Machine machine;
  EndWithoutManifest(machine);
  const std::string zip = machine.sink->Text(kZip);
  machine.sink->Put({.key = kZip,
                     .body = MakeStringBody("of fewer segments"),
                     .content_type = "application/zip"},
                    [](const Status&) {});
  CHECK(ResumeOnly(machine).status.ok());
  CHECK(machine.sink->Text(kZip) == zip);
  CheckSpoolIsEmpty(machine);
}

TEST_CASE("vod: who discards makes nothing, and keeps nothing") {
  Machine machine;
  auto recorder = machine.Open(ZipOptions(machine));
  machine.Push(*recorder, Stream(5, 50, false));
  machine.simulation->Advance(seconds(2));
  machine.Kill(recorder);
  machine.Start();
  const auto owed = ListInterrupted(machine.simulation->runtime());
  REQUIRE(owed->size() == 1);
  CHECK(Discard(machine.simulation->runtime(), owed->front().id).ok());
  CHECK(!machine.sink->objects().contains(kZip));
  CheckSpoolIsEmpty(machine);
}

TEST_CASE("vod: what a full spool drops is a gap, after what is stored") {
  spool::FileSpoolOptions spool;
  spool.max_bytes = 64 << 10;
  Machine machine(spool);
  RecordingOptions options = ZipOptions(machine);
  options.spool_full = WhenSpoolFull::kDropOldest;
  auto recorder = machine.Open(std::move(options));
  std::vector<Packet> packets;
  for (const Packet& packet : Stream(20, 50, false)) {
    packets.push_back(Lengthened(packet, 400));
  }
  machine.Push(*recorder, packets);
  machine.simulation->Advance(seconds(2));
  recorder->Finish();
  const RecordingResult result = recorder->Wait();
  INFO(result.status.message());
  CHECK(result.status.ok());
  CHECK(result.progress.segments_lost == 0);
  CHECK(MarksOf(*machine.sink, 'A') == Numbers(500));
  const Entries entries = Unzip(machine.sink->Text(kZip));
  const auto segments = Listed(entries).segments;
  CHECK(segments.size() == 10);
  CHECK(segments.front().gap);
  CHECK(!segments.back().gap);
  CheckSpoolIsEmpty(machine);
}

TEST_CASE("vod: each rendition has a list and an MP4") {
  Machine machine;
  RecordingOptions options = ZipOptions(machine);
  options.tracks = {VideoTrack(0, 320), VideoTrack(1, 640)};
  options.renditions = {{.name = "small", .tracks = {0}},
                        {.name = "large", .tracks = {1}}};
  OutputOptions& output = options.outputs[0];
  output.container = Container::kFmp4;
  output.segment_path = "cam/{rendition}/{seq}.{ext}";
  output.init_path = "cam/{rendition}/init-{hash}.mp4";
  output.playlists = {{.path = "cam/{rendition}/index.m3u8"}};
  output.multivariant_path = "cam/all.m3u8";
  output.movie_path = "cam/{rendition}.mp4";
  auto recorder = machine.Open(std::move(options));
  for (std::int64_t i = 0; i < 125; ++i) {
    machine.Push(*recorder, {VideoPacket(i, i % 50 == 0)});
    REQUIRE(recorder->Push(VideoPacket(i, i % 50 == 0, 1, 640)).ok());
  }
  recorder->Finish();
  const RecordingResult result = recorder->Wait();
  INFO(result.status.message());
  REQUIRE(result.status.ok());
  const Entries entries = Unzip(machine.sink->Text(kZip));
  CHECK(entries.at("all.m3u8") == machine.sink->Text("cam/all.m3u8"));
  for (const std::string name : {"small", "large"}) {
    CHECK(Listed(entries, name + "/index.m3u8").segments.size() == 3);
    const std::string movie = machine.sink->Text("cam/" + name + ".mp4");
    // Progressive: the index is before the media.
    CHECK(movie.find("moov") < movie.find("mdat"));
    CHECK(MarksIn(movie, name == "small" ? 'A' : 'B') == Numbers(125));
  }
  const auto& made = result.outputs[0].made;
  REQUIRE(made.size() == 3);
  CHECK(made[2].kind == "movie");
  CHECK(made[2].key == "cam/large.mp4");
  CHECK(made[2].rendition == "large");
  CHECK(made[2].width == 640);
}

// What it was told of a recording's end, and whether all was stored by then.
class Receiver final : public Notifier {
 public:
  explicit Receiver(const MemorySink& sink) : sink_(sink) {}
  void Notify(Notification notification, Done done) override {
    if (notification.type == NotificationType::kRecordingSucceeded) {
      success = Json::parse(notification.data);
      stored_at_success =
          sink_.objects().contains(kZip) && sink_.objects().contains(kMovie);
    }
    done({});
  }
  std::string Describe() const override { return "receiver"; }

  Json success;
  bool stored_at_success = false;

 private:
  const MemorySink& sink_;
};

TEST_CASE("vod: success is told when all is stored, with what was made") {
  Machine machine;
  const auto receiver = std::make_shared<Receiver>(*machine.sink);
  RecordingOptions options = ZipAndMovieOptions(machine);
  options.notifiers = {{.notifier = receiver}};
  auto recorder = machine.Open(std::move(options));
  machine.Push(*recorder, Stream(3, 50, false));
  recorder->Finish();
  REQUIRE(recorder->Wait().status.ok());
  machine.simulation->Advance(seconds(1));
  CHECK(receiver->stored_at_success);
  const auto made = [&](const std::string& key) {
    return Json{{"output", "0"},
                {"sink", machine.faulty->Describe()},
                {"key", key},
                {"size_bytes", machine.sink->Text(key).size()}};
  };
  CHECK(receiver->success.at("archive") == made(kZip));
  Json movie = made(kMovie);
  movie["rendition"] = receiver->success.at("files").at(0).at("rendition");
  movie["layer"] = 0;
  movie["width"] = 320;
  movie["height"] = receiver->success.at("files").at(0).at("height");
  CHECK(receiver->success.at("files") == Json::array({movie}));
}

TEST_CASE("vod: what can't be made of a recording is refused at once") {
  Machine machine;
  const auto refused =
      [&](const std::function<void(RecordingOptions&)>& change) {
        RecordingOptions options = ZipOptions(machine);
        change(options);
        auto opened =
            Recorder::Open(machine.simulation->runtime(), std::move(options));
        return opened.status().message();
      };
  CHECK(refused([](auto& o) {
          o.outputs[0].archive_path = "{nobody}.zip";
        }).starts_with("outputs[0].archive_path: "));
  CHECK(refused([](auto& o) { o.outputs[0].movie_path = "index.m3u8"; }) ==
        "output 0: index.m3u8: what is made at the end has the name of another "
        "object: add {rendition} or another field to its path");
  CHECK(refused([](auto& o) { o.spool_full = WhenSpoolFull::kWait; }) ==
        "outputs[0].archive_path: spool_full: wait: no room comes before the "
        "end: use stop or drop-oldest");
  machine.sink->Put({.key = kZip,
                     .body = MakeStringBody("another's"),
                     .content_type = "application/zip"},
                    [](const Status&) {});
  CHECK(refused([](auto&) {}) ==
        "output 0: rec.zip: is there already: add {session}, {epoch_ms} or "
        "another field to its path");
  machine.simulation =
      std::make_unique<testing::SimulatedRuntime>(machine.clock);
  CHECK(refused([](auto&) {}) ==
        "outputs[0].archive_path: rec.zip: is made of what the spool keeps "
        "until the end: use a spool directory");
}

}  // namespace
}  // namespace hlsrec
