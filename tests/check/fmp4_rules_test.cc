#include <functional>
#include <string>

#include "tests/catch.h"
#include "tests/check/mp4_builder.h"
#include "tests/check/recording_files.h"
#include "tests/check/sound_recordings.h"

namespace hlsrec::check {
namespace {

void Expect(const RecordingFiles& files, const Rules& rules,
            CheckProfile profile = CheckProfile::kRfc) {
  const CheckReport report = files.Check("a.m3u8", profile);
  INFO(Describe(report.findings));
  CHECK(RulesOf(report.findings) == rules);
}

TEST_CASE("fmp4 rules: a sound recording has no findings") {
  Expect(Mp4Recording(), {});
}

TEST_CASE("fmp4 rules: R16, R17: a segment starts with a key frame") {
  Expect(Mp4Recording({}, [](Mp4Builder& b) { b.sync = b.idr = false; }),
         {"R17"});
  RecordingFiles files = Mp4Recording({}, [](Mp4Builder& b) { b.idr = false; });
  Expect(files, {"R17"});
  files["a.m3u8"] = With(kMp4Playlist, "#EXT-X-INDEPENDENT-SEGMENTS\n", "");
  Expect(files, {"R16?", "R17?"});
}

TEST_CASE("fmp4 rules: R25: another init section without DISCONTINUITY") {
  RecordingFiles files = Mp4Recording();
  Mp4Builder large{.sps = LargeSps(), .frame = 100};
  files.Set("large.mp4", large.Init());
  const std::string map = "#EXT-X-MAP:URI=\"large.mp4\"\n#EXTINF:2.000,\n2";
  files["a.m3u8"] = With(kMp4Playlist, "#EXTINF:2.000,\n2", map);
  Expect(files, {"R25"});
  // R102: with the tag it is sound.
  files["a.m3u8"] =
      With(kMp4Playlist, "#EXTINF:2.000,\n2", "#EXT-X-DISCONTINUITY\n" + map);
  Expect(files, {});
}

TEST_CASE("fmp4 rules: R25: timestamps jump without DISCONTINUITY") {
  Expect(Mp4Recording({}, [](Mp4Builder& b) { b.frame += 250; }),
         {"R25", "R53?"});
}

TEST_CASE("fmp4 rules: R31: the init section is missing") {
  RecordingFiles files = Mp4Recording();
  files.Remove("init.mp4");
  Expect(files, {"R31"});
}

TEST_CASE("fmp4 rules: R44: a segment without EXT-X-MAP") {
  RecordingFiles files = Mp4Recording();
  // Without the extension only the bytes tell.
  std::string text = With(kMp4Playlist, "#EXT-X-MAP:URI=\"init.mp4\"\n", "");
  for (int i = 0; i < 3; ++i) {
    const std::string name = std::to_string(i);
    text = With(text, name + ".m4s", name + ".bin");
    files.Set(name + ".bin", files[name + ".m4s"]);
  }
  files["a.m3u8"] = text;
  Expect(files, {"R44"});
}

TEST_CASE("fmp4 rules: R58: brand, moov, mvex and empty tables") {
  Expect(Mp4Recording([](Mp4Builder& b) { b.brand = "isom"; }), {"R58"});
  Expect(Mp4Recording([](Mp4Builder& b) { b.ftyp = false; }), {"R58"});
  Expect(Mp4Recording([](Mp4Builder& b) { b.mvex = false; }), {"R58"});
  Expect(Mp4Recording([](Mp4Builder& b) { b.empty_tables = false; }), {"R58"});
}

TEST_CASE("fmp4 rules: R59: tfdt is there and goes on") {
  RecordingFiles none = Mp4Recording();
  Mp4Builder builder{.frame = 50, .tfdt = false};
  none.Set("1.m4s", builder.Next());
  CHECK(RulesOf(none.Check("a.m3u8").findings).contains("R59"));
  Expect(Mp4Recording({}, [](Mp4Builder& b) { b.frame += 5; }),
         {"R14?", "R59?"});
}

TEST_CASE("fmp4 rules: R60: offsets count from the moof") {
  Expect(Mp4Recording([](Mp4Builder& b) { b.base_is_moof = false; }), {"R60"});
  Expect(Mp4Recording([](Mp4Builder& b) { b.absolute_offset = true; }),
         {"R60"});
}

TEST_CASE("fmp4 rules: R61: samples fill their mdat") {
  Expect(Mp4Recording({}, [](Mp4Builder& b) { b.extra_mdat_bytes = 1; }),
         {"R61"});
  Expect(Mp4Recording([](Mp4Builder& b) { b.mdat = false; }), {"R61"});
  RecordingFiles cut = Mp4Recording();
  cut["2.m4s"].pop_back();
  CHECK(RulesOf(cut.Check("a.m3u8").findings).contains("R61"));
}

TEST_CASE("fmp4 rules: R62: parameter sets are in the sample description") {
  Expect(Mp4Recording([](Mp4Builder& b) { b.configuration = false; }), {"R62"});
  Expect(Mp4Recording([](Mp4Builder& b) { b.video_entry = "avc3"; }), {"R62?"});
}

TEST_CASE("fmp4 rules: R63: Apple's profile wants styp") {
  const auto no_styp = [](Mp4Builder& b) { b.styp = false; };
  Expect(Mp4Recording(no_styp), {});
  Expect(Mp4Recording(no_styp), {"R12?", "R29?", "R63?"}, CheckProfile::kApple);
}

TEST_CASE("fmp4 rules: R64: tracks are those of the init section") {
  CHECK(RulesOf(Mp4Recording({}, [](Mp4Builder& b) { b.video_track = 7; })
                    .Check("a.m3u8")
                    .findings)
            .contains("R64"));
}

TEST_CASE("fmp4 rules: damaged boxes are survived") {
  const RecordingFiles sound = Mp4Recording();
  RecordingFiles files = sound;
  const std::string init = files["init.mp4"];
  const std::string segment = files["1.m4s"];
  for (std::size_t i = 0; i < init.size(); i += 3) {
    files["init.mp4"] = init;
    files["init.mp4"][i] = static_cast<char>(~init[i]);
    (void)files.Check("a.m3u8");
  }
  files["init.mp4"] = init;
  for (std::size_t i = 0; i < 300; i += 2) {
    files["1.m4s"] = segment;
    files["1.m4s"][i] = static_cast<char>(~segment[i]);
    CHECK(files.Check("a.m3u8").playlists == 1);
  }
}

}  // namespace
}  // namespace hlsrec::check
