// A recording whose journal is lost, or went back when the power failed, goes
// on from its playlists and files.
#include <fmt/format.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <set>
#include <vector>

#include "hlsrec/recorder.h"
#include "hlsrec/resume.h"
#include "hlsrec/testing.h"
#include "src/base/runtime_core.h"
#include "src/playlist/parse.h"
#include "src/spool/spool.h"
#include "tests/catch.h"
#include "tests/record/machine.h"
#include "tests/record/synthetic.h"

namespace hlsrec {
namespace {

namespace fs = std::filesystem;
using std::chrono::seconds;
using testing::MemorySink;

struct Studio : Machine {
  std::vector<PlaylistOptions> playlists = {
      {.path = "index.m3u8"},
      {.path = "live.m3u8", .policy = LiveWindow({.segments = 3})}};
  // Lists everything at its end; there where it is set.
  std::shared_ptr<Sink> archive;

  explicit Studio(Durability durability = Durability::kSegment)
      : Machine({.durability = durability, .boot = "a"}) {}
  [[nodiscard]] fs::path journal() const {
    return spool.directory + "/journal.db";
  }
  [[nodiscard]] const spool::Recovered& recovered() const {
    return simulation->runtime()->core().spool().recovered();
  }

  std::unique_ptr<Recorder> Open(Container container) {
    RecordingOptions options = CameraOptions(faulty);
    options.outputs[0].container = container;
    options.outputs[0].playlists = playlists;
    if (archive != nullptr) {
      options.outputs.push_back(options.outputs[0]);
      options.outputs[1].sink = archive;
      options.outputs[1].playlists = {
          {.path = "vod.m3u8", .policy = VodList()}};
    }
    return Machine::Open(std::move(options));
  }
  [[nodiscard]] playlist::MediaPlaylist Playlist(const std::string& key) const {
    return Parse(sink->Text(key));
  }
  [[nodiscard]] static playlist::MediaPlaylist Parse(const std::string& text) {
    const auto parsed = playlist::ParsePlaylist(text);
    REQUIRE(parsed.ok());
    REQUIRE(parsed->findings.empty());
    return parsed->media;
  }
  // The lists that follow each other, and what they name, in order.
  [[nodiscard]] std::vector<std::string> RotatedSegments() const {
    std::map<std::uint64_t, playlist::MediaPlaylist> lists;
    for (const std::string& key : sink->Keys()) {
      if (!key.starts_with("list-")) continue;
      const auto list = Playlist(key);
      CHECK(list.end_list.present());
      lists.emplace(list.media_sequence.value, list);
    }
    std::vector<std::string> segments;
    for (const auto& [first, list] : lists) {
      for (const auto& segment : list.segments) {
        segments.push_back((segment.gap ? "gap " : "") + segment.uri);
      }
    }
    return segments;
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

TEST_CASE("lost journal: what was sealed and waits is delivered") {
  const Container container = GENERATE(Container::kMpegTs, Container::kFmp4);
  Studio studio;
  auto recorder = studio.Open(container);
  studio.Push(*recorder, Stream(3, 25, false));
  studio.fails = [](const std::string& key) {
    return !key.starts_with("init");
  };
  studio.Push(*recorder, Stream(6, 25, false, 75));
  const std::string before = studio.sink->Text("index.m3u8");
  REQUIRE(studio.Playlist("index.m3u8").segments.size() == 1);
  studio.Kill(recorder);
  studio.fails = {};
  Spoil(studio.journal(), Damage::kRemoved);

  studio.Start();
  recorder = studio.Open(container);
  recorder->Finish();
  const RecordingResult result = recorder->Wait();
  INFO(result.status.message());
  CHECK(result.status.ok());
  CHECK(studio.sink->Text("index.m3u8").starts_with(before));
  const auto list = studio.Playlist("index.m3u8");
  REQUIRE(list.segments.size() == 5);
  for (const auto& segment : list.segments) CHECK_FALSE(segment.gap);
}

TEST_CASE("lost journal: what was stored and never listed is a gap") {
  Studio studio;
  auto recorder = studio.Open(Container::kMpegTs);
  studio.Push(*recorder, Stream(3, 25, false));
  studio.fails = [](const std::string& key) { return key.ends_with("m3u8"); };
  studio.Push(*recorder, Stream(6, 25, false, 75));
  const std::string before = studio.sink->Text("index.m3u8");
  REQUIRE(studio.Playlist("index.m3u8").segments.size() == 1);
  const std::string second = studio.sink->Text("1.ts");
  REQUIRE_FALSE(second.empty());
  studio.Kill(recorder);
  studio.fails = {};
  Spoil(studio.journal(), Damage::kRemoved);

  studio.Start();
  recorder = studio.Open(Container::kMpegTs);
  studio.Push(*recorder, Stream(3, 25, false, 225));
  recorder->Finish();
  recorder->Wait();
  CHECK(studio.sink->Text("index.m3u8").starts_with(before));
  CHECK(studio.sink->Text("1.ts") == second);
  const auto list = studio.Playlist("index.m3u8");
  REQUIRE(list.segments.size() >= 6);
  CHECK(list.segments[1].gap);
  CHECK(list.segments[1].uri == "1.ts");
  CHECK_FALSE(list.segments[4].gap);  // was open
  CHECK_FALSE(list.segments.back().gap);
}

TEST_CASE("lost journal: a list that never was begins at the beginning") {
  Studio studio;
  auto recorder = studio.Open(Container::kMpegTs);
  studio.fails = [](const std::string& key) { return key.ends_with("m3u8"); };
  studio.Push(*recorder, Stream(7, 25, false));
  studio.Kill(recorder);
  studio.fails = {};
  Spoil(studio.journal(), Damage::kRemoved);

  studio.Start();
  recorder = studio.Open(Container::kMpegTs);
  recorder->Finish();
  recorder->Wait();
  const auto list = studio.Playlist("index.m3u8");
  CHECK(list.media_sequence.value == 0);
  REQUIRE(list.segments.size() == 4);
  CHECK(list.segments[0].uri == "0.ts");
  CHECK(list.segments[3].uri == "3.ts");
}

TEST_CASE("lost journal: a VOD list has what other lists name") {
  const Container container = GENERATE(Container::kMpegTs, Container::kFmp4);
  Studio studio;
  studio.playlists[1] = {.path = "vod.m3u8", .policy = VodList()};
  const auto archive = std::make_shared<MemorySink>();
  studio.archive = archive;
  auto recorder = studio.Open(container);
  studio.Push(*recorder, Stream(7, 25, false));
  studio.Kill(recorder);
  Spoil(studio.journal(), Damage::kRemoved);

  studio.Start();
  recorder = studio.Open(container);
  studio.Push(*recorder, Stream(4, 25, false, 250));
  // Another death: the journal knows it again.
  studio.Kill(recorder);
  studio.Start();
  recorder = studio.Open(container);
  recorder->Finish();
  const RecordingResult result = recorder->Wait();
  INFO(result.status.message());
  CHECK(result.status.ok());
  const auto event = studio.Playlist("index.m3u8");
  for (const auto& vod : {studio.Playlist("vod.m3u8"),
                          Studio::Parse(archive->Text("vod.m3u8"))}) {
    REQUIRE(vod.segments.size() == event.segments.size());
    for (std::size_t i = 0; i < vod.segments.size(); ++i) {
      INFO("segment " << i);
      CHECK_FALSE(vod.segments[i].gap);
      CHECK(vod.segments[i].uri == event.segments[i].uri);
      CHECK(vod.segments[i].duration.text == event.segments[i].duration.text);
      CHECK(vod.segments[i].map.has_value() == (container == Container::kFmp4));
    }
  }
}

TEST_CASE("lost journal: what another output lacks is a gap there") {
  Studio studio;
  const auto archive = std::make_shared<MemorySink>();
  studio.archive = archive;
  auto recorder = studio.Open(Container::kMpegTs);
  studio.Push(*recorder, Stream(7, 25, false));
  studio.Kill(recorder);
  Spoil(studio.journal(), Damage::kRemoved);
  archive->Remove("1.ts", [](const Status& status) { CHECK(status.ok()); });

  studio.Start();
  recorder = studio.Open(Container::kMpegTs);
  recorder->Finish();
  CHECK_FALSE(recorder->Wait().status.ok());
  const auto vod = Studio::Parse(archive->Text("vod.m3u8"));
  REQUIRE(vod.segments.size() == 4);
  for (std::size_t i = 0; i < vod.segments.size(); ++i) {
    CHECK(vod.segments[i].gap == (i == 1));
  }
}

TEST_CASE("lost journal: lists that follow each other go on") {
  const Container container = GENERATE(Container::kMpegTs, Container::kFmp4);
  // Into the middle of a list, or to where the next one begins.
  const int length = GENERATE(7, 9);
  const std::string name =
      GENERATE("list-{seq}.m3u8", "list-{segment_time:%H%M%S}.m3u8");
  CAPTURE(static_cast<int>(container), length, name);
  Studio studio;
  studio.playlists = {
      {.path = name, .policy = RotatingList({.period = seconds(4)})}};
  auto recorder = studio.Open(container);
  studio.Push(*recorder, Stream(length, 25, false));
  studio.Kill(recorder);
  Spoil(studio.journal(), Damage::kRemoved);

  studio.Start();
  recorder = studio.Open(container);
  studio.Push(*recorder, Stream(4, 25, false, 250));
  studio.Kill(recorder);
  studio.Start();
  recorder = studio.Open(container);
  studio.Push(*recorder, Stream(4, 25, false, 500));
  recorder->Finish();
  CHECK(recorder->Wait().status.ok());
  const std::string extension = container == Container::kFmp4 ? "m4s" : "ts";
  const std::vector<std::string> segments = studio.RotatedSegments();
  CHECK(segments.size() >= 8);
  for (std::size_t i = 0; i < segments.size(); ++i) {
    CHECK(segments[i] == fmt::format("{}.{}", i, extension));
  }
}

TEST_CASE("power loss: a journal that went back reuses no number") {
  Studio studio(Durability::kNone);
  auto recorder = studio.Open(Container::kMpegTs);
  studio.Push(*recorder, Stream(5, 25, false));
  studio.simulation->RunUntilIdle();
  // As the disk had it then.
  const std::string old = studio.directory.Path("old");
  fs::copy(studio.spool.directory, old);
  studio.Push(*recorder, Stream(6, 25, false, 125));
  const std::string before = studio.sink->Text("index.m3u8");
  const auto listed = studio.Playlist("index.m3u8").segments.size();
  REQUIRE(listed == 5);
  studio.Kill(recorder);
  fs::remove_all(studio.spool.directory);
  fs::copy(old, studio.spool.directory);
  studio.spool.boot = "b";

  studio.Start();
  recorder = studio.Open(Container::kMpegTs);
  studio.Push(*recorder, Stream(4, 25, false, 275));
  recorder->Finish();
  const RecordingResult result = recorder->Wait();
  INFO(result.status.message());
  CHECK(studio.sink->Text("index.m3u8").starts_with(before));
  const auto list = studio.Playlist("index.m3u8");
  CHECK(list.segments.size() > listed);
  CHECK(list.end_list.present());
  CHECK_FALSE(list.segments[listed].gap);
  CHECK(list.segments[listed].uri == std::to_string(listed) + ".ts");
  CHECK(studio.Playlist("live.m3u8").end_list.present());
}

}  // namespace
}  // namespace hlsrec
