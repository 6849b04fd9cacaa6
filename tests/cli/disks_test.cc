// Disks that are full, read-only or gone.
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <string>

#include "tests/catch.h"
#include "tests/cli/command.h"
#include "tests/cli/recorded.h"
#include "tests/inputs/ports.h"

using namespace hlsrec::testing;  // NOLINT: a file of nothing but tests

namespace {

// A small file system of its own; needs the right to mount.
class TinyDisk {
 public:
  explicit TinyDisk(const std::string& options, unsigned long flags = 0)
      : path_(directory_.path("disk")) {
    std::filesystem::create_directory(path_);
    INFO("mount needs root: run the tests where it is permitted");
    REQUIRE(::mount("tmpfs", path_.c_str(), "tmpfs", flags, options.c_str()) ==
            0);
  }
  ~TinyDisk() { ::umount2(path_.c_str(), MNT_DETACH); }
  TinyDisk(const TinyDisk&) = delete;
  TinyDisk& operator=(const TinyDisk&) = delete;

  [[nodiscard]] std::string path(const std::string& name) const {
    return path_ + "/" + name;
  }

 private:
  const TempDirectory directory_;
  const std::string path_;
};

// The playlist that is there is whole, and so is all that it lists.
void CheckWhole(const std::string& folder, const std::string& name) {
  const Playlist list = ReadPlaylist(folder + name);
  INFO(list.text);
  RequireConforms(folder + name);
  for (const ListedSegment& segment : list.segments) {
    if (segment.gap) continue;
    CHECK(std::filesystem::file_size(folder + segment.uri) > 0);
  }
}

}  // namespace

TEST_CASE("disks: a disk that fills up keeps its last good playlist") {
  const TinyDisk disk("size=1424k");  // 400 KiB beside the spool's reserve
  const TempDirectory media;
  const std::string file = media.path("long.mp4");
  Ffmpeg({"-stream_loop", "9", "-i", MediaFile("h264_aac.mp4"), "-c", "copy",
          file});
  const Ended ended =
      Run(Record({file, disk.path("index.m3u8"), "--segment-time", "1",
                  "--finish-timeout", "2s"}));
  INFO(ended.err);
  CHECK((ended.code == 3 || ended.code == 4));
  CHECK(ended.err.find("No space left") != std::string::npos);
  CheckWhole(disk.path(""), "index.m3u8");
  // Under a final name there are whole files only.
  for (const auto& entry : std::filesystem::directory_iterator(disk.path(""))) {
    if (entry.path().extension() != ".ts") continue;
    INFO(entry.path());
    CHECK(entry.file_size() > 0);
    CHECK(entry.file_size() % 188 == 0);
  }
}

TEST_CASE("disks: one without room for the spool's reserve is refused") {
  const TinyDisk disk("size=400k");
  const Ended ended =
      Run(Record({MediaFile("h264_aac.ts"), disk.path("index.m3u8")}));
  INFO(ended.err);
  CHECK(ended.code == 5);
  CHECK(ended.err.find("No space left") != std::string::npos);
  CHECK(!std::filesystem::exists(disk.path(".hlsrec-spool")));
}

TEST_CASE("disks: a read-only folder is refused from the start") {
  const TinyDisk disk("size=400k", MS_RDONLY);
  const Ended ended =
      Run(Record({MediaFile("h264_aac.ts"), disk.path("index.m3u8")}));
  INFO(ended.err);
  CHECK(ended.code == 5);
  CHECK(ended.err.find("Read-only") != std::string::npos);
}

TEST_CASE("disks: an output that is a file, not a folder") {
  const TempDirectory directory;
  const std::string file = directory.Write("file", {1, 2, 3});
  const Ended ended =
      Run(Record({MediaFile("h264_aac.ts"), file + "/index.m3u8"}));
  INFO(ended.err);
  CHECK(ended.code == 5);
  CHECK(ReadBytes(file).size() == 3);
}

TEST_CASE("disks: the output folder is removed in mid-recording") {
  const TempDirectory directory;
  const std::string folder = directory.path("out");
  const std::string playlist = folder + "/index.m3u8";
  Command command(Record({MediaFile("h264_aac.ts"), playlist, "--realtime",
                          "--segment-time", "1", "--finish-timeout", "2s"}));
  REQUIRE(WaitUntil([&] { return Lists(playlist, 1); }));
  std::filesystem::rename(folder, directory.path("moved"));
  std::filesystem::remove_all(directory.path("moved"));
  const int code = command.Wait();
  INFO(command.err());
  // Made again, or told: never a playlist that names what is gone.
  CHECK((code == 0 || code == 3 || code == 4));
  if (code == 4) CHECK(command.err().find("not stored: ") != std::string::npos);
  if (!std::filesystem::exists(playlist)) return;
  CHECK(ReadPlaylist(playlist).defect.empty());
}
