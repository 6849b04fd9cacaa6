#include "hlsrec/identity.h"

#include "hlsrec/recorder.h"
#include "hlsrec/resume.h"
#include "hlsrec/testing.h"
#include "src/record/plan_text.h"
#include "tests/catch.h"
#include "tests/record/synthetic.h"
#include "tests/temporary_directory.h"

namespace hlsrec {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::MemorySink;
using testing::SimulatedRuntime;

// Recording begins two seconds before 2026-01-02T00:00:00Z.
constexpr std::string_view kNames = "r1/20260101/1767311998000/";

struct Room {
  TemporaryDirectory directory;
  testing::ManualClock clock;
  std::shared_ptr<MemorySink> sink = std::make_shared<MemorySink>();
  std::unique_ptr<SimulatedRuntime> simulation;

  Room() {
    Start();
    simulation->Advance(std::chrono::hours(24) - seconds(2));
  }
  void Start() {
    auto created = SimulatedRuntime::Create(clock, directory.Path("spool"));
    REQUIRE(created.ok());
    simulation = std::move(created).value();
  }
  RecordingOptions Options() {
    RecordingOptions options{.stream = "cam", .session = "s"};
    options.tracks = {VideoTrack()};
    options.segment.target_duration = seconds(2);
    options.outputs.push_back({.sink = sink});
    options.outputs[0].segment_path =
        "{room_id}/{start_date}/{epoch_ms}/{seq}.{ext}";
    options.outputs[0].playlists = {{.path = "{room_id}.m3u8"}};
    options.identity.room_id = "r1";
    return options;
  }
};

TEST_CASE("identity: a resumed recording keeps the day and time it began") {
  Room room;
  auto recorder = Recorder::Open(room.simulation->runtime(), room.Options());
  REQUIRE(recorder.ok());
  for (const Packet& packet : Stream(5, 50, false)) {
    REQUIRE((*recorder)->Push(packet).ok());
    room.simulation->Advance(milliseconds(40));
  }
  room.simulation->Kill();
  *recorder = nullptr;
  room.simulation = nullptr;
  room.Start();
  room.simulation->Advance(seconds(60));

  SECTION("another identity is not this recording's") {
    RecordingOptions options = room.Options();
    options.identity.peer_id = "p2";
    const auto other = Recorder::Open(room.simulation->runtime(), options);
    CHECK(other.status().code() == StatusCode::kFailedPrecondition);
    CHECK(other.status().message().find("peer_id") != std::string::npos);
  }
  SECTION("it goes on under its names") {
    auto again = Recorder::Open(room.simulation->runtime(), room.Options());
    INFO(again.status().message());
    REQUIRE(again.ok());
    for (const Packet& packet : Stream(5, 50, false, 1000)) {
      REQUIRE((*again)->Push(packet).ok());
      room.simulation->Advance(milliseconds(40));
    }
    (*again)->Finish();
    CHECK((*again)->Wait().status.ok());
    std::size_t segments = 0;
    for (const std::string& key : room.sink->Keys()) {
      if (!key.ends_with(".ts")) continue;
      ++segments;
      CHECK(key.starts_with(kNames));
    }
    CHECK(segments >= 5);
  }
  SECTION("and is delivered under them by whoever resumes") {
    const auto sink = room.sink;
    const auto left = ListInterrupted(room.simulation->runtime());
    REQUIRE(left.ok());
    REQUIRE(left->size() == 1);
    const auto resumed = Resume(room.simulation->runtime(), left->front().id,
                                {.open_sink = [sink](const std::string&) {
                                  return StatusOr<std::shared_ptr<Sink>>(sink);
                                }});
    REQUIRE(resumed.ok());
    CHECK(resumed->status.ok());
    for (const std::string& key : room.sink->Keys()) {
      if (key.ends_with(".ts")) {
        CHECK(key.starts_with(kNames));
      }
    }
  }
}

TEST_CASE("identity: fields of its names set it, unless they contradict it") {
  Room room;
  RecordingOptions options = room.Options();
  options.identity.room_id.clear();
  options.fields = {{"room_id", "r9"}};
  SECTION("taken") {
    auto recorder = Recorder::Open(room.simulation->runtime(), options);
    REQUIRE(recorder.ok());
    for (const Packet& packet : Stream(3, 50, false)) {
      REQUIRE((*recorder)->Push(packet).ok());
    }
    (*recorder)->Finish();
    CHECK((*recorder)->Wait().outputs[0].playlists ==
          std::vector<std::string>{"r9.m3u8"});
  }
  SECTION("refused") {
    options.identity.room_id = "r1";
    const auto recorder = Recorder::Open(room.simulation->runtime(), options);
    CHECK(recorder.status().message().find("fields.room_id") !=
          std::string::npos);
  }
  SECTION("missing") {
    options.fields.clear();
    const auto recorder = Recorder::Open(room.simulation->runtime(), options);
    CHECK(recorder.status().code() == StatusCode::kInvalidArgument);
    CHECK(recorder.status().message().find("{room_id}") != std::string::npos);
  }
}

// Notifications are asked for by it, and an empty one asks for all.
TEST_CASE("identity: a recording of an older journal has an id, too") {
  record::RecordingPlan plan;
  plan.options.stream = "cam";
  plan.run = "r1";
  REQUIRE(record::LoadPlan(record::SavePlan(plan)).ok());
  CHECK(record::LoadPlan(record::SavePlan(plan))->id == "r1");
  plan.id = "i1";
  CHECK(record::LoadPlan(record::SavePlan(plan))->id == "i1");
}

}  // namespace
}  // namespace hlsrec
