// `hlsrec relay`, and receivers of streams beside files.
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/catch.h"
#include "tests/cli/command.h"
#include "tests/cli/recorded.h"
#include "tests/inputs/ports.h"
#include "tests/inputs/published.h"
#include "tests/net/nginx_server.h"

using namespace hlsrec::testing;  // NOLINT: a file of nothing but tests
using hlsrec::NginxServer;

namespace {

// A recorder that a publisher has to come to.
class Receiver {
 public:
  Receiver(const std::string& url, const std::string& playlist)
      : command_(Record({"--listen", url, playlist, "--segment-time", "1"})) {}
  int Wait() { return command_.Wait(); }
  [[nodiscard]] std::string err() const { return command_.err(); }

 private:
  Command command_;
};

}  // namespace

TEST_CASE("relay command: to an RTMP server, whose key nobody sees") {
  const int port = FreePort(Transport::kTcp);
  const std::string url = LocalUrl("rtmp", port, "/live/s3cret");
  const TempDirectory directory;
  std::ofstream(directory.path("url")) << url << "\n";
  Receiver receiver(url, directory.path("got/index.m3u8"));
  REQUIRE(WaitForListener(Transport::kTcp, port));
  const Ended relayed =
      RunWell(Hlsrec({"relay", MediaFile("h264_aac.ts"),
                      "@" + directory.path("url"), "--verbose"}),
              {.directory = directory.path("")});
  CHECK_FALSE(Holds(relayed, "s3cret"));
  CHECK(Holds(relayed, "0 dropped, 1 connections"));
  INFO(receiver.err());
  CHECK(receiver.Wait() == 0);
  RequireConforms(directory.path("got/index.m3u8"));
  CheckSame(ContentsOf(MediaFile("h264_aac.ts")),
            RecordedContents(directory.path("got/index.m3u8")), 1);
  // Nothing was kept.
  CHECK_FALSE(std::filesystem::exists(directory.path(".hlsrec-spool")));
}

TEST_CASE("relay command: as a live window on a web server") {
  const NginxServer nginx;
  const TempDirectory directory;
  RunWell(
      Hlsrec({"relay", MediaFile("h264_aac.ts"), nginx.Http("/open/live.m3u8"),
              "--segment-time", "1", "--playlist", "live:2"}),
      {.directory = directory.path("")});
  const Playlist live = ReadPlaylist(nginx.Folder("/open/live.m3u8"));
  CHECK(live.segments.size() == 3);
  CHECK_FALSE(live.Has("EXT-X-PLAYLIST-TYPE"));
  CHECK(live.ended);
  CHECK_FALSE(std::filesystem::exists(directory.path(".hlsrec-spool")));
}

TEST_CASE("relay command: a receiver that is away, beside a recording") {
  const int port = FreePort(Transport::kTcp);
  const TempDirectory directory;
  const Ended ended = Run(
      Record({MediaFile("h264_aac.ts"), directory.path("index.m3u8"),
              LocalUrl("rtmp", port, "/live/s3cret"), "--segment-time", "1"}));
  CHECK(ended.code == 3);
  CHECK(Holds(ended, "output degraded"));
  CHECK(Holds(ended, "relay0: 0 frames sent"));
  CHECK_FALSE(Holds(ended, "s3cret"));
  RequireConforms(directory.path("index.m3u8"));
}

TEST_CASE("relay command: nowhere to go is told with the exit code") {
  const int port = FreePort(Transport::kTcp);
  const Ended away =
      Run(Hlsrec({"relay", MediaFile("h264_aac.ts"),
                  LocalUrl("rtmp", port, "/live/s3cret"), "--json"}));
  CHECK(away.code == 5);
  CHECK(Holds(away, "\"samples_sent\":0"));
  CHECK_FALSE(Holds(away, "s3cret"));

  const TempDirectory directory;
  const Ended local =
      Run(Hlsrec({"relay", MediaFile("h264_aac.ts"), directory.path("out")}));
  CHECK(local.code == 1);
  CHECK(Holds(local, "`hlsrec record` does"));
  const Ended file = Run(Hlsrec({"relay", MediaFile("h264_aac.ts"), "@none"}));
  CHECK(file.code == 1);
  CHECK(Holds(file, "@none: can't be read"));
}
