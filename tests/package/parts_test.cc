// Which segments of a recording a range takes, and where clocks break.
#include "src/package/parts.h"

#include "src/playlist/parse.h"
#include "tests/catch.h"

namespace hlsrec::package {
namespace {

using std::chrono::seconds;

MediaList ListOf(const std::string& body) {
  const auto parsed = playlist::ParsePlaylist(
      "#EXTM3U\n#EXT-X-VERSION:8\n#EXT-X-TARGETDURATION:4\n" + body);
  REQUIRE(parsed.ok());
  return {.location = "index.m3u8", .list = parsed->media};
}

std::string Segment(int number, const std::string& tags = "") {
  return tags + "#EXTINF:4,\n" + std::to_string(number) + ".ts\n";
}

TEST_CASE("parts: a gap and a discontinuity each begin one") {
  const auto parts =
      MakeParts({ListOf(Segment(0) + Segment(1, "#EXT-X-GAP\n") + Segment(2) +
                        Segment(3, "#EXT-X-DISCONTINUITY\n") + Segment(4))},
                {});
  REQUIRE(parts.ok());
  REQUIRE(parts->parts.size() == 3);
  CHECK(parts->gaps.size() == 1);
  CHECK(parts->duration == seconds(20));
  CHECK(parts->parts[1].start == seconds(8));
  CHECK(parts->parts[1].missing_before == seconds(4));
  CHECK_FALSE(parts->parts[1].discontinuity);
  CHECK(parts->parts[2].discontinuity);
  CHECK(parts->parts[2].missing_before == seconds(0));
  CHECK(parts->parts[2].segments[0].size() == 2);
}

TEST_CASE("parts: an init section that is named again is the same") {
  const std::string map = "#EXT-X-MAP:URI=\"init.mp4\"\n";
  const std::string other = "#EXT-X-MAP:URI=\"other.mp4\"\n";
  const auto parts = MakeParts(
      {ListOf(Segment(0, map) + Segment(1, map) + Segment(2, other))}, {});
  REQUIRE(parts.ok());
  REQUIRE(parts->parts.size() == 2);
  CHECK(parts->parts[0].segments[0].size() == 2);
}

TEST_CASE("parts: sound goes with the picture that is shown meanwhile") {
  const MediaList picture =
      ListOf(Segment(0) + Segment(1) + Segment(2, "#EXT-X-DISCONTINUITY\n"));
  const MediaList sound =
      ListOf("#EXTINF:6,\na0.ts\n#EXTINF:2.5,\na1.ts\n#EXTINF:3.5,\na2.ts\n");
  const auto parts = MakeParts({picture, sound}, {});
  REQUIRE(parts.ok());
  REQUIRE(parts->parts.size() == 2);
  CHECK(parts->parts[0].segments[1].size() == 2);
  CHECK(parts->parts[1].segments[1].size() == 1);
}

TEST_CASE("parts: a range takes every segment that has some of it") {
  const MediaList list = ListOf(Segment(0) + Segment(1) + Segment(2));
  const auto begin = [&](seconds from, seconds to) {
    const SegmentRange range = SegmentsIn({.from = from, .to = to}, list.list);
    return std::pair(range.begin, range.end);
  };
  using Pair = std::pair<std::size_t, std::size_t>;
  CHECK(begin(seconds(0), seconds(12)) == Pair(0, 3));
  CHECK(begin(seconds(4), seconds(8)) == Pair(1, 2));
  CHECK(begin(seconds(3), seconds(9)) == Pair(0, 3));
  CHECK(begin(seconds(11), seconds(99)) == Pair(2, 3));
}

TEST_CASE("range: dates go on from the last one, a hole ends where it ends") {
  const MediaList list =
      ListOf(Segment(0, "#EXT-X-PROGRAM-DATE-TIME:2026-01-31T12:00:00Z\n") +
             Segment(1) +
             Segment(2, "#EXT-X-PROGRAM-DATE-TIME:2026-01-31T13:00:00Z\n"));
  const auto find = [&](const char* text) {
    const auto point = ParseRecordingPoint(text);
    REQUIRE(point.ok());
    const auto range = ResolveRange({.from = *point}, list.list);
    REQUIRE(range.ok());
    return *range->from;
  };
  CHECK(find("2026-01-31T12:00:05Z") == seconds(5));
  CHECK(find("2026-01-31T13:30:00+01:00") == seconds(8));
  CHECK(find("2026-01-31T13:00:01.5Z") == std::chrono::milliseconds(9500));
  CHECK(find("2020-01-31T13:00:01Z") == seconds(0));
  CHECK(ResolveRange({.from = seconds(12)}, list.list).status().code() ==
        StatusCode::kInvalidArgument);
  const MediaList undated = ListOf(Segment(0));
  CHECK(ResolveRange({.from = *ParseRecordingPoint("2026-01-31T12:00:05Z")},
                     undated.list)
            .status()
            .code() == StatusCode::kFailedPrecondition);
}

TEST_CASE("range: seconds, clocks and dates, and nothing else") {
  using Micros = std::chrono::microseconds;
  const auto micros = [](const char* text) {
    const auto point = ParseRecordingPoint(text);
    REQUIRE(point.ok());
    return std::get<Micros>(*point);
  };
  CHECK(micros("12.5") == std::chrono::milliseconds(12500));
  CHECK(micros("1:02") == seconds(62));
  CHECK(micros("1:02:03.25") == std::chrono::milliseconds(3723250));
  for (const char* text : {"", "x", "-1", "1:2:3:4", ":", "1:", "2026-13T"}) {
    INFO(text);
    CHECK_FALSE(ParseRecordingPoint(text).ok());
  }
}

TEST_CASE("store: names beside the playlist, and no way out") {
  const auto locate = [](const char* base, const char* uri) {
    return Store::Locate(base, uri);
  };
  CHECK(*locate("a/b.m3u8", "c%20d.ts?x=1") == "a/c d.ts");
  CHECK(*locate("a/b.m3u8", "../c.ts") == "c.ts");
  CHECK(*locate("a/b.m3u8", "https://h/c.ts?sig=1") == "https://h/c.ts?sig=1");
  CHECK(*locate("https://h/a/b.m3u8?sig=1", "../c.ts") == "https://h/c.ts");
  CHECK_FALSE(locate("a/b.m3u8", "../../c.ts").ok());
  CHECK_FALSE(locate("a/b.m3u8", "ftp://h/c.ts").ok());
}

}  // namespace
}  // namespace hlsrec::package
