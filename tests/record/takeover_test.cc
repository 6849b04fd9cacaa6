// A second machine goes on with what a first one recorded: two runtimes with a
// spool of their own each, one sink, one time. Who is not advanced stands still
// as after SIGSTOP.
#include <set>

#include "hlsrec/recorder.h"
#include "hlsrec/resume.h"
#include "hlsrec/testing.h"
#include "tests/catch.h"
#include "tests/record/machine.h"
#include "tests/record/synthetic.h"

namespace hlsrec {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Fault;
using testing::FaultySink;
using testing::MemorySink;

constexpr seconds kLease{6};

struct World {
  testing::ManualClock clock;
  std::shared_ptr<MemorySink> store = std::make_shared<MemorySink>();

  [[nodiscard]] playlist::MediaPlaylist Playlist(
      const std::string& key = "index.m3u8") const {
    return ListIn(*store, key);
  }
  // Every segment that is listed and no gap is there.
  void RequireWhole(const std::string& key = "index.m3u8") const {
    std::set<std::string> uris;
    for (const auto& segment : Playlist(key).segments) {
      INFO(segment.uri);
      CHECK(uris.insert(segment.uri).second);
      if (!segment.gap) CHECK_FALSE(store->Text(segment.uri).empty());
    }
  }
  [[nodiscard]] std::vector<std::int64_t> Marks() const {
    return MarksOf(*store, 'A');
  }
};

// One of the machines.
struct Site : Machine {
  World& world;
  // Of its calls to the store.
  FaultySink::Decide decide = [](std::uint64_t, const std::string&) {
    return FaultySink::Decision();
  };
  std::shared_ptr<Sink> way = std::make_shared<FaultySink>(
      world.store, [this](std::uint64_t call, const std::string& key) {
        return decide(call, key);
      });

