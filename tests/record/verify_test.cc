// Recordings read again, as they are and as something has become of them.
#include "hlsrec/verify.h"

#include <map>

#include "hlsrec/recorder.h"
#include "hlsrec/testing.h"
#include "tests/catch.h"
#include "tests/record/synthetic.h"
#include "tests/temporary_directory.h"

namespace hlsrec {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::FaultySink;
using testing::MemorySink;
using testing::SimulatedRuntime;

struct Archive {
  TemporaryDirectory directory;
  testing::ManualClock clock;
  std::shared_ptr<MemorySink> sink = std::make_shared<MemorySink>();
  std::unique_ptr<SimulatedRuntime> simulation;

  Archive() {
    auto created = SimulatedRuntime::Create(clock, directory.Path("spool"));
    REQUIRE(created.ok());
    simulation = std::move(created).value();
  }
  RecordingOptions Options(const std::string& stream = "cam") {
    RecordingOptions options{.stream = stream, .session = "s"};
    options.tracks = {VideoTrack(), AudioTrack()};
    options.segment.target_duration = seconds(2);
    options.segment.max_gop = seconds(2);
    options.outputs.push_back({.sink = sink, .container = Container::kFmp4});
    const auto layout = FindLayout("default");
    REQUIRE(layout.ok());
    options.outputs[0].manifest_path = layout->manifest;
    return options;
  }
  std::unique_ptr<Recorder> Open(RecordingOptions options) {
    auto recorder = Recorder::Open(simulation->runtime(), std::move(options));
    INFO(recorder.status().message());
    REQUIRE(recorder.ok());
    return std::move(recorder).value();
  }
  void Record(RecordingOptions options) {
    auto recorder = Open(std::move(options));
    for (const Packet& packet : Stream(7, 50, true)) {
      REQUIRE(recorder->Push(packet).ok());
      simulation->Advance(milliseconds(20));
    }
    recorder->Finish();
    CHECK(recorder->Wait().status.ok());
  }
  void Put(const std::string& key, std::string bytes) const {
    sink->Put({.key = key,
               .body = MakeStringBody(std::move(bytes)),
               .content_type = "x/y"},
              [](const Status& status) { CHECK(status.ok()); });
  }
  void Remove(const std::string& key) const {
    sink->Remove(key, [](const Status& status) { CHECK(status.ok()); });
  }
  // "problem key" of each.
  std::vector<std::string> Findings(
      const std::string& key = "cam/s/recording.json",
      std::shared_ptr<Sink> in = {}) {
    if (in == nullptr) in = sink;
    const auto report = VerifyRecording(*simulation->runtime(), *in, key);
    INFO(report.status().message());
    REQUIRE(report.ok());
    CHECK(report->problems == report->findings.size());
    std::vector<std::string> findings;
    for (const VerifyFinding& finding : report->findings) {
      findings.push_back(std::string(VerifyProblemName(finding.problem)) + " " +
                         finding.key);
    }
    return findings;
  }
};

using Found = std::vector<std::string>;

TEST_CASE("verify: what was recorded is as the manifest says") {
  Archive archive;
  archive.Record(archive.Options());
  VerifyProgress last;
  int told = 0;
  VerifyOptions options{.parallel = 3};
  options.on_progress = [&](const VerifyProgress& progress) {
    ++told;
    CHECK(progress.objects == last.objects + 1);
    last = progress;
  };
  const auto report =
      VerifyRecording(*archive.simulation->runtime(), *archive.sink,
                      "cam/s/recording.json", options);
  REQUIRE(report.ok());
  CHECK(report->findings.empty());
  CHECK(report->listed);
  CHECK(report->unhashed == 0);
  CHECK(report->objects == archive.sink->Keys().size() - 1);
  CHECK(last.objects == last.objects_total);
  CHECK(last.bytes == last.bytes_total);
  CHECK(last.bytes == report->bytes);
  CHECK(told == static_cast<int>(report->objects));
  CHECK(report->state == RecordingState::kCompleted);
}

// A store that counts what it was given, and tells the count as an ETag.
class VersionedSink final : public Sink {
 public:
  explicit VersionedSink(std::shared_ptr<MemorySink> inner)
      : inner_(std::move(inner)) {}
  void Put(PutRequest request, Done done) override {
    const std::string key = request.key;
    const auto told = request.on_etag;
    inner_->Put(std::move(request), [this, key, told, done](Status status) {
      if (status.ok()) etags[key] = std::to_string(++version_);
      if (status.ok() && told) told(etags[key]);
      done(std::move(status));
    });
  }
  void Get(std::string key, std::uint64_t max_bytes, GetDone done) override {
    inner_->Get(std::move(key), max_bytes, std::move(done));
  }
  void Remove(std::string key, Done done) override {
    inner_->Remove(std::move(key), std::move(done));
  }
  void List(std::string prefix, ListDone done) override {
    inner_->List(std::move(prefix), std::move(done));
  }
  void Stat(std::string key, StatDone done) override {
    done(ObjectInfo{.key = key, .etag = etags[key]});
  }
  std::string Describe() const override { return "versioned:"; }

