// What is done to requests and playlists before anything is sent.
#include <string>
#include <vector>

#include "hlsrec/access.h"
#include "src/serve/conditional.h"
#include "src/serve/content_type.h"
#include "src/serve/playlist_text.h"
#include "src/serve/signed_url.h"
#include "src/serve/time_range.h"
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

TEST_CASE("content types: by extension") {
  CHECK(ContentTypeOf("a/b.m3u8") == "application/vnd.apple.mpegurl");
  CHECK(ContentTypeOf("b.TS") == "video/mp2t");
  CHECK(ContentTypeOf("init.mp4") == "video/mp4");
  CHECK(ContentTypeOf("b.m4s") == "video/mp4");
  CHECK(ContentTypeOf("b.vtt") == "text/vtt; charset=utf-8");
  CHECK(ContentTypeOf("b.html") == "application/octet-stream");
  CHECK(ContentTypeOf("b.svg") == "application/octet-stream");
  CHECK(ContentTypeOf("b") == "application/octet-stream");
}

TEST_CASE("playlist text: a query goes behind every relative URI") {
  CHECK(AddQueryToUris("#EXTM3U\n"
                       "# a comment, URI=\"x\"\n"
                       "#EXT-X-MAP:URI=\"init.mp4\",BYTERANGE=\"1@2\"\r\n"
                       "#EXT-X-KEY:METHOD=AES-128,URI=\"skd://k\"\n"
                       "#EXT-X-MEDIA:NAME=\",URI=\",URI=\"a.m3u8?x=1#f\"\n"
                       "#EXTINF:6,\n"
                       "b/000001.ts\n"
                       "https://elsewhere/c.ts\n"
                       "//elsewhere/d.ts\n"
                       "\n"
                       "e:f.ts",
                       "s=1&t=2") ==
        "#EXTM3U\n"
        "# a comment, URI=\"x\"\n"
        "#EXT-X-MAP:URI=\"init.mp4?s=1&t=2\",BYTERANGE=\"1@2\"\r\n"
        "#EXT-X-KEY:METHOD=AES-128,URI=\"skd://k\"\n"
        "#EXT-X-MEDIA:NAME=\",URI=\",URI=\"a.m3u8?x=1&s=1&t=2#f\"\n"
        "#EXTINF:6,\n"
        "b/000001.ts?s=1&t=2\n"
        "https://elsewhere/c.ts\n"
        "//elsewhere/d.ts\n"
        "\n"
        "e:f.ts");
}

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

TEST_CASE("signed URLs: what they allow, and until when") {
  const std::string key = "0123456789abcdef";
  const WallTime now = WallTime(seconds(kStart));
  const auto sign = [&](const std::string& below, int lasts) {
    const auto query = SignPath(key, below, now + seconds(lasts));
    REQUIRE(query.ok());
    return *query;
  };
  const auto code = [&](const std::string& path, const std::string& query) {
    return CheckSignature(key, path, query, now).status().code();
  };
  const std::string folder = sign("/cam 1/", 60);
  CHECK(
      folder.starts_with("expires=1767225660&below=%2Fcam%201%2F&signature="));
  CHECK(code("/cam 1/a.ts", folder) == StatusCode::kOk);
  CHECK(code("/cam 1/b/c.ts", "x=1&" + folder) == StatusCode::kOk);
  CHECK(code("/cam 1", folder) == StatusCode::kPermissionDenied);
  CHECK(code("/cam 12/a.ts", folder) == StatusCode::kPermissionDenied);
  const std::string file = sign("/a.mp4", 60);
  CHECK(code("/a.mp4", file) == StatusCode::kOk);
  CHECK(code("/a.mp4x", file) == StatusCode::kPermissionDenied);
  CHECK(code("/a.mp4", sign("/a.mp4", 0)) == StatusCode::kPermissionDenied);
  CHECK(code("/a.mp4", "") == StatusCode::kNotFound);
  CHECK(code("/a.mp4", "token=1") == StatusCode::kNotFound);
  // Nothing of it can be changed, and a later one of the same name is not seen.
  std::string longer = file;
  longer.replace(longer.find("5660"), 4, "5661");
  CHECK(code("/a.mp4", longer) == StatusCode::kPermissionDenied);
  CHECK(code("/b.mp4", "below=%2Fb.mp4&" + file) ==
        StatusCode::kPermissionDenied);
  CHECK(code("/a.mp4", file.substr(0, file.size() - 1)) ==
        StatusCode::kPermissionDenied);
  CHECK(
      CheckSignature("0123456789abcdeX", "/a.mp4", file, now).status().code() ==
      StatusCode::kPermissionDenied);
  CHECK(SignatureOf("a=1&" + file + "&b=2") == file);
  CHECK(SignatureOf("expires=1&below=2").empty());
  CHECK(SignatureOf("signature=a\"b#\xff%2F") == "signature=a%22b%23%FF%2F");
  for (const char* bad : {"", "a", "/a/../b", "//"}) {
    CHECK_FALSE(SignPath(key, bad, now).ok());
  }
  CHECK_FALSE(SignPath("short", "/", now).ok());
}

TEST_CASE("signed URLs: the signature is the one that is documented") {
  // printf 'hlsrec-signed-url-1\n1767225660\n/cam1/' |
  //     openssl dgst -sha256 -hmac 0123456789abcdef
  CHECK(
      *SignPath("0123456789abcdef", "/cam1/", WallTime(seconds(kStart + 60))) ==
      "expires=1767225660&below=%2Fcam1%2F&signature="
      "2cc28ec8cf4f00693d1716fbd3210bc11331b327356b1ae839665a9d7299b5dc");
}

}  // namespace
}  // namespace hlsrec::serve
