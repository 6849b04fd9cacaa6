// Recordings to a web server that misbehaves, judged by what it stored.
#include <algorithm>
#include <atomic>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "hlsrec/http_sink.h"
#include "hlsrec/recorder.h"
#include "src/base/clock.h"
#include "src/base/runtime_core.h"
#include "src/playlist/parse.h"
#include "tests/catch.h"
#include "tests/net/scripted_server.h"
#include "tests/record/synthetic.h"
#include "tests/sink/server_log.h"

namespace hlsrec {
namespace {

using Reply = ScriptedServer::Reply;
using Request = ScriptedServer::Request;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kSeconds = 16;
constexpr int kPictures = kSeconds * 25;

std::vector<std::int64_t> AllPictures() {
  std::vector<std::int64_t> numbers;
  for (std::int64_t i = 0; i < kPictures; ++i) numbers.push_back(i);
  return numbers;
}

struct Trial {
  ScriptedServer server;
  HttpSinkOptions sink = {.stall_timeout = seconds(1)};
  std::size_t picture_bytes = 0;  // at least
  RecordingOptions options = {};
  RecordingResult result = {};

  explicit Trial(ScriptedServer::Decide decide, Container container)
      : server(std::move(decide)) {
    sink.base_url = server.Url("/rec");
    options.stream = "cam";
    options.session = "s";
    options.tracks = {VideoTrack()};
    options.segment.target_duration = seconds(2);
    options.segment.max_gop = seconds(2);
    options.retry_first = milliseconds(5);
    options.retry_max = milliseconds(40);
    options.retry_parked = milliseconds(40);
    options.finish_timeout = seconds(60);
    OutputOptions output{.container = container};
    output.segment_path = "{seq}.{ext}";
    output.init_path = "init-{hash}.mp4";
    output.playlists = {{.path = "index.m3u8"},
                        {.path = "live.m3u8", .policy = LiveWindow()},
                        {.path = "vod.m3u8", .policy = VodList()}};
    output.expired_segments = ExpiredSegments::kKeep;
    options.outputs.push_back(std::move(output));
  }

  void Run() {
    const auto runtime = Runtime::Create().value();
    auto opened = OpenHttpSink(runtime, sink);
    REQUIRE(opened.ok());
    options.outputs[0].sink = std::move(opened).value();
    auto recorder = Recorder::Open(runtime, options);
    INFO(recorder.status().message());
    REQUIRE(recorder.ok());
    for (Packet packet : Stream(kSeconds, 50, false)) {
      packet = Lengthened(std::move(packet), picture_bytes);
      REQUIRE((*recorder)->Push(std::move(packet)).ok());
    }
    (*recorder)->Finish();
    result = (*recorder)->Wait();
  }

  // The newest version lists everything, once, and is ended.
  void CheckComplete(const std::string& key) const {
    CHECK(ListedPictures(Newest(LogOf(server)), "/rec/" + key) ==
          AllPictures());
  }

