#include "src/serve/conditional.h"

#include <chrono>
#include <string>
#include <vector>

#include "tests/catch.h"

namespace hlsrec::serve {
namespace {

using std::chrono::seconds;

HttpRequest Get(std::vector<HttpField> headers) {
  return {.method = "GET", .target = "/", .headers = std::move(headers)};
}

TEST_CASE("conditional: ranges") {
  const Representation there{.etag = "\"a\"", .size_bytes = 100};
  struct Case {
    std::string range;
    int status;
    std::uint64_t offset;
    std::uint64_t length;
  };
  const std::vector<Case> cases = {
      {"bytes=0-9", 206, 0, 10},
      {"bytes=10-", 206, 10, 90},
      {"bytes=-10", 206, 90, 10},
      {"bytes=99-99", 206, 99, 1},
      {"bytes=0-1000", 206, 0, 100},
      {"bytes=-1000", 206, 0, 100},
      {"Bytes= 5 - 6", 206, 5, 2},
      {"bytes=100-", 416, 0, 0},
      {"bytes=200-300", 416, 0, 0},
      {"bytes=-0", 416, 0, 0},
      {"bytes=9-0", 200, 0, 100},
      {"bytes=a-b", 200, 0, 100},
      {"bytes=-", 200, 0, 100},
      {"bytes=", 200, 0, 100},
      {"items=0-9", 200, 0, 100},
      {"bytes=0-9,20-29", 200, 0, 100},
      {"bytes=--1", 200, 0, 100},
      {"bytes=18446744073709551616-", 200, 0, 100},
  };
  for (const Case& c : cases) {
    CAPTURE(c.range);
    const auto selection = Select(Get({{"Range", c.range}}), there);
    CHECK(selection.status == c.status);
    CHECK(selection.offset == c.offset);
    CHECK(selection.length == c.length);
  }
  CHECK(Select(Get({{"Range", "bytes=0-"}}), {.etag = "\"a\""}).status == 416);
}

TEST_CASE("conditional: what the client has already") {
  // 784111777 s are 06 Nov 1994 08:49:37.
  const WallTime modified =
      WallTime(seconds(784111777)) + std::chrono::milliseconds(500);
  const Representation there{
      .etag = "\"a\"", .modified = modified, .size_bytes = 100};
  const std::string same = "Sun, 06 Nov 1994 08:49:37 GMT";
  const std::string earlier = "Sun, 06 Nov 1994 08:49:36 GMT";
  CHECK(HttpDate(modified) == same);
  const auto status = [&](std::vector<HttpField> headers) {
    return Select(Get(std::move(headers)), there).status;
  };
  CHECK(status({{"If-None-Match", "\"a\""}}) == 304);
  CHECK(status({{"If-None-Match", "\"x,y\", W/\"a\""}}) == 304);
  CHECK(status({{"If-None-Match", "*"}}) == 304);
  CHECK(status({{"If-None-Match", "\"b\""}}) == 200);
  CHECK(status({{"If-Modified-Since", same}}) == 304);
  CHECK(status({{"If-Modified-Since", earlier}}) == 200);
  CHECK(status({{"If-Modified-Since", "yesterday"}}) == 200);
  CHECK(status({{"If-None-Match", "\"b\""}, {"If-Modified-Since", same}}) ==
        200);
  CHECK(status({{"If-Match", "\"b\""}}) == 412);
  CHECK(status({{"If-Match", "\"a\""}}) == 200);
  const HttpField range{"Range", "bytes=0-0"};
  CHECK(status({range, {"If-Range", "\"a\""}}) == 206);
  CHECK(status({range, {"If-Range", "\"b\""}}) == 200);
  CHECK(status({range, {"If-Range", "W/\"a\""}}) == 200);
  CHECK(status({range, {"If-Range", same}}) == 206);
  CHECK(status({range, {"If-Range", earlier}}) == 200);
}

TEST_CASE("conditional: who takes gzip") {
  for (const char* takes : {"gzip", "GZIP", "br, gzip;q=0.5", "gzip;q=1"}) {
    CHECK(TakesGzip(Get({{"Accept-Encoding", takes}})));
  }
  for (const char* not_so : {"", "br", "gzip;q=0", "gzip;q=0.000", "xgzip"}) {
    CHECK_FALSE(TakesGzip(Get({{"Accept-Encoding", not_so}})));
  }
}

}  // namespace
}  // namespace hlsrec::serve
