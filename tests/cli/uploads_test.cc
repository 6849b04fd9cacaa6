// `hlsrec serve --accept-uploads`: encoders put what they make.
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/catch.h"
#include "tests/cli/command.h"
#include "tests/cli/recorded.h"
#include "tests/cli/serving.h"
#include "tests/net/scripted_server.h"
#include "tests/s3/store_server.h"

using namespace hlsrec::testing;  // NOLINT: a file of nothing but tests
using hlsrec::ScriptedServer;

namespace {

// As fast as it goes; ffmpeg does not try again, nor wait for answers.
void PushByFfmpeg(const std::string& url) {
  Run({"ffmpeg", "-nostdin", "-v", "error", "-i", MediaFile("h264_aac.ts"),
       "-c", "copy", "-f", "hls", "-hls_time", "1", "-hls_list_size", "0",
       "-method", "PUT", url});
}

std::string StatusOf(const Words& arguments) {
  Words words = {"curl", "-s", "-o", "/dev/null", "-w", "%{http_code}"};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return Run(words).out;
}

// ffmpeg does not wait for the answer to its last list: asked for until it is
// there.
std::string EndedList(const std::string& url) {
  for (int i = 0; i < 2000; ++i) {
    const Ended got = Run({"curl", "-s", url});
    if (got.out.find("#EXT-X-ENDLIST") != std::string::npos) return got.out;
  }
  FAIL("the list does not end");
  return {};
}

}  // namespace

TEST_CASE("uploads command: hlsrec records through it") {
  const TempDirectory directory;
  const std::string root = directory.path("root");
  std::filesystem::create_directory(root);
  std::ofstream(directory.path("token")) << "t0k\n";
  Serving server({root, "--accept-uploads", root, "--upload-token-file",
                  directory.path("token"), "--metrics"});
  const std::string url = server.Url("/hls-upload/cam/index.m3u8");
  const CommandOptions here{.directory = directory.path("")};
  for (const char* conflict : {"look", "if-none-match"}) {
    const std::string name = std::string("/") + conflict;
    RunWell(
        Record({MediaFile("h264_aac.ts"),
                server.Url("/hls-upload" + name + "/index.m3u8"),
                "--segment-time", "1", "--bearer-file", directory.path("token"),
                "--http-conflict", conflict, "--manifest"}),
        here);
    RequireConforms(root + name + "/index.m3u8");
    // What came through is served beside it.
    RunWell(Hlsrec({"check", server.Url(name + "/index.m3u8")}));
    RunWell(Hlsrec({"verify", root + name}));
    RunWell(Hlsrec({"verify",
                    server.Url("/hls-upload" + name + "/index_recording.json"),
                    "--bearer-file", directory.path("token")}));
  }
  const Ended refused =
      Run(Record({MediaFile("h264_aac.ts"), url, "--segment-time", "1"}), here);
  CHECK(refused.code == 5);
  CHECK(Holds(refused, "http 401"));
  CHECK(RunWell(Hlsrec({"validate", server.Url("/hls-upload/"), "--bearer-file",
                        directory.path("token")}))
            .code == 0);
  const Ended metrics = RunWell({"curl", "-sSf", server.Url("/metrics")});
  CHECK(Holds(metrics, "\nhlsrec_uploads_stored_total "));
  CHECK(Holds(metrics, "\nhlsrec_uploads_overtaken_total 0\n"));
  CHECK(server.End() == 0);
}

TEST_CASE("uploads command: ffmpeg records to a store that fails in between") {
  ScriptedServer store([](const ScriptedServer::Request& request) {
    const bool flaky = request.method == "PUT" &&
                       request.path == "/rec/index1.ts" && request.number < 3;
    return ScriptedServer::Reply{.status = flaky ? 503 : 0};
  });
  const TempDirectory directory;
  Serving server({directory.path(""), "--accept-uploads", store.Url("/rec")});
  const std::string url = server.Url("/hls-upload/index.m3u8");
  PushByFfmpeg(url);
  const Playlist list = ParseMedia(EndedList(url));
  CHECK(list.defect.empty());
  CHECK(list.segments.size() == 3);
  CHECK(list.gaps() == 0);
  // Nothing was listed before it was stored.
  std::string stored;
  for (const ScriptedServer::Stored& entry : store.log()) {
    if (!entry.path.ends_with(".m3u8")) {
      stored += entry.path + "\n";
      continue;
    }
    for (const ListedSegment& segment : ParseMedia(entry.bytes).segments) {
      CHECK(stored.find("/rec/" + segment.uri) != std::string::npos);
    }
  }
}

