#include <string>
#include <utility>

#include "tests/check/fixtures.h"
#include "tests/check/rules_text.h"
#include "tests/check/sound_recordings.h"

namespace hlsrec::check {
namespace {

Fixture Text(std::string_view rule, Expected expected, const std::string& what,
             const std::string& text) {
  return {.rule = rule,
          .expected = expected,
          .what = what,
          .findings = [text](CheckProfile profile) {
            return CheckPlaylistText(text, "index.m3u8", {.profile = profile})
                .findings;
          }};
}

Fixture Error(std::string_view rule, const std::string& what,
              const std::string& text) {
  return Text(rule, Expected::kError, what, text);
}
Fixture Apple(std::string_view rule, const std::string& what,
              const std::string& text) {
  return Text(rule, Expected::kAppleError, what, text);
}
Fixture Warning(std::string_view rule, const std::string& what,
                const std::string& text) {
  return Text(rule, Expected::kWarning, what, text);
}

std::string Without(const std::string& text, std::string_view part) {
  return With(text, part, "");
}

void AddHeaders(std::vector<Fixture>& out) {
  const std::string& m = kMedia;
  out.insert(
      out.end(),
      {
          Error("R1", "no playlist", "#EXTM3"),
          Error("R1", "byte order mark", "\xEF\xBB\xBF" + m),
          Error("R1", "control character",
                With(m, "#EXTINF:6.000,", "#EXTINF:6.000,a\x01")),
          Error("R1", "not UTF-8",
                With(m, "#EXTINF:6.000,", "#EXTINF:6.000,\xFF")),
          Error("R2", "version twice", m + "#EXT-X-VERSION:6\n"),
          Text("R2", Expected::kAppleWarning, "version higher than needed",
               With(m, "VERSION:6", "VERSION:7")),
          Error("R3", "version too low", With(m, "VERSION:6", "VERSION:5")),
          Error("R3", "no version", Without(m, "#EXT-X-VERSION:6\n")),
          Error("R4", "tag of the other kind",
                m + "#EXT-X-STREAM-INF:BANDWIDTH=1\n"),
          Error("R4", "the other way round",
                kMultivariant + "#EXT-X-ENDLIST\n"),
          Error("R5", "tag twice", m + "#EXT-X-INDEPENDENT-SEGMENTS\n"),
          Error("R6", "quotes missing",
                With(m, "URI=\"init-1.mp4\"", "URI=init-1.mp4")),
          Error("R6", "blank after the colon",
                With(m, "TARGETDURATION:6", "TARGETDURATION: 6")),
          Error("R6", "attribute twice",
                With(m, "URI=\"init-1.mp4\"",
                     "URI=\"init-1.mp4\",URI=\"init-1.mp4\"")),
          Error("R7", "unknown type", m + "#EXT-X-PLAYLIST-TYPE:LIVE\n"),
          Warning("R8", "removed tag", m + "#EXT-X-ALLOW-CACHE:NO\n"),
          Warning("R8", "removed attribute",
                  With(kMultivariant, "BANDWIDTH=1280000",
                       "PROGRAM-ID=1,BANDWIDTH=1280000")),
          Error("R9", "no target duration",
                Without(m, "#EXT-X-TARGETDURATION:6\n")),
          Text("R12", Expected::kAppleWarning, "target duration not 6 s",
               With(m, "TARGETDURATION:6", "TARGETDURATION:8")),
          Apple("R17", "no EXT-X-INDEPENDENT-SEGMENTS",
                Without(m, "#EXT-X-INDEPENDENT-SEGMENTS\n")),
          Error("R19", "media sequence after a segment",
                Without(m, "#EXT-X-MEDIA-SEQUENCE:7\n") +
                    "#EXT-X-MEDIA-SEQUENCE:7\n"),
          Apple("R22", "five segments in the window",
                Without(m, "#EXTINF:6.000,\n12.m4s\n")),
          Error("R23", "discontinuity sequence after a segment",
                Without(m, "#EXT-X-DISCONTINUITY-SEQUENCE:1\n") +
                    "#EXT-X-DISCONTINUITY-SEQUENCE:1\n"),
          Apple("R23", "no discontinuity sequence in a sliding list",
                Without(m, "#EXT-X-DISCONTINUITY-SEQUENCE:1\n")),
          Text("R29", Expected::kAppleWarning, "ended, but no VOD",
               m + "#EXT-X-ENDLIST\n"),
          Warning("R30", "cut short", m.substr(0, m.size() - 1)),
          Error("R32", "VOD without an end", m + "#EXT-X-PLAYLIST-TYPE:VOD\n"),
          Warning("R79", "start past the beginning",
                  m + "#EXT-X-START:TIME-OFFSET=-100\n"),
          Warning("R79", "start at the live edge",
                  m + "#EXT-X-START:TIME-OFFSET=-6\n"),
      });
}

void AddSegments(std::vector<Fixture>& out) {
  const std::string& m = kMedia;
  const std::string disc = "#EXT-X-DISCONTINUITY\n";
  out.insert(
      out.end(),
      {
          Error("R10", "EXTINF above the target duration",
                With(m, "EXTINF:6.000,\n12", "EXTINF:6.500,\n12")),
          Error("R13", "no EXTINF", With(m, "#EXTINF:6.000,\n8.m4s", "8.m4s")),
          Error("R13", "no comma",
                With(m, "#EXTINF:6.000,\n8", "#EXTINF:6.000\n8")),
          Warning("R21", "a segment twice", With(m, "9.m4s", "8.m4s")),
          Warning("R26", "discontinuity first",
                  With(With(With(m, "#EXT-X-MAP", disc + "#EXT-X-MAP"),
                            "MEDIA-SEQUENCE:7", "MEDIA-SEQUENCE:0"),
                       "DISCONTINUITY-SEQUENCE:1", "DISCONTINUITY-SEQUENCE:0")),
          Error("R38", "dates overlap",
                With(Without(m, disc), "T00:00:13.000Z", "T00:00:10.000Z")),
          Error("R38", "no date", With(m, "T00:00:13.000Z", "T00:00:1x")),
          Warning("R38", "no zone", With(m, "T00:00:13.000Z", "T00:00:13.000")),
          Warning("R39", "no date after a discontinuity",
                  Without(m,
                          "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:13."
                          "000Z\n")),
          Apple("R40", "no dates",
                Without(Without(m,
                                "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:"
                                "00.000Z\n"),
                        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:13."
                        "000Z\n")),
          Error("R42", "jump by a zone",
                With(m, "T00:00:13.000Z", "T00:00:12.000+0100")),
          Error("R43", "range without an offset",
                With(m, "9.m4s", "#EXT-X-BYTERANGE:10\n9.m4s")),
          Error("R44", "no map", Without(m, "#EXT-X-MAP:URI=\"init-1.mp4\"\n")),
          Error("R45", "range of a map without an offset",
                With(m, "init-2.mp4\"", "init-2.mp4\",BYTERANGE=\"9\"")),
          Error("R46", "NONE with a URI",
                With(m, "#EXT-X-MAP",
                     "#EXT-X-KEY:METHOD=NONE,URI=\"k\"\n#EXT-X-MAP")),
          Error("R46", "key without a URI",
                With(m, "#EXTINF:6.000,\n12",
                     "#EXT-X-KEY:METHOD=AES-128\n#EXTINF:6.000,\n12")),
          Error("R47", "short IV",
                With(m, "#EXTINF:6.000,\n12",
                     "#EXT-X-KEY:METHOD=AES-128,URI=\"k\",IV=0x12\n"
                     "#EXTINF:6.000,\n12")),
          Warning("R47", "one IV for two segments",
                  With(m, "#EXTINF:6.000,\n11",
                       "#EXT-X-KEY:METHOD=AES-128,URI=\"k\",IV=0x"
                       "00000000000000000000000000000001\n#EXTINF:6.000,"
                       "\n11")),
          Error("R48", "encrypted map without an IV",
                With(m, "#EXT-X-MAP",
                     "#EXT-X-KEY:METHOD=AES-128,URI=\"k\"\n#EXT-X-MAP")),
          Error("R111", "bit rate is no number", m + "#EXT-X-BITRATE:high\n"),
          Error("R113", "date range without an ID",
                m + "#EXT-X-DATERANGE:START-DATE=\"2026-01-01T00:00:00Z\"\n"),
          Error("R113", "date range without a start",
                m + "#EXT-X-DATERANGE:ID=\"a\"\n"),
          Error("R113", "two that differ",
                m + "#EXT-X-DATERANGE:ID=\"a\",START-DATE="
                    "\"2026-01-01T00:00:00Z\",X-A=\"1\"\n"
                    "#EXT-X-DATERANGE:ID=\"a\",X-A=\"2\"\n"),
          Error("R114", "ends before it starts",
                m + "#EXT-X-DATERANGE:ID=\"a\",START-DATE="
                    "\"2026-01-02T00:00:00Z\",END-DATE="
                    "\"2026-01-01T00:00:00Z\"\n"),
          Warning("R115", "signed URI",
                  With(m, "9.m4s", "9.m4s?X-Amz-Signature=00")),
          Warning("R116", "local path", With(m, "9.m4s", "/srv/9.m4s")),
          Warning("R117", "blank in a URI", With(m, "9.m4s", "a 9.m4s")),
          Warning("R117", "braces in a URI", With(m, "9.m4s", "{9}.m4s")),
      });
}

void AddMultivariant(std::vector<Fixture>& out) {
  const std::string& m = kMultivariant;
  const std::string list = Without(m, "#EXT-X-VERSION:6\n");
  out.insert(
      out.end(),
      {
          Error("R67", "no URI line", Without(m, "\nhigh.m3u8")),
          Error("R67", "no BANDWIDTH",
                Without(m, "BANDWIDTH=1280000,AVERAGE-BANDWIDTH=1000000,")),
          Error("R69", "average above the peak",
                With(m, "BANDWIDTH=1000000", "BANDWIDTH=2000000")),
          Apple("R69", "no AVERAGE-BANDWIDTH",
                Without(list, "AVERAGE-BANDWIDTH=1000000,")),
          Apple("R70", "no CODECS",
                Without(list, "CODECS=\"avc1.64001f,mp4a.40.2\",")),
          Error("R70", "no codec's name", With(m, "avc1.64001f", "avc1.64")),
          Apple("R71", "no RESOLUTION", Without(list, "RESOLUTION=1280x720,")),
          Apple("R72", "no FRAME-RATE", Without(list, "FRAME-RATE=29.970,")),
          Text("R72", Expected::kAppleWarning, "two decimals",
               With(list, "RATE=29.970", "RATE=29.97")),
          Error("R73", "unknown range",
                With(m, "RATE=29.970,", "RATE=29.970,VIDEO-RANGE=HDR,")),
          Error("R74", "no such group",
                With(m, "AUDIO=\"a\",SUBTITLES", "AUDIO=\"b\",SUBTITLES")),
          Error("R74", "a name twice",
                With(m, "NAME=\"Deutsch\"", "NAME=\"English\"")),
          Error("R74", "two defaults",
                With(m, "\"de\",AUTOSELECT", "\"de\",DEFAULT=YES,AUTOSELECT")),
          Error("R74", "captions on some variants",
                Without(m, ",CLOSED-CAPTIONS=NONE")),
          Apple("R77", "no I-frame playlist",
                list.substr(0, list.find("#EXT-X-I-FRAME"))),
          Error("R79", "session data without an ID",
                m + "#EXT-X-SESSION-DATA:VALUE=\"x\"\n"),
          Text("R80", Expected::kAppleWarning, "no variant of sound alone",
               Without(list, list.substr(list.find("#EXT-X-STREAM-INF:"
                                                   "BANDWIDTH=64000"),
                                         list.find("#EXT-X-I-FRAME") -
                                             list.find("#EXT-X-STREAM-INF:"
                                                       "BANDWIDTH=64000")))),
      });
}

void AddLowLatency(std::vector<Fixture>& out) {
  const std::string& m = kLowLatency;
  out.insert(
      out.end(),
      {
          Error("R82", "no PART-INF",
                Without(m, "#EXT-X-PART-INF:PART-TARGET=0.5\n")),
          Error("R82", "no PART-TARGET",
                With(m, "PART-TARGET=0.5", "X-TARGET=0.5")),
          Error("R82", "no SERVER-CONTROL",
                Without(m,
                        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,"
                        "PART-HOLD-BACK=1.5\n")),
          Error("R82", "no PART-HOLD-BACK", Without(m, ",PART-HOLD-BACK=1.5")),
          Error("R82", "PART-HOLD-BACK below two parts",
                With(m, "HOLD-BACK=1.5", "HOLD-BACK=0.9")),
          Text("R82", Expected::kAppleWarning, "PART-HOLD-BACK below three",
               With(m, "HOLD-BACK=1.5", "HOLD-BACK=1.2")),
          Error("R82", "HOLD-BACK below three target durations",
                With(m, "YES,PART", "YES,HOLD-BACK=5.9,PART")),
          Error("R82", "CAN-SKIP-UNTIL below six target durations",
                With(m, "YES,PART", "YES,CAN-SKIP-UNTIL=11.9,PART")),
          Apple("R82", "no CAN-BLOCK-RELOAD",
                Without(m, "CAN-BLOCK-RELOAD=YES,")),
          Error("R82", "part above the target",
                With(m, "DURATION=0.5,", "DURATION=0.51,")),
          Error("R82", "short part amid a segment",
                With(m, "DURATION=0.5,", "DURATION=0.42,")),
          Error("R82", "part without a URI", Without(m, ",URI=\"6.0.mp4\"")),
          Error("R83", "hint without a URI", Without(m, ",URI=\"7.1.mp4\"")),
          Error("R83", "two hints of a type",
                m + "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"7.2.mp4\"\n"),
          Warning("R83", "parts far behind the edge",
                  With(m, "#EXTINF:2.0,\n1.mp4",
                       "#EXT-X-PART:DURATION=0.5,URI=\"1.0.mp4\"\n"
                       "#EXTINF:2.0,\n1.mp4")),
      });
}

void AddAccepted(std::vector<Fixture>& out) {
  const std::string vod_head =
      "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n"
      "#EXT-X-PLAYLIST-TYPE:VOD\n";
  const std::string range_head =
      "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:6\n"
      "#EXT-X-MEDIA-SEQUENCE:0\n#EXT-X-PLAYLIST-TYPE:VOD\n";
  const auto accepted = [&](std::string_view rule, const std::string& what,
                            const std::string& text) {
    out.push_back(Text(rule, Expected::kAccepted, what, text));
  };
  accepted("R101", "variable GOP",
           vod_head +
               "#EXTINF:10.4,\n0.ts\n#EXTINF:0.5,\n1.ts\n#EXTINF:4,\n"
               "2.ts\n#EXT-X-ENDLIST\n");
  accepted("R103", "runs of gaps, also under one name",
           vod_head +
               "#EXTINF:4,\n0.ts\n#EXT-X-GAP\n#EXTINF:4,\ngap.ts\n#EXT-X-GAP\n"
               "#EXTINF:4,\ngap.ts\n#EXTINF:4,\n3.ts\n#EXT-X-ENDLIST\n");
  accepted("R104", "sound alone",
           "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=64000,AVERAGE-BANDWIDTH=64000,"
           "CODECS=\"mp4a.40.5\"\naudio.m3u8\n");
  accepted("R105", "keys that change",
           "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:10\n"
           "#EXT-X-MEDIA-SEQUENCE:9\n"
           "#EXT-X-KEY:METHOD=AES-128,URI=\"k1\"\n#EXTINF:4.0,\n0.ts\n"
           "#EXT-X-KEY:METHOD=AES-128,URI=\"k2\"\n#EXTINF:4.0,\n1.ts\n"
           "#EXT-X-KEY:METHOD=NONE\n#EXTINF:4.0,\n2.ts\n");
  accepted("R106", "ranges of one file",
           range_head +
               "#EXTINF:6,\n#EXT-X-BYTERANGE:100@0\nall.ts\n#EXTINF:6,\n"
               "#EXT-X-BYTERANGE:100\nall.ts\n#EXT-X-ENDLIST\n");
  accepted("R107", "a list that begins anywhere",
           "#EXTM3U\n#EXT-X-TARGETDURATION:6\n"
           "#EXT-X-MEDIA-SEQUENCE:1700000000\n#EXTINF:6,\n0.ts\n");
  accepted("R109", "an EVENT list that has ended",
           "#EXTM3U\n#EXT-X-TARGETDURATION:6\n#EXT-X-PLAYLIST-TYPE:EVENT\n"
           "#EXTINF:6,\n0.ts\n#EXT-X-ENDLIST\n");
  accepted("R110", "nothing yet", "#EXTM3U\n#EXT-X-TARGETDURATION:6\n");
}

}  // namespace

std::vector<Fixture> TextFixtures() {
  std::vector<Fixture> all;
  AddHeaders(all);
  AddSegments(all);
  AddMultivariant(all);
  AddLowLatency(all);
  AddAccepted(all);
  return all;
}

}  // namespace hlsrec::check
