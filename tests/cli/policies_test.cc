// Playlist policies, layouts, names, appending.
#include <algorithm>
#include <cmath>
#include <filesystem>
#include <regex>
#include <set>
#include <string>

#include "tests/catch.h"
#include "tests/cli/command.h"
#include "tests/cli/recorded.h"

using namespace hlsrec::testing;  // NOLINT: a file of nothing but tests

namespace {

Words Of(const Words& words, const Words& more) {
  Words all = words;
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

const Words& Second() {
  static const Words& words = *new Words{"--segment-time", "1"};
  return words;
}

// Twelve seconds, a keyframe each second.
std::string TwelveSeconds(const TempDirectory& directory) {
  const std::string path = directory.path("twelve.mp4");
  Ffmpeg({"-stream_loop", "3", "-i", MediaFile("h264_aac.mp4"), "-c", "copy",
          path});
  return path;
}

// Every file below, as its path from there.
std::set<std::string> FilesBelow(const std::string& folder) {
  std::set<std::string> files;
  for (const auto& entry :
       std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file()) {
      files.insert(
          std::filesystem::relative(entry.path(), folder).generic_string());
    }
  }
  return files;
}

std::string OnlyMatch(const std::set<std::string>& files,
                      const std::string& pattern) {
  std::string found;
  for (const std::string& file : files) {
    if (!std::regex_match(file, std::regex(pattern))) continue;
    CHECK(found.empty());
    found = file;
  }
  INFO(pattern);
  REQUIRE_FALSE(found.empty());
  return found;
}

}  // namespace

TEST_CASE("policies: event and vod") {
  const std::string policy = GENERATE("event", "vod");
  const TempDirectory directory;
  const std::string playlist = directory.path("index.m3u8");
  RunWell(Record(Of({MediaFile("h264_aac.ts"), playlist, "--playlist", policy},
                    Second())));
  RequireConforms(playlist);
  const Playlist list = ReadPlaylist(playlist);
  CHECK(list.Has(policy == "event" ? "#EXT-X-PLAYLIST-TYPE:EVENT"
                                   : "#EXT-X-PLAYLIST-TYPE:VOD"));
  CHECK(list.ended);
  CHECK(list.segments.size() == 3);
}

TEST_CASE("policies: a live window keeps the last segments") {
  const bool keep = GENERATE(false, true);
  CAPTURE(keep);
  const TempDirectory media;
  const TempDirectory directory;
  const std::string playlist = directory.path("index.m3u8");
  Words words =
      Of({TwelveSeconds(media), playlist, "--playlist", "live:6"}, Second());
  if (keep) words.emplace_back("--keep-expired");
  RunWell(Record(words));
  RequireConforms(playlist);
  const Playlist list = ReadPlaylist(playlist);
  INFO(list.text);
  CHECK_FALSE(list.Has("#EXT-X-PLAYLIST-TYPE"));
  REQUIRE(list.segments.size() == 6);
  CHECK(list.media_sequence == 6);
  CHECK(list.ended);
  for (const ListedSegment& segment : list.segments) {
    CHECK(std::filesystem::exists(directory.path(segment.uri)));
  }
  const std::set<std::string> files = FilesBelow(directory.path(""));
  if (keep) CHECK(files.size() == 13);
}

TEST_CASE("policies: a live list beside the full one") {
  const TempDirectory media;
  const TempDirectory directory;
  RunWell(Record(Of({TwelveSeconds(media), directory.path("index.m3u8"),
                     "--playlist", "event", "--playlist", "live.m3u8=live:6"},
                    Second())));
  RequireConforms(directory.path(""));
  const Playlist full = ReadPlaylist(directory.path("index.m3u8"));
  const Playlist live = ReadPlaylist(directory.path("live.m3u8"));
  CHECK(full.segments.size() == 12);
  REQUIRE(live.segments.size() == 6);
  CHECK(live.segments.back().uri == full.segments.back().uri);
  CHECK(FilesBelow(directory.path("")).size() == 14);
}

