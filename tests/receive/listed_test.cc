#include "src/receive/listed.h"

#include "tests/catch.h"

namespace hlsrec::receive {
namespace {

TEST_CASE("listed: segments, init sections, and what is a gap already") {
  const auto listed = ReadListed("a/i.m3u8",
                                 "#EXTM3U\n"
                                 "#EXT-X-MAP:URI=\"init%201.mp4\"\n"
                                 "#EXTINF:2,\n"
                                 "0.m4s?x=1\n"
                                 "#EXTINF:2,\n"
                                 "#EXT-X-GAP\n"
                                 "1.m4s\n"
                                 "#EXTINF:2,\n"
                                 "../b/2.m4s\n"
                                 "#EXT-X-ENDLIST\n");
  REQUIRE(listed.ok());
  CHECK(listed->ended);
  REQUIRE(listed->references.size() == 3);
  CHECK(listed->references[0].key == "a/init 1.mp4");
  CHECK(listed->references[0].line == 0);
  CHECK(listed->references[1].key == "a/0.m4s");
  CHECK(listed->references[1].line == 4);
  CHECK(listed->references[2].key == "b/2.m4s");
}

TEST_CASE("listed: gaps go before the lines, whatever ends these") {
  CHECK(WithGaps("a\r\nb\r\nc", {2, 3}) ==
        "a\r\n#EXT-X-GAP\nb\r\n#EXT-X-GAP\nc");
  CHECK(WithGaps("a\n\nb\n", {}) == "a\n\nb\n");
  CHECK(WithGaps("", {1}).empty());
}

}  // namespace
}  // namespace hlsrec::receive
