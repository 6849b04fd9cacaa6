// `hlsrec clip`: playlists over segments that are there.
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

Words RecordTo(const std::string& output, const std::string& media,
               const Words& more = {}) {
  Words words = {"record", MediaFile(media), output, "--segment-time", "1"};
  words.insert(words.end(), more.begin(), more.end());
  return Hlsrec(words);
}

}  // namespace

TEST_CASE("clip: whole segments of the range, and no copies") {
  const TempDirectory directory;
  for (const std::string container : {"ts", "fmp4"}) {
    INFO(container);
    const std::string playlist = directory.path(container + ".m3u8");
    RunWell(RecordTo(playlist, "h264_aac.ts", {"--container", container}));
    const auto files = [&] {
      return std::distance(fs::directory_iterator(directory.path("")),
                           fs::directory_iterator());
    };
    const auto before = files();
    const std::string clip = directory.path("clip-" + container + ".m3u8");
    RunWell(Hlsrec({"clip", playlist, "clip-" + container + ".m3u8", "--from",
                    "1.2", "--to", "1.9"}));
    CHECK(files() == before + 1);
    const Playlist made = ReadPlaylist(clip);
    CHECK(made.ended);
    CHECK(made.Has("PLAYLIST-TYPE:VOD"));
    REQUIRE(made.segments.size() == 1);
    CHECK(made.segments[0].uri == ReadPlaylist(playlist).segments[1].uri);
    RequireConforms(clip);
    CHECK(RecordedContents(clip).video.size() == 25);
    fs::create_directory(directory.path("clips-" + container));
    const std::string apart = directory.path("clips-" + container + "/a.m3u8");
    RunWell(Hlsrec({"clip", playlist, apart, "--from", "1"}));
    RequireConforms(apart);
    CHECK(ReadPlaylist(apart).segments.size() == 2);
  }
}

TEST_CASE("clip: over a break, of several playlists") {
  const TempDirectory directory;
  const std::string playlist = directory.path("cam.m3u8");
  for (int i = 0; i < 2; ++i) {
    RunWell(RecordTo(playlist, "two_languages.ts", {"--append"}));
  }
  RunWell(Hlsrec({"clip", playlist, "goal.m3u8", "--from", "2", "--to", "4"}));
  const std::string goal = directory.path("goal.m3u8");
  RequireConforms(goal);
  CHECK(ReadText(goal).find("goal_cam_video.m3u8") != std::string::npos);
  CHECK(ReadPlaylist(directory.path("goal_cam_video.m3u8")).discontinuities() ==
        1);
  const std::string text = ReadText(goal);
  const Ended again = Run(Hlsrec({"clip", playlist, "goal.m3u8"}));
  CHECK(again.code == 5);
  CHECK(ReadText(goal) == text);
  RunWell(Hlsrec({"clip", playlist, "goal.m3u8", "--force"}));
}

TEST_CASE("clip: what is not stored is not listed") {
  const TempDirectory directory;
  const std::string playlist = directory.path("cam.m3u8");
  RunWell(RecordTo(playlist, "h264_aac.ts"));
  fs::remove(directory.path("cam-000001.ts"));
  const Ended ended = Run(Hlsrec({"clip", playlist, "clip.m3u8"}));
  CHECK(ended.code == 2);
  CHECK(Holds(ended, "cam-000001.ts"));
  CHECK_FALSE(fs::exists(directory.path("clip.m3u8")));
  RunWell(Hlsrec({"clip", playlist, "end.m3u8", "--from", "2"}));
  const Ended gap =
      Run(Hlsrec({"clip", playlist, "gap.m3u8", "--skip-missing"}));
  CHECK(gap.code == 3);
  CHECK(ReadPlaylist(directory.path("gap.m3u8")).gaps() == 1);
  RequireConforms(directory.path("gap.m3u8"));
}

TEST_CASE("clip: on a web server and in a bucket as on a disk") {
  const TempDirectory directory;
  const CommandOptions here = WithBucket(directory);
  const NginxServer nginx;
  const SwiftServer swift;
  const std::string end = "?endpoint=" + swift.endpoint();
  const std::string bucket = "s3://bucket/v/cam.m3u8" + end;
  const std::string web = nginx.Http("/open/rec/cam.m3u8");
  for (const std::string& output : {web, bucket}) {
    RunWell(RecordTo(output, "h264_aac.ts"), here);
    RunWell(Hlsrec({"clip", output, "clip.m3u8", "--from", "1"}), here);
  }
  RequireConforms(nginx.Folder("/open/rec/clip.m3u8"));
  RunWell(Hlsrec({"clip", web, nginx.Http("/open/clips/a.m3u8")}), here);
  RequireConforms(nginx.Folder("/open/clips/a.m3u8"));
  RunWell(Hlsrec({"export", "s3://bucket/v/clip.m3u8" + end, "clip.mp4"}),
          here);
  CHECK(ContentsOf(directory.path("clip.mp4")).video.size() == 50);
  const Ended elsewhere =
      Run(Hlsrec({"clip", bucket, "s3://other/clip.m3u8"}), here);
  CHECK(elsewhere.code == 1);
  CHECK(Holds(elsewhere, "not below s3://bucket/v/"));
}
