// When outputs are written to, and what becomes of those that others replace.
#include <filesystem>
#include <set>

#include "hlsrec/recorder.h"
#include "hlsrec/resume.h"
#include "hlsrec/testing.h"
#include "src/playlist/parse.h"
#include "tests/catch.h"
#include "tests/record/machine.h"
#include "tests/record/synthetic.h"

namespace hlsrec {
namespace {

using std::chrono::seconds;
using testing::Fault;
using testing::FaultySink;

// A recording to a folder, and to a server that is away while told.
struct Studio : Machine {
  bool away = false;
  bool full = false;  // no segment is taken
  std::shared_ptr<testing::MemorySink> server = sink;
  std::shared_ptr<FaultySink> front = std::make_shared<FaultySink>(
      server, [this](std::uint64_t, const std::string& key) {
        FaultySink::Decision decision;
        if (away) decision.fault = Fault::kFail;
        if (full && key == "1.ts") {
          decision = {Fault::kFail, Status(StatusCode::kInvalidArgument, "no")};
        }
        return decision;
      });

  ~Studio() override { simulation = nullptr; }
  OutputOptions Output(const std::string& id, std::shared_ptr<Sink> into) {
    OutputOptions output{.id = id, .sink = std::move(into)};
    output.segment_path = "{seq}.{ext}";
    output.init_path = "init-{hash}.mp4";
    output.playlists = {{.path = "index.m3u8"}};
    return output;
  }
  std::shared_ptr<Sink> Folder() {
    auto folder =
        OpenFileSink(simulation->runtime(), {.root = directory.Path("folder")});
    REQUIRE(folder.ok());
    return *folder;
  }
  RecordingOptions Options() {
    RecordingOptions options = CameraOptions(front);
    options.outputs.clear();
    options.finish_timeout = seconds(10);
    return options;
  }
  RecordingOptions AtEnd() {
    RecordingOptions options = Options();
    options.outputs = {Output("server", front)};
    options.outputs[0].delivery = Delivery::kAtEnd;
    return options;
  }
  RecordingOptions DeleteLocal(Container container = Container::kAuto) {
    RecordingOptions options = Options();
    options.outputs = {Output("folder", Folder()), Output("server", front)};
    options.outputs[0].delete_once_stored_by = {"server"};
    for (auto& output : options.outputs) output.container = container;
    return options;
  }
  std::string Refusal(RecordingOptions options) {
    return Recorder::Open(simulation->runtime(), std::move(options))
        .status()
        .message();
  }
  StatusOr<RecordingResult> ResumeAll() {
    const auto all = ListInterrupted(simulation->runtime());
    REQUIRE(all.ok());
    REQUIRE(all->size() == 1);
    return Resume(simulation->runtime(), all->front().id,
                  {.open_sink = [this](const std::string& description)
                       -> StatusOr<std::shared_ptr<Sink>> {
                     if (description == "memory:") {
                       return std::shared_ptr<Sink>(front);
                     }
                     return Folder();
                   },
                   .finish_timeout = seconds(10)});
  }
  [[nodiscard]] std::size_t SegmentsAtServer() const {
    const auto parsed = playlist::ParsePlaylist(server->Text("index.m3u8"));
    REQUIRE(parsed.ok());
    CHECK(parsed->media.end_list.present());
    for (const auto& segment : parsed->media.segments) {
      CHECK_FALSE(segment.gap);
      CHECK_FALSE(server->Text(segment.uri).empty());
    }
    return parsed->media.segments.size();
  }
  [[nodiscard]] std::set<std::string> Local() const {
    std::set<std::string> names;
    std::error_code ignored;
    for (const auto& entry : std::filesystem::directory_iterator(
             directory.Path("folder"), ignored)) {
      names.insert(entry.path().filename().string());
    }
    return names;
  }
  [[nodiscard]] bool SpoolIsGone() {
    simulation = nullptr;
    return !std::filesystem::exists(directory.Path("spool"));
  }
};

TEST_CASE("at the end: the server sees nothing of a recording before") {
  Studio studio;
  auto recorder = studio.Open(studio.AtEnd());
  studio.Push(*recorder, Stream(7, 50, false));
  CHECK(studio.server->Keys().empty());
  CHECK(recorder->progress().backlog_objects == 3);
  CHECK(recorder->progress().backlog_bytes > 0);
  recorder->Finish();
  const RecordingResult result = recorder->Wait();
  CHECK(result.status.ok());
  CHECK(studio.SegmentsAtServer() == 4);
  recorder = nullptr;
  CHECK(studio.SpoolIsGone());
}

TEST_CASE("at the end: a killed recording goes on, or is delivered") {
  for (const bool goes_on : {true, false}) {
    Studio studio;
    auto recorder = studio.Open(studio.AtEnd());
    studio.Push(*recorder, Stream(7, 50, false));
    studio.Kill(recorder);
    CHECK(studio.server->Keys().empty());
    studio.Start();
    if (goes_on) {
      recorder = studio.Open(studio.AtEnd());
      studio.Push(*recorder, Stream(4, 50, false, 250));
      CHECK(studio.server->Keys().empty());
      recorder->Finish();
      CHECK(recorder->Wait().status.ok());
      CHECK(studio.SegmentsAtServer() == 6);
      recorder = nullptr;
    } else {
      const auto result = studio.ResumeAll();
      REQUIRE(result.ok());
      CHECK(result->status.ok());
      CHECK(studio.SegmentsAtServer() == 4);
    }
    CHECK(studio.SpoolIsGone());
  }
}

TEST_CASE("at the end: what a dead server did not take is delivered later") {
  Studio studio;
  auto recorder = studio.Open(studio.AtEnd());
  studio.Push(*recorder, Stream(7, 50, false));
  studio.away = true;
  recorder->Finish();
  const RecordingResult result = recorder->Wait();
  CHECK_FALSE(result.status.ok());
  CHECK(result.outputs[0].missing.size() >= 4);
  CHECK(studio.server->Keys().empty());
  recorder = nullptr;
  studio.simulation = nullptr;
  studio.away = false;
  studio.Start();
  const auto resumed = studio.ResumeAll();
  REQUIRE(resumed.ok());
  CHECK(resumed->status.ok());
  CHECK(studio.SegmentsAtServer() == 4);
  CHECK(studio.SpoolIsGone());
}

TEST_CASE("at the end: while objects go in nobody gives up") {
  Studio studio;
  int calls = 0;
  // Each is stored at its third attempt, a second or more after its first.
  const auto slow = std::make_shared<FaultySink>(
      studio.server, [&calls](std::uint64_t, const std::string& key) {
        FaultySink::Decision decision;
        if (key.ends_with(".ts") && ++calls % 3 != 0) {
          decision.fault = Fault::kFail;
          decision.status = Status(StatusCode::kUnavailable, "slow")
                                .WithRetryAfter(seconds(1));
        }
        return decision;
      });
  RecordingOptions options = studio.AtEnd();
  options.outputs[0].sink = slow;
  options.finish_timeout = seconds(5);
  auto recorder = studio.Open(std::move(options));
  studio.Push(*recorder, Stream(40, 50, false));
  const auto ended = studio.clock.Steady();
  recorder->Finish();
  CHECK(recorder->Wait().status.ok());
  CHECK(studio.SegmentsAtServer() == 20);
  CHECK(studio.clock.Steady() - ended > seconds(5));
}

TEST_CASE("at the end: what makes no sense is refused") {
  Studio studio;
  RecordingOptions options = studio.AtEnd();
  options.outputs[0].playlists.push_back(
      {.path = "live.m3u8", .policy = LiveWindow()});
  CHECK(studio.Refusal(std::move(options)) ==
        "outputs[0].delivery: at the end: live.m3u8: a live window would lose "
        "its segments unseen: use event or vod");
  options = studio.AtEnd();
  options.spool_full = WhenSpoolFull::kWait;
  CHECK(studio.Refusal(std::move(options)) ==
        "outputs[0].delivery: at the end: spool_full: wait: no room comes "
        "before the end: use stop or drop-oldest");
  studio.simulation = nullptr;
  studio.spool.max_age = seconds(60);
  studio.Start();
  CHECK(studio.Refusal(studio.AtEnd()) ==
        "outputs[0].delivery: at the end: spool_max_age: 60000 ms: segments "
        "wait for as long as the recording lasts: use none");
}

TEST_CASE("delete once stored: the folder goes when the server has all") {
  for (const Container container : {Container::kMpegTs, Container::kFmp4}) {
    Studio studio;
    auto recorder = studio.Open(studio.DeleteLocal(container));
    studio.Push(*recorder, Stream(7, 50, false));
    CHECK(studio.Local().contains("index.m3u8"));
    std::filesystem::create_directories(studio.directory.Path("folder"));
    // Not ours.
    REQUIRE(
        std::filesystem::copy_file(studio.directory.Path("folder/index.m3u8"),
                                   studio.directory.Path("folder/copy.m3u8")));
    recorder->Finish();
    CHECK(recorder->Wait().status.ok());
    CHECK(studio.SegmentsAtServer() == 4);
    CHECK(studio.Local() == std::set<std::string>{"copy.m3u8"});
    recorder = nullptr;
    CHECK(studio.SpoolIsGone());
  }
}

TEST_CASE("delete once stored: nothing goes before the server has its end") {
  Studio studio;
  auto recorder = studio.Open(studio.DeleteLocal(Container::kFmp4));
  studio.Push(*recorder, Stream(7, 50, false));
  studio.away = true;
  recorder->Finish();
  CHECK_FALSE(recorder->Wait().status.ok());
  CHECK(studio.Local().size() == 6);  // with the init section
  recorder = nullptr;
  studio.simulation = nullptr;
  studio.away = false;
  studio.Start();
  const auto resumed = studio.ResumeAll();
  REQUIRE(resumed.ok());
  CHECK(resumed->status.ok());
  CHECK(studio.SegmentsAtServer() == 4);
  // Not even what an earlier run stored is left.
  CHECK(studio.Local().empty());
  CHECK(studio.SpoolIsGone());
}

TEST_CASE("delete once stored: a gap at the server keeps the folder") {
  Studio studio;
  studio.full = true;
  auto recorder = studio.Open(studio.DeleteLocal());
  studio.Push(*recorder, Stream(7, 50, false));
  recorder->Finish();
  CHECK_FALSE(recorder->Wait().status.ok());
  CHECK(studio.Local().size() == 5);
}

TEST_CASE("delete once stored: killed at any task, all is in one place") {
  // The end of a recording, cut after each number of tasks.
  bool ended = false;
  for (int tasks = 0; !ended; tasks += 5) {
    Studio studio;
    auto recorder = studio.Open(studio.DeleteLocal());
    studio.Push(*recorder, Stream(5, 50, false));
    recorder->Finish();
    studio.simulation->RunTasks(tasks);
    const auto local = studio.Local();
    if (!local.contains("index.m3u8") || !local.contains("0.ts")) {
      CHECK(studio.SegmentsAtServer() == 3);
    }
    studio.Kill(recorder);
    studio.Start();
    if (ListInterrupted(studio.simulation->runtime())->empty()) {
      CHECK(local.empty());
      ended = true;
      continue;
    }
    const auto resumed = studio.ResumeAll();
    REQUIRE(resumed.ok());
    CHECK(resumed->status.ok());
    CHECK(studio.SegmentsAtServer() == 3);
    CHECK(studio.Local().empty());
  }
}

TEST_CASE("delete once stored: what is removed is, before its lease goes") {
  for (const bool resumed : {false, true}) {
    Studio studio;
    const auto local = std::make_shared<testing::MemorySink>();
    RecordingOptions options = studio.Options();
    options.outputs = {studio.Output("local", local),
                       studio.Output("server", studio.front)};
    options.outputs[0].delete_once_stored_by = {"server"};
    options.outputs[0].segment_path = "{seq}-{run}.{ext}";
    options.outputs[0].if_exists = IfPlaylistExists::kTakeOver;
    auto recorder = studio.Open(std::move(options));
    studio.Push(*recorder, Stream(7, 50, false));
    if (resumed) {
      studio.Kill(recorder);
      studio.Start();
      const auto all = ListInterrupted(studio.simulation->runtime());
      REQUIRE(all.ok());
      REQUIRE(all->size() == 1);
      int sinks = 0;
      const auto result = Resume(
          studio.simulation->runtime(), all->front().id,
          {.open_sink =
               [&](const std::string&) -> StatusOr<std::shared_ptr<Sink>> {
             if (sinks++ == 0) return std::shared_ptr<Sink>(local);
             return std::shared_ptr<Sink>(studio.front);
           },
           .finish_timeout = seconds(60)});
      REQUIRE(result.ok());
      CHECK(result->status.ok());
    } else {
      recorder->Finish();
      CHECK(recorder->Wait().status.ok());
    }
    CHECK(studio.SegmentsAtServer() == 4);
    // The lease's object alone, and the last call is its release.
    const auto keys = local->Keys();
    REQUIRE(keys.size() == 1);
    CHECK(local->log().back().key == keys.front());
  }
}

TEST_CASE("delete once stored: what makes no sense is refused") {
  Studio studio;
  RecordingOptions options = studio.DeleteLocal();
  options.outputs[0].delete_once_stored_by = {"other"};
  CHECK(studio.Refusal(std::move(options)) ==
        "outputs[0].delete_once_stored_by: other: no other output");
  options = studio.DeleteLocal();
  options.outputs[0].delete_once_stored_by = {"folder"};
  CHECK(studio.Refusal(std::move(options)) ==
        "outputs[0].delete_once_stored_by: folder: no other output");
  options = studio.DeleteLocal();
  options.outputs[1].delete_once_stored_by = {"folder"};
  CHECK(studio.Refusal(std::move(options)) ==
        "outputs[0].delete_once_stored_by: server: is removed itself");
  options = studio.DeleteLocal();
  options.outputs[0].delete_after_end = seconds(1);
  CHECK(studio.Refusal(std::move(options)) ==
        "outputs[0].delete_once_stored_by: delete_after_end removes it, too: "
        "choose one");

  options = studio.DeleteLocal();
  options.outputs[0].delete_once_stored_by.clear();
  auto recorder = studio.Open(std::move(options));
  studio.Push(*recorder, Stream(5, 50, false));
  recorder->Finish();
  CHECK(recorder->Wait().status.ok());
  options = studio.DeleteLocal();
  for (auto& output : options.outputs) {
    output.if_exists = IfPlaylistExists::kAppend;
  }
  CHECK(studio.Refusal(std::move(options)) ==
        "outputs[0].delete_once_stored_by: index.m3u8: holds segments of "
        "earlier recordings, of which this one does not know enough: keep it, "
        "or use another session");
}

}  // namespace
}  // namespace hlsrec
