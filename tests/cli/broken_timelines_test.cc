// Timestamps that wrap, jump and are missing; pictures that change.
#include <fmt/format.h>

#include <cmath>
#include <fstream>
#include <string>

#include "tests/catch.h"
#include "tests/cli/command.h"
#include "tests/cli/recorded.h"

using namespace hlsrec::testing;  // NOLINT: a file of nothing but tests

namespace {

constexpr double kFrame = 0.045;
constexpr std::size_t kPacketSize = 188;

struct Expected {
  std::size_t discontinuities = 0;
  double duration = 3;
  double tolerance = kFrame;
  std::size_t dropped = 0;  // more than an audio frame before the first picture
};

// Records a file in both containers and judges the result.
void RecordAndCheck(const std::string& file, const Expected& expected) {
  for (const std::string container : {"ts", "fmp4"}) {
    INFO(container);
    const TempDirectory directory;
    const std::string playlist = directory.path("index.m3u8");
    const Ended ended = RunWell(Record({file, playlist, "--segment-time", "1",
                                        "--json", "--container", container}));
    RequireConforms(playlist);
    const Playlist list = ReadPlaylist(playlist);
    INFO(list.text);
    CHECK(list.ended);
    CHECK(list.discontinuities() == expected.discontinuities);
    CHECK(std::abs(list.duration() - expected.duration) < expected.tolerance);
    CHECK(Dropped(ended.out) <= expected.dropped + 1);
  }
}

void RecordAndCompare(const std::string& file, const Expected& expected) {
  RecordAndCheck(file, expected);
  const TempDirectory directory;
  const std::string playlist = directory.path("index.m3u8");
  const Ended ended =
      RunWell(Record({file, playlist, "--segment-time", "1", "--json"}));
  CheckSame(ContentsOf(file), RecordedContents(playlist), Dropped(ended.out));
}

// h264_aac.mp4 in a TS that starts at another time.
std::string Shifted(const TempDirectory& directory, const std::string& seconds,
                    const std::string& input = "h264_aac.mp4") {
  const std::string path = directory.path("from" + seconds + input + ".ts");
  Ffmpeg({"-i", MediaFile(input), "-map", "0", "-c", "copy",
          "-output_ts_offset", seconds, path});
  return path;
}

std::string Joined(const TempDirectory& directory,
                   const std::vector<std::string>& parts) {
  const std::string path = directory.path("joined.ts");
  std::ofstream file(path, std::ios::binary);
  for (const std::string& part : parts) file << ReadText(part);
  return path;
}

// Pictures with these options of ffmpeg's, a tone, in a TS.
std::string Encoded(const TempDirectory& directory, const std::string& name,
                    const std::string& picture, const Words& options) {
  const std::string path = directory.path(name);
  Words words = {"-f",       "lavfi",   "-i",      "testsrc2=" + picture,
                 "-f",       "lavfi",   "-i",      "sine=r=44100",
                 "-c:v",     "libx264", "-preset", "ultrafast",
                 "-pix_fmt", "yuv420p", "-c:a",    "aac",
                 "-shortest"};
  words.insert(words.end(), options.begin(), options.end());
  words.push_back(path);
  Ffmpeg(words);
  return path;
}

}  // namespace

TEST_CASE("timelines: 33 bits run out") {
  RecordAndCompare(MediaFile("wrap.ts"), {});
}

TEST_CASE("timelines: a jump forth and one back") {
  const TempDirectory directory;
  const std::string file =
      Joined(directory, {Shifted(directory, "0"), Shifted(directory, "5000"),
                         Shifted(directory, "100")});
  RecordAndCheck(file, {.discontinuities = 2, .duration = 9, .tolerance = 0.2});
}

TEST_CASE("timelines: the same file three times over") {
  const TempDirectory directory;
  const std::string part = Shifted(directory, "0");
  RecordAndCheck(Joined(directory, {part, part, part}),
                 {.discontinuities = 2, .duration = 9, .tolerance = 0.2});
}

TEST_CASE("timelines: the picture changes its size") {
  const TempDirectory directory;
  const std::string small =
      Encoded(directory, "small.ts", "s=160x120:r=25:d=3", {"-g", "25"});
  const std::string large = Encoded(directory, "large.ts", "s=320x180:r=25:d=3",
                                    {"-g", "25", "-output_ts_offset", "3"});
  const std::string file = Joined(directory, {small, large});
  RecordAndCheck(file, {.discontinuities = 1, .duration = 6, .tolerance = 0.2});
  const std::string playlist = directory.path("index.m3u8");
  RunWell(Record({file, playlist, "--container", "fmp4"}));
  const Playlist list = ReadPlaylist(playlist);
  REQUIRE(list.segments.size() >= 2);
  CHECK(list.segments.front().map != list.segments.back().map);
}

TEST_CASE("timelines: the tone changes its sample rate") {
  const TempDirectory directory;
  const std::string picture = "s=160x120:r=25:d=3";
  const std::string low = Encoded(directory, "low.ts", picture, {"-g", "25"});
  const std::string high =
      Encoded(directory, "high.ts", picture,
              {"-g", "25", "-ar", "48000", "-output_ts_offset", "3"});
  RecordAndCheck(Joined(directory, {low, high}),
                 {.discontinuities = 1, .duration = 6, .tolerance = 0.2});
}