  std::map<std::string, std::string> etags;

 private:
  const std::shared_ptr<MemorySink> inner_;
  int version_ = 0;
};

TEST_CASE("verify: is stopped between two objects") {
  Archive archive;
  archive.Record(archive.Options());
  int read = 0;
  VerifyOptions options{.parallel = 1};
  options.on_progress = [&](const VerifyProgress&) { ++read; };
  options.stop = [&] { return read == 3; };
  const auto report =
      VerifyRecording(*archive.simulation->runtime(), *archive.sink,
                      "cam/s/recording.json", options);
  CHECK(report.status().code() == StatusCode::kCancelled);
  CHECK(read == 3);
}

TEST_CASE("verify: another ETag is found where nobody knows a hash") {
  Archive archive;
  const bool hashed = GENERATE(true, false);
  if (!hashed) {
    archive.simulation = std::make_unique<SimulatedRuntime>(archive.clock);
  }
  const auto sink = std::make_shared<VersionedSink>(archive.sink);
  RecordingOptions options = archive.Options();
  options.outputs[0].sink = sink;
  archive.Record(std::move(options));
  const std::string manifest = "cam/s/recording.json";
  CHECK(archive.Findings(manifest, sink).empty());
  // Replaced by as many bytes.
  const std::string key = "cam/s/000001.m4s";
  sink->etags[key] = "other";
  CHECK(archive.Findings(manifest, sink) ==
        (hashed ? Found{} : Found{"content " + key}));
}

TEST_CASE("verify: one bit of any object is found") {
  Archive archive;
  archive.Record(archive.Options());
  for (const auto& [key, bytes] : archive.sink->objects()) {
    if (key.ends_with(".json")) continue;
    INFO(key);
    std::string flipped = bytes;
    flipped[flipped.size() / 2] ^= 1;
    archive.Put(key, flipped);
    CHECK(archive.Findings() == Found{"content " + key});
    archive.Put(key, bytes);
  }
  CHECK(archive.Findings().empty());
}

TEST_CASE("verify: what is cut short, grown, missing or extra is found") {
  Archive archive;
  archive.Record(archive.Options());
  const std::string key = "cam/s/000001.m4s";
  const std::string bytes = archive.sink->Text(key);
  REQUIRE_FALSE(bytes.empty());
  SECTION("cut short") {
    archive.Put(key, bytes.substr(0, bytes.size() - 1));
    CHECK(archive.Findings() == Found{"size " + key});
  }
  SECTION("empty") {
    archive.Put(key, "");
    CHECK(archive.Findings() == Found{"size " + key});
  }
  SECTION("grown") {
    archive.Put(key, bytes + "x");
    CHECK(archive.Findings() == Found{"size " + key});
  }
  SECTION("missing") {
    archive.Remove(key);
    CHECK(archive.Findings() == Found{"missing " + key});
  }
  SECTION("extra") {
    archive.Put("cam/s/000009.m4s", "x");
    CHECK(archive.Findings() == Found{"extra cam/s/000009.m4s"});
  }
  SECTION("somebody else's is not") {
    archive.Put("cam/other", "x");
    archive.Put("cam/s/.hlsrec-spool/journal.db", "x");
    archive.Put("cam/s/index.m3u8.lease-1", "x");
    archive.Record(archive.Options("second"));
    CHECK(archive.Findings().empty());
  }
  SECTION("a manifest that names less") {
    std::string text = archive.sink->Text("cam/s/recording.json");
    const std::size_t line = text.find("\n    {\"key\": \"" + key);
    REQUIRE(line != std::string::npos);
    text.erase(line, text.find('\n', line + 1) - line);
    archive.Put("cam/s/recording.json", text);
    CHECK(archive.Findings() == Found{"unnamed " + key, "extra " + key});
  }
  SECTION("a playlist that names more") {
    const std::string list = archive.sink->Text("cam/s/index.m3u8");
    archive.Put("cam/s/000009.m4s", "x");
    std::string more = list;
    more.insert(more.find("#EXT-X-ENDLIST"), "#EXTINF:2.000000,\n000009.m4s\n");
    archive.Put("cam/s/index.m3u8", more);
    CHECK(archive.Findings() ==
          Found{"size cam/s/index.m3u8", "extra cam/s/000009.m4s"});
  }
}

TEST_CASE("verify: a folder may have moved") {
  Archive archive;
  archive.Record(archive.Options());
  const auto moved = std::make_shared<MemorySink>();
  SECTION("with its root") {
    for (const auto& [key, bytes] : archive.sink->objects()) {
      moved->Put({.key = "backup/" + key,
                  .body = MakeStringBody(bytes),
                  .content_type = "x/y"},
                 [](const Status&) {});
    }
    CHECK(archive.Findings("backup/cam/s/recording.json", moved).empty());
  }
  SECTION("alone") {
    for (const auto& [key, bytes] : archive.sink->objects()) {
      moved->Put({.key = key.substr(std::string("cam/s/").size()),
                  .body = MakeStringBody(bytes),
                  .content_type = "x/y"},
                 [](const Status&) {});
    }
    CHECK(archive.Findings("recording.json", moved).empty());
  }
}

TEST_CASE("verify: recordings that share a folder are told apart") {
  Archive archive;
  for (const std::string stream : {"cam", "cam1", "cam-1"}) {
    RecordingOptions options = archive.Options(stream);
    options.outputs[0].segment_path = "{stream}-{seq:06}.{ext}";
    options.outputs[0].init_path = "{stream}-init-{hash}.mp4";
    options.outputs[0].playlists = {{.path = "{stream}.m3u8"}};
    options.outputs[0].manifest_path = "{stream}_recording.json";
    archive.Record(std::move(options));
  }
  for (const std::string stream : {"cam", "cam1", "cam-1"}) {
    CHECK(archive.Findings(stream + "_recording.json").empty());
  }
  archive.Put("cam1-000007.m4s", "x");
  CHECK(archive.Findings("cam_recording.json").empty());
  CHECK(archive.Findings("cam1_recording.json") ==
        Found{"extra cam1-000007.m4s"});
  const auto found =
      FindManifests(*archive.simulation->runtime(), *archive.sink, "");
  REQUIRE(found.ok());
  CHECK(found->size() == 3);
}

TEST_CASE("verify: playlists as gzip are compared by their text") {
  Archive archive;
  RecordingOptions options = archive.Options();
  options.outputs[0].playlist_encoding = PlaylistEncoding::kGzip;
  archive.Record(std::move(options));
  CHECK(archive.Findings().empty());
}

TEST_CASE("verify: what an earlier recording stored is counted, not judged") {
  Archive archive;
  archive.Record(archive.Options());
  RecordingOptions options = archive.Options();
  options.outputs[0].if_exists = IfPlaylistExists::kAppend;
  archive.Record(std::move(options));
  const auto report = VerifyRecording(*archive.simulation->runtime(),
                                      *archive.sink, "cam/s/recording.json");
  REQUIRE(report.ok());
  CHECK(report->findings.empty());
  CHECK(report->earlier == 4);
}

TEST_CASE("verify: a store that stumbles is asked again") {
  Archive archive;
  archive.Record(archive.Options());
  int stumbles = 3;
  const auto faulty = std::make_shared<FaultySink>(
      archive.sink,
      [&](std::uint64_t, const std::string& key) -> FaultySink::Decision {
        if (!key.ends_with("000001.m4s") || stumbles-- <= 0) return {};
        return {.fault = testing::Fault::kFail};
      });
  CHECK(archive.Findings("cam/s/recording.json", faulty).empty());
  stumbles = 100;
  CHECK(archive.Findings("cam/s/recording.json", faulty) ==
        Found{"unreadable cam/s/000001.m4s"});
}

TEST_CASE("verify: what never was stored is missing, and gaps are not") {
  Archive archive;
  RecordingOptions options = archive.Options();
  options.outputs[0].sink = std::make_shared<FaultySink>(
      archive.sink,
      [](std::uint64_t, const std::string& key) -> FaultySink::Decision {
        if (!key.ends_with("000001.m4s")) return {};
        return {.fault = testing::Fault::kFail,
                .status = Status(StatusCode::kInvalidArgument, "no")};
      });
  auto recorder = archive.Open(std::move(options));
  for (const Packet& packet : Stream(7, 50, true)) {
    REQUIRE(recorder->Push(packet).ok());
    archive.simulation->Advance(milliseconds(20));
  }
  recorder->Finish();
  CHECK_FALSE(recorder->Wait().status.ok());
  CHECK(archive.Findings() == Found{"missing cam/s/000001.m4s"});
}

TEST_CASE("verify: what is no ended recording's manifest is refused") {
  Archive archive;
  const auto code = [&](const std::string& key) {
    return VerifyRecording(*archive.simulation->runtime(), *archive.sink, key)
        .status()
        .code();
  };
  CHECK(code("cam/s/recording.json") == StatusCode::kNotFound);
  auto recorder = archive.Open(archive.Options());
  archive.simulation->Advance(milliseconds(100));
  CHECK(code("cam/s/recording.json") == StatusCode::kFailedPrecondition);
  archive.Put("x.json", "{\"version\": 2}");
  CHECK(code("x.json") == StatusCode::kFailedPrecondition);
  for (const std::string text :
       {"", "{", "[]", "{}", "7", "{\"version\": 1}",
        "{\"version\": 1, \"objects\": [{\"key\": 7, \"kind\": \"x\"}]}"}) {
    INFO(text);
    archive.Put("x.json", text);
    CHECK(code("x.json") == StatusCode::kDataLoss);
  }
}

}  // namespace
}  // namespace hlsrec
