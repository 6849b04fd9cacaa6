// Manifests on folders, web servers and buckets, and `hlsrec verify`.
#include <signal.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "tests/catch.h"
#include "tests/cli/command.h"
#include "tests/cli/recorded.h"
#include "tests/inputs/ports.h"
#include "tests/net/nginx_server.h"
#include "tests/s3/store_server.h"

using namespace hlsrec::testing;  // NOLINT: a file of nothing but tests
using hlsrec::NginxServer;

namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

// With the spool's hashes.
Words RecordWhole(const std::string& output) {
  return Hlsrec({"record", MediaFile("h264_aac.ts"), output, "--manifest",
                 "--segment-time", "1", "--session", "s"});
}

void FlipBit(const std::string& path, std::streamoff at) {
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  REQUIRE(file.is_open());
  file.seekg(at);
  const int byte = file.get();
  file.seekp(at);
  file.put(static_cast<char>(byte ^ 4));
}

Ended Verify(const std::string& location, const CommandOptions& here = {}) {
  return Run(Hlsrec({"verify", location}), here);
}

// Damages a recording in a folder in each way, and sees it found at `location`.
void RequireDamageFound(const std::string& folder, const std::string& location,
                        const CommandOptions& here = {}) {
  const std::string segment = folder + "/000001.ts";
  const auto damaged = [&](int code, const std::string& what) {
    const Ended ended = Verify(location, here);
    INFO(ended.out + ended.err);
    CHECK(ended.code == code);
    CHECK(Holds(ended, what));
  };
  FlipBit(segment, 1000);
  damaged(3, "content: h264_aac/s/000001.ts");
  FlipBit(segment, 1000);
  CHECK(Verify(location, here).code == 0);

  fs::copy_file(segment, folder + "/copy");
  fs::resize_file(segment, fs::file_size(segment) - 188);
  damaged(3, "size: h264_aac/s/000001.ts");
  fs::remove(segment);
  damaged(4, "missing: h264_aac/s/000001.ts");
  fs::rename(folder + "/copy", segment);
  CHECK(Verify(location, here).code == 0);
}

}  // namespace

TEST_CASE("verify: a folder, each damage by its name and exit code") {
  const TempDirectory directory;
  const std::string root = directory.path("rec");
  RunWell(RecordWhole(root));
  const std::string folder = root + "/h264_aac/s";
  const std::string manifest = folder + "/recording.json";
  for (const std::string& location : {root, folder, manifest}) {
    INFO(location);
    const Ended ended = Verify(location);
    CHECK(ended.code == 0);
    CHECK(Holds(ended, "ok: "));
    CHECK_FALSE(Holds(ended, "without a known"));
  }
  RequireDamageFound(folder, manifest);

  std::ofstream(folder + "/000099.ts") << "x";
  const Ended extra = Run(Hlsrec({"verify", root, "--json"}));
  CHECK(extra.code == 3);
  const Json json = Json::parse(extra.out);
  CHECK(json.at("ok") == false);
  CHECK(json.at("findings")[0].at("problem") == "extra");
  fs::remove(folder + "/000099.ts");

  // Clips are no extra objects, as long as they name nothing else.
  const std::string playlist = folder + "/index.m3u8";
  RunWell(Hlsrec({"clip", playlist, "goal.m3u8", "--from", "1"}));
  RunWell(Hlsrec({"clip", folder + "/goal.m3u8", "again.m3u8"}));
  const Ended clips = RunWell(Hlsrec({"verify", root, "--json"}));
  CHECK(Json::parse(clips.out).at("clips") == 2);
  CHECK(Holds(Verify(folder), ", 2 clips"));
  std::ofstream(folder + "/goal.m3u8", std::ios::app)
      << "#EXTINF:1,\n000099.ts\n";
  const Ended strange = Run(Hlsrec({"verify", root, "--json"}));
  CHECK(strange.code == 3);
  CHECK(Json::parse(strange.out).at("clips") == 0);
  fs::remove(folder + "/goal.m3u8");
  fs::remove(folder + "/again.m3u8");

  fs::rename(folder, directory.path("moved"));
  CHECK(Verify(directory.path("moved/recording.json")).code == 0);
  CHECK(Verify(root).code == 2);
  CHECK(Verify(directory.path("none")).code == 2);
  CHECK_FALSE(fs::exists(directory.path("none")));
}

TEST_CASE("verify: an interrupted recording is none until it is resumed") {
  const TempDirectory directory;
  const std::string output = directory.path("cam.m3u8");
  Command recording(
      Hlsrec({"record", MediaFile("h264_aac.ts"), output, "--manifest",
              "--realtime", "--segment-time", "1"}));
  REQUIRE(WaitUntil([&] { return Lists(output, 1); }));
  recording.Signal(SIGKILL);
  recording.Wait();
  const Ended early = Verify(directory.path("cam_recording.json"));
  CHECK(early.code == 2);
  CHECK(Holds(early, "has not ended (running)"));
  RunWell(Hlsrec({"resume", directory.path("")}));
  const Ended ended = Verify(directory.path("cam_recording.json"));
  INFO(ended.out + ended.err);
  CHECK(ended.code == 0);
}

TEST_CASE("verify: a web server, by the manifest's URL") {
  const NginxServer nginx;
  const TempDirectory directory;
  const CommandOptions here{.directory = directory.path("")};
  RunWell(RecordWhole(nginx.Http("/open/rec")), here);
  const std::string url = nginx.Http("/open/rec/h264_aac/s/recording.json");
  const Ended ended = Verify(url, here);
  INFO(ended.out + ended.err);
  CHECK(ended.code == 0);
  RequireDamageFound(nginx.Folder("/open/rec/h264_aac/s"), url, here);
  const Ended folder = Verify(nginx.Http("/open/rec"), here);
  CHECK(folder.code == 1);
  CHECK(Holds(folder, "give a manifest's URL"));
}

TEST_CASE("verify: a bucket, its extra objects too") {
  const SwiftServer swift;
  const TempDirectory directory;
  const CommandOptions here = WithBucket(directory);
  const auto url = [&](const std::string& path) {
    return "s3://bucket/" + path + "?endpoint=" + swift.endpoint();
  };
  const auto record = [&](const std::string& path, const Words& more) {
    Words words = {"record", MediaFile("h264_aac.ts"), url(path),
                   "--segment-time", "1"};
    words.insert(words.end(), more.begin(), more.end());
    RunWell(Hlsrec(words), here);
  };
  record("v/cam.m3u8", {"--manifest"});
  for (const std::string path : {"v/cam_recording.json", "v"}) {
    const Ended ended = Verify(url(path), here);
    INFO(ended.out + ended.err);
    CHECK(ended.code == 0);
  }
  record("v/cam-more.m3u8", {});
  const Ended extra = Verify(url("v/cam_recording.json"), here);
  INFO(extra.out + extra.err);
  CHECK(extra.code == 3);
  CHECK(Holds(extra, "extra: cam-more.m3u8"));
}
