// `hlsrec package`: archives whose folder plays.
#include <filesystem>
#include <fstream>
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

Words RecordTo(const std::string& output, const std::string& media) {
  return Hlsrec({"record", MediaFile(media), output, "--segment-time", "1"});
}

}  // namespace

TEST_CASE("package: the unpacked folder plays") {
  const TempDirectory directory;
  const std::string playlist = directory.path("rec/cam.m3u8");
  RunWell(RecordTo(playlist, "two_languages.ts"));
  std::ofstream(directory.path("rec/other.ts")) << "not named";
  const std::string zip = directory.path("Rec-cam-1.zip");
  const Ended ended = RunWell(Hlsrec({"package", playlist, zip, "--json"}));
  CHECK(Holds(ended, "\"objects\":13"));
  Unpack(zip, directory.path("out"));
  RequireConforms(directory.path("out/cam.m3u8"));
  CHECK_FALSE(fs::exists(directory.path("out/other.ts")));
  CHECK(ReadText(directory.path("out/cam_video-000001.ts")) ==
        ReadText(directory.path("rec/cam_video-000001.ts")));
  CHECK(Run(Hlsrec({"package", playlist, zip})).code == 5);
  const std::string bytes = ReadText(zip);
  RunWell(Hlsrec({"package", playlist, zip, "--force"}));
  CHECK(ReadText(zip) == bytes);
}

TEST_CASE("package: nothing of what is not complete") {
  const TempDirectory directory;
  const std::string playlist = directory.path("cam.m3u8");
  RunWell(RecordTo(playlist, "h264_aac.ts"));
  const std::string text = ReadText(playlist);
  std::ofstream(playlist) << text.substr(0, text.find("#EXT-X-ENDLIST"));
  const Ended running = Run(Hlsrec({"package", playlist, "a.zip"}));
  CHECK(running.code == 2);
  CHECK(Holds(running, "has no EXT-X-ENDLIST"));
  std::ofstream(playlist) << text;
  fs::remove(directory.path("cam-000001.ts"));
  const Ended missing =
      Run(Hlsrec({"package", playlist, directory.path("a.zip")}));
  CHECK(missing.code == 2);
  CHECK(Holds(missing, "cam-000001.ts"));
  CHECK_FALSE(fs::exists(directory.path("a.zip")));
}

TEST_CASE("package: from and to web servers and buckets") {
  const TempDirectory directory;
  const CommandOptions here = WithBucket(directory);
  const NginxServer nginx;
  const SwiftServer swift;
  const auto bucket = [&](const std::string& path) {
    return "s3://bucket/" + path + "?endpoint=" + swift.endpoint();
  };
  const std::string web = nginx.Http("/open/rec/cam.m3u8");
  RunWell(RecordTo(web, "h264_aac.ts"), here);
  RunWell(RecordTo(bucket("v/cam.m3u8"), "h264_aac.ts"), here);
  RunWell(Hlsrec({"package", web, bucket("z/web.zip")}), here);
  RunWell(Hlsrec({"package", bucket("v/cam.m3u8"), bucket("z/bucket.zip")}),
          here);
  RunWell(Hlsrec({"package", bucket("v/cam.m3u8"),
                  nginx.Http("/open/z/bucket.zip")}),
          here);
  RunWell(Hlsrec({"package", web, "web.zip"}), here);
  Unpack(directory.path("web.zip"), directory.path("web"));
  Unpack(nginx.Folder("/open/z/bucket.zip"), directory.path("bucket"));
  RequireConforms(directory.path("web"));
  RequireConforms(directory.path("bucket"));
  const Ended stored = RunWell(
      Hlsrec({"presign", bucket("z/web.zip"), "--expires", "1m"}), here);
  const std::string url = stored.out.substr(0, stored.out.find('\n'));
  RunWell({"curl", "-sSf", "-o", directory.path("stored.zip"), url});
  CHECK(ReadText(directory.path("stored.zip")) ==
        ReadText(directory.path("web.zip")));
}
