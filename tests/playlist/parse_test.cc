#include "src/playlist/parse.h"

#include <random>
#include <string>
#include <vector>

#include "tests/catch.h"

namespace hlsrec::playlist {
namespace {

using std::chrono::microseconds;

ParsedPlaylist Parse(std::string_view text) {
  StatusOr<ParsedPlaylist> parsed = ParsePlaylist(text);
  REQUIRE(parsed.ok());
  return std::move(parsed).value();
}

std::vector<std::string> Findings(const ParsedPlaylist& playlist) {
  std::vector<std::string> lines;
  for (const SyntaxFinding& finding : playlist.findings) {
    lines.push_back(std::to_string(finding.line) + " " +
                    std::string(finding.rule) + (finding.error ? "" : "?"));
  }
  return lines;
}

std::vector<std::string> FindingsOf(std::string_view text) {
  return Findings(Parse(text));
}

using Lines = std::vector<std::string>;

constexpr std::string_view kLive = R"(#EXTM3U
#EXT-X-VERSION:6
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:40
#EXT-X-DISCONTINUITY-SEQUENCE:2
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="init-1.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z
#EXTINF:6.000,one
40.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="init-2.mp4",BYTERANGE="100@0"
#EXTINF:5.5,
41.m4s
#EXT-X-GAP
#EXTINF:4,
42.m4s
)";

TEST_CASE("parse: a live media playlist is read whole") {
  const ParsedPlaylist parsed = Parse(kLive);
  CHECK(parsed.findings.empty());
  CHECK(parsed.kind == PlaylistKind::kMedia);
  CHECK(parsed.ends_with_line_break);
  CHECK(parsed.version_need.version == 6);
  const MediaPlaylist& media = parsed.media;
  CHECK(media.version.value == 6);
  CHECK(media.target_duration.value == 6);
  CHECK(media.target_duration.line == 3);
  CHECK(media.media_sequence.value == 40);
  CHECK(media.discontinuity_sequence.value == 2);
  CHECK(media.independent_segments.present());
  CHECK_FALSE(media.end_list.present());
  REQUIRE(media.segments.size() == 3);
  REQUIRE(media.maps.size() == 2);
  const Segment& first = media.segments[0];
  CHECK(first.uri == "40.m4s");
  CHECK(first.line == 10);
  CHECK(first.sequence == 40);
  CHECK(first.discontinuity_sequence == 2);
  CHECK(first.duration.text == "6.000");
  CHECK(first.duration.value == microseconds(6'000'000));
  CHECK(first.title == "one");
  REQUIRE(first.date_time.has_value());
  CHECK(first.map == 0U);
  const Segment& second = media.segments[1];
  CHECK(second.discontinuity);
  CHECK(second.discontinuity_sequence == 3);
  CHECK(second.map == 1U);
  CHECK(media.maps[1].byte_range->length == 100);
  const Segment& third = media.segments[2];
  CHECK(third.gap);
  CHECK(third.sequence == 42);
  CHECK(third.discontinuity_sequence == 3);
  CHECK_FALSE(third.discontinuity);
}

TEST_CASE("parse: CRLF reads as LF does") {
  std::string crlf;
  for (const char c : kLive) {
    if (c == '\n') crlf += '\r';
    crlf += c;
  }
  const ParsedPlaylist parsed = Parse(crlf);
  CHECK(parsed.findings.empty());
  REQUIRE(parsed.media.segments.size() == 3);
  CHECK(parsed.media.segments[0].uri == "40.m4s");
  CHECK(parsed.media.maps[0].uri == "init-1.mp4");
}

TEST_CASE("parse: keys stay in scope until replaced or NONE") {
  const ParsedPlaylist parsed = Parse(R"(#EXTM3U
#EXT-X-VERSION:5
#EXT-X-TARGETDURATION:6
#EXTINF:6,
0.ts
#EXT-X-KEY:METHOD=AES-128,URI="k1",IV=0x00000000000000000000000000000001
#EXTINF:6,
1.ts
#EXT-X-KEY:METHOD=SAMPLE-AES,URI="skd://x",KEYFORMAT="com.apple"
#EXTINF:6,
2.ts
#EXT-X-KEY:METHOD=AES-128,URI="k2"
#EXTINF:6,
3.ts
#EXT-X-KEY:METHOD=NONE
#EXTINF:6,
4.ts
)");
  CHECK(parsed.findings.empty());
  const auto& segments = parsed.media.segments;
  REQUIRE(segments.size() == 5);
  CHECK(segments[0].keys.empty());
  CHECK(segments[1].keys == std::vector<std::uint32_t>{0});
  CHECK(segments[2].keys == std::vector<std::uint32_t>{0, 1});
  CHECK(segments[3].keys == std::vector<std::uint32_t>{1, 2});
  CHECK(segments[4].keys.empty());
  CHECK(parsed.media.keys[2].uri == "k2");
}

TEST_CASE("parse: byte ranges without an offset follow one another") {
  const ParsedPlaylist parsed = Parse(R"(#EXTM3U
#EXT-X-VERSION:4
#EXT-X-TARGETDURATION:6
#EXTINF:6,
#EXT-X-BYTERANGE:100@50
all.ts
#EXTINF:6,
#EXT-X-BYTERANGE:200
all.ts
#EXTINF:6,
#EXT-X-BYTERANGE:1
other.ts
)");
  CHECK(Findings(parsed) == Lines{"12 R43"});
  CHECK(parsed.media.segments[1].byte_range->offset == 150);
}

TEST_CASE("parse: a multivariant playlist is read whole") {
  const ParsedPlaylist parsed = Parse(R"(#EXTM3U
#EXT-X-VERSION:4
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-VENDOR:1
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="aac",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,URI="en.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1280000,AVERAGE-BANDWIDTH=1000000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970,AUDIO="aac",CLOSED-CAPTIONS=NONE
low/index.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=200000,URI="low/iframe.m3u8"
#EXT-X-SESSION-DATA:DATA-ID="a.b",VALUE="c"
)");
  CHECK(parsed.findings.empty());
  CHECK(parsed.kind == PlaylistKind::kMultivariant);
  const MultivariantPlaylist& list = parsed.multivariant;
  CHECK(list.version.value == 4);
  CHECK(list.independent_segments.present());
  REQUIRE(list.variants.size() == 1);
  const Variant& variant = list.variants[0];
  CHECK(variant.uri == "low/index.m3u8");
  CHECK(variant.line == 6);
  CHECK(variant.uri_line == 7);
  CHECK(variant.bandwidth == 1280000);
  CHECK(variant.average_bandwidth == 1000000U);
  CHECK(variant.width == 1280);
  CHECK(variant.height == 720);
  CHECK(variant.frame_rate == "29.970");
  CHECK(variant.audio == "aac");
  REQUIRE(list.i_frame_variants.size() == 1);
  CHECK(list.i_frame_variants[0].uri == "low/iframe.m3u8");
  REQUIRE(list.renditions.size() == 1);
  CHECK(list.renditions[0].is_default);
  CHECK(list.renditions[0].uri == "en.m3u8");
  CHECK(list.session_data.size() == 1);
  REQUIRE(list.other_tags.size() == 1);
  CHECK(list.other_tags[0].name == "EXT-X-VENDOR");
}

TEST_CASE("parse: unknown tags stay where they stood") {
  const ParsedPlaylist parsed = Parse(R"(#EXTM3U
#EXT-X-VENDOR-HEAD:a
#EXT-X-TARGETDURATION:6
#EXTINF:6,
0.ts
#EXT-X-CUE-OUT:30
#EXTINF:6,
1.ts
#EXT-X-TAIL
)");
  CHECK(parsed.findings.empty());
  REQUIRE(parsed.media.other_tags.size() == 2);
  CHECK(parsed.media.other_tags[0].name == "EXT-X-VENDOR-HEAD");
  CHECK(parsed.media.other_tags[1].name == "EXT-X-TAIL");
  REQUIRE(parsed.media.segments[1].other_tags.size() == 1);
  CHECK(parsed.media.segments[1].other_tags[0].value == "30");
}

TEST_CASE("parse: variables are put in") {
  const ParsedPlaylist parsed = Parse(R"(#EXTM3U
#EXT-X-VERSION:8
#EXT-X-DEFINE:NAME="host",VALUE="http://a/b"
#EXT-X-TARGETDURATION:6
#EXT-X-MAP:URI="{$host}/init.mp4"
#EXTINF:6,
{$host}/0.m4s
#EXTINF:6,
{$unknown}/1.m4s
)");
  CHECK(parsed.findings.empty());
  CHECK(parsed.version_need.version == 8);
  CHECK(parsed.media.maps[0].uri == "http://a/b/init.mp4");
  CHECK(parsed.media.segments[0].uri == "http://a/b/0.m4s");
  CHECK(parsed.media.segments[1].uri == "{$unknown}/1.m4s");
}

TEST_CASE("parse: low-latency tags raise no alarm") {
  CHECK(FindingsOf(R"(#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:4
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.0
#EXT-X-PART-INF:PART-TARGET=0.33334
#EXT-X-MEDIA-SEQUENCE:266
#EXT-X-SKIP:SKIPPED-SEGMENTS=3
#EXTINF:4.00008,
269.mp4
#EXT-X-PART:DURATION=0.33334,URI="270.0.mp4"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="270.1.mp4"
#EXT-X-RENDITION-REPORT:URI="../1M/w.php",LAST-MSN=273,LAST-PART=2
)")
            .empty());
}

TEST_CASE("parse: skipped segments count in the numbers after them") {
  const ParsedPlaylist parsed = Parse(R"(#EXTM3U
#EXT-X-VERSION:9
#EXT-X-TARGETDURATION:4
#EXT-X-MEDIA-SEQUENCE:10
#EXT-X-SKIP:SKIPPED-SEGMENTS=3
#EXTINF:4,
13.mp4
)");
  CHECK(parsed.media.segments[0].sequence == 13);
}

TEST_CASE("parse: what does not begin with EXTM3U is no playlist") {
  for (const char* text :
       {"", "\n", "#EXTM3", "#EXT-X-VERSION:3\n", "<html>"}) {
    CAPTURE(text);
    const auto parsed = ParsePlaylist(text);
    REQUIRE_FALSE(parsed.ok());
    CHECK(parsed.status().code() == StatusCode::kInvalidArgument);
  }
}

TEST_CASE("parse: each break of syntax is found with rule and line") {
  const std::string head = "#EXTM3U\n#EXT-X-TARGETDURATION:6\n";
  const std::string one = "#EXTINF:6,\n0.ts\n";
  struct Case {
    std::string text;
    Lines findings;
  };
  const Case cases[] = {
      {"\xEF\xBB\xBF#EXTM3U\n#EXT-X-TARGETDURATION:6\n", {"1 R1"}},
      {"#EXTM3U \n", {"1 R1"}},
      {head + "#EXT-X-VENDOR:\x01\n", {"3 R1"}},
      {head + "#EXT-X-VENDOR:\xFF\n", {"3 R1"}},
      {head + "#EXTM3U\n", {"3 R1"}},
      {head + "#EXT-X-VERSION:3\n#EXT-X-VERSION:3\n", {"4 R2"}},
      {head + "#EXT-X-VERSION:x\n", {"3 R2"}},
      {head + "#EXT-X-STREAM-INF:BANDWIDTH=1\n", {"3 R4"}},
      {head + "#EXT-X-TARGETDURATION:6\n", {"3 R5"}},
      {head + "#EXT-X-ENDLIST\n#EXT-X-ENDLIST\n", {"4 R5"}},
      {head + "#EXT-X-PLAYLIST-TYPE: EVENT\n", {"3 R6"}},
      {head + "#EXT-X-MAP:URI=init.mp4\n", {"3 R6"}},
      {head + "#EXT-X-START:TIME-OFFSET=\"1\"\n", {"3 R6"}},
      {head + "#EXTINF:6,\n 0.ts\n", {"4 R6"}},
      {head + "#EXT-X-PLAYLIST-TYPE:LIVE\n", {"3 R7"}},
      {head + "#EXT-X-ALLOW-CACHE:YES\n", {"3 R8?"}},
      {"#EXTM3U\n#EXT-X-TARGETDURATION:6.5\n", {"2 R9"}},
      {"#EXTM3U\n#EXT-X-TARGETDURATION:0\n", {"2 R9"}},
      {head + "0.ts\n", {"3 R13"}},
      {head + "#EXTINF:6\n0.ts\n", {"3 R13"}},
      {head + "#EXTINF:six,\n0.ts\n", {"3 R13"}},
      {head + "#EXTINF:6,\n#EXTINF:6,\n0.ts\n", {"4 R13"}},
      {head + "#EXTINF:6,\n", {"3 R13"}},
      {head + one + "#EXT-X-MEDIA-SEQUENCE:1\n", {"5 R19"}},
      {head + "#EXT-X-MEDIA-SEQUENCE:-1\n", {"3 R19"}},
      {head + one + "#EXT-X-DISCONTINUITY-SEQUENCE:1\n", {"5 R23"}},
      {head + "#EXT-X-DISCONTINUITY\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n" + one,
       {"4 R23"}},
      {head + "#EXT-X-PROGRAM-DATE-TIME:now\n" + one, {"3 R38"}},
      {head + "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.0\n" + one,
       {"3 R38?"}},
      {head + "#EXT-X-BYTERANGE:x\n" + one, {"3 R43"}},
      {head + "#EXT-X-MAP:URI=\"i\",BYTERANGE=\"5\"\n", {"3 R45"}},
      {head + "#EXT-X-KEY:METHOD=NONE,URI=\"k\"\n", {"3 R46"}},
      {head + "#EXT-X-KEY:METHOD=AES-128\n", {"3 R46"}},
      {head + "#EXT-X-KEY:METHOD=AES-128,URI=\"k\",IV=0x1\n", {"3 R47"}},
      {"#EXTM3U\n#EXT-X-STREAM-INF:AUDIO=\"a\"\nv.m3u8\n", {"2 R67"}},
      {"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n", {"2 R67"}},
      {"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n"
       "#EXT-X-STREAM-INF:BANDWIDTH=1\nv.m3u8\n",
       {"3 R67"}},
      {"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,PROGRAM-ID=1\nv.m3u8\n",
       {"2 R8?"}},
      {"#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,NAME=\"a\"\n", {"2 R74"}},
      {"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=12\nv.m3u8\n",
       {"2 R6"}},
      {head + "#EXT-X-BITRATE:x\n", {"3 R111"}},
  };
  for (const Case& c : cases) {
    CAPTURE(c.text);
    CHECK(FindingsOf(c.text) == c.findings);
  }
}

TEST_CASE("parse: the version a playlist needs is computed from its tags") {
  const auto need = [](const std::string& tags) {
    return Parse("#EXTM3U\n" + tags).version_need.version;
  };
  CHECK(need("#EXTINF:6,\n0.ts\n") == 1);
  CHECK(need("#EXT-X-KEY:METHOD=AES-128,URI=\"k\","
             "IV=0x00000000000000000000000000000001\n") == 2);
  CHECK(need("#EXTINF:6.0,\n0.ts\n") == 3);
  CHECK(need("#EXT-X-BYTERANGE:1@0\n") == 4);
  CHECK(need("#EXT-X-I-FRAMES-ONLY\n#EXT-X-MAP:URI=\"i\"\n") == 5);
  CHECK(need("#EXT-X-KEY:METHOD=AES-128,URI=\"k\",KEYFORMAT=\"f\"\n") == 5);
  CHECK(need("#EXT-X-MAP:URI=\"i\"\n") == 6);
  CHECK(need("#EXT-X-DEFINE:NAME=\"a\",VALUE=\"b\"\n") == 8);
  CHECK(need("#EXT-X-SKIP:SKIPPED-SEGMENTS=1\n") == 9);
  CHECK(need("#EXT-X-DEFINE:QUERYPARAM=\"a\"\n") == 11);
  CHECK(need("#EXT-X-STREAM-INF:BANDWIDTH=1,REQ-VIDEO-LAYOUT=\"a\"\nv\n") ==
        12);
  CHECK(need("#EXT-X-MEDIA:TYPE=CLOSED-CAPTIONS,GROUP-ID=\"a\",NAME=\"b\","
             "INSTREAM-ID=\"SERVICE1\"\n") == 7);
}

TEST_CASE("parse: any cut and any flipped byte is survived") {
  for (std::size_t length = 0; length <= kLive.size(); ++length) {
    (void)ParsePlaylist(kLive.substr(0, length));
  }
  std::mt19937 random(7);
  for (int round = 0; round < 3000; ++round) {
    std::string text(kLive);
    for (int i = 0; i < 4; ++i) {
      text[8 + random() % (text.size() - 8)] = static_cast<char>(random());
    }
    const auto parsed = ParsePlaylist(text);
    REQUIRE(parsed.ok());
    CHECK(parsed->media.segments.size() <= 20);
  }
}

TEST_CASE("parse: findings of a hostile text are bounded") {
  std::string text = "#EXTM3U\n#EXT-X-KEY:";
  for (int i = 0; i < 100'000; ++i) text += "A=1,";
  for (int i = 0; i < 100'000; ++i) text += "\nx";
  const ParsedPlaylist parsed = Parse(text);
  CHECK(parsed.findings.size() <= 1000);
  CHECK(parsed.media.segments.size() == 100'000);
}

}  // namespace
}  // namespace hlsrec::playlist