TEST_CASE("policies: a list for each period") {
  const TempDirectory media;
  const TempDirectory directory;
  RunWell(
      Record(Of({TwelveSeconds(media), directory.path(""), "--playlist",
                 "rotating:4s", "--playlist-name", "{segment_time:%H%M%S}.m3u8",
                 "--segment-name", "{seq}.{ext}"},
                Second())));
  RequireConforms(directory.path(""));
  std::size_t lists = 0;
  double duration = 0;
  for (const std::string& file : FilesBelow(directory.path(""))) {
    if (!file.ends_with(".m3u8")) continue;
    ++lists;
    const Playlist list = ReadPlaylist(directory.path(file));
    CHECK(list.ended);
    duration += list.duration();
  }
  CHECK(lists >= 3);
  CHECK(lists <= 4);
  CHECK(std::abs(duration - 12) < 0.1);
}

TEST_CASE("names: Ant Media's, and the next run goes on") {
  const TempDirectory directory;
  const Words words = Of({MediaFile("h264_aac.ts"), directory.path(""),
                          "--layout", "antmedia", "--stream", "teststream"},
                         Second());
  RunWell(Record(words));
  const Ended again = Run(Record(words));
  CHECK(again.code == 1);
  CHECK(again.err.find("append to it") != std::string::npos);
  CHECK(ReadPlaylist(directory.path("teststream.m3u8")).segments.size() == 3);
  RunWell(Record(Of(words, {"--append"})));
  RequireConforms(directory.path("teststream.m3u8"));
  const Playlist list = ReadPlaylist(directory.path("teststream.m3u8"));
  INFO(list.text);
  REQUIRE(list.segments.size() == 6);
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(list.segments[i].uri ==
          "teststream00000000" + std::to_string(i + 1) + ".ts");
  }
  CHECK(list.discontinuities() == 1);
  CHECK(list.segments[3].discontinuity);
  CHECK(list.ended);
}

TEST_CASE("names: a run goes on with what ffmpeg wrote") {
  const TempDirectory directory;
  Ffmpeg({"-i", MediaFile("h264_aac.mp4"), "-c", "copy", "-f", "hls",
          "-hls_time", "1", "-hls_list_size", "0", "-hls_playlist_type",
          "event", "-hls_flags", "append_list", "-start_number", "1",
          "-hls_segment_filename", directory.path("cam%09d.ts"),
          directory.path("cam.m3u8")});
  RunWell(Record(Of({MediaFile("h264_aac.ts"), directory.path(""), "--layout",
                     "antmedia", "--stream", "cam", "--append"},
                    Second())));
  const Playlist list = ReadPlaylist(directory.path("cam.m3u8"));
  INFO(list.text);
  REQUIRE(list.segments.size() == 6);
  CHECK(list.segments[2].uri == "cam000000003.ts");
  CHECK(list.segments[3].uri == "cam000000004.ts");
  CHECK(list.segments[5].uri == "cam000000006.ts");
  CHECK(list.segments[3].discontinuity);
  CHECK(list.ended);
  RequireConforms(directory.path("cam.m3u8"));
}

TEST_CASE("names: Ant Media's with a date") {
  const TempDirectory directory;
  RunWell(Record(Of({MediaFile("h264_aac.ts"), directory.path(""), "--layout",
                     "antmedia-datetime", "--stream", "cam"},
                    Second())));
  const auto files = FilesBelow(directory.path(""));
  const std::string date = R"(cam-\d{4}-\d\d-\d\d_\d\d-\d\d-\d\d\.\d{3})";
  CHECK(files.size() == 4);
  const std::string playlist = OnlyMatch(files, date + R"(\.m3u8)");
  OnlyMatch(files, date + R"(000000001\.ts)");
  OnlyMatch(files, date + R"(000000003\.ts)");
  RequireConforms(directory.path(playlist));
}

