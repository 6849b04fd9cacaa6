// Every kind of input through the recorder: what was sent is what is stored.
#include <signal.h>

#include <filesystem>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/catch.h"
#include "tests/cli/command.h"
#include "tests/cli/recorded.h"
#include "tests/inputs/ports.h"
#include "tests/inputs/published.h"
#include "tests/inputs/servers.h"

using namespace hlsrec::testing;  // NOLINT: a file of nothing but tests

namespace {

const char* const kSecond = "--segment-time=1";

// A recorder with a playlist of its own.
class Recording {
 public:
  explicit Recording(Words arguments)
      : command_(Record(With(std::move(arguments)))) {}

  [[nodiscard]] std::string playlist() const {
    return directory_.path("index.m3u8");
  }

  // Ends with this code and conforms; what was recorded.
  Contents End(int code = 0) {
    const int ended = command_.Wait();
    INFO(command_.out() << command_.err());
    REQUIRE(ended == code);
    RequireConforms(playlist());
    const Playlist list = ReadPlaylist(playlist());
    CHECK(list.ended);
    CHECK(list.segments.size() >= 2);
    return RecordedContents(playlist());
  }
  // As End(), and nothing is missing that was not said to be dropped.
  void EndWith(const Contents& sent) {
    const Contents recorded = End();
    CheckSame(sent, recorded, Dropped(command_.out()));
  }

 private:
  Words With(Words arguments) const {
    arguments.insert(arguments.end(), {playlist(), kSecond, "--json"});
    return arguments;
  }

  const TempDirectory directory_;
  Command command_;
};

Contents Sent() { return ContentsOf(MediaFile("h264_aac.ts")); }

}  // namespace

TEST_CASE("record: files of every container") {
  const std::string file =
      GENERATE("h264_aac.ts", "h264_aac.mp4", "h264_aac.flv", "h264_aac.mkv",
               "h264_aac_fragmented.mp4");
  const std::string container = GENERATE("ts", "fmp4");
  INFO(file << " to " << container);
  Recording recording({MediaFile(file), "--container", container});
  const Contents sent = ContentsOf(MediaFile(file));
  REQUIRE(sent.video.size() == kPictures);
  recording.EndWith(sent);
}

TEST_CASE("record: standard input, until it closes") {
  const TempDirectory directory;
  const std::string playlist = directory.path("index.m3u8");
  const Ended ended =
      RunWell(Record({"-", playlist, "--format", "mpegts", kSecond, "--json"}),
              {.stdin_path = MediaFile("h264_aac.ts")});
  RequireConforms(playlist);
  CHECK(ReadPlaylist(playlist).ended);
  CheckSame(Sent(), RecordedContents(playlist), Dropped(ended.out));
}

TEST_CASE("record: UDP") {
  const int port = FreePort(Transport::kUdp);
  Recording recording(
      {LocalUrl("udp", port), "--timeout", "2s", "--duration", "3s"});
  REQUIRE(WaitForListener(Transport::kUdp, port));
  const ChildProcess publisher(Publish(
      "h264_aac.ts", {"-f", "mpegts", LocalUrl("udp", port, "?pkt_size=1316")},
      {"-re", "-stream_loop", "1"}));
  CheckPieceOf(Twice(Sent()), recording.End(), kPictures + 2);
}

TEST_CASE("record: RTMP, a publisher comes to us") {
  const int port = FreePort(Transport::kTcp);
  const std::string url = LocalUrl("rtmp", port, "/live/cam");
  Recording recording({url, "--listen"});
  REQUIRE(WaitForListener(Transport::kTcp, port));
  const ChildProcess publisher(Publish("h264_aac.mp4", {"-f", "flv", url}));
  recording.EndWith(Sent());
}

TEST_CASE("record: RTMP, from a server") {
  const RtmpServer server;
  // Published before we come: what went by then is lost.
  ChildProcess publisher(Publish("h264_aac.mp4", {"-f", "flv", server.url()},
                                 {"-re", "-stream_loop", "20"}));
  Recording recording({server.url(), "--duration", "3s"});
  Contents sent = Twice(Twice(Sent()));
  sent = Twice(Twice(sent));
  CheckPieceOf(sent, recording.End(), sent.video.size());
}

TEST_CASE("record: SRT, as listener and as caller") {
  const bool listen = GENERATE(true, false);
  INFO((listen ? "listener" : "caller"));
  const int port = FreePort(Transport::kUdp);
  const std::string url = LocalUrl("srt", port);
  const Words before = {"-re", "-stream_loop", "1"};
  Words record = {url, "--duration", "3s"};
  if (listen) {
    record.emplace_back("--listen");
    Recording recording(record);
    REQUIRE(WaitForListener(Transport::kUdp, port));
    const ChildProcess publisher(
        Publish("h264_aac.ts", {"-f", "mpegts", url}, before));
    CheckPieceOf(Twice(Sent()), recording.End(), kPictures + 2);
  } else {
    const ChildProcess publisher(Publish(
        "h264_aac.ts", {"-f", "mpegts", url + "?mode=listener"}, before));
    REQUIRE(WaitForListener(Transport::kUdp, port));
    Recording recording(record);
    CheckPieceOf(Twice(Sent()), recording.End(), kPictures + 2);
  }
}

