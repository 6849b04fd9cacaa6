// Codecs and containers: what goes in comes out, or is refused with a remedy.
#include <string>

#include "tests/catch.h"
#include "tests/cli/command.h"
#include "tests/cli/recorded.h"
#include "tests/inputs/published.h"

using namespace hlsrec::testing;  // NOLINT: a file of nothing but tests

namespace {

struct Case {
  const char* file;
  const char* container;
  const char* extension;
};

std::size_t Count(const std::string& text, const std::string& part) {
  std::size_t count = 0;
  for (std::size_t at = text.find(part); at != std::string::npos;
       at = text.find(part, at + 1)) {
    ++count;
  }
  return count;
}

}  // namespace

TEST_CASE("record: every codec, in the containers that carry it") {
  const Case c = GENERATE(
      Case{"h264_aac.mp4", "auto", ".ts"}, Case{"h264_latm.ts", "auto", ".ts"},
      Case{"h265_aac.ts", "auto", ".m4s"}, Case{"h265_aac.ts", "ts", ".ts"},
      Case{"av1_opus.mkv", "auto", ".m4s"},
      Case{"av1_opus.mp4", "fmp4", ".m4s"}, Case{"mpeg2_ac3.ts", "auto", ".ts"},
      Case{"h264_mp3.ts", "auto", ".ts"}, Case{"h264_mp3.ts", "fmp4", ".m4s"},
      Case{"h264_eac3.ts", "auto", ".m4s"}, Case{"h264_eac3.ts", "ts", ".ts"},
      Case{"h264_opus.ts", "auto", ".m4s"}, Case{"h264.ts", "auto", ".ts"},
      Case{"h264.ts", "fmp4", ".m4s"}, Case{"aac.aac", "auto", ".ts"},
      Case{"aac.aac", "fmp4", ".m4s"}, Case{"frame_per_pes.ts", "auto", ".ts"});
  INFO(c.file << " as " << c.container);
  const TempDirectory directory;
  const std::string playlist = directory.path("index.m3u8");
  const Ended ended =
      RunWell(Record({MediaFile(c.file), playlist, "--segment-time", "1",
                      "--json", "--container", c.container}));
  RequireConforms(playlist);
  const Playlist list = ReadPlaylist(playlist);
  INFO(list.text);
  REQUIRE(list.segments.size() >= 3);
  CHECK(list.segments.front().uri.ends_with(c.extension));
  CHECK(list.segments.front().map.empty() ==
        (std::string(c.extension) == ".ts"));
  // LATM frames the same AAC in another way.
  const bool latm = std::string(c.file) == "h264_latm.ts";
  const Contents sent = ContentsOf(MediaFile(latm ? "h264_aac.ts" : c.file));
  const Contents recorded = RecordedContents(playlist);
  CheckSame(sent, recorded, Dropped(ended.out));
}

TEST_CASE("record: two languages become alternative renditions") {
  const std::string container = GENERATE("ts", "fmp4");
  INFO(container);
  const TempDirectory directory;
  const Ended ended = RunWell(Record(
      {"--json", MediaFile("two_languages.ts"), directory.path("index.m3u8"),
       "--segment-time", "1", "--container", container}));
  RequireConforms(directory.path(""));
  const std::string master = ReadText(directory.path("index.m3u8"));
  INFO(master);
  CHECK(Count(master, "#EXT-X-MEDIA:") == 2);
  CHECK(master.find("LANGUAGE=\"en\"") != std::string::npos);
  CHECK(master.find("LANGUAGE=\"de\"") != std::string::npos);
  CHECK(Count(master, "#EXT-X-STREAM-INF:") == 1);
  CHECK(Count(master, "DEFAULT=YES") == 1);
  const Contents english =
      RecordedContents(directory.path("index_audio-en.m3u8"));
  const Contents german =
      RecordedContents(directory.path("index_audio-de.m3u8"));
  const Contents video = RecordedContents(directory.path("index_video.m3u8"));
  CHECK(video.video == ContentsOf(MediaFile("h264_aac.mp4")).video);
  CHECK(video.audio.empty());
  CHECK(video.video.size() + english.audio.size() + german.audio.size() +
            Dropped(ended.out) ==
        kPictures + 2 * kAudioFrames);
  CheckPieceOf({.audio = ContentsOf(MediaFile("h264_aac.mp4")).audio}, english,
               1);
  CheckPieceOf({.audio = ContentsOf(MediaFile("wide.mp4")).audio}, german, 1);
}

TEST_CASE("record: two programs become two renditions, cut together") {
  const TempDirectory directory;
  const Ended ended =
      RunWell(Record({"--json", MediaFile("two_programs.ts"), "--all-variants",
                      directory.path("index.m3u8"), "--segment-time", "1"}));
  RequireConforms(directory.path(""));
  const std::string master = ReadText(directory.path("index.m3u8"));
  INFO(master);
  CHECK(Count(master, "#EXT-X-STREAM-INF:") == 2);
  const Playlist small = ReadPlaylist(directory.path("index_Small.m3u8"));
  const Playlist large = ReadPlaylist(directory.path("index_Large.m3u8"));
  REQUIRE(small.segments.size() == 3);
  REQUIRE(large.segments.size() == 3);
  for (std::size_t i = 0; i < 3; ++i) {
    CHECK(small.segments[i].duration == large.segments[i].duration);
  }
  const Contents first = RecordedContents(directory.path("index_Small.m3u8"));
  const Contents second = RecordedContents(directory.path("index_Large.m3u8"));
  CheckPieceOf(ContentsOf(MediaFile("h264_aac.mp4")), first, 1);
  CheckPieceOf(ContentsOf(MediaFile("wide.mp4")), second, 1);
  CHECK(first.video.size() == kPictures);
  CHECK(second.video.size() == kPictures);
  CHECK(first.audio.size() + second.audio.size() + Dropped(ended.out) ==
        2 * kAudioFrames);
}

TEST_CASE("record: what the container can't carry is refused with a remedy") {
  const std::string file = GENERATE("av1_opus.mkv", "h264_opus.ts");
  INFO(file);
  const TempDirectory directory;
  const Ended ended = Run(
      Record({MediaFile(file), directory.path("i.m3u8"), "--container", "ts"}));
  INFO(ended.err);
  CHECK(ended.code == 1);
  CHECK(ended.err.find("fmp4") != std::string::npos);
  CHECK(ReadText(directory.path("i.m3u8")).empty());
}

TEST_CASE("record: tracks that can't be recorded are skipped and said once") {
  const std::string file = GENERATE("subtitles.mkv", "cover.mp3");
  INFO(file);
  const TempDirectory directory;
  const std::string playlist = directory.path("index.m3u8");
  const Ended ended = RunWell(Record({MediaFile(file), playlist}));
  INFO(ended.err);
  CHECK(Count(ended.err, "is not recorded: ") == 1);
  RequireConforms(playlist);
  const Contents sent = ContentsOf(MediaFile(file));
  const Contents recorded = RecordedContents(playlist);
  CHECK(recorded.audio == sent.audio);
  CHECK(recorded.video.size() == (file == "cover.mp3" ? 0 : kPictures));
}

TEST_CASE("record: an input with nothing to record") {
  const TempDirectory directory;
  const Ended ended = Run(
      Record({MediaFile("only_subtitles.mkv"), directory.path("index.m3u8")}));
  INFO(ended.err);
  CHECK(ended.code == 2);
  CHECK(ended.err.find("hlsrec: ") != std::string::npos);
  CHECK(ReadText(directory.path("index.m3u8")).empty());
}