TEST_CASE("names: 100ms', with fields") {
  const TempDirectory directory;
  RunWell(Record(
      Of({MediaFile("h264_aac.ts"), directory.path(""), "--layout", "100ms",
          "--field", "room_id=r1", "--field", "prefix=cust/omer"},
         Second())));
  const auto files = FilesBelow(directory.path(""));
  const std::string playlist = OnlyMatch(
      files, R"(cust/omer/hls/r1/\d{8}/\d{13}/vod/Rec-r1-\d{13}\.m3u8)");
  RequireConforms(directory.path(playlist));
  const Ended missing = Run(Record(
      {MediaFile("h264_aac.ts"), directory.path("x"), "--layout", "100ms"}));
  CHECK(missing.code == 1);
  CHECK(missing.err.find("room_id") != std::string::npos);
}

TEST_CASE("names: 100ms', by the recording's identity") {
  const TempDirectory directory;
  RunWell(Record(
      Of({MediaFile("h264_aac.ts"), directory.path(""), "--layout",
          "100ms-sfu-individual", "--identity", "room_id=r1", "--identity",
          "session_id=s1", "--identity", "peer_id=p1", "--identity",
          "stream_id=st1", "--identity", "track_id=t1", "--identity",
          "start_date=20210721", "--identity", "prefix=cust/omer"},
         Second())));
  const std::string folder = "cust/omer/r1/20210721/s1/p1/st1/";
  const auto files = FilesBelow(directory.path(""));
  OnlyMatch(files, folder + R"(t1/000000\.ts)");
  RequireConforms(directory.path(OnlyMatch(files, folder + R"(t1\.m3u8)")));
  const Ended wrong = Run(Record({MediaFile("h264_aac.ts"), directory.path("x"),
                                  "--identity", "start_date=yesterday"}));
  CHECK(wrong.code == 1);
  CHECK(wrong.err.find("YYYYMMDD") != std::string::npos);
}

TEST_CASE("names: templates of one's own, and the first number") {
  const TempDirectory directory;
  RunWell(Record(
      Of({MediaFile("h264_aac.mp4"), directory.path(""), "--container", "fmp4",
          "--stream", "cam", "--segment-name", "media/{stream}_{seq:04}.{ext}",
          "--init-name", "init/{hash}.mp4", "--playlist-name", "{stream}.m3u8",
          "--start-number", "100"},
         Second())));
  RequireConforms(directory.path("cam.m3u8"));
  const Playlist list = ReadPlaylist(directory.path("cam.m3u8"));
  INFO(list.text);
  REQUIRE(list.segments.size() == 3);
  CHECK(list.media_sequence == 100);
  CHECK(list.segments[0].uri == "media/cam_0100.m4s");
  CHECK(list.segments[0].map.starts_with("init/"));
}

TEST_CASE("names: a wrong template is refused with its column") {
  const TempDirectory directory;
  const Ended ended = Run(Record({MediaFile("h264_aac.ts"), directory.path(""),
                                  "--segment-name", "a/{sqe}.{ext}"}));
  INFO(ended.err);
  CHECK(ended.code == 1);
  CHECK(ended.err.find("sqe") != std::string::npos);
  CHECK(FilesBelow(directory.path("")).empty());
}

TEST_CASE("names: no value leaves the output folder") {
  const TempDirectory directory;
  std::filesystem::create_directory(directory.path("root"));
  RunWell(Record(Of({MediaFile("h264_aac.ts"), directory.path("root"),
                     "--stream", "../../outside"},
                    Second())));
  for (const std::string& file : FilesBelow(directory.path(""))) {
    CHECK(file.starts_with("root/"));
  }
}

TEST_CASE("names: two outputs at once") {
  const TempDirectory directory;
  RunWell(Record(Of({MediaFile("h264_aac.ts"), directory.path("a/one.m3u8"),
                     directory.path("b/two.m3u8")},
                    Second())));
  RequireConforms(directory.path("a/one.m3u8"));
  RequireConforms(directory.path("b/two.m3u8"));
  CHECK(RecordedContents(directory.path("a/one.m3u8")).video ==
        RecordedContents(directory.path("b/two.m3u8")).video);
}
