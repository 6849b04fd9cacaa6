#include <string>

#include "tests/catch.h"
#include "tests/check/recording_files.h"
#include "tests/check/sound_recordings.h"
#include "tests/check/ts_builder.h"

namespace hlsrec::check {
namespace {

void Expect(const RecordingFiles& files, const Rules& rules,
            const std::string& location = "main.m3u8") {
  const CheckReport report = files.Check(location);
  INFO(Describe(report.findings));
  CHECK(PlainRulesOf(report.findings) == rules);
}

void ExpectWith(const std::string& from, const std::string& to,
                const Rules& rules) {
  RecordingFiles files = Presentation();
  files["main.m3u8"] = With(kPresentation, from, to);
  CAPTURE(from, to);
  Expect(files, rules);
}

TEST_CASE("presentation: a sound one has no findings") {
  Expect(Presentation(), {});
  Expect(Presentation(), {}, "");
  const CheckReport report = Presentation().Check("");
  CHECK(report.playlists == 4);
  CHECK(report.segments == 9);
}

TEST_CASE("presentation: R31, R67: what is named is there and fits") {
  ExpectWith("low/a.m3u8", "none.m3u8", {"R31"});
  ExpectWith("low/a.m3u8", "main.m3u8", {"R67"});
}

TEST_CASE("presentation: R68: BANDWIDTH holds for the peak, with the sound") {
  ExpectWith("BANDWIDTH=187000,AVERAGE-BANDWIDTH=186000",
             "BANDWIDTH=140000,AVERAGE-BANDWIDTH=140000", {"R68", "R69?"});
  // The picture alone would do with this.
  ExpectWith("BANDWIDTH=187000", "BANDWIDTH=186300", {"R68"});
}

TEST_CASE("presentation: R69: AVERAGE-BANDWIDTH is within a tenth") {
  ExpectWith("AVERAGE-BANDWIDTH=186000", "AVERAGE-BANDWIDTH=120000", {"R69?"});
}

TEST_CASE("presentation: R71, R72, R73: what is said of the picture") {
  ExpectWith("320x180", "320x240", {"R71?"});
  ExpectWith("FRAME-RATE=25.000", "FRAME-RATE=30.000", {"R72?"});
  ExpectWith("FRAME-RATE=25.000", "FRAME-RATE=25.000,VIDEO-RANGE=SDR", {});
  ExpectWith("FRAME-RATE=25.000", "FRAME-RATE=25.000,VIDEO-RANGE=PQ", {"R73"});
}

TEST_CASE("presentation: R75: CODECS are those of the media") {
  ExpectWith("avc1.42C00C", "avc1.42c00c", {});
  ExpectWith("avc1.42C00C", "avc1.42001f", {"R75?"});
  ExpectWith("avc1.42C00C", "avc1.64001f", {"R75", "R75?"});
  ExpectWith("avc1.42C00C", "avc1.42C00B", {"R75", "R75?"});
  ExpectWith("mp4a.40.2", "mp4a.40.5", {"R75?"});
  ExpectWith("mp4a.40.2", "ac-3", {"R75", "R75?"});
  ExpectWith("avc1.42C00C,mp4a.40.2", "avc1.42C00C", {"R75"});
}

TEST_CASE("presentation: R76: playlists match") {
  RecordingFiles files = Presentation();
  files["high/a.m3u8"] =
      With(kVariantPlaylist, "TARGETDURATION:2", "TARGETDURATION:3");
  Expect(files, {"R76"});
  files = Presentation();
  files["high/a.m3u8"] = With(kVariantPlaylist, "TYPE:VOD", "TYPE:EVENT");
  Expect(files, {"R76"});
  files = Presentation();
  files["high/a.m3u8"] = With(kVariantPlaylist, "2.ts\n",
                              "2.ts\n#EXT-X-GAP\n#EXTINF:2.000,\ng\n"
                              "#EXT-X-GAP\n#EXTINF:2.000,\ng\n");
  Expect(files, {"R76"});
}

TEST_CASE("presentation: R27: discontinuities are in the same places") {
  RecordingFiles files = Presentation();
  files["high/a.m3u8"] = With(kVariantPlaylist, "#EXT-X-DISCONTINUITY\n", "");
  Expect(files, {"R27"});
  files["high/a.m3u8"] =
      With(With(kVariantPlaylist, "#EXT-X-DISCONTINUITY\n", ""),
           "#EXTINF:2.000,\n0", "#EXT-X-DISCONTINUITY\n#EXTINF:2.000,\n0");
  Expect(files, {"R26?", "R27"});
}

TEST_CASE("presentation: R40: dates are in all playlists or in none") {
  RecordingFiles files = Presentation();
  const std::string dated =
      With(With(kVariantPlaylist, "#EXTINF:2.000,\n0",
                "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z\n"
                "#EXTINF:2.000,\n0"),
           "#EXTINF:2.000,\n2",
           "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:04.000Z\n"
           "#EXTINF:2.000,\n2");
  files["high/a.m3u8"] = dated;
  Expect(files, {"R40"});
  files["low/a.m3u8"] = dated;
  files["sound/a.m3u8"] = dated;
  Expect(files, {});
}

TEST_CASE("presentation: a location that is not there is no report") {
  const auto file = CheckRecording("/nonexistent/a.m3u8");
  REQUIRE_FALSE(file.ok());
  CHECK(file.status().code() == StatusCode::kNotFound);
  const TemporaryDirectory empty;
  const auto folder = CheckRecording(empty.path());
  REQUIRE_FALSE(folder.ok());
  CHECK(folder.status().code() == StatusCode::kNotFound);
}

TEST_CASE("presentation: without media only texts are read") {
  RecordingFiles files = Presentation();
  files.Remove("low/0.ts");
  const TemporaryDirectory directory;
  std::ofstream(directory.Path("a.m3u8")) << kVariantPlaylist;
  const auto report =
      CheckRecording(directory.Path("a.m3u8"), {.depth = CheckDepth::kText});
  REQUIRE(report.ok());
  CHECK(PlainRulesOf(report->findings).empty());
  CHECK(report->bytes_read == kVariantPlaylist.size());
}

}  // namespace
}  // namespace hlsrec::check