TEST_CASE("timelines: the picture and the tone change together") {
  const TempDirectory directory;
  // From mono to stereo with the larger picture, after it, and before.
  for (const double offset : {0.0, 0.3, -0.3}) {
    const std::string late = fmt::format("{:.1f}", offset);
    INFO("the tone is later by " << late);
    const auto encode = [&](const std::string& name, const Words& input,
                            const Words& options) {
      const std::string path = directory.path(name + late + ".ts");
      Words words = input;
      words.insert(words.end(),
                   {"-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt",
                    "yuv420p", "-g", "25", "-c:a", "aac"});
      words.insert(words.end(), options.begin(), options.end());
      words.push_back(path);
      Ffmpeg(words);
      return path;
    };
    const std::string old = encode(
        "old",
        {"-f", "lavfi", "-i", "testsrc2=s=160x120:r=25:d=3.2", "-f", "lavfi",
         "-i", fmt::format("sine=r=44100:d={:.1f}", 3.2 + offset)},
        {});
    const std::string next = encode(
        "next",
        {"-f", "lavfi", "-i", "testsrc2=s=320x180:r=25:d=3", "-itsoffset", late,
         "-f", "lavfi", "-i", fmt::format("sine=r=44100:d={:.1f}", 3 - offset)},
        {"-ac", "2", "-output_ts_offset", "3.2"});
    const std::string file = Joined(directory, {old, next});
    RecordAndCompare(file,
                     {.discontinuities = 1, .duration = 6.2, .tolerance = 0.1});
    const std::string playlist = directory.path("fmp4" + late + ".m3u8");
    RunWell(Record({file, playlist, "--container", "fmp4"}));
    const Playlist list = ReadPlaylist(playlist);
    REQUIRE(list.segments.size() >= 2);
    CHECK(list.segments.front().map != list.segments.back().map);
  }
}

TEST_CASE("timelines: transport packets are lost") {
  const TempDirectory directory;
  std::string bytes = ReadText(MediaFile("h264_aac.ts"));
  std::string damaged;
  // Every 97th, but none of the first hundred with the tables and a keyframe.
  for (std::size_t i = 0; i * kPacketSize < bytes.size(); ++i) {
    if (i < 100 || i % 97 != 0) {
      damaged += bytes.substr(i * kPacketSize, kPacketSize);
    }
  }
  REQUIRE(damaged.size() < bytes.size());
  const std::string file = directory.path("damaged.ts");
  std::ofstream(file, std::ios::binary) << damaged;
  const std::string playlist = directory.path("index.m3u8");
  RunWell(Record({file, playlist, "--segment-time", "1"}));
  RequireConforms(playlist);
  const Playlist list = ReadPlaylist(playlist);
  INFO(list.text);
  CHECK(std::abs(list.duration() - 3) < 0.2);
}

TEST_CASE("timelines: 29.97 pictures a second") {
  const TempDirectory directory;
  const std::string file =
      Encoded(directory, "ntsc.ts", "s=160x120:r=30000/1001:d=6",
              {"-g", "30", "-bf", "0"});
  RecordAndCompare(file, {.duration = 6.006, .tolerance = 0.05});
}

TEST_CASE("timelines: B-frames and open groups of pictures") {
  const TempDirectory directory;
  const std::string file =
      Encoded(directory, "open.ts", "s=160x120:r=25:d=6",
              {"-preset", "fast", "-g", "25", "-bf", "3", "-x264-params",
               "open-gop=1:keyint=25:scenecut=0:b-pyramid=normal"});
  RecordAndCompare(file, {.duration = 6});
}

TEST_CASE("timelines: thirty seconds without a keyframe") {
  const TempDirectory directory;
  const std::string file =
      Encoded(directory, "long.ts", "s=160x120:r=10:d=30",
              {"-g", "1000", "-x264-params", "scenecut=0"});
  const std::string playlist = directory.path("index.m3u8");
  const Ended ended = RunWell(
      Record({file, playlist, "--segment-time", "2", "--max-gop", "2s"}));
  CHECK(ended.err.find("forced cut") != std::string::npos);
  RequireConforms(playlist);
  const Playlist list = ReadPlaylist(playlist);
  INFO(list.text);
  CHECK(list.target_duration == 4);
  CHECK(list.segments.size() >= 7);
  CHECK(std::abs(list.duration() - 30) < 0.15);
  CheckPieceOf(ContentsOf(file), RecordedContents(playlist), 1);
}

TEST_CASE("timelines: a gap without a keyframe is declared when asked") {
  const TempDirectory directory;
  const std::string file = Encoded(directory, "long.ts", "s=160x120:r=10:d=20",
                                   {"-g", "120", "-x264-params", "scenecut=0"});
  const std::string playlist = directory.path("index.m3u8");
  const Ended ended =
      Run(Record({file, playlist, "--segment-time", "2", "--max-gop", "2s",
                  "--missing-keyframe", "gap"}));
  INFO(ended.err);
  CHECK(ended.code == 3);
  RequireConforms(playlist);
  const Playlist list = ReadPlaylist(playlist);
  INFO(list.text);
  CHECK(list.Has("#EXT-X-INDEPENDENT-SEGMENTS"));
  CHECK(list.gaps() >= 2);
  CHECK(std::abs(list.duration() - 20) < 0.15);
}

TEST_CASE("timelines: sound that starts late") {
  // Announced from the start, heard after eight seconds of twelve.
  const TempDirectory directory;
  const std::string playlist = directory.path("index.m3u8");
  const Ended ended = RunWell(Record(
      {MediaFile("late_audio.ts"), playlist, "--segment-time", "1", "--json"}));
  RequireConforms(playlist);
  const Playlist list = ReadPlaylist(playlist);
  INFO(list.text);
  CHECK(list.discontinuities() <= 1);
  const Contents sent = ContentsOf(MediaFile("late_audio.ts"));
  const Contents recorded = RecordedContents(playlist);
  CHECK_FALSE(recorded.audio.empty());
  CHECK(recorded.video.size() + recorded.audio.size() + Dropped(ended.out) ==
        sent.video.size() + sent.audio.size());
}
