// Segments that wait for an output for too long, or that no output takes.
#include "hlsrec/recorder.h"
#include "hlsrec/testing.h"
#include "src/base/file.h"
#include "src/playlist/parse.h"
#include "src/spool/spool.h"
#include "tests/catch.h"
#include "tests/record/synthetic.h"
#include "tests/temporary_directory.h"

namespace hlsrec {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::MemorySink;
using testing::SimulatedRuntime;

class Log final : public Observer {
 public:
  void OnEvent(const Event& event) override { events.push_back(event); }
  [[nodiscard]] std::vector<Event> Of(EventType type) const {
    std::vector<Event> found;
    for (const Event& event : events) {
      if (event.type == type) found.push_back(event);
    }
    return found;
  }
  std::vector<Event> events;
};

// A recording whose sink stands still, or refuses segments, while told.
struct Stage {
  TemporaryDirectory directory;
  testing::ManualClock clock;
  std::unique_ptr<SimulatedRuntime> simulation;
  std::shared_ptr<Log> log = std::make_shared<Log>();
  std::shared_ptr<MemorySink> memory = std::make_shared<MemorySink>();
  bool stalls = false;
  bool refuses = false;
  std::shared_ptr<testing::FaultySink> sink =
      std::make_shared<testing::FaultySink>(
          memory, [this](std::uint64_t, const std::string& key) {
            testing::FaultySink::Decision decision;
            if (stalls) decision.fault = testing::Fault::kStall;
            if (refuses && key.ends_with(".ts")) {
              decision.fault = testing::Fault::kFail;
              decision.status = Status(StatusCode::kInvalidArgument, "refused");
            }
            return decision;
          });

