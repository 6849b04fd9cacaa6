// Every kind of input, published by the distribution's own tools.
#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include "hlsrec/source.h"
#include "src/base/clock.h"
#include "tests/catch.h"
#include "tests/inputs/published.h"
#include "tests/inputs/servers.h"

using namespace hlsrec::testing;  // NOLINT: a file of nothing but tests
using hlsrec::OpenUrlSource;
using hlsrec::Pacing;
using hlsrec::Source;
using hlsrec::Status;
using hlsrec::StatusCode;
using hlsrec::UrlSourceOptions;
using std::chrono::milliseconds;

namespace {

// Long enough for a busy machine, short enough for a test that waits for it.
constexpr milliseconds kSilence(2500);

}  // namespace

TEST_CASE("inputs: a file paced by its timestamps takes its time") {
  const auto source = Require(OpenUrlSource(
      nullptr, {.url = MediaFile("h264_aac.ts"), .pacing = Pacing::kRealTime}));
  const hlsrec::SteadyTime start = hlsrec::SystemClock().Steady();
  CHECK(CheckAndEnd(*source).code() == StatusCode::kEndOfStream);
  const auto took = hlsrec::SystemClock().Steady() - start;
  CHECK(took > milliseconds(2800));
  CHECK(took < milliseconds(10000));
}

TEST_CASE("inputs: standard input") {
  const ChildProcess publisher(
      Publish("h264_aac.mp4", {"-f", "mpegts", "pipe:1"}));
  const int saved = ::dup(STDIN_FILENO);
  REQUIRE(::dup2(publisher.output_fd(), STDIN_FILENO) == STDIN_FILENO);
  auto opened = OpenUrlSource(nullptr, {.url = "-"});
  const auto source = Require(std::move(opened));
  CHECK(CheckAndEnd(*source).code() == StatusCode::kEndOfStream);
  ::dup2(saved, STDIN_FILENO);
  ::close(saved);
}

TEST_CASE("inputs: UDP, unicast") {
  const int port = FreePort(Transport::kUdp);
  auto opening =
      OpenInBackground({.url = LocalUrl("udp", port), .timeout = kSilence});
  REQUIRE(WaitForListener(Transport::kUdp, port));
  const ChildProcess publisher(Publish(
      "h264_aac.ts", {"-f", "mpegts", LocalUrl("udp", port, "?pkt_size=1316")},
      {"-re"}));
  const auto source = Require(opening.get());
  CHECK(CheckAndEnd(*source).code() == StatusCode::kDeadlineExceeded);
}

TEST_CASE("inputs: UDP, multicast") {
  const int port = FreePort(Transport::kUdp);
  // A group of the range for local use (RFC 2365), over loopback only.
  const std::string url =
      fmt::format("udp://239.255.{}.{}:{}?localaddr=127.0.0.1", port / 256,
                  port % 256, port);
  auto opening = OpenInBackground({.url = url, .timeout = kSilence});
  REQUIRE(WaitForListener(Transport::kUdp, port));
  const ChildProcess publisher(Publish(
      "h264_aac.ts", {"-f", "mpegts", url + "&pkt_size=1316&ttl=0"}, {"-re"}));
  const auto source = Require(opening.get());
  CHECK(CheckAndEnd(*source).code() == StatusCode::kDeadlineExceeded);
}

TEST_CASE("inputs: RTMP, a publisher comes to us") {
  const int port = FreePort(Transport::kTcp);
  const std::string url = LocalUrl("rtmp", port, "/live/cam");
  auto opening = OpenInBackground({.url = url + "?listen=1"});
  REQUIRE(WaitForListener(Transport::kTcp, port));
  ChildProcess publisher(Publish("h264_aac.flv", {"-f", "flv", url}));
  const auto source = Require(opening.get());
  CHECK(CheckAndEnd(*source).code() == StatusCode::kEndOfStream);
  CHECK(publisher.Wait() == 0);
}

TEST_CASE("inputs: RTMP, pulled from a server") {
  const RtmpServer server;
  auto opening = OpenInBackground({.url = server.url(), .timeout = kSilence});
  ChildProcess publisher(Publish("h264_aac.flv", {"-f", "flv", server.url()},
                                 {"-re", "-stream_loop", "1"}));
  const auto source = Require(opening.get());
  // The server begins with the keyframe that comes next.
  CheckAndEnd(*source, 50, 2).Ignore("the server keeps the connection");
  CHECK(publisher.Wait() == 0);
}

TEST_CASE("inputs: SRT, we listen") {
  const int port = FreePort(Transport::kUdp);
  auto opening = OpenInBackground(
      {.url = LocalUrl("srt", port), .listen = true, .timeout = kSilence});
  REQUIRE(WaitForListener(Transport::kUdp, port));
  const ChildProcess publisher(
      Publish("h264_aac.ts", {"-f", "mpegts", LocalUrl("srt", port)}, {"-re"}));
  const auto source = Require(opening.get());
  // ffmpeg closes without waiting for what is still in the sender's buffer.
  CHECK(CheckAndEnd(*source, 15).code() == StatusCode::kEndOfStream);
}

