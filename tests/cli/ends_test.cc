// How recordings end: signals, limits, sources that die or fall silent.
#include <signal.h>

#include <cmath>
#include <filesystem>
#include <string>

#include "tests/catch.h"
#include "tests/cli/command.h"
#include "tests/cli/recorded.h"
#include "tests/inputs/ports.h"
#include "tests/inputs/published.h"

using namespace hlsrec::testing;  // NOLINT: a file of nothing but tests

namespace {

// A file in real time, again and again: longer than any test.
Words Paced(const Words& after) {
  return Publish("h264_aac.mp4", after, {"-re", "-stream_loop", "40"});
}

// A recorder that listens for RTMP, and whoever publishes to it.
class LiveRecording {
 public:
  explicit LiveRecording(const Words& options)
      : port_(FreePort(Transport::kTcp)),
        command_(Record(With(
            options, {url(), playlist(), "--listen", "--segment-time", "1"}))) {
    REQUIRE(WaitForListener(Transport::kTcp, port_));
  }

  [[nodiscard]] std::string url() const {
    return LocalUrl("rtmp", port_, "/live/cam");
  }
  [[nodiscard]] std::string playlist() const {
    return directory_.path("index.m3u8");
  }
  [[nodiscard]] std::string path(const std::string& name) const {
    return directory_.path(name);
  }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] Command& command() { return command_; }
  [[nodiscard]] std::string said() const {
    return command_.out() + command_.err();
  }

 private:
  static Words With(Words words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }

  const TempDirectory directory_;
  const int port_;
  Command command_;
};

