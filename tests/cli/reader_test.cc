// What a reader sees while a recording runs.
#include <fcntl.h>
#include <poll.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <string>

#include "src/base/clock.h"
#include "tests/catch.h"
#include "tests/cli/command.h"
#include "tests/cli/recorded.h"
#include "tests/inputs/child_process.h"
#include "tests/inputs/ports.h"

using namespace hlsrec::testing;  // NOLINT: a file of nothing but tests

TEST_CASE("reader: every version is whole, and all it lists is there") {
  const TempDirectory media;
  const std::string file = media.path("nine.mp4");
  Ffmpeg({"-stream_loop", "2", "-i", MediaFile("h264_aac.mp4"), "-c", "copy",
          file});
  const TempDirectory directory;
  const std::string playlist = directory.path("index.m3u8");
  Command command(Record({file, playlist, "--realtime", "--segment-time", "1",
                          "--max-gop", "1s", "--playlist", "live:3"}));
  std::size_t reads = 0;
  std::size_t versions = 0;
  std::string last;
  std::uint64_t last_sequence = 0;
  std::map<std::string, std::uint64_t> numbers;  // by URI, for ever
  std::map<std::string, std::uintmax_t> sizes;
  bool there = false;
  while (command.Running()) {
    ::poll(nullptr, 0, 2);  // the reader's own pace, not a wait for anything
    if (!there && !std::filesystem::exists(playlist)) continue;
    there = true;
    ++reads;
    const std::string text = ReadText(playlist);
    if (text == last) continue;
    ++versions;
    last = text;
    const Playlist list = ParseMedia(text);
    INFO(text);
    REQUIRE(list.defect.empty());
    REQUIRE_FALSE(list.segments.empty());
    REQUIRE(list.media_sequence >= last_sequence);
    last_sequence = list.media_sequence;
    for (std::size_t i = 0; i < list.segments.size(); ++i) {
      const std::string& uri = list.segments[i].uri;
      std::error_code error;
      const auto size = std::filesystem::file_size(directory.path(uri), error);
      INFO(uri);
      REQUIRE_FALSE(error);
      REQUIRE(size > 0);
      REQUIRE(numbers.emplace(uri, list.media_sequence + i).first->second ==
              list.media_sequence + i);
      REQUIRE(sizes.emplace(uri, size).first->second == size);
    }
  }
  INFO(command.err());
  CHECK(command.Wait() == 0);
  CHECK(reads > 4 * versions);
  CHECK(versions >= 6);
  CHECK(last_sequence > 0);
  CHECK(ReadPlaylist(playlist).ended);
  RequireConforms(playlist);
}

TEST_CASE("reader: a second hlsrec watches the first") {
  const TempDirectory directory;
  const std::string playlist = directory.path("index.m3u8");
  Command command(Record({MediaFile("h264_aac.mp4"), playlist, "--realtime",
                          "--segment-time", "1", "--max-gop", "1s"}));
  REQUIRE(WaitUntil([&] { return Lists(playlist, 1); }));
  const Ended watched = Run(Hlsrec({"check", "--watch", playlist}));
  INFO(watched.out << watched.err);
  CHECK(watched.code == 0);
  CHECK(command.Wait() == 0);
}

TEST_CASE("reader: nobody reads --json, and the recording goes on") {
  const TempDirectory media;
  const std::string file = media.path("minute.mp4");
  Ffmpeg({"-stream_loop", "20", "-i", MediaFile("h264_aac.mp4"), "-c", "copy",
          file});
  const TempDirectory directory;
  const std::string playlist = directory.path("index.m3u8");
  ChildProcess command(
      Record({file, playlist, "--json", "--segment-time", "1"}));
  // A page: what is written until it ends is several times that.
  REQUIRE(::fcntl(command.output_fd(), F_SETPIPE_SZ, 4096) >= 0);
  REQUIRE(WaitUntil([&] {
    return std::filesystem::exists(playlist) && ReadPlaylist(playlist).ended;
  }));
  CHECK(command.Running());  // all of it shall be read
  std::string all;
  std::string last;
  std::size_t sealed = 0;
  for (std::string line = command.ReadLine(); !line.empty();
       line = command.ReadLine()) {
    if (all.empty()) CHECK(line.find("recording_started") != line.npos);
    if (line.find("\"segment_sealed\"") != line.npos) ++sealed;
    all += line;
    last = line;
  }
  CHECK(command.Wait() == 0);
  CHECK(all.size() > 3 * 4096);
  CHECK(sealed == ReadPlaylist(playlist).segments.size());
  CHECK(last.find("\"summary\"") != last.npos);
  CHECK(last.find("\"reports_dropped\":0") != last.npos);
}

TEST_CASE("reader: reports that nobody reads for too long are counted") {
  const TempDirectory media;
  const std::string file = media.path("sound.mp3");
  Ffmpeg({"-f", "lavfi", "-i", "anullsrc=r=44100", "-t", "330", "-b:a", "32k",
          file});
  const TempDirectory directory;
  const std::string playlist = directory.path("index.m3u8");
  ChildProcess command(
      Record({file, playlist, "--json", "--segment-time", "100ms"}));
  // Looked for in the text: reading thousands of segments each time would take
  // the recording's CPU.
  REQUIRE(WaitUntil([&] {
    return std::filesystem::exists(playlist) &&
           ReadText(playlist).ends_with("#EXT-X-ENDLIST\n");
  }));
  std::string last;
  for (std::string line = command.ReadLine(); !line.empty();
       line = command.ReadLine()) {
    last = line;
  }
  CHECK(command.Wait() == 0);
  INFO(last);
  CHECK(last.find("\"summary\"") != last.npos);
  CHECK(last.find("\"reports_dropped\"") != last.npos);
  CHECK(last.find("\"reports_dropped\":0") == last.npos);
}