TEST_CASE("inputs: SRT, we call") {
  const int port = FreePort(Transport::kUdp);
  const ChildProcess publisher(Publish(
      "h264_aac.ts", {"-f", "mpegts", LocalUrl("srt", port, "?mode=listener")},
      {"-re"}));
  REQUIRE(WaitForListener(Transport::kUdp, port));
  const auto source = Require(OpenUrlSource(
      nullptr, {.url = LocalUrl("srt", port), .timeout = kSilence}));
  CHECK(CheckAndEnd(*source, 15).code() == StatusCode::kUnavailable);
}

TEST_CASE("inputs: RTSP over TCP and UDP") {
  const std::string transport = GENERATE("tcp", "udp");
  INFO(transport);
  const PythonServer server("rtsp_server.py", MediaFile("h264_aac.mp4"));
  const auto source = Require(
      OpenUrlSource(nullptr, {.url = LocalUrl("rtsp", server.port(), "/live"),
                              .timeout = kSilence,
                              .av_options = {{"rtsp_transport", transport}}}));
  CHECK(CheckAndEnd(*source, 5).code() == StatusCode::kEndOfStream);
}

TEST_CASE("inputs: HTTP, progressive") {
  const std::string file = GENERATE("h264_aac.ts", "h264_aac.flv");
  const std::string mode = GENERATE("/", "/live/");
  const PythonServer server("http_server.py", MediaFile(""));
  const auto source = Require(OpenUrlSource(
      nullptr, {.url = LocalUrl("http", server.port(), mode + file)}));
  CHECK(CheckAndEnd(*source).code() == StatusCode::kEndOfStream);
}

TEST_CASE("inputs: HTTP and TCP, a publisher comes to us") {
  const std::string scheme = GENERATE("http", "tcp");
  const int port = FreePort(Transport::kTcp);
  const std::string url =
      LocalUrl(scheme, port, scheme == "http" ? "/in.ts" : "");
  auto opening = OpenInBackground({.url = url, .listen = true});
  REQUIRE(WaitForListener(Transport::kTcp, port));
  // At its pace: ffmpeg that is gone before our libavformat replied answers the
  // reply with a reset, which takes along what was not read.
  const ChildProcess publisher(
      Publish("h264_aac.ts", {"-f", "mpegts", url}, {"-re"}));
  const auto source = Require(opening.get());
  CHECK(CheckAndEnd(*source).code() == StatusCode::kEndOfStream);
}

TEST_CASE("inputs: HLS, on demand") {
  const PythonServer server("http_server.py", MediaFile("hls"));
  const std::string url = LocalUrl("http", server.port(), "/master.m3u8");
  const auto all =
      Require(OpenUrlSource(nullptr, {.url = url, .all_programs = true}));
  CHECK(all->tracks().size() == 4);
  REQUIRE(all->programs().size() == 2);
  CHECK(ReadAll(*all).packets() == 2 * (kPictures + kAudioFrames));

  const auto one = Require(OpenUrlSource(
      nullptr, {.url = LocalUrl("http", server.port(), "/0.m3u8")}));
  CHECK(CheckAndEnd(*one).code() == StatusCode::kEndOfStream);
}

TEST_CASE("inputs: HLS, live") {
  const TempDirectory directory;
  const PythonServer server("http_server.py", directory.path(""));
  const ChildProcess publisher(
      Publish("h264_aac.mp4",
              {"-f", "hls", "-hls_time", "1", "-hls_list_size", "4",
               directory.path("live.m3u8")},
              {"-re", "-stream_loop", "1"}));
  REQUIRE(WaitUntil([&directory] {
    return std::filesystem::exists(directory.path("live.m3u8"));
  }));
  const auto source = Require(OpenUrlSource(
      nullptr, {.url = LocalUrl("http", server.port(), "/live.m3u8")}));
  CHECK(CheckAndEnd(*source, 0, 2).code() == StatusCode::kEndOfStream);
}

TEST_CASE("inputs: RTP, as an SDP file describes it") {
  const TempDirectory directory;
  const int video = FreeUdpPortPair();
  int audio = FreeUdpPortPair();
  while (audio == video) audio = FreeUdpPortPair();
  const std::string sdp = directory.path("live.sdp");
  const ChildProcess publisher({"ffmpeg",
                                "-nostdin",
                                "-v",
                                "error",
                                "-re",
                                "-stream_loop",
                                "1",
                                "-i",
                                MediaFile("h264_aac.mp4"),
                                "-map",
                                "0:v",
                                "-c",
                                "copy",
                                "-f",
                                "rtp",
                                LocalUrl("rtp", video),
                                "-map",
                                "0:a",
                                "-c",
                                "copy",
                                "-f",
                                "rtp",
                                "-sdp_file",
                                sdp,
                                LocalUrl("rtp", audio)});
  REQUIRE(WaitUntil([&sdp] {
    const auto bytes = ReadBytes(sdp);
    const std::string text(bytes.begin(), bytes.end());
    return text.find("m=audio") != std::string::npos && text.back() == '\n';
  }));
  const auto source =
      Require(OpenUrlSource(nullptr, {.url = sdp, .timeout = kSilence}));
  // What was sent before we were there is lost.
  // Sender reports (RFC 3550 section 6.4.1) say when a picture was sent, which
  // on a busy machine is not when it was due.
  const Status end = CheckAndEnd(*source, 50, 2, 6);
  CHECK((end.code() == StatusCode::kDeadlineExceeded ||
         end.code() == StatusCode::kEndOfStream));
}