  void CheckAll() const {
    INFO(result.status.message());
    CHECK(result.status.ok());
    CHECK(result.outputs.at(0).missing.empty());
    CheckOrder(LogOf(server));
    CheckComplete("index.m3u8");
    CheckComplete("vod.m3u8");
  }
};

bool Stores(const Request& request) { return request.method == "PUT"; }

void Try(const ScriptedServer::Decide& decide,
         const std::function<void(Trial&)>& prepare = {}) {
  for (const Container container : {Container::kMpegTs, Container::kFmp4}) {
    Trial trial(decide, container);
    if (prepare) prepare(trial);
    trial.Run();
    trial.CheckAll();
  }
}

// The first `times` puts of each object go wrong so.
ScriptedServer::Decide First(int times, const Reply& reply) {
  return [times, reply](const Request& request) {
    return Stores(request) && request.number <= times ? reply : Reply();
  };
}

TEST_CASE("http delivery: a good server") { Try({}); }

TEST_CASE("http delivery: refusals that pass") {
  for (const int status : {403, 404, 408, 409, 425, 429, 500, 502, 503, 507}) {
    CAPTURE(status);
    Try(First(2, {.status = status, .body = "not now"}));
  }
}

TEST_CASE("http delivery: a server that is not ready at the very beginning") {
  Try([](const Request& request) {
    const bool fails = request.method == "GET" && request.number <= 2 &&
                       request.path.ends_with("/index.m3u8");
    return fails ? Reply{.status = 503, .headers = "Retry-After: 0\r\n"}
                 : Reply();
  });
  const ScriptedServer never(
      [](const Request&) { return Reply{.status = 503}; });
  Trial trial({}, Container::kMpegTs);
  const auto runtime = Runtime::Create().value();
  trial.options.outputs[0].sink =
      OpenHttpSink(runtime, {.base_url = never.Url("/")}).value();
  CHECK(Recorder::Open(runtime, trial.options).status().code() ==
        StatusCode::kUnavailable);
  CHECK(never.requests().size() == 4);
}

TEST_CASE("http delivery: Retry-After is waited for") {
  std::vector<std::chrono::steady_clock::time_point> puts;
  Trial trial(
      [&puts](const Request& request) {
        if (request.method != "PUT") return Reply();
        puts.push_back(SystemClock().Steady());
        return puts.size() == 1
                   ? Reply{.status = 503, .headers = "Retry-After: 1\r\n"}
                   : Reply();
      },
      Container::kMpegTs);
  trial.Run();
  trial.CheckAll();
  // How many were on their way is the threads' affair.
  CHECK(std::ranges::adjacent_find(puts, [](const auto& a, const auto& b) {
          return b - a >= milliseconds(900);
        }) != puts.end());
}

TEST_CASE("http delivery: connections that are reset") {
  for (const Mischief mischief :
       {Mischief::kResetBeforeBody, Mischief::kResetMidBody,
        Mischief::kResetAfterBody, Mischief::kLoseReply, Mischief::kCutReply,
        Mischief::kGarbage}) {
    CAPTURE(static_cast<int>(mischief));
    Try(First(2, {.mischief = mischief}));
  }
}

TEST_CASE("http delivery: a reply that is lost is no conflict with ourselves") {
  for (const HttpConflict conflict :
       {HttpConflict::kIfNoneMatch, HttpConflict::kReplace}) {
    Try(First(1, {.mischief = Mischief::kLoseReply}),
        [&](Trial& trial) { trial.sink.conflict = conflict; });
  }
}

TEST_CASE("http delivery: servers that stall") {
  for (const Mischief mischief :
       {Mischief::kStallBeforeBody, Mischief::kStallAfterBody}) {
    CAPTURE(static_cast<int>(mischief));
    Trial trial(
        [mischief](const Request& request) {
          const bool stalls = Stores(request) && request.number == 1 &&
                              (request.path.ends_with("/2.ts") ||
                               request.path.ends_with("/index.m3u8"));
          return stalls ? Reply{.mischief = mischief} : Reply();
        },
        Container::kMpegTs);
    // What buffers took counts for some seconds otherwise.
    trial.sink.stall_bytes_per_second = 1'000'000'000;
    trial.Run();
    trial.CheckAll();
  }
}

TEST_CASE("http delivery: slow readers, and servers that close each time") {
  Try([](const Request&) { return Reply{.mischief = Mischief::kReadSlowly}; });
  Try([](const Request&) { return Reply{.close = true}; });
}

TEST_CASE("http delivery: over IPv6, to a server that misbehaves") {
  for (const Mischief mischief :
       {Mischief::kNone, Mischief::kResetMidBody, Mischief::kLoseReply}) {
    CAPTURE(static_cast<int>(mischief));
    Try(First(1, {.mischief = mischief}),
        [](Trial& trial) { trial.sink.base_url = trial.server.UrlV6("/rec"); });
  }
}

TEST_CASE("http delivery: a server that never says 100-continue") {
  // It waits for ever where it is asked to; a body of more than a megabyte is
  // what libcurl would ask for.
  std::atomic<int> asked = 0;
  Try(
      [&asked](const Request& request) {
        if (request.Header("expect").empty()) return Reply();
        ++asked;
        return Reply{.mischief = Mischief::kStallBeforeBody};
      },
      [](Trial& trial) { trial.picture_bytes = 40'000; });
  CHECK(asked == 0);
}

TEST_CASE("http delivery: refused before the end of the body") {
  for (const int status : {403, 413, 503}) {
    Try(First(2, {.mischief = Mischief::kEarlyReply, .status = status}));
  }
}

TEST_CASE("http delivery: redirects, with and without the connection") {
  for (const bool close : {false, true}) {
    Try([close](const Request& request) {
      if (!Stores(request) || request.path.ends_with("?again")) return Reply();
      return Reply{.status = 307,
                   .headers = "Location: " + request.path + "?again\r\n",
                   .close = close};
    });
  }
}

TEST_CASE("http delivery: a segment that is refused for good is a gap") {
  Trial trial(
      [](const Request& request) {
        const bool bad = Stores(request) && request.path.ends_with("/2.ts");
        return bad ? Reply{.status = 400, .body = "bad name"} : Reply();
      },
      Container::kMpegTs);
  trial.Run();
  CHECK_FALSE(trial.result.status.ok());
  CHECK(trial.result.outputs.at(0).missing == std::vector<std::string>{"2.ts"});
  CheckOrder(LogOf(trial.server));
  const auto parsed =
      playlist::ParsePlaylist(trial.server.objects()["/rec/index.m3u8"]);
  REQUIRE(parsed.ok());
  CHECK(parsed->media.end_list.present());
  REQUIRE(parsed->media.segments.size() == 8);
  for (std::size_t i = 0; i < 8; ++i) {
    CHECK(parsed->media.segments[i].gap == (i == 2));
  }
}

TEST_CASE("http delivery: another recording's segments stay as they are") {
  Trial trial({}, Container::kMpegTs);
  {
    const auto runtime = Runtime::Create().value();
    const auto sink = OpenHttpSink(runtime, trial.sink).value();
    Latch latch;
    sink->Put({.key = "0.ts",
               .body = MakeStringBody("another's"),
               .content_type = "video/mp2t"},
              [&latch](const Status&) { latch.Open(); });
    latch.Wait();
    trial.options.outputs[0].sink = sink;
    const auto recorder = Recorder::Open(runtime, trial.options);
    CHECK(recorder.status().code() == StatusCode::kAlreadyExists);
  }
  // Appending goes on behind it.
  trial.options.outputs[0].if_exists = IfPlaylistExists::kAppend;
  trial.Run();
  CHECK(trial.result.status.ok());
  CHECK(trial.server.objects()["/rec/0.ts"] == "another's");
  CheckOrder(LogOf(trial.server));
  trial.CheckComplete("index.m3u8");
}

}  // namespace
}  // namespace hlsrec
