// A recording whose journal is lost goes on from its playlists and files.
#include <filesystem>
#include <fstream>
#include <set>

#include "hlsrec/recorder.h"
#include "hlsrec/resume.h"
#include "hlsrec/testing.h"
#include "src/base/runtime_core.h"
#include "src/playlist/parse.h"
#include "src/spool/spool.h"
#include "tests/catch.h"
#include "tests/record/synthetic.h"
#include "tests/temporary_directory.h"

namespace hlsrec {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::MemorySink;
using testing::SimulatedRuntime;

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
  [[nodiscard]] fs::path journal() const {
    return directory.Path("spool") + "/journal.db";
  }
  [[nodiscard]] const spool::Recovered& recovered() const {
    return simulation->runtime()->core().spool().recovered();
  }

  std::unique_ptr<Recorder> Open(Container container) {
    RecordingOptions options{.stream = "cam", .session = "s"};
    options.tracks = {VideoTrack()};
    options.segment.target_duration = seconds(2);
    options.segment.max_gop = seconds(2);
    options.outputs.push_back({.sink = sink,
                               .container = container,
                               .segment_path = "{seq}.{ext}",
                               .init_path = "init-{hash}.mp4"});
    options.outputs[0].playlists = {
        {.path = "index.m3u8"},
        {.path = "live.m3u8", .policy = LiveWindow({.segments = 3})}};
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
  [[nodiscard]] playlist::MediaPlaylist Playlist(const std::string& key) const {
    const auto parsed = playlist::ParsePlaylist(sink->Text(key));
    REQUIRE(parsed.ok());
    REQUIRE(parsed->findings.empty());
    return parsed->media;
  }
};

enum class Damage { kRemoved, kNoDatabase, kTorn };

void Spoil(const fs::path& journal, Damage damage) {
  const fs::path log = journal.string() + "-wal";
  switch (damage) {
    case Damage::kRemoved:
      fs::remove(journal);
      fs::remove(log);
      break;
    case Damage::kNoDatabase: {
      std::ofstream(journal) << std::string(8192, 'x');
      break;
    }
    case Damage::kTorn: {
      // The tables' pages, once the log is in the file.
      fs::remove(log);
      std::fstream file(journal);
      file.seekp(100);
      file << std::string(3000, '\xff');
      break;
    }
  }
}

TEST_CASE("lost journal: the recording goes on from its playlists") {
  const Container container = GENERATE(Container::kMpegTs, Container::kFmp4);
  const Damage damage =
      GENERATE(Damage::kRemoved, Damage::kNoDatabase, Damage::kTorn);
  CAPTURE(static_cast<int>(container), static_cast<int>(damage));
  Studio studio;
  auto recorder = studio.Open(container);
  studio.Push(*recorder, Stream(7, 25, false));
  const std::string before = studio.sink->Text("index.m3u8");
  const auto listed = studio.Playlist("index.m3u8");
  REQUIRE(listed.segments.size() == 3);
  studio.Kill(recorder);
  Spoil(studio.journal(), damage);

  studio.Start();
  CHECK_FALSE(studio.recovered().notes.empty());
  CHECK(studio.recovered().adopted.size() == 1);
  const bool aside = fs::exists(studio.journal().string() + ".damaged-1");
  CHECK(aside == (damage == Damage::kNoDatabase || damage == Damage::kTorn));
  const auto left = ListInterrupted(studio.simulation->runtime());
  REQUIRE(left.ok());
  REQUIRE(left->size() == 1);
  CHECK(left->front().journal_lost);

  recorder = studio.Open(container);
  studio.simulation->RunUntilIdle();
  // What was open is adopted, with its number.
  CHECK(studio.sink->Text("index.m3u8").starts_with(before));
  REQUIRE(studio.Playlist("index.m3u8").segments.size() == 4);
  CHECK(studio.Playlist("index.m3u8").segments[3].uri.starts_with("3."));
  studio.Push(*recorder, Stream(4, 25, false, 250));
  // Another death: by now the journal knows what it needs.
  const std::string second = studio.sink->Text("index.m3u8");
  studio.Kill(recorder);
  studio.Start();
  CHECK_FALSE(
      ListInterrupted(studio.simulation->runtime())->front().journal_lost);
  recorder = studio.Open(container);
  studio.Push(*recorder, Stream(4, 25, false, 500));
  recorder->Finish();
  const RecordingResult result = recorder->Wait();
  INFO(result.status.message());
  CHECK(result.status.ok());
  CHECK(studio.sink->Text("index.m3u8").starts_with(second));
  const auto list = studio.Playlist("index.m3u8");
  CHECK(list.end_list.present());
  CHECK(list.target_duration.value == listed.target_duration.value);
  std::set<std::string> uris;
  for (const auto& segment : list.segments) {
    CHECK_FALSE(segment.gap);
    CHECK(uris.insert(segment.uri).second);
    CHECK(segment.map.has_value() == (container == Container::kFmp4));
  }
  CHECK(studio.Playlist("live.m3u8").end_list.present());
}

TEST_CASE("lost journal: resuming delivers what was found and ends the lists") {
  Studio studio;
  auto recorder = studio.Open(Container::kMpegTs);
  studio.Push(*recorder, Stream(7, 25, false));
  const std::string before = studio.sink->Text("index.m3u8");
  studio.Kill(recorder);
  Spoil(studio.journal(), Damage::kRemoved);
  studio.Start();
  const auto left = ListInterrupted(studio.simulation->runtime());
  REQUIRE(left->size() == 1);
  const auto result =
      Resume(studio.simulation->runtime(), left->front().id,
             {.open_sink = [&](const std::string&) {
               return StatusOr<std::shared_ptr<Sink>>(studio.sink);
             }});
  REQUIRE(result.ok());
  CHECK(result->status.ok());
  CHECK(studio.sink->Text("index.m3u8").starts_with(before));
  const auto list = studio.Playlist("index.m3u8");
  CHECK(list.segments.size() == 4);
  CHECK(list.end_list.present());
  CHECK(ListInterrupted(studio.simulation->runtime())->empty());
}

}  // namespace
}  // namespace hlsrec