TEST_CASE("record: RTSP over TCP and UDP") {
  const std::string transport = GENERATE("tcp", "udp");
  INFO(transport);
  const PythonServer server("rtsp_server.py", MediaFile("h264_aac.mp4"));
  Recording recording({LocalUrl("rtsp", server.port(), "/live"), "--timeout",
                       "3s", "--input-option", "rtsp_transport=" + transport});
  // This server's first keyframe comes without a timestamp.
  CheckPieceOf(Sent(), recording.End(), 30);
}

TEST_CASE("record: HTTP, progressive TS and FLV") {
  const std::string file = GENERATE("h264_aac.ts", "h264_aac.flv");
  INFO(file);
  const PythonServer server("http_server.py", MediaFile(""));
  Recording recording({LocalUrl("http", server.port(), "/live/" + file)});
  recording.EndWith(Sent());
}

TEST_CASE("record: HLS, on demand") {
  const PythonServer server("http_server.py", MediaFile("hls"));
  Recording recording({LocalUrl("http", server.port(), "/0.m3u8")});
  recording.EndWith(Sent());
}

TEST_CASE("record: HLS, live") {
  const TempDirectory directory;
  const PythonServer server("http_server.py", directory.path(""));
  const ChildProcess publisher(
      Publish("h264_aac.mp4",
              {"-f", "hls", "-hls_time", "1", "-hls_list_size", "6",
               directory.path("live.m3u8")},
              {"-re", "-stream_loop", "1"}));
  REQUIRE(WaitUntil(
      [&] { return std::filesystem::exists(directory.path("live.m3u8")); }));
  Recording recording({LocalUrl("http", server.port(), "/live.m3u8")});
  recording.EndWith(Twice(Sent()));
}

TEST_CASE("record: HLS, every variant, as variants") {
  const PythonServer server("http_server.py", MediaFile("hls"));
  const TempDirectory directory;
  RunWell(Record({LocalUrl("http", server.port(), "/master.m3u8"),
                  "--all-variants", directory.path("index.m3u8"), kSecond}));
  RequireConforms(directory.path("index.m3u8"));
  const std::string master = ReadText(directory.path("index.m3u8"));
  INFO(master);
  std::vector<std::string> variants;
  std::istringstream lines(master);
  for (std::string line; std::getline(lines, line);) {
    if (!line.empty() && line[0] != '#') variants.push_back(line);
  }
  REQUIRE(variants.size() == 2);
  CHECK(master.find("RESOLUTION=160x120") != std::string::npos);
  CHECK(master.find("RESOLUTION=320x180") != std::string::npos);
  const Contents small = ContentsOf(MediaFile("h264_aac.mp4"));
  const Contents large = ContentsOf(MediaFile("wide.mp4"));
  const Contents first = RecordedContents(directory.path(variants[0]));
  const Contents second = RecordedContents(directory.path(variants[1]));
  CHECK((first.video == small.video || first.video == large.video));
  CHECK((second.video == small.video || second.video == large.video));
  CHECK(first.video != second.video);
}

TEST_CASE("record: RTP, as an SDP file describes it") {
  const TempDirectory directory;
  const int video = FreeUdpPortPair();
  int audio = FreeUdpPortPair();
  while (audio == video) audio = FreeUdpPortPair();
  const std::string sdp = directory.path("live.sdp");
  Words publish = {"ffmpeg", "-nostdin", "-v",
                   "error",  "-re",      "-stream_loop",
                   "9",      "-i",       MediaFile("h264_aac.mp4")};
  for (const bool picture : {true, false}) {
    publish.insert(publish.end(), {"-map", picture ? "0:v" : "0:a", "-c",
                                   "copy", "-f", "rtp"});
    if (!picture) publish.insert(publish.end(), {"-sdp_file", sdp});
    publish.push_back(LocalUrl("rtp", picture ? video : audio));
  }
  const ChildProcess publisher(publish);
  REQUIRE(WaitUntil([&sdp] {
    const std::string text = ReadText(sdp);
    return text.find("m=audio") != std::string::npos && text.ends_with('\n');
  }));
  Recording recording({sdp, "--timeout", "3s", "--duration", "3s"});
  const Contents sent = Twice(Twice(Twice(Sent())));
  CheckPieceOf(sent, recording.End(), sent.video.size());
}
