#include <string>

#include "src/check/decrypt.h"
#include "tests/catch.h"
#include "tests/check/recording_files.h"
#include "tests/check/sound_recordings.h"
#include "tests/check/ts_builder.h"

namespace hlsrec::check {
namespace {

void Expect(const RecordingFiles& files, const Rules& rules) {
  const CheckReport report = files.Check("a.m3u8");
  INFO(Describe(report.findings));
  CHECK(PlainRulesOf(report.findings) == rules);
}

TEST_CASE("aes: segments with the sequence number as IV are read") {
  Expect(Encrypted(), {});
}

TEST_CASE("aes: R47: a written IV counts") {
  RecordingFiles files;
  const auto iv = ParseIv("0x000102030405060708090A0b0c0d0e0f");
  REQUIRE(iv.has_value());
  CHECK((*iv)[15] == 0x0F);
  files.Set("a.m3u8",
            "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n"
            "#EXT-X-KEY:METHOD=AES-128,URI=\"k\","
            "IV=0x000102030405060708090A0b0c0d0e0f\n"
            "#EXTINF:2.000,\n0.ts\n#EXT-X-ENDLIST\n");
  files.Set("k", Bytes(kKey.begin(), kKey.end()));
  files.Set("0.ts", Encrypt(TsBuilder().NextBytes(), kKey, *iv));
  Expect(files, {});
}

TEST_CASE("aes: R48: size and padding are whole") {
  RecordingFiles files = Encrypted();
  files["6.ts"].pop_back();
  Expect(files, {"R48"});
  files = Encrypted();
  files["6.ts"].resize(files["6.ts"].size() - 16);
  Expect(files, {"R48"});
}

TEST_CASE("aes: R50: a key is there and has 16 bytes") {
  RecordingFiles files = Encrypted();
  files.Remove("k.key");
  Expect(files, {"R50"});
  files.Set("k.key", "too short");
  Expect(files, {"R50"});
}

TEST_CASE("aes: the wrong key does not pass") {
  RecordingFiles files = Encrypted();
  files.Set("k.key", std::string(16, 'x'));
  CHECK(files.Check("a.m3u8").errors > 0);
}

TEST_CASE("packed audio: sound with timestamps is sound") {
  Expect(PackedRecording(), {});
}

TEST_CASE("packed audio: R65: each segment has its timestamp") {
  RecordingFiles files = PackedRecording();
  files.Set("5.aac", PackedAudio({}));
  CHECK(PlainRulesOf(files.Check("a.m3u8").findings).contains("R65"));
  files = PackedRecording();
  files.Set("6.aac",
            PackedAudio(Id3((std::uint64_t{1} << 40) + 90'000 + 94 * 1920)));
  Expect(files, {"R65"});
  files = PackedRecording();
  files.Set("7.aac", Id3(90'000 + 2 * 94 * 1920));
  Expect(files, {"R65"});
}

TEST_CASE("packed audio: R25: timestamps go on") {
  RecordingFiles files = PackedRecording();
  files.Set("7.aac", PackedAudio(Id3(0)));
  Expect(files, {"R25"});
}

TEST_CASE("webvtt: R66: a timestamp map is wanted") {
  RecordingFiles files = WebVttRecording();
  Expect(files, {});
  files.Set("6.vtt", std::string_view("WEBVTT\n\n"));
  Expect(files, {"R66?"});
}

TEST_CASE("sample-aes: what is encrypted inside is not looked into") {
  RecordingFiles files;
  files.Set("a.m3u8",
            "#EXTM3U\n#EXT-X-VERSION:5\n#EXT-X-TARGETDURATION:2\n"
            "#EXT-X-KEY:METHOD=SAMPLE-AES,URI=\"skd://k\",KEYFORMAT=\"f\"\n"
            "#EXTINF:2.000,\n0.ts\n#EXTINF:2.000,\n1.ts\n#EXT-X-ENDLIST\n");
  TsBuilder builder;
  builder.video_type = 0xDB;
  builder.audio_type = 0xCF;
  builder.delimiter = builder.idr = false;
  files.Set("0.ts", builder.NextBytes());
  files.Set("1.ts", builder.NextBytes());
  Expect(files, {});
}

}  // namespace
}  // namespace hlsrec::check
