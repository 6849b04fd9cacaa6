#include <string>

#include "hlsrec/check.h"
#include "tests/catch.h"
#include "tests/check/rules_text.h"
#include "tests/check/sound_recordings.h"

namespace hlsrec::check {
namespace {

CheckReport Check(const std::string& text,
                  CheckProfile profile = CheckProfile::kRfc) {
  return CheckPlaylistText(text, "index.m3u8", {.profile = profile});
}

struct Case {
  std::string text;
  Rules rules;
};

void CheckCases(const std::vector<Case>& cases,
                CheckProfile profile = CheckProfile::kRfc) {
  for (const Case& c : cases) {
    CAPTURE(c.text);
    const CheckReport report = Check(c.text, profile);
    INFO(Describe(report.findings));
    CHECK(RulesOf(report.findings) == c.rules);
  }
}

// As CheckCases(), where Apple's wishes do not count.
void CheckPlain(const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    CAPTURE(c.text);
    const CheckReport report = Check(c.text);
    INFO(Describe(report.findings));
    CHECK(PlainRulesOf(report.findings) == c.rules);
  }
}

TEST_CASE("playlist rules: sound playlists have no findings") {
  CheckCases({{kMedia, {}},
              {kMultivariant, {}},
              {With(kMultivariant, "VERSION:6", "VERSION:1"), {}}});
}

TEST_CASE("playlist rules: Apple's profile finds a sound playlist sound") {
  CheckCases(
      {{kMedia, {}}, {With(kMultivariant, "#EXT-X-VERSION:6\n", ""), {}}},
      CheckProfile::kApple);
}

TEST_CASE("playlist rules: a broken rule of syntax is found alone") {
  CheckCases({
      {"#EXTM3", {"R1"}},
      {With(kMedia, "#EXTM3U", "\xEF\xBB\xBF#EXTM3U"), {"R1"}},
      {With(kMedia, "7.m4s", "7\x01.m4s"), {"R1", "R117?"}},
      {With(kMedia, "#EXT-X-VERSION:6", "#EXT-X-VERSION:6\n#EXT-X-VERSION:6"),
       {"R2"}},
      {With(kMedia, "VERSION:6", "VERSION:5"), {"R3"}},
      {With(kMedia, "#EXT-X-VERSION:6\n", ""), {"R3"}},
      {kMedia + "#EXT-X-STREAM-INF:BANDWIDTH=1\n", {"R4"}},
      {kMultivariant + "#EXT-X-ENDLIST\n", {"R4"}},
      {kMedia + "#EXT-X-INDEPENDENT-SEGMENTS\n", {"R5"}},
      {With(kMedia, "URI=\"init-1.mp4\"", "URI=init-1.mp4"), {"R6"}},
      {With(kMedia, "TARGETDURATION:6", "TARGETDURATION: 6"), {"R6"}},
      {kMedia + "#EXT-X-PLAYLIST-TYPE:LIVE\n", {"R7"}},
      {kMedia + "#EXT-X-ALLOW-CACHE:NO\n", {"R8?"}},
      {With(kMedia, "#EXT-X-TARGETDURATION:6\n", ""), {"R9"}},
      {With(kMedia, "TARGETDURATION:6", "TARGETDURATION:6.0"), {"R9", "R10"}},
      {With(kMedia, "#EXTINF:6.000,\n8.m4s", "8.m4s"), {"R13"}},
      {With(kMedia, "#EXTINF:6.000,\n8", "#EXTINF:6.000\n8"), {"R13"}},
      {With(kMedia, "#EXT-X-MEDIA-SEQUENCE:7\n", "") +
           "#EXT-X-MEDIA-SEQUENCE:7\n",
       {"R19"}},
      {With(kMedia, "#EXT-X-DISCONTINUITY-SEQUENCE:1\n", "") +
           "#EXT-X-DISCONTINUITY-SEQUENCE:1\n",
       {"R23"}},
      {kMedia.substr(0, kMedia.size() - 1), {"R30?"}},
  });
}

TEST_CASE("playlist rules: a broken rule of a media playlist is found alone") {
  const std::string key =
      "#EXT-X-KEY:METHOD=AES-128,URI=\"k\",IV=0x"
      "00000000000000000000000000000001\n";
  CheckCases({
      {With(kMedia, "EXTINF:6.000,\n12", "EXTINF:6.500,\n12"), {"R10"}},
      {With(kMedia, "EXTINF:6.000,\n12", "EXTINF:6.499,\n12"), {}},
      {With(kMedia, "#EXT-X-DISCONTINUITY-SEQUENCE:1\n", ""), {"R23?"}},
      {With(With(With(kMedia, "#EXT-X-MAP:URI=\"init-1.mp4\"\n",
                      "#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"init-1.mp4\"\n"),
                 "MEDIA-SEQUENCE:7", "MEDIA-SEQUENCE:0"),
            "DISCONTINUITY-SEQUENCE:1", "DISCONTINUITY-SEQUENCE:0"),
       {"R26?"}},
      {kMedia + "#EXT-X-PLAYLIST-TYPE:VOD\n", {"R32"}},
      {With(kMedia, "T00:00:13.000Z", "T00:00:13.000"), {"R38?"}},
      {With(kMedia, "T00:00:13.000Z", "T00:00:13Z"), {"R38?"}},
      {With(kMedia, "T00:00:13.000Z", "T00:00:10.000Z"), {"R38?"}},
      {With(With(kMedia, "#EXT-X-DISCONTINUITY\n", ""), "T00:00:13.000Z",
            "T00:00:10.000Z"),
       {"R38"}},
      {With(kMedia, "00:00:13.000Z", "nonsense"), {"R38", "R39?"}},
      {With(kMedia, "T00:00:13.000Z", "T00:00:12.000+0100"), {"R42"}},
      {With(kMedia, "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:13.000Z\n", ""),
       {"R39?"}},
      {With(kMedia, "9.m4s", "#EXT-X-BYTERANGE:10\n9.m4s"), {"R43"}},
      {With(kMedia, "#EXT-X-MAP:URI=\"init-1.mp4\"\n", ""), {"R44"}},
      {With(kMedia, "init-2.mp4\"", "init-2.mp4\",BYTERANGE=\"9\""), {"R45"}},
      {With(kMedia, "#EXT-X-MAP",
            "#EXT-X-KEY:METHOD=NONE,URI=\"k\"\n#EXT-X-MAP"),
       {"R46"}},
      {With(kMedia, "#EXTINF", "#EXT-X-KEY:METHOD=AES-128\n#EXTINF"),
       {"R46", "R48"}},
      {With(kMedia, "#EXTINF:6.000,\n12",
            "#EXT-X-KEY:METHOD=AES-128,URI=\"k\",IV=0x12\n#EXTINF:6.000,\n12"),
       {"R47"}},
      {With(kMedia, "#EXTINF:6.000,\n12", key + "#EXTINF:6.000,\n12"), {}},
      {With(kMedia, "#EXTINF:6.000,\n11", key + "#EXTINF:6.000,\n11"),
       {"R47?"}},
      {With(kMedia, "#EXT-X-MAP",
            "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXT-X-MAP"),
       {"R48"}},
      {kMedia + "#EXT-X-START:TIME-OFFSET=-100\n", {"R79?"}},
      {kMedia + "#EXT-X-START:TIME-OFFSET=-6\n", {"R79?"}},
      {kMedia + "#EXT-X-START:TIME-OFFSET=-20\n", {}},
      {kMedia + "#EXT-X-BITRATE:high\n", {"R111"}},
      {kMedia + "#EXT-X-DATERANGE:START-DATE=\"2026-01-01T00:00:00Z\"\n",
       {"R113"}},
      {kMedia + "#EXT-X-DATERANGE:ID=\"a\"\n", {"R113"}},
      {kMedia + "#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2026-01-01T00:00:00Z\","
                "X-A=\"1\"\n#EXT-X-DATERANGE:ID=\"a\",X-A=\"2\"\n",
       {"R113"}},
      {kMedia + "#EXT-X-DATERANGE:ID=\"a\",START-DATE=\"2026-01-02T00:00:00Z\","
                "END-DATE=\"2026-01-01T00:00:00Z\"\n",
       {"R114"}},
      {With(kMedia, "9.m4s", "9.m4s?X-Amz-Signature=00"), {"R115?"}},
      {With(kMedia, "9.m4s", "/srv/9.m4s"), {"R116?"}},
      {With(kMedia, "9.m4s", "a 9.m4s"), {"R117?"}},
      {With(kMedia, "9.m4s", "8.m4s"), {"R21?"}},
  });
}

TEST_CASE("playlist rules: a broken rule of a multivariant playlist is found") {
  const std::string& m = kMultivariant;
  CheckCases({
      {With(m, "\nhigh.m3u8", ""), {"R67"}},
      {With(m, "BANDWIDTH=1280000,", ""), {"R67", "R69"}},
      {"#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID=\"a\",NAME=\"b\"\n", {"R67"}},
      {With(m, "AVERAGE-BANDWIDTH=1000000,", ""), {"R69?"}},
      {With(m, "AVERAGE-BANDWIDTH=1000000,", "AVERAGE-BANDWIDTH=2000000,"),
       {"R69"}},
      {With(m, "CODECS=\"avc1.64001f,mp4a.40.2\",", ""), {"R70?"}},
      {With(m, "avc1.64001f", "avc1.64"), {"R70"}},
      {With(m, "avc1.64001f", "hvc1.1"), {"R70"}},
      {With(m, "avc1.64001f", "avc1.77.30"), {}},
      {With(m, "RESOLUTION=1280x720,", ""), {"R71?"}},
      {With(m, "1280x720", "1280*720"), {"R6", "R71?"}},
      {With(m, "FRAME-RATE=29.970,", ""), {"R72?"}},
      {With(m, "FRAME-RATE=29.970,", "FRAME-RATE=29.970,VIDEO-RANGE=HDR,"),
       {"R73"}},
      {With(m, "AUDIO=\"a\",SUBTITLES", "AUDIO=\"b\",SUBTITLES"), {"R74"}},
      {With(m, "SUBTITLES=\"s\"", "SUBTITLES=\"t\""), {"R74"}},
      {With(m, "NAME=\"Deutsch\"", "NAME=\"English\""), {"R74"}},
      {With(m, "\"de\",AUTOSELECT", "\"de\",DEFAULT=YES,AUTOSELECT"), {"R74"}},
      {With(m, "DEFAULT=YES,AUTOSELECT=YES", "DEFAULT=YES,AUTOSELECT=NO"),
       {"R74"}},
      {With(m, ",URI=\"sub.m3u8\"", ""), {"R74"}},
      {With(m, ",CLOSED-CAPTIONS=NONE", ""), {"R74"}},
      {With(m, "GROUP-ID=\"a\",NAME=\"Deutsch\"", "NAME=\"Deutsch\""), {"R74"}},
      {With(m, "BANDWIDTH=1280000", "PROGRAM-ID=1,BANDWIDTH=1280000"), {"R8?"}},
      {m + "#EXT-X-SESSION-DATA:VALUE=\"x\"\n", {"R79"}},
  });
}

TEST_CASE("playlist rules: Apple's profile asks for more") {
  CheckCases(
      {
          {With(kMedia, "#EXT-X-INDEPENDENT-SEGMENTS\n", ""), {"R17"}},
          {With(kMedia, "TARGETDURATION:6", "TARGETDURATION:8"), {"R12?"}},
          {With(kMedia, "#EXTINF:6.000,\n12.m4s\n", ""), {"R22"}},
          {With(kMedia, "#EXT-X-DISCONTINUITY-SEQUENCE:1\n", ""), {"R23"}},
          {kMedia + "#EXT-X-ENDLIST\n", {"R29?"}},
          {With(kMedia, "VERSION:6", "VERSION:7"), {"R2?"}},
      },
      CheckProfile::kApple);
  std::string dateless =
      With(kMedia, "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z\n", "");
  dateless =
      With(dateless, "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:13.000Z\n", "");
  std::string list = With(kMultivariant, "#EXT-X-VERSION:6\n", "");
  CheckCases(
      {
          {dateless, {"R40"}},
          {With(list, "AVERAGE-BANDWIDTH=1000000,", ""), {"R69"}},
          {With(list, "CODECS=\"avc1.64001f,mp4a.40.2\",", ""), {"R70"}},
          {With(list, "RESOLUTION=1280x720,", ""), {"R71"}},
          {With(list, "FRAME-RATE=29.970,", ""), {"R72"}},
          {With(list, "FRAME-RATE=29.970,", "FRAME-RATE=29.97,"), {"R72?"}},
          {list.substr(0, list.find("#EXT-X-I-FRAME")), {"R77"}},
      },
      CheckProfile::kApple);
}

TEST_CASE("playlist rules: ENDLIST may stand anywhere") {
  CheckPlain(
      {{"#EXTM3U\n#EXT-X-ENDLIST\n#EXT-X-TARGETDURATION:6\n#EXTINF:6,\n"
        "0.ts\n",
        {}}});
}

TEST_CASE("playlist rules: playlists of other tools are no false alarm") {
  CheckPlain({
      // ffmpeg 5.1, live
      {"#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n"
       "#EXT-X-MEDIA-SEQUENCE:4\n#EXTINF:2.000000,\nlive4.ts\n"
       "#EXTINF:2.000000,\nlive5.ts\n",
       {}},
      // shaka-packager
      {"#EXTM3U\n#EXT-X-VERSION:6\n## Generated with "
       "https://github.com/shaka-project/shaka-packager version v2.6.1\n"
       "#EXT-X-TARGETDURATION:7\n#EXT-X-PLAYLIST-TYPE:VOD\n"
       "#EXT-X-MAP:URI=\"v.mp4\",BYTERANGE=\"874@0\"\n"
       "#EXTINF:6.006,\n#EXT-X-BYTERANGE:98765@942\nv.mp4\n"
       "#EXTINF:6.006,\n#EXT-X-BYTERANGE:5000\nv.mp4\n#EXT-X-ENDLIST\n",
       {}},
      // Ant Media, adaptive
      {"#EXTM3U\n#EXT-X-VERSION:3\n"
       "#EXT-X-STREAM-INF:BANDWIDTH=1350000,AVERAGE-BANDWIDTH=1200000,"
       "RESOLUTION=854x480,CODECS=\"avc1.42e00a,mp4a.40.2\","
       "FRAME-RATE=30.000\nstream_480p.m3u8\n",
       {}},
      // MediaMTX, low latency
      {"#EXTM3U\n#EXT-X-VERSION:9\n#EXT-X-INDEPENDENT-SEGMENTS\n"
       "#EXT-X-TARGETDURATION:2\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,"
       "PART-HOLD-BACK=0.50000,CAN-SKIP-UNTIL=12.00000\n"
       "#EXT-X-PART-INF:PART-TARGET=0.2\n#EXT-X-MEDIA-SEQUENCE:1\n"
       "#EXT-X-MAP:URI=\"init.mp4\"\n#EXT-X-GAP\n#EXTINF:2.00000,\ngap.mp4\n"
       "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T10:00:00.123Z\n"
       "#EXT-X-PART:DURATION=0.2,URI=\"p1.mp4\",INDEPENDENT=YES\n"
       "#EXTINF:2.00000,\nseg1.mp4\n"
       "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"p2.mp4\"\n",
       {}},
  });
}

TEST_CASE("playlist rules: findings say file, line, rule and reason") {
  const CheckReport report =
      Check(With(kMedia, "EXTINF:6.000,\n8", "EXTINF:7.000,\n8"));
  REQUIRE(report.errors == 1);
  CHECK(FormatFinding(report.findings[0]) ==
        "index.m3u8:11: error R10: EXTINF 7.000 rounds to 7 s, above the "
        "target duration of 6 s");
  CHECK(report.playlists == 1);
  CHECK(report.segments == 6);
}

TEST_CASE("playlist rules: the list of rules is in order") {
  int last = 0;
  for (const CheckRule& rule : CheckRules()) {
    CAPTURE(rule.number);
    REQUIRE(rule.number.starts_with('R'));
    const int number = std::stoi(std::string(rule.number.substr(1)));
    CHECK(number > last);
    CHECK_FALSE(rule.title.empty());
    last = number;
  }
}

TEST_CASE("playlist rules: of many findings the first are kept, all counted") {
  std::string text =
      "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXT-X-INDEPENDENT-SEGMENTS\n"
      "#EXT-X-ENDLIST\n";
  for (int i = 0; i < 100; ++i) {
    text += "#EXTINF:9,\n" + std::to_string(i) + ".ts\n";
  }
  const CheckReport report =
      CheckPlaylistText(text, "a", {.max_findings_per_rule = 3});
  CHECK(report.findings.size() == 3);
  CHECK(report.errors == 100);
}

}  // namespace
}  // namespace hlsrec::check
