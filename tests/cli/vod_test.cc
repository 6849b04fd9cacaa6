// `hlsrec record --zip --mp4`: what players and archivers see of it.
#include <signal.h>

#include <algorithm>
#include <filesystem>
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

// Tried by two programs, and unpacked.
std::size_t Streams(const std::string& file, const char* type) {
  const Ended ended =
      RunWell({"ffprobe", "-v", "error", "-select_streams", type,
               "-show_entries", "stream=codec_name", "-of", "csv=p=0", file});
  return static_cast<std::size_t>(
      std::count(ended.out.begin(), ended.out.end(), '\n'));
}

}  // namespace

TEST_CASE("record: --zip and --mp4 leave what plays, beside the playlists") {
  const TempDirectory directory;
  for (const std::string container : {"ts", "fmp4"}) {
    const std::string folder = directory.path(container);
    const std::string playlist = folder + "/cam.m3u8";
    const Ended ended = RunWell(
        Record({MediaFile("h264_aac.ts"), playlist, "--segment-time", "1",
                "--container", container, "--zip", "--mp4", "--manifest"}));
    CHECK(Holds(ended, "archive: " + folder + "/cam.zip"));
    Unpack(folder + "/cam.zip", directory.path(container + "-zip"));
    RequireConforms(directory.path(container + "-zip/cam.m3u8"));
    CHECK(ReadText(directory.path(container + "-zip/cam.m3u8")).find("VOD") !=
          std::string::npos);
    const Contents recorded = RecordedContents(playlist);
    REQUIRE(recorded.video.size() == 75);
    CheckSame(recorded,
              RecordedContents(directory.path(container + "-zip/cam.m3u8")));
    const std::string movie = folder + "/cam.mp4";
    CheckSame(recorded, ContentsOf(movie));
    const std::string bytes = ReadText(movie);
    CHECK(bytes.find("moov") < bytes.find("mdat"));
    RunWell(Hlsrec({"verify", folder + "/cam_recording.json"}));
    CHECK_FALSE(fs::exists(folder + "/.hlsrec-spool"));
  }
}

TEST_CASE("record: an MP4 has the sound that is in renditions of its own") {
  const TempDirectory directory;
  RunWell(Record({MediaFile("two_languages.ts"), directory.path("cam.m3u8"),
                  "--segment-time", "1", "--mp4-name", "Rec-{stream}.mp4",
                  "--stream", "cam", "--zip-name", "Rec-{stream}.zip"}));
  CHECK(Streams(directory.path("Rec-cam.mp4"), "v") == 1);
  CHECK(Streams(directory.path("Rec-cam.mp4"), "a") == 2);
  Unpack(directory.path("Rec-cam.zip"), directory.path("zip"));
  RequireConforms(directory.path("zip/cam.m3u8"));
}

TEST_CASE(
    "record: --zip and --mp4 of a killed recording come with its resume") {
  const TempDirectory directory;
  const std::string playlist = directory.path("cam.m3u8");
  Command command(Record({MediaFile("h264_aac.ts"), playlist, "--realtime",
                          "--segment-time", "1", "--zip", "--mp4", "--playlist",
                          "live:3"}));
  REQUIRE(WaitUntil([&] { return Lists(playlist, 2); }));
  command.Signal(SIGKILL);
  command.Wait();
  CHECK_FALSE(fs::exists(directory.path("cam.zip")));
  const Ended listed =
      RunWell(Hlsrec({"resume", "--list", directory.path("")}));
  CHECK(Holds(listed, "still to make cam.zip\n"));
  CHECK(Holds(listed, "still to make cam.mp4\n"));
  CHECK(Holds(listed, " MB are delivered, and kept for these\n"));
  RunWell(Hlsrec({"resume", directory.path("")}));
  Unpack(directory.path("cam.zip"), directory.path("zip"));
  RequireConforms(directory.path("zip/cam.m3u8"));
  const Contents recorded = RecordedContents(directory.path("zip/cam.m3u8"));
  CHECK(recorded.video.size() >= 50);
  CheckSame(recorded, ContentsOf(directory.path("cam.mp4")));
  CHECK_FALSE(fs::exists(directory.path(".hlsrec-spool")));
}

TEST_CASE("record: --zip and --mp4 go to web servers and buckets") {
  const TempDirectory directory;
  const CommandOptions here = WithBucket(directory);
  const NginxServer nginx;
  const SwiftServer swift;
  const auto bucket = [&](const std::string& path) {
    return "s3://bucket/" + path + "?endpoint=" + swift.endpoint();
  };
  RunWell(
      Record({MediaFile("h264_aac.ts"), nginx.Http("/open/v/cam.m3u8"),
              bucket("v/cam.m3u8"), "--segment-time", "1", "--zip", "--mp4"}),
      here);
  const std::string web = nginx.Folder("/open/v/cam");
  Unpack(web + ".zip", directory.path("web"));
  RequireConforms(directory.path("web/cam.m3u8"));
  CheckSame(RecordedContents(web + ".m3u8"), ContentsOf(web + ".mp4"));
  for (const std::string suffix : {".zip", ".mp4"}) {
    const std::string file = directory.path("stored" + suffix);
    const Ended stored = RunWell(
        Hlsrec({"presign", bucket("v/cam" + suffix), "--expires", "1m"}), here);
    const std::string url = stored.out.substr(0, stored.out.find('\n'));
    RunWell({"curl", "-sSf", "-o", file, url});
    CHECK(ReadText(file) == ReadText(web + suffix));
  }
}
