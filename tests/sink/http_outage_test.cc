// A web server that is away in the middle of a recording, in real time. The
// same by the test's clock, minutes long: tests/record/outage_test.cc.
//
// HLSREC_OUTAGE_SECONDS=60 makes it three minutes, twice.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "hlsrec/http_sink.h"
#include "hlsrec/recorder.h"
#include "src/playlist/parse.h"
#include "tests/catch.h"
#include "tests/record/synthetic.h"
#include "tests/sink/server_log.h"
#include "tests/temporary_directory.h"

namespace hlsrec {
namespace {

using Reply = ScriptedServer::Reply;
using Request = ScriptedServer::Request;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

seconds OutageTime() {
  const char* text = std::getenv("HLSREC_OUTAGE_SECONDS");
  return seconds(text == nullptr ? 1 : std::strtol(text, nullptr, 10));
}

// A recording of three times the outage, which is in its middle.
struct Broadcast {
  TemporaryDirectory directory;
  std::atomic<bool> away = false;
  ScriptedServer server{[this](const Request&) {
    return away ? Reply{.mischief = Mischief::kResetBeforeBody} : Reply();
  }};
  std::size_t picture_bytes = 0;  // at least
  std::vector<std::int64_t> accepted;
  milliseconds longest_push{0};
  RecordingResult result;

  void Run(const RuntimeOptions& runtime_options, WhenSpoolFull when) {
    const auto runtime = Runtime::Create(runtime_options).value();
    RecordingOptions options{.stream = "cam", .session = "s"};
    options.tracks = {VideoTrack()};
    options.segment.target_duration = seconds(1);
    options.spool_full = when;
    OutputOptions output{
        .sink =
            OpenHttpSink(runtime, {.base_url = server.Url("/rec")}).value()};
    output.segment_path = "{seq}.{ext}";
    output.playlists = {{.path = "index.m3u8"},
                        {.path = "live.m3u8", .policy = LiveWindow()},
                        {.path = "vod.m3u8", .policy = VodList()}};
    output.expired_segments = ExpiredSegments::kKeep;
    options.outputs.push_back(std::move(output));
    auto recorder = Recorder::Open(runtime, std::move(options)).value();
    Push(*recorder);
    recorder->Finish();
    result = recorder->Wait();
  }
  void Push(Recorder& recorder) {
    const std::int64_t part = OutageTime().count() * 25;
    const auto begin = steady_clock::now();
    for (std::int64_t i = 0; i < 3 * part; ++i) {
      away = i >= part && i < 2 * part;
      Packet packet = Lengthened(VideoPacket(i, i % 25 == 0), picture_bytes);
      const auto before = steady_clock::now();
      if (recorder.Push(std::move(packet)).ok()) {
        accepted.push_back(i);
      }
      const auto now = steady_clock::now();
      longest_push =
          std::max(longest_push, std::chrono::ceil<milliseconds>(now - before));
      std::this_thread::sleep_until(begin + milliseconds(40) * (i + 1));
    }
  }
  [[nodiscard]] std::size_t Gaps(const std::string& path) const {
    const auto parsed = playlist::ParsePlaylist(Newest(LogOf(server)).at(path));
    REQUIRE(parsed.ok());
    return static_cast<std::size_t>(std::count_if(
        parsed->media.segments.begin(), parsed->media.segments.end(),
        [](const auto& segment) { return segment.gap; }));
  }
  // What holds in any case: the input never waits, and each list is true.
  void RequireTrue() const {
    INFO(result.status.message());
    CHECK(accepted.size() ==
          static_cast<std::size_t>(3 * OutageTime().count() * 25));
    CHECK(longest_push < seconds(1));
    CHECK(result.outputs.at(0).missing.empty());
    CheckOrder(LogOf(server));
  }
};

TEST_CASE("http outage: a third of a recording leaves nothing missing") {
  Broadcast broadcast;
  broadcast.Run({.spool_directory = broadcast.directory.Path("spool")},
                WhenSpoolFull::kStop);
  broadcast.RequireTrue();
  CHECK(broadcast.result.status.ok());
  const auto objects = Newest(LogOf(broadcast.server));
  CHECK((ListedPictures(objects, "/rec/vod.m3u8") == broadcast.accepted));
  CHECK(broadcast.Gaps("/rec/vod.m3u8") == 0);
}

TEST_CASE("http outage: beyond the spool's room there are declared gaps") {
  // Room for a third of a long outage.
  constexpr std::uint64_t kRoom = 16 << 20;
  Broadcast broadcast;
  broadcast.picture_bytes = std::min<std::size_t>(
      80'000, 3 * kRoom / 25 / static_cast<std::size_t>(OutageTime().count()));
  broadcast.Run({.spool_directory = broadcast.directory.Path("spool"),
                 .spool_max_bytes = kRoom},
                WhenSpoolFull::kDropOldest);
  broadcast.RequireTrue();
  const std::size_t gaps = broadcast.Gaps("/rec/vod.m3u8");
  CHECK(gaps == broadcast.result.progress.segments_lost);
  if (OutageTime() >= seconds(30)) CHECK(gaps > 0);
  const auto objects = Newest(LogOf(broadcast.server));
  CHECK(ListedPictures(objects, "/rec/vod.m3u8").size() ==
        broadcast.accepted.size() - gaps * 25);
}

}  // namespace
}  // namespace hlsrec