std::size_t SegmentFiles(const LiveRecording& recording) {
  std::size_t count = 0;
  for (const auto& file :
       std::filesystem::directory_iterator(recording.path(""))) {
    if (file.path().extension() == ".ts") ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("ends: SIGINT and SIGTERM end the recording properly") {
  const int signal = GENERATE(SIGINT, SIGTERM);
  CAPTURE(signal);
  LiveRecording recording({});
  ChildProcess publisher(Paced({"-f", "flv", recording.url()}));
  REQUIRE(WaitUntil([&] { return Lists(recording.playlist(), 1); }));
  CHECK_FALSE(ReadPlaylist(recording.playlist()).ended);
  recording.command().Signal(signal);
  const int code = recording.command().Wait();
  INFO(recording.said());
  CHECK(code == 0);
  RequireConforms(recording.playlist());
  const Playlist list = ReadPlaylist(recording.playlist());
  CHECK(list.ended);
  CHECK(list.discontinuities() == 0);
  CHECK(list.segments.size() == SegmentFiles(recording));
  const Contents sent = Twice(Twice(ContentsOf(MediaFile("h264_aac.mp4"))));
  CheckPieceOf(Twice(sent), RecordedContents(recording.playlist()),
               2 * sent.video.size());
}

TEST_CASE("ends: a signal while nobody publishes") {
  LiveRecording recording({});
  recording.command().Signal(SIGTERM);
  CHECK(recording.command().Wait() == 2);
  CHECK(recording.said().find("stopped before anything was recorded") !=
        std::string::npos);
}

TEST_CASE("ends: paused and gone on by signals") {
  LiveRecording recording({});
  ChildProcess publisher(Paced({"-f", "flv", recording.url()}));
  REQUIRE(WaitUntil([&] { return Lists(recording.playlist(), 1); }));
  recording.command().Signal(SIGUSR1);
  REQUIRE(WaitUntil([&] {
    return recording.said().find("recording paused") != std::string::npos;
  }));
  recording.command().Signal(SIGUSR2);
  const std::size_t before = ReadPlaylist(recording.playlist()).segments.size();
  REQUIRE(WaitUntil([&] { return Lists(recording.playlist(), before + 2); }));
  recording.command().Signal(SIGINT);
  CHECK(recording.command().Wait() == 0);
  RequireConforms(recording.playlist());
  CHECK(ReadPlaylist(recording.playlist()).ended);
  CHECK(ReadPlaylist(recording.playlist()).discontinuities() == 1);
}

TEST_CASE("ends: a second SIGINT never leaves a broken playlist") {
  LiveRecording recording({});
  ChildProcess publisher(Paced({"-f", "flv", recording.url()}));
  REQUIRE(WaitUntil([&] { return Lists(recording.playlist(), 1); }));
  recording.command().Signal(SIGINT);
  recording.command().Signal(SIGINT);
  const int code = recording.command().Wait();
  INFO(recording.said());
  // It may have ended before the second one.
  CHECK((code == 0 || code == 4));
  const Playlist list = ReadPlaylist(recording.playlist());
  CHECK(list.ended == (code == 0));
  for (const ListedSegment& segment : list.segments) {
    CHECK(std::filesystem::file_size(recording.path(segment.uri)) > 0);
  }
}

TEST_CASE("ends: the publisher is killed, and none comes again") {
  LiveRecording recording({"--reconnect-window", "0"});
  ChildProcess publisher(Paced({"-f", "flv", recording.url()}));
  REQUIRE(WaitUntil([&] { return Lists(recording.playlist(), 1); }));
  publisher.Signal(SIGKILL);
  const int code = recording.command().Wait();
  INFO(recording.said());
  CHECK((code == 0 || code == 2));
  RequireConforms(recording.playlist());
  CHECK(ReadPlaylist(recording.playlist()).ended);
}

TEST_CASE("ends: the publisher falls silent") {
  LiveRecording recording({"--timeout", "1s", "--reconnect-window", "0"});
  ChildProcess publisher(Paced({"-f", "flv", recording.url()}));
  REQUIRE(WaitUntil([&] { return Lists(recording.playlist(), 1); }));
  publisher.Signal(SIGSTOP);
  const int code = recording.command().Wait();
  INFO(recording.said());
  CHECK(code == 2);
  RequireConforms(recording.playlist());
  CHECK(ReadPlaylist(recording.playlist()).ended);
}

TEST_CASE("ends: the publisher comes again, and the recording goes on") {
  const bool gaps = GENERATE(false, true);
  CAPTURE(gaps);
  LiveRecording recording(gaps ? Words{"--reconnect-window", "30s", "--gaps"}
                               : Words{"--reconnect-window", "30s"});
  auto publisher =
      std::make_unique<ChildProcess>(Paced({"-f", "flv", recording.url()}));
  REQUIRE(WaitUntil([&] { return Lists(recording.playlist(), 1); }));
  publisher->Signal(SIGKILL);
  publisher->Wait();
  // The listener of before is closed with the connection.
  REQUIRE(WaitUntil([&] {
    return recording.said().find("source lost") != std::string::npos;
  }));
  REQUIRE(WaitForListener(Transport::kTcp, recording.port()));
  const std::size_t before = ReadPlaylist(recording.playlist()).segments.size();
  publisher =
      std::make_unique<ChildProcess>(Paced({"-f", "flv", recording.url()}));
  REQUIRE(WaitUntil([&] { return Lists(recording.playlist(), before + 3); }));
  recording.command().Signal(SIGINT);
  const int code = recording.command().Wait();
  INFO(recording.said());
  CHECK((code == 0 || (gaps && code == 3)));
  RequireConforms(recording.playlist());
  const Playlist list = ReadPlaylist(recording.playlist());
  INFO(list.text);
  CHECK(list.ended);
  CHECK(list.discontinuities() == 1);
  CHECK((list.gaps() > 0) == gaps);
}

TEST_CASE("ends: after a duration, or a number of segments") {
  const TempDirectory directory;
  const std::string playlist = directory.path("index.m3u8");
  SECTION("duration") {
    RunWell(Record({MediaFile("h264_aac.ts"), playlist, "--segment-time", "1",
                    "--duration", "2s"}));
    const Playlist list = ReadPlaylist(playlist);
    CHECK(list.ended);
    CHECK(std::abs(list.duration() - 2) < 0.2);
  }
  SECTION("segments") {
    RunWell(Record({MediaFile("h264_aac.ts"), playlist, "--segment-time", "1",
                    "--stop-after-segments", "2"}));
    const Playlist list = ReadPlaylist(playlist);
    CHECK(list.ended);
    CHECK(list.segments.size() == 2);
  }
  RequireConforms(playlist);
}

TEST_CASE("ends: nobody publishes within the connect timeout") {
  const TempDirectory directory;
  const Ended ended = Run(
      Record({LocalUrl("rtmp", FreePort(Transport::kTcp), "/live/cam"),
              "--listen", "--connect-timeout", "300ms", directory.path("o")}));
  CHECK(ended.code == 2);
  CHECK(ended.err.find("hlsrec: ") != std::string::npos);
}

TEST_CASE("ends: UDP that stops is a source timeout") {
  const TempDirectory directory;
  const std::string playlist = directory.path("index.m3u8");
  const int port = FreePort(Transport::kUdp);
  Command command(Record({LocalUrl("udp", port), playlist, "--segment-time",
                          "1", "--timeout", "1s", "--reconnect-window", "0"}));
  REQUIRE(WaitForListener(Transport::kUdp, port));
  ChildProcess publisher(Publish(
      "h264_aac.ts", {"-f", "mpegts", LocalUrl("udp", port, "?pkt_size=1316")},
      {"-re"}));
  const int code = command.Wait();
  INFO(command.err());
  CHECK(code == 2);
  CHECK(command.err().find("timed out") != std::string::npos);
  RequireConforms(playlist);
  CHECK(ReadPlaylist(playlist).ended);
}
