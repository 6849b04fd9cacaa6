#include "src/serve/time_range.h"

#include <cstdint>
#include <string>

#include "tests/catch.h"

namespace hlsrec::serve {
namespace {

// Four segments of 10 s from 2026-01-01T00:00:00Z (1767225600), a break before
// the third, which is a gap.
std::string List(const std::string& type, const std::string& end) {
  return "#EXTM3U\n"
         "#EXT-X-VERSION:7\n" +
         type +
         "#EXT-X-TARGETDURATION:10\n"
         "#EXT-X-MEDIA-SEQUENCE:5\n"
         "#EXT-X-DISCONTINUITY-SEQUENCE:2\n"
         "#EXT-X-INDEPENDENT-SEGMENTS\n"
         "#EXT-X-MAP:URI=\"init-1.mp4\"\n"
         "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z\n"
         "#EXTINF:10.000000,\n"
         "5.m4s\n"
         "#EXTINF:10.000000,\n"
         "6.m4s\n"
         "#EXT-X-DISCONTINUITY\n"
         "#EXT-X-MAP:URI=\"init-2.mp4\"\n"
         "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:20.000Z\n"
         "#EXT-X-GAP\n"
         "#EXTINF:10.000000,\n"
         "7.m4s\n"
         "#EXTINF:10.000000,\n"
         "8.m4s\n" +
         end;
}
constexpr std::int64_t kStart = 1767225600;

StatusOr<std::string> Slice(const std::string& text, const std::string& query) {
  const auto range = ParseTimeRange(query);
  if (!range.ok()) return range.status();
  REQUIRE(range->has_value());
  return SliceByTime(text, **range, query);
}

std::string At(std::int64_t start, std::int64_t end) {
  return "start=" + std::to_string(kStart + start) +
         "&end=" + std::to_string(kStart + end);
}

TEST_CASE("time range: the segments between, as the whole has them") {
  const auto part = Slice(List("#EXT-X-PLAYLIST-TYPE:EVENT\n", ""), At(15, 25));
  REQUIRE(part.ok());
  CHECK(*part ==
        "#EXTM3U\n"
        "#EXT-X-VERSION:7\n"
        "#EXT-X-TARGETDURATION:10\n"
        "#EXT-X-MEDIA-SEQUENCE:6\n"
        "#EXT-X-DISCONTINUITY-SEQUENCE:2\n"
        "#EXT-X-PLAYLIST-TYPE:VOD\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-MAP:URI=\"init-1.mp4\"\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:10.000Z\n"
        "#EXTINF:10.000000,\n"
        "6.m4s\n"
        "#EXT-X-DISCONTINUITY\n"
        "#EXT-X-MAP:URI=\"init-2.mp4\"\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:20.000Z\n"
        "#EXT-X-GAP\n"
        "#EXTINF:10.000000,\n"
        "7.m4s\n"
        "#EXT-X-ENDLIST\n");
}

TEST_CASE("time range: a break at the beginning is in the number") {
  const auto part = Slice(List("", ""), At(20, 30));
  REQUIRE(part.ok());
  CHECK(*part ==
        "#EXTM3U\n"
        "#EXT-X-VERSION:7\n"
        "#EXT-X-TARGETDURATION:10\n"
        "#EXT-X-MEDIA-SEQUENCE:7\n"
        "#EXT-X-DISCONTINUITY-SEQUENCE:3\n"
        "#EXT-X-PLAYLIST-TYPE:VOD\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-MAP:URI=\"init-2.mp4\"\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:20.000Z\n"
        "#EXT-X-GAP\n"
        "#EXTINF:10.000000,\n"
        "7.m4s\n"
        "#EXT-X-ENDLIST\n");
}

TEST_CASE("time range: what may yet come keeps a list open") {
  const auto has = [](const StatusOr<std::string>& part, const char* text) {
    REQUIRE(part.ok());
    return part->find(text) != std::string::npos;
  };
  const std::string event = "#EXT-X-PLAYLIST-TYPE:EVENT\n";
  const std::string open = "start=" + std::to_string(kStart + 25);
  CHECK_FALSE(has(Slice(List(event, ""), open), "ENDLIST"));
  CHECK(has(Slice(List(event, ""), open), event.c_str()));
  CHECK_FALSE(has(Slice(List(event, ""), At(0, 41)), "ENDLIST"));
  CHECK(has(Slice(List(event, ""), At(0, 40)), "ENDLIST"));
  CHECK(has(Slice(List(event, "#EXT-X-ENDLIST\n"), open), "ENDLIST"));
  CHECK_FALSE(has(Slice(List("", ""), open), "PLAYLIST-TYPE"));
  CHECK(has(Slice(List(event, ""), "end=" + std::to_string(kStart + 5)),
            "SEQUENCE:5\n"));
}

TEST_CASE("time range: keys stay in scope") {
  const std::string text =
      "#EXTM3U\n#EXT-X-TARGETDURATION:10\n"
      "#EXT-X-KEY:METHOD=AES-128,URI=\"k1\",IV=0x1\n"
      "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z\n"
      "#EXTINF:10,a title\n#EXT-X-BYTERANGE:5@0\na.ts\n"
      "#EXTINF:10,\n#EXT-X-BYTERANGE:7\na.ts\n"
      "#EXT-X-KEY:METHOD=NONE\n#EXTINF:10,\nb.ts\n#EXT-X-ENDLIST\n";
  const auto part = Slice(text, At(10, 30));
  REQUIRE(part.ok());
  CHECK(*part ==
        "#EXTM3U\n#EXT-X-VERSION:4\n#EXT-X-TARGETDURATION:10\n"
        "#EXT-X-MEDIA-SEQUENCE:1\n#EXT-X-DISCONTINUITY-SEQUENCE:0\n"
        "#EXT-X-PLAYLIST-TYPE:VOD\n"
        "#EXT-X-KEY:METHOD=AES-128,URI=\"k1\",IV=0x1\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:10.000Z\n"
        "#EXTINF:10,\n#EXT-X-BYTERANGE:7@5\na.ts\n"
        "#EXT-X-KEY:METHOD=NONE\n#EXTINF:10,\nb.ts\n#EXT-X-ENDLIST\n");
}

TEST_CASE("time range: variants are asked for the same") {
  const auto part =
      Slice("#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n720p/index.m3u8\n",
            "start=1&end=2.5");
  REQUIRE(part.ok());
  CHECK(*part ==
        "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n"
        "720p/index.m3u8?start=1&end=2.5\n");
  CHECK(TimeRangeQuery("a=1&start=1&x&end=2.5") == "start=1&end=2.5");
}

TEST_CASE("time range: what can't be answered says why") {
  const auto code = [](const std::string& text, const std::string& query) {
    return Slice(text, query).status().code();
  };
  for (const char* bad :
       {"start=x", "end=", "start=-1", "start=5&end=5", "start=6&end=5"}) {
    CAPTURE(bad);
    CHECK(code(List("", ""), bad) == StatusCode::kInvalidArgument);
  }
  CHECK(code(List("", ""), At(40, 50)) == StatusCode::kNotFound);
  CHECK(code(List("", ""), "end=1") == StatusCode::kNotFound);
  CHECK(code("#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\na.ts\n", "end=1") ==
        StatusCode::kFailedPrecondition);
  CHECK(code("<html>", "end=1") == StatusCode::kInvalidArgument);
  const auto none = ParseTimeRange("x=1&starts=2");
  REQUIRE(none.ok());
  CHECK_FALSE(none->has_value());
}

}  // namespace
}  // namespace hlsrec::serve
