// Recordings to a web server that is away for a minute, and for longer than the
// spool has room: whole minutes, by the test's clock.
#include <algorithm>

#include "hlsrec/recorder.h"
#include "hlsrec/resume.h"
#include "hlsrec/testing.h"
#include "src/base/file.h"
#include "src/base/runtime_core.h"
#include "src/net/transfer.h"
#include "src/playlist/parse.h"
#include "src/sink/http_sink.h"
#include "src/spool/spool.h"
#include "tests/catch.h"
#include "tests/record/published_log.h"
#include "tests/record/synthetic.h"
#include "tests/temporary_directory.h"

namespace hlsrec {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::SimulatedRuntime;

enum class Outage {
  kRefuses,  // no connection
  kStalls,   // nothing comes back for fifteen seconds
};

// A web server in memory, on the simulation's clock.
class WebServer final : public net::Transport {
 public:
  explicit WebServer(testing::ManualClock& clock) : clock_(clock) {}

  // Asks are answered on the executor of whoever asks now.
  void Serve(RuntimeCore& core) { executor_ = core.media(); }
  void GoAway(Outage outage) { outage_ = outage; }
  void ComeBack() { outage_.reset(); }

  void Start(net::TransferRequest request, Done done) override {
    const bool stalls = outage_ == Outage::kStalls;
    executor_->PostAt(
        clock_.Steady() + (stalls ? milliseconds(15000) : milliseconds(20)),
        [this, stalls, request = std::move(request), done = std::move(done)] {
          if (stalls) {
            done(Status(StatusCode::kDeadlineExceeded, "web: too slow"));
          } else if (outage_) {
            done(Status(StatusCode::kUnavailable, "web: refused"));
          } else {
            done(Answer(request));
          }
        });
  }
  [[nodiscard]] const PublishedLog& log() const { return log_; }

 private:
  StatusOr<net::TransferResponse> Answer(const net::TransferRequest& request) {
    const std::string path = request.url.substr(std::string("http://w").size());
    if (request.method == "PUT") {
      std::string bytes(request.body->size(), '\0');
      Status status =
          request.body->ReadAt(0, std::as_writable_bytes(std::span(bytes)));
      if (!status.ok()) return status;
      log_.push_back({.path = path, .bytes = bytes});
      objects_[path] = std::move(bytes);
      return net::TransferResponse{.status = 201};
    }
    const auto found = objects_.find(path);
    if (found == objects_.end()) return net::TransferResponse{.status = 404};
    return net::TransferResponse{
        .status = 200,
        .body = request.method == "HEAD" ? std::string() : found->second};
  }

  testing::ManualClock& clock_;
  std::shared_ptr<Executor> executor_;
  std::optional<Outage> outage_;
  PublishedLog log_;
  std::map<std::string, std::string> objects_;
};

class Log final : public Observer {
 public:
  void OnEvent(const Event& event) override { events.push_back(event); }
  [[nodiscard]] std::size_t Count(EventType type) const {
    return static_cast<std::size_t>(
        std::count_if(events.begin(), events.end(),
                      [type](const Event& e) { return e.type == type; }));
  }
  std::vector<Event> events;
};

// Three minutes of media, a minute of them without the server where wanted.
struct Studio {
  static constexpr int kSeconds = 180;

  TemporaryDirectory directory;
  testing::ManualClock clock;
  std::shared_ptr<WebServer> server = std::make_shared<WebServer>(clock);
  std::unique_ptr<SimulatedRuntime> simulation;
  std::shared_ptr<Log> events = std::make_shared<Log>();
  std::vector<std::int64_t> accepted;
  RecordingResult result;

  explicit Studio(std::uint64_t spool_max_bytes = 0) {
    auto created = SimulatedRuntime::Create(
        clock, [&](RuntimeCore& core, std::unique_ptr<spool::Spool>& out) {
          auto opened =
              spool::OpenFileSpool(core, PosixFileSystem(),
                                   {.directory = directory.Path("spool"),
                                    .max_bytes = spool_max_bytes});
          if (opened.ok()) out = std::move(opened).value();
          return opened.status();
        });
    REQUIRE(created.ok());
    simulation = std::move(created).value();
    server->Serve(simulation->runtime()->core());
  }
  ~Studio() { simulation = nullptr; }

