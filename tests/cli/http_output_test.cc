// Web servers as outputs.
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "tests/catch.h"
#include "tests/cli/command.h"
#include "tests/cli/recorded.h"
#include "tests/inputs/ports.h"
#include "tests/net/nginx_server.h"
#include "tests/net/scripted_server.h"

using namespace hlsrec::testing;  // NOLINT: a file of nothing but tests
using hlsrec::NginxServer;

namespace {

std::string WriteFile(const TempDirectory& directory, const std::string& name,
                      const std::string& text) {
  std::ofstream(directory.path(name)) << text;
  return directory.path(name);
}

}  // namespace

TEST_CASE("http output: a folder's URL, and a playlist's") {
  const NginxServer nginx;
  const TempDirectory directory;
  const CommandOptions here{.directory = directory.path("")};
  const Ended folder =
      RunWell(Record({MediaFile("h264_aac.ts"), nginx.Http("/open/rec/"),
                      "--segment-time", "1", "--session", "s"}),
              here);
  CHECK(Holds(folder, nginx.Http("/open/rec/h264_aac/s/index.m3u8")));
  RequireConforms(nginx.Folder("/open/rec/h264_aac/s/index.m3u8"));
  RunWell(Hlsrec({"check", nginx.Http("/open/rec/h264_aac/s/index.m3u8")}));

  RunWell(Record({MediaFile("h264_aac.ts"), nginx.Http("/open/my%20cam.m3u8"),
                  "--segment-time", "1", "--container", "fmp4"}),
          here);
  RequireConforms(nginx.Folder("/open/my cam.m3u8"));
  RunWell(Hlsrec({"check", nginx.Http("/open/my%20cam.m3u8")}));
  // Nothing waits any more.
  CHECK_FALSE(std::filesystem::exists(directory.path(".hlsrec-spool")));
  // It is there already.
  const Ended again =
      Run(Record({MediaFile("h264_aac.ts"), nginx.Http("/open/my%20cam.m3u8")}),
          here);
  CHECK(again.code == 1);
  CHECK(Holds(again, "a playlist is there"));
}

TEST_CASE("http output: a server that is away is told of once, then counted") {
  const TempDirectory directory;
  // All is refused until long after ten attempts.
  hlsrec::ScriptedServer server(
      [](const hlsrec::ScriptedServer::Request& asked) {
        return hlsrec::ScriptedServer::Reply{
            .status = asked.method == "PUT" ? 503 : 0};
      });
  const auto record = [&](const char* flag) {
    return Run(
        Record({MediaFile("h264_aac.ts"), server.Url("/rec/i.m3u8"), flag,
                "--finish-timeout", "3", "--spool", directory.path(flag + 2)}));
  };
  const auto count = [](const Ended& ended) {
    std::size_t lines = 0;
    for (std::size_t at = 0;
         (at = ended.err.find("output degraded", at)) != std::string::npos;
         ++at) {
      ++lines;
    }
    return lines;
  };
  const Ended told = record("--no-sync");
  CHECK(told.code == 5);
  CHECK(count(told) == 1);
  CHECK(Holds(told, "http 503"));
  CHECK(count(record("--verbose")) > 1);
}

TEST_CASE("http output: credentials come from files and variables") {
  const NginxServer nginx;
  const TempDirectory directory;
  const std::string token = WriteFile(directory, "token", "t0k\n");
  const std::string wrong = WriteFile(directory, "wrong", "wr0ng\n");
  const std::string header =
      WriteFile(directory, "header", "X-One: 1\nX-Two: 2\n");
  const CommandOptions here{
      .environment = {{"HLSREC_CA_FILE", nginx.ca_file()}},
      .directory = directory.path("")};
  const auto record = [&](const std::string& file) {
    return Run(
        Record({MediaFile("h264_aac.ts"), nginx.Https("/bearer/index.m3u8"),
                "--bearer-file", file, "--header", "@" + header}),
        here);
  };
  const Ended refused = record(wrong);
  CHECK(refused.code == 5);
  CHECK(Holds(refused, "http 401"));
  CHECK_FALSE(Holds(refused, "wr0ng"));
  const Ended good = record(token);
  INFO(good.err);
  CHECK(good.code == 0);
  RequireConforms(nginx.Folder("/bearer/index.m3u8"));
  const Ended certificate =
      Run(Record({MediaFile("h264_aac.ts"), nginx.Https("/cert/index.m3u8"),
                  "--client-cert", nginx.client_certificate_file(),
                  "--client-key", nginx.client_key_file()}),
          here);
  INFO(certificate.err);
  CHECK(certificate.code == 0);
}

TEST_CASE("http output: what can't be is refused, and no secret is shown") {
  const auto refused = [](Words words, const std::string& why) {
    words.insert(words.begin(), {MediaFile("h264_aac.ts")});
    RequireRefused(Record(words), why);
  };
  refused({"http://u:s3cret@127.0.0.1/x/"}, "user and password in the URL");
  refused({"http://127.0.0.1/x/?sig=s3cret"}, "a query");
  refused({"http://127.0.0.1/x/", "--header", "s3cret"}, "--header");
  refused({"http://127.0.0.1/x/", "--bearer-file", "/no/such"},
          "--bearer-file");
  refused({"http://127.0.0.1/x/", "--ca-file", "/no/such"}, "ca_file");
  refused({"http://127.0.0.1/x/", "--proxy", "s3cret"}, "proxy");
  refused({"http://127.0.0.1/x/", "--cache-control", "all=1"},
          "want segments=VALUE, live=VALUE or ended=VALUE");
}

TEST_CASE("http output: a killed recording is delivered and ended") {
  const NginxServer nginx;
  const TempDirectory directory;
  const std::string user = WriteFile(directory, "user", "user:pass\n");
  const CommandOptions here{.environment = {{"HLSREC_AUTH_FILE", user}},
                            .directory = directory.path("")};
  const std::string playlist = nginx.Folder("/basic/index.m3u8");
  Command command(
      Record({MediaFile("h264_aac.ts"), nginx.Http("/basic/index.m3u8"),
              "--realtime", "--segment-time", "1"}),
      here);
  REQUIRE(WaitUntil([&] { return Lists(playlist, 1); }));
  command.Signal(SIGKILL);
  command.Wait();
  CHECK_FALSE(ReadPlaylist(playlist).ended);
  // Who we are is not in the spool.
  const Ended stranger = Run(Hlsrec({"resume", "--finish-timeout", "1"}),
                             {.directory = directory.path("")});
  CHECK(stranger.code == 4);
  const Ended ended = Run(Hlsrec({"resume"}), here);
  INFO(ended.err);
  CHECK(ended.code == 0);
  CHECK(ReadPlaylist(playlist).ended);
  RequireConforms(playlist);
  CHECK_FALSE(std::filesystem::exists(directory.path(".hlsrec-spool")));
}
