#include <cstdlib>
#include <fstream>
#include <string>

#include "hlsrec/check.h"
#include "tests/catch.h"
#include "tests/check/rules_text.h"
#include "tests/temporary_directory.h"

namespace hlsrec::check {
namespace {

const std::string kSource =
    " -f lavfi -i testsrc2=size=320x180:rate=25"
    " -f lavfi -i sine=frequency=440:sample_rate=48000 -t 7";
const std::string kEncode =
    " -c:v libx264 -preset ultrafast -g 50 -keyint_min 50 -sc_threshold 0"
    " -pix_fmt yuv420p -c:a aac -b:a 64k -flags +bitexact";

// Runs the installed ffmpeg inside `directory`.
void Ffmpeg(const TemporaryDirectory& directory, const std::string& arguments) {
  const std::string command = "cd '" + directory.path() +
                              "' && ffmpeg -nostdin -v error" + arguments +
                              " >ffmpeg.log 2>&1";
  CAPTURE(command);
  REQUIRE(std::system(command.c_str()) == 0);
}

CheckReport Check(const TemporaryDirectory& directory) {
  const auto report = CheckRecording(directory.path());
  REQUIRE(report.ok());
  return *report;
}

// ffmpeg puts its service description before the tables.
const Rules kServiceFirst = {"R51?"};

void ExpectRules(const std::string& arguments, const Rules& rules) {
  const TemporaryDirectory directory;
  Ffmpeg(directory, kSource + kEncode + arguments);
  const CheckReport report = Check(directory);
  INFO(Describe(report.findings));
  CHECK(PlainRulesOf(report.findings) == rules);
  CHECK(report.segments >= 3);
}

TEST_CASE("ffmpeg: MPEG-TS, ended, has no errors") {
  ExpectRules(" -f hls -hls_time 2 -hls_list_size 0 a.m3u8", kServiceFirst);
}

TEST_CASE("ffmpeg: fMP4 has no errors") {
  ExpectRules(
      " -f hls -hls_time 2 -hls_list_size 0 -hls_segment_type fmp4 a.m3u8", {});
}

TEST_CASE("ffmpeg: an EVENT playlist with dates has no errors") {
  ExpectRules(
      " -f hls -hls_time 2 -hls_playlist_type event"
      " -hls_flags program_date_time+independent_segments a.m3u8",
      kServiceFirst);
}

TEST_CASE("ffmpeg: a live window has no errors") {
  ExpectRules(
      " -f hls -hls_time 1 -hls_list_size 3 -force_key_frames"
      " 'expr:gte(t,n_forced)' -hls_flags delete_segments+omit_endlist a.m3u8",
      kServiceFirst);
}

TEST_CASE("ffmpeg: byte ranges of one file have no errors") {
  ExpectRules(
      " -f hls -hls_time 2 -hls_playlist_type vod -hls_flags single_file"
      " a.m3u8",
      kServiceFirst);
}

TEST_CASE("ffmpeg: byte ranges of one fMP4 file have no errors") {
  ExpectRules(
      " -f hls -hls_time 2 -hls_playlist_type vod -hls_segment_type fmp4"
      " -hls_flags single_file+independent_segments a.m3u8",
      {});
}

TEST_CASE("ffmpeg: an fMP4 EVENT playlist with dates has no errors") {
  ExpectRules(
      " -f hls -hls_time 2 -hls_playlist_type event -hls_segment_type fmp4"
      " -hls_flags program_date_time a.m3u8",
      {});
}

TEST_CASE("ffmpeg: R52: the segment muxer starts its counters anew") {
  ExpectRules(
      " -f segment -segment_time 2 -segment_list a.m3u8"
      " -segment_list_type m3u8 s%d.ts",
      {"R8?", "R51?", "R52"});
}

TEST_CASE("ffmpeg: R78: whole segments are no I-frames") {
  const TemporaryDirectory directory;
  Ffmpeg(directory, kSource + kEncode +
                        " -f hls -hls_time 2 -hls_playlist_type vod"
                        " -hls_flags single_file+iframes_only a.m3u8");
  const CheckReport report = Check(directory);
  INFO(Describe(report.findings));
  CHECK(PlainRulesOf(report.findings) == Rules{"R78"});
}

TEST_CASE("ffmpeg: B-frames have no errors") {
  ExpectRules(
      " -preset medium -bf 3 -f hls -hls_time 2 -hls_playlist_type vod a.m3u8",
      kServiceFirst);
}

TEST_CASE("ffmpeg: sound alone has no errors") {
  // Its clock references come with every other PES packet of sound.
  ExpectRules(" -vn -f hls -hls_time 2 -hls_playlist_type vod a.m3u8",
              {"R51?", "R55?"});
}

TEST_CASE("ffmpeg: AES-128 has no errors") {
  const TemporaryDirectory directory;
  std::ofstream(directory.Path("key")) << "0123456789abcdef";
  std::ofstream(directory.Path("info")) << "key\n"
                                        << directory.Path("key") << "\n";
  Ffmpeg(directory, kSource + kEncode +
                        " -f hls -hls_time 2 -hls_playlist_type vod"
                        " -hls_key_info_file info a.m3u8");
  const CheckReport report = Check(directory);
  INFO(Describe(report.findings));
  // It uses one IV for all segments.
  CHECK(PlainRulesOf(report.findings) == Rules{"R47?", "R51?"});
}

TEST_CASE("ffmpeg: variants promise less bandwidth than they take") {
  // Its BANDWIDTH is the encoder's target, and says nothing of the container.
  ExpectRules(
      " -map 0:v -map 1:a -map 0:v -map 1:a -b:v:0 500k -b:v:1 200k"
      " -s:v:1 160x90 -f hls -hls_time 2 -hls_playlist_type vod"
      " -master_pl_name main.m3u8 -var_stream_map 'v:0,a:0 v:1,a:1' s_%v.m3u8",
      {"R51?", "R68", "R69?", "R72?"});
}

TEST_CASE("ffmpeg: sound as a rendition of its own") {
  ExpectRules(
      " -map 0:v -map 1:a -b:v 3000k -f hls -hls_time 2 -hls_playlist_type vod"
      " -master_pl_name main.m3u8"
      " -var_stream_map 'v:0,agroup:snd a:0,agroup:snd,default:yes' s_%v.m3u8",
      {"R51?", "R55?", "R69?", "R72?"});
}

TEST_CASE("ffmpeg: appending starts the first playlist with a discontinuity") {
  const TemporaryDirectory directory;
  const std::string hls =
      " -f hls -hls_time 2 -hls_list_size 0 -hls_flags append_list a.m3u8";
  Ffmpeg(directory, kSource + kEncode + hls);
  Ffmpeg(directory, kSource + kEncode + hls);
  const CheckReport report = Check(directory);
  INFO(Describe(report.findings));
  CHECK(report.errors == 0);
  CHECK(PlainRulesOf(report.findings) == Rules{"R26?", "R51?"});
}

TEST_CASE("ffmpeg: a key frame that never comes shows") {
  // Cut where there is no key frame, as a recorder without patience would.
  ExpectRules(
      " -x264-params keyint=500:scenecut=0 -f hls -hls_time 2"
      " -hls_flags split_by_time -hls_playlist_type vod"
      " a.m3u8",
      {"R16?", "R51?"});
}

}  // namespace
}  // namespace hlsrec::check
