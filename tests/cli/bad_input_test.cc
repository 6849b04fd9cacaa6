// Input that is damaged, or no input at all: a message, a code, no crash.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

#include "tests/catch.h"
#include "tests/cli/command.h"
#include "tests/cli/recorded.h"

using namespace hlsrec::testing;  // NOLINT: a file of nothing but tests

namespace {

// Ends in good order: with a message where it fails, with a valid playlist
// where there is one.
void RequireOrderlyEnd(const Ended& ended, const std::string& playlist) {
  INFO(ended.code << "\n" << ended.err);
  REQUIRE((ended.code == 0 || ended.code == 2 || ended.code == 3));
  if (ended.code != 0) CHECK(ended.err.find("hlsrec: ") != std::string::npos);
  if (!std::filesystem::exists(playlist)) return;
  RequireConforms(playlist);
  CHECK(ReadPlaylist(playlist).ended);
}

void WriteText(const std::string& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

}  // namespace

TEST_CASE("bad input: files cut off at any place") {
  const std::string file =
      GENERATE("h264_aac.ts", "h264_aac.flv", "h264_aac.mp4", "h264_aac.mkv");
  const std::string bytes = ReadText(MediaFile(file));
  for (const std::size_t part : {1U, 30U, 50U, 90U}) {
    INFO(file << " cut off at " << part << " %");
    const TempDirectory directory;
    const std::string input = directory.path("input");
    WriteText(input, bytes.substr(0, bytes.size() * part / 100));
    const std::string playlist = directory.path("index.m3u8");
    RequireOrderlyEnd(Run(Record({input, playlist, "--segment-time", "1"})),
                      playlist);
  }
}

TEST_CASE("bad input: bytes that changed on the way") {
  const std::string file =
      GENERATE("h264_aac.ts", "h264_aac.flv", "h264_aac.mp4", "h265_aac.ts");
  const std::string container = GENERATE("ts", "fmp4");
  for (const unsigned seed : {1U, 2U, 3U}) {
    INFO(file << " to " << container << ", seed " << seed);
    std::string bytes = ReadText(MediaFile(file));
    std::mt19937 random(seed);
    for (std::size_t i = 0; i < bytes.size() / 2000; ++i) {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    const TempDirectory directory;
    const std::string input = directory.path("input");
    WriteText(input, bytes);
    const std::string playlist = directory.path("index.m3u8");
    const Ended ended = Run(Record(
        {input, playlist, "--segment-time", "1", "--container", container}));
    INFO(ended.err);
    CHECK((ended.code == 0 || ended.code == 2));
    if (std::filesystem::exists(playlist)) {
      CHECK(ReadPlaylist(playlist).ended);
    }
  }
}

TEST_CASE("bad input: nothing that is media") {
  const TempDirectory directory;
  std::string noise(200'000, '\0');
  std::mt19937 random(7);
  for (char& byte : noise) byte = static_cast<char>(random());
  WriteText(directory.path("noise"), noise);
  WriteText(directory.path("empty"), "");
  WriteText(directory.path("text.ts"), std::string(5000, 'x'));
  std::filesystem::create_directory(directory.path("folder"));
  const std::string input =
      GENERATE("noise", "empty", "text.ts", "folder", "missing.ts", "null");
  INFO(input);
  const std::string playlist = directory.path("out/index.m3u8");
  const Ended ended = Run(Record(
      {input == "null" ? "/dev/null" : directory.path(input), playlist}));
  INFO(ended.err);
  CHECK(ended.code == 2);
  CHECK(ended.err.starts_with("hlsrec: open: "));
  CHECK(std::count(ended.err.begin(), ended.err.end(), '\n') == 1);
  CHECK_FALSE(std::filesystem::exists(playlist));
}

TEST_CASE("bad input: standard input that is closed at once") {
  const TempDirectory directory;
  const Ended ended =
      Run(Record({"-", directory.path("index.m3u8"), "--format", "mpegts"}));
  INFO(ended.err);
  CHECK(ended.code == 2);
  CHECK(ended.err.find("hlsrec: ") != std::string::npos);
}
