// Inputs that fail in the ways that networks have.
#include <signal.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "hlsrec/source.h"
#include "src/base/clock.h"
#include "tests/catch.h"
#include "tests/inputs/published.h"

using namespace hlsrec::testing;  // NOLINT: a file of nothing but tests
using hlsrec::OpenUrlSource;
using hlsrec::Source;
using hlsrec::Status;
using hlsrec::StatusCode;
using hlsrec::SystemClock;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// A TCP listener of ours that ffmpeg publishes to in real time, for longer than
// any test.
struct Published {
  std::unique_ptr<ChildProcess> publisher = {};
  std::unique_ptr<Source> source = {};
};
Published PublishInRealTime(const std::string& scheme,
                            const std::string& format, milliseconds timeout) {
  const int port = FreePort(Transport::kTcp);
  const std::string url =
      LocalUrl(scheme, port, scheme == "rtmp" ? "/live/cam" : "");
  auto opening = OpenInBackground({.url = url,
                                   .listen = true,
                                   .timeout = timeout,
                                   .analyze_duration = milliseconds(500)});
  REQUIRE(WaitForListener(Transport::kTcp, port));
  Published result;
  result.publisher = std::make_unique<ChildProcess>(Publish(
      "h264_aac.mp4", {"-f", format, url}, {"-re", "-stream_loop", "20"}));
  result.source = Require(opening.get());
  return result;
}

Status ReadToTheEnd(Source& source) { return ReadAll(source).end; }

}  // namespace

TEST_CASE("failures: nobody listens") {
  const std::string scheme = GENERATE("rtmp", "rtsp", "http", "tcp");
  const int port = FreePort(Transport::kTcp);
  const auto opened = OpenUrlSource(
      nullptr, {.url = LocalUrl(scheme, port, "/app/key?token=secret")});
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.status().code() == StatusCode::kUnavailable);
  CHECK(opened.status().message() ==
        "open: " + LocalUrl(scheme, port, "/app/key") + ": connection refused");
}

TEST_CASE("failures: nobody answers an SRT caller") {
  const auto opened =
      OpenUrlSource(nullptr, {.url = LocalUrl("srt", FreePort(Transport::kUdp)),
                              .connect_timeout = milliseconds(700)});
  REQUIRE_FALSE(opened.ok());
  CHECK((opened.status().code() == StatusCode::kDeadlineExceeded ||
         opened.status().code() == StatusCode::kUnavailable));
}

TEST_CASE("failures: nobody publishes, and the wait is bounded") {
  const std::string scheme = GENERATE("rtmp", "srt", "http", "tcp", "udp");
  INFO(scheme);
  const int port = FreePort(
      scheme == "srt" || scheme == "udp" ? Transport::kUdp : Transport::kTcp);
  const hlsrec::SteadyTime start = SystemClock().Steady();
  const auto opened =
      OpenUrlSource(nullptr, {.url = LocalUrl(scheme, port),
                              .listen = true,
                              .connect_timeout = milliseconds(300)});
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.status().code() == StatusCode::kDeadlineExceeded);
  CHECK(SystemClock().Steady() - start < seconds(5));
}

TEST_CASE("failures: waiting for a publisher can be cancelled") {
  const std::string scheme = GENERATE("rtmp", "srt", "http", "tcp", "udp");
  INFO(scheme);
  const int port = FreePort(
      scheme == "srt" || scheme == "udp" ? Transport::kUdp : Transport::kTcp);
  const hlsrec::SteadyTime cancel = SystemClock().Steady() + milliseconds(300);
  const auto opened =
      OpenUrlSource(nullptr,
                    {.url = LocalUrl(scheme, port),
                     .listen = true,
                     .connect_timeout = milliseconds(0)},
                    [cancel] { return SystemClock().Steady() >= cancel; });
  REQUIRE_FALSE(opened.ok());
  CHECK(opened.status().code() == StatusCode::kCancelled);
  CHECK(SystemClock().Steady() - cancel < seconds(5));
}

TEST_CASE("failures: the publisher dies in mid-stream") {
  const bool rtmp = GENERATE(true, false);
  Published live = rtmp ? PublishInRealTime("rtmp", "flv", seconds(10))
                        : PublishInRealTime("tcp", "mpegts", seconds(10));
  for (int i = 0; i < 20; ++i) REQUIRE(live.source->Read().ok());
  live.publisher->Signal(SIGKILL);
  CHECK(ReadToTheEnd(*live.source).code() == StatusCode::kEndOfStream);
}