  std::shared_ptr<Sink> OpenSink() {
    return sink::MakeHttpSink(
        {.transport = server, .clock = &simulation->runtime()->core().clock()},
        {.base_url = "http://w/rec/"});
  }
  std::unique_ptr<Recorder> Open(Container container, WhenSpoolFull when,
                                 LateSegments late = LateSegments::kAuto) {
    RecordingOptions options{.stream = "cam", .session = "s"};
    options.tracks = {VideoTrack()};
    options.segment.target_duration = seconds(2);
    OutputOptions output{.sink = OpenSink(), .container = container};
    output.segment_path = "{seq}.{ext}";
    output.init_path = "init-{hash}.mp4";
    output.playlists = {{.path = "index.m3u8"},
                        {.path = "live.m3u8", .policy = LiveWindow()},
                        {.path = "vod.m3u8", .policy = VodList()}};
    output.expired_segments = ExpiredSegments::kKeep;
    options.outputs.push_back(std::move(output));
    options.spool_full = when;
    options.late_segments = late;
    options.max_pending_bytes = 50000;
    options.observer = events;
    auto recorder = Recorder::Open(simulation->runtime(), std::move(options));
    INFO(recorder.status().message());
    REQUIRE(recorder.ok());
    return std::move(recorder).value();
  }
  void Push(Recorder& recorder, int from, int to) {
    const auto first = static_cast<std::int64_t>(from) * 25;
    const auto last = static_cast<std::int64_t>(to) * 25;
    for (std::int64_t i = first; i < last; ++i) {
      if (recorder.Push(VideoPacket(i, i % 50 == 0)).ok()) {
        accepted.push_back(i);
      }
      simulation->Advance(milliseconds(40));
    }
  }
  void End(Recorder& recorder) {
    recorder.Finish();
    result = recorder.Wait();
  }
  void RecordWithOutage(Container container, LateSegments late,
                        std::optional<Outage> outage) {
    auto recorder = Open(container, WhenSpoolFull::kStop, late);
    Push(*recorder, 0, 60);
    if (outage) server->GoAway(*outage);
    Push(*recorder, 60, 120);
    server->ComeBack();
    Push(*recorder, 120, kSeconds);
    End(*recorder);
  }
  // In its playlists, as EXT-X-GAP.
  [[nodiscard]] std::size_t Gaps(const std::string& path) const {
    const auto parsed = playlist::ParsePlaylist(Newest(server->log()).at(path));
    REQUIRE(parsed.ok());
    return static_cast<std::size_t>(std::count_if(
        parsed->media.segments.begin(), parsed->media.segments.end(),
        [](const auto& segment) { return segment.gap; }));
  }
};

// Where outages fill it within a minute: a segment is 20 kB.
constexpr std::uint64_t kSmallSpool = 200'000;

// Without what tells of gaps.
std::string WithoutGaps(const std::string& text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = text.find('\n', at) + 1;
    const std::string line = text.substr(at, end - at);
    if (line != "#EXT-X-GAP\n" && !line.starts_with("#EXT-X-VERSION")) {
      out += line;
    }
    at = end;
  }
  return out;
}

TEST_CASE("outage: how late the lists are is told") {
  Studio studio;
  auto recorder = studio.Open(Container::kMpegTs, WhenSpoolFull::kStop,
                              LateSegments::kWait);
  studio.Push(*recorder, 0, 10);
  CHECK(recorder->progress().lag < seconds(1));
  studio.server->GoAway(Outage::kRefuses);
  studio.Push(*recorder, 10, 40);
  CHECK(recorder->progress().lag > seconds(25));
  CHECK(recorder->progress().lag < seconds(31));
  studio.server->ComeBack();
  studio.Push(*recorder, 40, 80);
  CHECK(recorder->progress().lag < seconds(1));
  studio.End(*recorder);
  CHECK(studio.result.status.ok());
}

TEST_CASE("outage: a minute of three leaves no trace but declared gaps") {
  const Container container = GENERATE(Container::kMpegTs, Container::kFmp4);
  const LateSegments late = GENERATE(LateSegments::kGap, LateSegments::kWait);
  const Outage outage = GENERATE(Outage::kRefuses, Outage::kStalls);
  CAPTURE(static_cast<int>(late), static_cast<int>(outage));
  Studio quiet;
  quiet.RecordWithOutage(container, late, std::nullopt);
  REQUIRE(quiet.result.status.ok());
  const auto expected = Newest(quiet.server->log());
  Studio studio;
  studio.RecordWithOutage(container, late, outage);
  CHECK(studio.result.status.ok());
  CHECK(studio.result.outputs.at(0).missing.empty());
  // The input never waited.
  CHECK(studio.accepted.size() == Studio::kSeconds * 25);
  CHECK(studio.events->Count(EventType::kOutputRecovered) > 0);
  CheckOrder(studio.server->log());
  const auto objects = Newest(studio.server->log());
  CHECK((ListedPictures(objects, "/rec/vod.m3u8") == studio.accepted));
  REQUIRE(objects.size() == expected.size());
  for (const auto& [path, bytes] : expected) {
    INFO(path);
    const bool may_have_gaps = late == LateSegments::kGap &&
                               path.ends_with(".m3u8") &&
                               !path.ends_with("vod.m3u8");
    CHECK((may_have_gaps ? WithoutGaps(objects.at(path)) == WithoutGaps(bytes)
                         : objects.at(path) == bytes));
  }
  CHECK(studio.Gaps("/rec/index.m3u8") ==
        studio.events->Count(EventType::kSegmentLost));
}