  explicit Site(World& in) : Machine(in.clock), world(in) {}
  ~Site() override { simulation = nullptr; }
  [[nodiscard]] RecordingOptions Options() const {
    RecordingOptions options = CameraOptions(way);
    options.session = {};
    options.outputs[0].segment_path = "{run}-{seq:06}.{ext}";
    options.outputs[0].if_exists = IfPlaylistExists::kTakeOver;
    options.outputs[0].lease = kLease;
    return options;
  }
  StatusOr<std::unique_ptr<Recorder>> TryOpen(RecordingOptions options) const {
    return Recorder::Open(simulation->runtime(), std::move(options));
  }
  [[nodiscard]] std::unique_ptr<Recorder> Open() const {
    return Machine::Open(Options());
  }
};

std::string RunOf(const std::string& uri) { return uri.substr(0, 8); }

TEST_CASE("takeover: names that two machines can't share are refused") {
  World world;
  const Site machine(world);
  const auto refused = [&](const std::function<void(RecordingOptions&)>& spoil,
                           const std::string& why) {
    RecordingOptions options = machine.Options();
    spoil(options);
    const auto opened = machine.TryOpen(std::move(options));
    INFO(opened.status().message());
    CHECK(opened.status().code() == StatusCode::kInvalidArgument);
    CHECK(opened.status().message().find(why) != std::string::npos);
  };
  refused([](auto& o) { o.outputs[0].segment_path = "{seq}.{ext}"; },
          "outputs[0].segment_path: {seq}.{ext}: takeover needs {run} in it");
  refused([](auto& o) { o.outputs[0].playlists[0].path = "{session}.m3u8"; },
          "outputs[0].playlists[0].path: {session}.m3u8: {session} is another "
          "on each machine: takeover wants one name: set session");
  refused([](auto& o) { o.outputs[0].playlists[0].path = "{time}.m3u8"; },
          "{time} is another on each machine");
  refused([](auto& o) { o.outputs[0].playlists[0].path = "{run}.m3u8"; },
          "{run} is another on each machine");
  refused([](auto& o) { o.outputs[0].multivariant_path = "{epoch_s}.m3u8"; },
          "outputs[0].multivariant_path: {epoch_s}.m3u8");
  refused([](auto& o) { o.outputs[0].playlists[0].policy = VodList(); },
          "tells another machine nothing until it ends");
  refused([](auto& o) { o.outputs[0].delete_after_end = seconds(1); },
          "outputs[0].delete_after_end");
  refused([](auto& o) { o.outputs[0].lease = milliseconds(10); },
          "outputs[0].lease: 10 ms: want 1000 to");
  CHECK(world.store->Keys().empty());
}

TEST_CASE("takeover: a stopped machine finds its recording taken over") {
  World world;
  Site first(world);
  auto recorder = first.Open();
  first.Push(*recorder, Stream(5, 25, false));
  // Owed from here on: nothing but segments fails.
  first.decide = [](std::uint64_t, const std::string& key) {
    return key.ends_with(".ts") ? FaultySink::Decision{Fault::kFail}
                                : FaultySink::Decision();
  };
  first.Push(*recorder, Stream(5, 25, false, 125));
  const std::string before = world.store->Text("index.m3u8");
  const std::size_t listed = world.Playlist().segments.size();
  CHECK(listed == 2);
  // It stands still from here.

  Site second(world);
  auto taken = second.Open();
  second.Push(*taken, Stream(5, 25, false, 1000));
  const std::string after = world.store->Text("index.m3u8");
  CHECK(after.starts_with(before));
  const auto objects = world.store->objects();

  // And goes on, with a sink that takes everything.
  first.decide = [](std::uint64_t, const std::string&) {
    return FaultySink::Decision();
  };
  first.simulation->Advance(seconds(5));
  RecordingResult result = recorder->Wait();
  INFO(result.status.message());
  CHECK(result.status.code() == StatusCode::kConflict);
  CHECK(result.status.message().find("another machine records here: run ") !=
        std::string::npos);
  CHECK_FALSE(result.outputs[0].missing.empty());
  // Nothing that the second one wrote is another, and no list is older.
  for (const auto& [key, bytes] : objects) {
    INFO(key);
    if (key != "index.m3u8.lease-1") CHECK(world.store->Text(key) == bytes);
  }

  taken->Finish();
  result = taken->Wait();
  INFO(result.status.message());
  CHECK(result.status.ok());
  const auto list = world.Playlist();
  CHECK(list.end_list.present());
  world.RequireWhole();
  REQUIRE(list.segments.size() > listed);
  CHECK(list.segments[listed].discontinuity);
  CHECK(RunOf(list.segments[listed].uri) != RunOf(list.segments[0].uri));
  CHECK(list.segments[listed].uri.substr(9) == "000002.ts");
  const auto marks = world.Marks();
  CHECK(std::set<std::int64_t>(marks.begin(), marks.end()).size() ==
        marks.size());
  CHECK(marks.back() == 1124);
}

TEST_CASE("takeover: numbers go on behind what was stored and not listed") {
  World world;
  Site first(world);
  auto recorder = first.Open();
  first.Push(*recorder, Stream(5, 25, false));
  first.decide = [](std::uint64_t, const std::string& key) {
    return key.ends_with(".m3u8") ? FaultySink::Decision{Fault::kFail}
                                  : FaultySink::Decision();
  };
  first.Push(*recorder, Stream(4, 25, false, 125));
  CHECK(world.Playlist().segments.size() == 2);
  const std::string run = RunOf(world.Playlist().segments[0].uri);
  REQUIRE_FALSE(world.store->Text(run + "-000003.ts").empty());
  REQUIRE(world.store->Text(run + "-000004.ts").empty());

  Site second(world);
  auto taken = second.Open();
  second.Push(*taken, Stream(3, 25, false, 1000));
  const auto list = world.Playlist();
  REQUIRE(list.segments.size() == 3);
  CHECK(list.segments[2].uri.substr(8) == "-000004.ts");
  world.RequireWhole();
  first.Kill(recorder);
}

TEST_CASE("takeover: a machine that lives is not taken over") {
  World world;
  Site first(world);
  auto recorder = first.Open();
  first.Push(*recorder, Stream(5, 25, false));
  Site second(world);
  // Time passes for both.
  second.decide = [&](std::uint64_t, const std::string&) {
    first.simulation->RunUntilIdle();
    return FaultySink::Decision();
  };
  const auto refused = second.TryOpen(second.Options());
  INFO(refused.status().message());
  CHECK(refused.status().code() == StatusCode::kConflict);
  CHECK(refused.status().message().find("another machine records there") !=
        std::string::npos);
  first.Push(*recorder, Stream(5, 25, false, 125));
  recorder->Finish();
  CHECK(recorder->Wait().status.ok());
  // It has ended in good order: nobody waits.
  const auto now = world.clock.Steady();
  auto after = second.TryOpen(second.Options());
  REQUIRE(after.ok());
  CHECK(world.clock.Steady() - now < kLease / 2);
  (*after)->Abort();
  (*after)->Wait().status.Ignore("it was aborted");
}

TEST_CASE("takeover: a beat just before the claim makes the claimant wait") {
  World world;
  Site first(world);
  auto recorder = first.Open();
  first.Push(*recorder, Stream(5, 25, false));
  Site second(world);
  std::optional<std::chrono::steady_clock::time_point> claimed;
  // The claim's put, told from the looks by what is there afterwards.
  bool woken = false;
  world.store->OnChange([&] {
    if (woken || world.store->Text("index.m3u8.lease-2").empty()) return;
    woken = true;
    claimed = world.clock.Steady();
    // As if its beat had been on its way since before.
    std::string beat = world.store->Text("index.m3u8.lease-1");
    const std::size_t at = beat.find("\"beat\":") + 7;
    beat.insert(at, "9");
    world.store->Put({.key = "index.m3u8.lease-1",
                      .body = MakeStringBody(beat),
                      .content_type = "application/json"},
                     [](const Status& status) { CHECK(status.ok()); });
  });
  const auto taken = second.TryOpen(second.Options());
  REQUIRE(taken.ok());
  REQUIRE(woken);
  CHECK(world.clock.Steady() - *claimed >= kLease);
  first.Kill(recorder);
}

TEST_CASE("takeover: of two that claim at once the one that is replaced goes") {
  World world;
  Site machine(world);
  // A store without conditions: another's claim takes our place unseen.
  bool replaced = false;
  world.store->OnChange([&] {
    if (std::exchange(replaced, true)) return;
    world.store->Put({.key = "index.m3u8.lease-1",
                      .body = MakeStringBody(
                          "{\"hlsrec_lease\":1,\"run\":\"other\",\"beat\":0,"
                          "\"lease_ms\":6000,\"released\":false}"),
                      .content_type = "application/json"},
                     [](const Status& status) { CHECK(status.ok()); });
  });
  const auto opened = machine.TryOpen(machine.Options());
  CHECK(opened.status().code() == StatusCode::kConflict);
  CHECK(world.store->Keys() == std::vector<std::string>{"index.m3u8.lease-1"});
}

TEST_CASE("takeover: the same machine goes on at once, as the same run") {
  World world;
  Site machine(world);
  auto recorder = machine.Open();
  machine.Push(*recorder, Stream(5, 25, false));
  const std::string run = RunOf(world.Playlist().segments[0].uri);
  machine.Kill(recorder);
  machine.Start();
  const auto now = world.clock.Steady();
  recorder = machine.Open();
  CHECK(world.clock.Steady() - now < seconds(1));
  machine.Push(*recorder, Stream(5, 25, false, 125));
  recorder->Finish();
  CHECK(recorder->Wait().status.ok());
  for (const auto& segment : world.Playlist().segments) {
    CHECK(RunOf(segment.uri) == run);
  }
  CHECK(world.store->Text("index.m3u8.lease-2").empty());
  world.RequireWhole();
}

TEST_CASE(
    "takeover: who was taken over can take over again, and says what is "
    "left") {
  World world;
  Site first(world);
  auto recorder = first.Open();
  first.Push(*recorder, Stream(5, 25, false));
  first.Kill(recorder);
  Site second(world);
  auto taken = second.Open();
  second.Push(*taken, Stream(3, 25, false, 1000));

  // What is owed can't be listed any more.
  first.Start();
  auto left = ListInterrupted(first.simulation->runtime());
  REQUIRE(left.ok());
  REQUIRE(left->size() == 1);
  const ResumeOptions options{
      .open_sink = [&](const std::string&) { return first.way; }};
  auto resumed = Resume(first.simulation->runtime(), left->front().id, options);
  CHECK(resumed.status().code() == StatusCode::kConflict);
  CHECK(resumed.status().message().find("stays in the spool") !=
        std::string::npos);
  second.Kill(taken);
  recorder = first.Open();
  first.Push(*recorder, Stream(3, 25, false, 2000));
  recorder->Finish();
  const RecordingResult result = recorder->Wait();
  INFO(result.status.message());
  CHECK(result.status.ok());
  world.RequireWhole();
  std::set<std::string> runs;
  for (const auto& segment : world.Playlist().segments) {
    runs.insert(RunOf(segment.uri));
  }
  CHECK(runs.size() == 3);
  CHECK(world.Playlist().discontinuity_sequence.value == 0);
  left = ListInterrupted(first.simulation->runtime());
  REQUIRE(left.ok());
  CHECK(left->size() == 1);
}

TEST_CASE("takeover: lists that ended at different lengths are made even") {
  World world;
  const auto options = [](const Site& machine) {
    RecordingOptions wanted = machine.Options();
    wanted.tracks.push_back(AudioTrack());
    wanted.renditions = {{.name = "video", .tracks = {0}},
                         {.name = "audio", .tracks = {1}}};
    OutputOptions& output = wanted.outputs[0];
    output.segment_path = "{rendition}-{run}-{seq:06}.{ext}";
    output.init_path = "{rendition}-init-{hash}.mp4";
    output.playlists = {{.path = "{rendition}.m3u8"}};
    output.multivariant_path = "all.m3u8";
    return wanted;
  };
  Site first(world);
  auto opened = first.TryOpen(options(first));
  REQUIRE(opened.ok());
  first.Push(**opened, Stream(5, 25, true));
  // It dies between the two.
  first.decide = [](std::uint64_t, const std::string& key) {
    return key == "audio.m3u8" ? FaultySink::Decision{Fault::kFail}
                               : FaultySink::Decision();
  };
  first.Push(**opened, Stream(3, 25, true, 125));
  const std::string before = world.store->Text("audio.m3u8");
  REQUIRE(world.Playlist("video.m3u8").segments.size() ==
          world.Playlist("audio.m3u8").segments.size() + 1);

  Site second(world);
  auto taken = second.TryOpen(options(second));
  INFO(taken.status().message());
  REQUIRE(taken.ok());
  second.Push(**taken, Stream(5, 25, true, 1000));
  (*taken)->Finish();
  CHECK((*taken)->Wait().status.ok());
  CHECK(world.store->Text("audio.m3u8").starts_with(before));
  const auto video = world.Playlist("video.m3u8").segments;
  const auto audio = world.Playlist("audio.m3u8").segments;
  REQUIRE(video.size() == audio.size());
  std::size_t gaps = 0;
  for (std::size_t i = 0; i < video.size(); ++i) {
    INFO(i);
    CHECK(video[i].discontinuity == audio[i].discontinuity);
    CHECK(video[i].sequence == audio[i].sequence);
    if (audio[i].gap) ++gaps;
  }
  CHECK(gaps == 1);
  world.RequireWhole("video.m3u8");
  world.RequireWhole("audio.m3u8");
  first.simulation->Kill();
}

TEST_CASE("takeover: who is taken over while it resumes says so") {
  World world;
  Site first(world);
  auto recorder = first.Open();
  first.Push(*recorder, Stream(5, 25, false));
  first.Kill(recorder);
  first.Start();
  const auto left = ListInterrupted(first.simulation->runtime());
  REQUIRE(left.ok());
  REQUIRE(left->size() == 1);
  bool claimed = false;
  first.decide = [&](std::uint64_t, const std::string& key) {
    if (key.find("lease") != std::string::npos) return FaultySink::Decision();
    if (!std::exchange(claimed, true)) {
      world.store->Put({.key = "index.m3u8.lease-2",
                        .body = MakeStringBody(
                            "{\"hlsrec_lease\":1,\"run\":\"other\",\"beat\":"
                            "0,\"lease_ms\":6000,\"released\":false}"),
                        .content_type = "application/json"},
                       [](const Status& status) { CHECK(status.ok()); });
    }
    return FaultySink::Decision{Fault::kFail};
  };
  const auto result =
      Resume(first.simulation->runtime(), left->front().id,
             {.open_sink = [&](const std::string&) { return first.way; }});
  CHECK(claimed);
  REQUIRE(result.ok());
  INFO(result->status.message());
  CHECK(result->status.code() == StatusCode::kConflict);
}

}  // namespace
}  // namespace hlsrec