TEST_CASE("uploads command: what the store never takes is a gap") {
  ScriptedServer store([](const ScriptedServer::Request& request) {
    const bool bad =
        request.method == "PUT" && request.path == "/rec/index1.ts";
    return ScriptedServer::Reply{.status = bad ? 503 : 0};
  });
  const TempDirectory directory;
  Serving server({directory.path(""), "--accept-uploads", store.Url("/rec"),
                  "--upload-patience", "500ms"});
  const std::string url = server.Url("/hls-upload/index.m3u8");
  PushByFfmpeg(url);
  const Playlist list = ParseMedia(EndedList(url));
  REQUIRE(list.segments.size() == 3);
  CHECK(list.segments[1].gap);
  CHECK(list.gaps() == 1);
}

TEST_CASE("uploads command: ffmpeg records to a bucket") {
  const SwiftServer swift;
  const TempDirectory directory;
  Serving server({directory.path(""), "--accept-uploads",
                  "s3://bucket/enc?endpoint=" + swift.endpoint()});
  const std::string url = server.Url("/hls-upload/cam%201/index.m3u8");
  PushByFfmpeg(url);
  CHECK(ParseMedia(EndedList(url)).gaps() == 0);
  RunWell(Hlsrec({"check", url}));
  CHECK(StatusOf({"-X", "DELETE", url}) == "204");
  CHECK(StatusOf({url}) == "404");
}

TEST_CASE("uploads command: what is refused") {
  const TempDirectory directory;
  const std::string root = directory.path("root");
  std::filesystem::create_directory(root);
  Serving server({root, "--accept-uploads", root, "--upload-max-size", "1000"});
  const auto put = [&](const std::string& path, const Words& more = {}) {
    Words words = {"-X", "PUT",          "--data-binary",
                   "x",  "--path-as-is", server.Url("/hls-upload/" + path)};
    words.insert(words.end(), more.begin(), more.end());
    return StatusOf(words);
  };
  CHECK(put("a.ts") == "201");
  // It may be put again.
  CHECK(Holds(
      Run({"curl", "-s", "-D", "-", "-o", "/dev/null", server.Url("/a.ts")}),
      "Cache-Control: no-cache"));
  CHECK(put("../../a.ts") == "400");
  CHECK(put("%2e%2e/a.ts") == "400");
  CHECK(put("a%00.ts") == "400");
  CHECK(put("a.html") == "415");
  CHECK(put("a.ts", {"-H", "Content-Type: text/html"}) == "415");
  CHECK(put("b.ts", {"--data-binary", std::string(2000, 'x')}) == "413");
  CHECK(put("b.ts", {"--data-binary", std::string(2000, 'x'), "-H",
                     "Transfer-Encoding: chunked"}) == "413");
  CHECK(put("i.m3u8") == "400");
  CHECK(put("c.ts", {"-H", "Origin: https://example.org"}) == "403");
  CHECK(StatusOf({"-X", "PATCH", server.Url("/hls-upload/a.ts")}) == "405");
  CHECK(std::filesystem::exists(root + "/a.ts"));
  CHECK_FALSE(std::filesystem::exists(root + "/b.ts"));

  const Ended open = Run(
      Hlsrec({"serve", root, "--bind", "0.0.0.0:0", "--accept-uploads", root}));
  CHECK(open.code == 1);
  CHECK(Holds(open, "--upload-token-file"));
  // The token for reading is not one for uploads, which could be read, too.
  std::ofstream(directory.path("token")) << "t0k\n";
  const Ended half =
      Run(Hlsrec({"serve", root, "--token-file", directory.path("token"),
                  "--accept-uploads", root}));
  CHECK(half.code == 1);
  CHECK(Holds(half, "--upload-token-file"));
  const Ended list =
      Run(Hlsrec({"serve", root, "--accept-uploads", root + "/x.m3u8"}));
  CHECK(list.code == 1);
  CHECK(Holds(list, "--accept-uploads"));
}