TEST_CASE(
    "outage: longer than the spool has room, a recording stops in order") {
  Studio studio(kSmallSpool);
  auto recorder = studio.Open(Container::kMpegTs, WhenSpoolFull::kStop);
  studio.Push(*recorder, 0, 60);
  studio.server->GoAway(Outage::kRefuses);
  studio.Push(*recorder, 60, 120);
  CHECK(studio.accepted.size() < 120 * 25);
  studio.result = recorder->Wait();
  CHECK_FALSE(studio.result.status.ok());
  // What is owed is said, and kept.
  CHECK_FALSE(studio.result.outputs.at(0).missing.empty());
  recorder = nullptr;
  CheckOrder(studio.server->log());
  studio.server->ComeBack();
  const auto owed = ListInterrupted(studio.simulation->runtime());
  REQUIRE(owed.ok());
  REQUIRE(owed->size() == 1);
  CHECK(owed->front().segments_owed > 0);
  const auto resumed = Resume(
      studio.simulation->runtime(), owed->front().id,
      {.open_sink = [&studio](const std::string&)
           -> StatusOr<std::shared_ptr<Sink>> { return studio.OpenSink(); }});
  REQUIRE(resumed.ok());
  CHECK(resumed->status.ok());
  CheckOrder(studio.server->log());
  const auto objects = Newest(studio.server->log());
  // The segment that found no room is a gap, and its packets were told.
  CHECK(ListedPictures(objects, "/rec/index.m3u8").size() +
            studio.result.progress.packets_dropped ==
        studio.accepted.size());
  CHECK(studio.result.progress.packets_dropped <= 2 * 50);
  CHECK(studio.Gaps("/rec/index.m3u8") <= 2);
}

TEST_CASE("outage: longer than the spool has room, who waits refuses packets") {
  Studio studio(kSmallSpool);
  auto recorder = studio.Open(Container::kMpegTs, WhenSpoolFull::kWait);
  studio.Push(*recorder, 0, 60);
  studio.server->GoAway(Outage::kRefuses);
  studio.Push(*recorder, 60, 120);
  CHECK(studio.events->Count(EventType::kSpoolFull) > 0);
  CHECK(studio.accepted.size() < 120 * 25);
  studio.server->ComeBack();
  studio.Push(*recorder, 120, Studio::kSeconds);
  studio.End(*recorder);
  CHECK(studio.result.status.ok());
  CHECK(studio.result.progress.segments_lost == 0);
  CHECK(studio.events->Count(EventType::kSpoolRoom) > 0);
  CheckOrder(studio.server->log());
  // Who refused a picture waits for the next keyframe, and counts what it
  // drops.
  const auto listed =
      ListedPictures(Newest(studio.server->log()), "/rec/index.m3u8");
  CHECK(std::includes(studio.accepted.begin(), studio.accepted.end(),
                      listed.begin(), listed.end()));
  CHECK(listed.size() + studio.result.progress.packets_dropped ==
        studio.accepted.size());
}

TEST_CASE("outage: longer than the spool has room, dropped segments are gaps") {
  Studio studio(kSmallSpool);
  auto recorder = studio.Open(Container::kMpegTs, WhenSpoolFull::kDropOldest);
  studio.Push(*recorder, 0, 60);
  studio.server->GoAway(Outage::kRefuses);
  studio.Push(*recorder, 60, 120);
  studio.server->ComeBack();
  studio.Push(*recorder, 120, Studio::kSeconds);
  studio.End(*recorder);
  CHECK(studio.accepted.size() == Studio::kSeconds * 25);
  CheckOrder(studio.server->log());
  const std::size_t gaps = studio.Gaps("/rec/index.m3u8");
  CHECK(gaps > 0);
  CHECK(gaps < 30);  // of the outage's
  CHECK(studio.Gaps("/rec/vod.m3u8") == gaps);
  CHECK(studio.result.progress.segments_lost == gaps);
  CHECK(studio.events->Count(EventType::kSegmentLost) == gaps);
  CHECK(
      ListedPictures(Newest(studio.server->log()), "/rec/index.m3u8").size() ==
      studio.accepted.size() - gaps * 50);
}

}  // namespace
}  // namespace hlsrec