TEST_CASE("failures: the publisher falls silent") {
  const bool rtmp = GENERATE(true, false);
  Published live = rtmp
                       ? PublishInRealTime("rtmp", "flv", milliseconds(1000))
                       : PublishInRealTime("tcp", "mpegts", milliseconds(1000));
  for (int i = 0; i < 20; ++i) REQUIRE(live.source->Read().ok());
  live.publisher->Signal(SIGSTOP);
  CHECK(ReadToTheEnd(*live.source).code() == StatusCode::kDeadlineExceeded);
}

TEST_CASE("failures: a blocked read is cancelled") {
  Published live = PublishInRealTime("rtmp", "flv", seconds(60));
  for (int i = 0; i < 20; ++i) REQUIRE(live.source->Read().ok());
  live.publisher->Signal(SIGSTOP);
  std::thread canceller([&live] { live.source->Cancel(); });
  const hlsrec::SteadyTime start = SystemClock().Steady();
  CHECK(ReadToTheEnd(*live.source).code() == StatusCode::kCancelled);
  CHECK(SystemClock().Steady() - start < seconds(5));
  canceller.join();
}

TEST_CASE("failures: an HTTP server breaks off or hangs in mid-body") {
  ChildProcess server({"/usr/bin/python3",
                       std::string(HLSREC_TEST_SCRIPTS) + "/http_server.py",
                       MediaFile("")});
  const int port = std::atoi(server.ReadLine().c_str());
  const auto cut = Require(OpenUrlSource(
      nullptr, {.url = LocalUrl("http", port, "/cut/h264_aac.flv")}));
  CHECK(ReadToTheEnd(*cut).code() == StatusCode::kUnavailable);
  // It hangs while libavformat still looks at the tracks: what came is read.
  const auto hanging = Require(OpenUrlSource(
      nullptr, {.url = LocalUrl("http", port, "/hang/h264_aac.flv"),
                .timeout = milliseconds(200),
                .analyze_duration = milliseconds(2000)}));
  const ReadResult result = ReadAll(*hanging);
  CHECK(result.end.code() == StatusCode::kDeadlineExceeded);
  CHECK(result.packets() > 20);
  const auto missing = OpenUrlSource(
      nullptr, {.url = LocalUrl("http", port, "/nix.ts?token=secret")});
  CHECK(missing.status().code() == StatusCode::kNotFound);
  CHECK(missing.status().message().find("secret") == std::string::npos);
}

TEST_CASE("failures: an HLS server dies, or its playlist stops growing") {
  const bool dies = GENERATE(true, false);
  const TempDirectory directory;
  auto server = std::make_unique<ChildProcess>(std::vector<std::string>{
      "/usr/bin/python3", std::string(HLSREC_TEST_SCRIPTS) + "/http_server.py",
      directory.path("")});
  const int port = std::atoi(server->ReadLine().c_str());
  // A playlist that promises more than it has: no EXT-X-ENDLIST.
  for (const char* name : {"0_000.ts", "0_001.ts", "0_002.ts"}) {
    std::filesystem::copy_file(MediaFile(std::string("hls/") + name),
                               directory.path(name));
  }
  std::ofstream(directory.path("live.m3u8"))
      << "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:1\n"
         "#EXT-X-MEDIA-SEQUENCE:0\n#EXTINF:1.0,\n0_000.ts\n"
         "#EXTINF:1.0,\n0_001.ts\n#EXTINF:1.0,\n0_002.ts\n";
  std::ofstream(directory.path("master.m3u8"))
      << "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=500000\nlive.m3u8\n";
  const auto source = Require(OpenUrlSource(
      nullptr, {.url = LocalUrl("http", port, "/master.m3u8?token=secret"),
                .timeout = seconds(10),
                .av_options = {{"m3u8_hold_counters", "2"}}}));
  if (dies) server = nullptr;
  const Status end = ReadToTheEnd(*source);
  CHECK(end.code() == StatusCode::kUnavailable);
  CHECK(end.message().find("secret") == std::string::npos);
}