  explicit Stage(spool::FileSpoolOptions spool) {
    spool.directory = directory.Path("spool");
    auto created = SimulatedRuntime::Create(
        clock, [&](RuntimeCore& core, std::unique_ptr<spool::Spool>& out) {
          auto opened = spool::OpenFileSpool(core, PosixFileSystem(), spool);
          if (opened.ok()) out = std::move(opened).value();
          return opened.status();
        });
    REQUIRE(created.ok());
    simulation = std::move(created).value();
  }
  std::unique_ptr<Recorder> Open(WhenSpoolFull when) {
    RecordingOptions options{.stream = "cam", .session = "s"};
    options.tracks = {VideoTrack()};
    options.segment.target_duration = seconds(2);
    options.outputs.push_back({.sink = sink});
    options.outputs[0].segment_path = "{seq}.{ext}";
    options.outputs[0].playlists = {{.path = "index.m3u8"}};
    options.spool_full = when;
    options.max_pending_bytes = 50000;
    options.observer = log;
    auto recorder = Recorder::Open(simulation->runtime(), std::move(options));
    REQUIRE(recorder.ok());
    return std::move(recorder).value();
  }
  // How many of them were taken.
  std::size_t Push(Recorder& recorder, const std::vector<Packet>& packets) {
    std::size_t taken = 0;
    for (const Packet& packet : packets) {
      if (recorder.Push(packet).ok()) ++taken;
      simulation->Advance(milliseconds(40));
    }
    return taken;
  }
  void Heal() {
    stalls = refuses = false;
    sink->Release();
    simulation->Advance(seconds(10));
  }
  [[nodiscard]] std::vector<bool> Gaps() const {
    const auto parsed = playlist::ParsePlaylist(memory->Text("index.m3u8"));
    REQUIRE(parsed.ok());
    std::vector<bool> gaps;
    for (const auto& segment : parsed->media.segments) {
      gaps.push_back(segment.gap);
    }
    return gaps;
  }
};

TEST_CASE("spool age: a recording stops when a segment waits for too long") {
  Stage stage({.max_age = seconds(20)});
  auto recorder = stage.Open(WhenSpoolFull::kStop);
  stage.Push(*recorder, Stream(4, 25, false));
  stage.stalls = true;
  const auto rest = Stream(40, 25, false, 100);
  CHECK(stage.Push(*recorder, rest) < rest.size());
  stage.Heal();
  const RecordingResult result = recorder->Wait();
  CHECK(result.status.code() == StatusCode::kResourceExhausted);
  CHECK(result.status.message().find(
            "has waited for its output for more than 20 s") !=
        std::string::npos);
  // In good order: all that was taken is there.
  CHECK(result.outputs.at(0).status.ok());
  CHECK(result.outputs.at(0).missing.empty());
  CHECK(stage.memory->Text("index.m3u8").ends_with("#EXT-X-ENDLIST\n"));
}

TEST_CASE("spool age: who waits keeps what is late, and says so") {
  Stage stage({.max_age = seconds(20)});
  auto recorder = stage.Open(WhenSpoolFull::kWait);
  stage.Push(*recorder, Stream(4, 25, false));
  CHECK_FALSE(recorder->progress().spool_full);
  stage.stalls = true;
  const auto rest = Stream(40, 25, false, 100);
  CHECK(stage.Push(*recorder, rest) == rest.size());
  const auto told = stage.log->Of(EventType::kSpoolFull);
  REQUIRE(told.size() == 1);
  CHECK(told[0].status.message().find("for more than 20 s") !=
        std::string::npos);
  static_cast<void>(recorder->progress());
  stage.simulation->RunUntilIdle();
  CHECK(recorder->progress().spool_full);
  stage.Heal();
  CHECK(stage.log->Of(EventType::kSpoolRoom).size() == 1);
  recorder->Finish();
  const RecordingResult result = recorder->Wait();
  CHECK(result.status.ok());
  CHECK_FALSE(result.progress.spool_full);
  CHECK(result.progress.segments_lost == 0);
}

TEST_CASE("spool age: the late are given up as gaps") {
  Stage stage({.max_age = seconds(20)});
  auto recorder = stage.Open(WhenSpoolFull::kDropOldest);
  stage.Push(*recorder, Stream(4, 25, false));
  stage.stalls = true;
  const auto rest = Stream(40, 25, false, 100);
  CHECK(stage.Push(*recorder, rest) == rest.size());
  stage.Heal();
  recorder->Finish();
  const RecordingResult result = recorder->Wait();
  INFO(result.status.message());
  CHECK(result.status.ok());
  // 20 s are ten segments; some time passes between two looks.
  CHECK(result.progress.segments_lost >= 8);
  CHECK(result.progress.segments_lost <= 12);
  const std::vector<bool> gaps = stage.Gaps();
  REQUIRE(gaps.size() == 22);
  CHECK_FALSE(gaps[0]);
  CHECK(gaps[3]);
  CHECK_FALSE(gaps[21]);
}

TEST_CASE("spool full: who waits for what nobody takes is told, and can end") {
  Stage stage({.max_bytes = 200000});
  auto recorder = stage.Open(WhenSpoolFull::kWait);
  stage.Push(*recorder, Stream(4, 25, false));
  stage.refuses = true;
  const auto rest = Stream(200, 25, false, 100);
  CHECK(stage.Push(*recorder, rest) < rest.size());
  static_cast<void>(recorder->progress());
  stage.simulation->RunUntilIdle();
  CHECK(recorder->progress().spool_full);
  const auto told = stage.log->Of(EventType::kSpoolFull);
  REQUIRE(told.size() == 2);
  CHECK(told[0].count == 0);
  CHECK(told[1].count > 0);
  CHECK(told[1].status.message().find("refused for good fill it") !=
        std::string::npos);
  recorder->Finish();
  const RecordingResult result = recorder->Wait();
  CHECK(result.status.code() == StatusCode::kDeadlineExceeded);
  // What follows it may be adopted: no end yet.
  CHECK_FALSE(stage.memory->Text("index.m3u8").ends_with("#EXT-X-ENDLIST\n"));
}

TEST_CASE("spool full: what nobody takes makes room, too") {
  Stage stage({.max_bytes = 200000});
  auto recorder = stage.Open(WhenSpoolFull::kDropOldest);
  stage.Push(*recorder, Stream(4, 25, false));
  stage.refuses = true;
  const auto rest = Stream(200, 25, false, 100);
  CHECK(stage.Push(*recorder, rest) == rest.size());
  CHECK(stage.log->Of(EventType::kPacketsDropped).empty());
  recorder->Abort();
  recorder->Wait();
}

}  // namespace
}  // namespace hlsrec
