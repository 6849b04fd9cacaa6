#include "src/net/http_get.h"

#include <atomic>
#include <chrono>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "tests/catch.h"
#include "tests/net/loopback_server.h"

namespace hlsrec::net {
namespace {

// Ten thousand times `x`, and the same through gzip.
const std::string kText(10'000, 'x');

std::string GzippedText() {
  constexpr unsigned char kBytes[] = {
      0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xed, 0xc1,
      0x01, 0x0d, 0x00, 0x00, 0x00, 0xc2, 0xa0, 0xda, 0x8f, 0x6f, 0x0e, 0x37,
      0xa0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0xe0, 0xdf,
      0x00, 0xa3, 0xa4, 0x55, 0x0d, 0x10, 0x27, 0x00, 0x00};
  return {std::begin(kBytes), std::end(kBytes)};
}

TEST_CASE("http get: body, status and type come back") {
  LoopbackServer server([](const std::string&) {
    return HttpAnswer(200, "hello",
                      "Content-Type: text/vtt; charset=utf-8\r\n");
  });
  HttpReader reader;
  const auto response = reader.Fetch({.url = server.Url("/a.m3u8?x=1")});
  REQUIRE(response.ok());
  CHECK(response->status == 200);
  CHECK(response->body == "hello");
  CHECK(response->content_type == "text/vtt; charset=utf-8");
  CHECK(response->content_length == 5U);
  CHECK(RequestPath(server.LastHead()) == "/a.m3u8?x=1");
}

TEST_CASE("http get: any status is an answer") {
  LoopbackServer server(
      [](const std::string&) { return HttpAnswer(404, "no"); });
  HttpReader reader;
  const auto response = reader.Fetch({.url = server.Url("/")});
  REQUIRE(response.ok());
  CHECK(response->status == 404);
  CHECK(HttpStatus(404, "get: x").code() == StatusCode::kNotFound);
  CHECK(HttpStatus(404, "get: x").message() == "get: x: http 404");
  CHECK(HttpStatus(403, "x").code() == StatusCode::kPermissionDenied);
  CHECK(HttpStatus(503, "x").code() == StatusCode::kUnavailable);
  CHECK(HttpStatus(400, "x").code() == StatusCode::kFailedPrecondition);
  CHECK(HttpStatus(206, "x").ok());
}

TEST_CASE("http get: how long a cache may keep the answer") {
  struct Case {
    std::string headers;
    std::optional<std::chrono::seconds> fresh_for;
  };
  using std::chrono::seconds;
  const std::string date = "Date: Thu, 01 Jan 2026 00:00:00 GMT\r\n";
  const std::vector<Case> cases = {
      {"", std::nullopt},
      {date, std::nullopt},
      {"Cache-Control: public, Max-Age=30\r\n", seconds(30)},
      {"Cache-Control: max-age=30\r\nCache-Control: s-maxage=5\r\n",
       seconds(5)},
      {"Cache-Control: max-age=30, no-store\r\n", seconds(0)},
      {"Cache-Control: immutable\r\n", std::nullopt},
      {date + "Expires: Thu, 01 Jan 2026 00:01:00 GMT\r\n", seconds(60)},
      {date + "Expires: Wed, 31 Dec 2025 00:01:00 GMT\r\n", seconds(0)},
      {date + "Expires: 0\r\n", seconds(0)},
      {"Cache-Control: max-age=7\r\n" + date +
           "Expires: Thu, 01 Jan 2026 00:01:00 GMT\r\n",
       seconds(7)},
  };
  for (const Case& c : cases) {
    CAPTURE(c.headers);
    LoopbackServer server([&](const std::string&) {
      return HttpAnswer(200, "hello", c.headers);
    });
    HttpReader reader;
    const auto response = reader.Fetch({.url = server.Url("/")});
    REQUIRE(response.ok());
    CHECK((response->fresh_for == c.fresh_for));
    CHECK(response->major_version == 1);
  }
}

TEST_CASE("http get: HEAD reads no body") {
  LoopbackServer server([](const std::string&) {
    return std::string(
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 9\r\n\r\n");
  });
  HttpReader reader;
  const auto response =
      reader.Fetch({.url = server.Url("/"), .method = HttpMethod::kHead});
  REQUIRE(response.ok());
  CHECK(response->body.empty());
  CHECK(response->content_length == 9U);
  CHECK(server.LastHead().starts_with("HEAD "));
}

TEST_CASE("http get: a range is asked for as bytes") {
  LoopbackServer server(
      [](const std::string&) { return HttpAnswer(206, "abcde"); });
  HttpReader reader;
  const auto response =
      reader.Fetch({.url = server.Url("/"),
                    .range = HttpByteRange{.offset = 10, .length = 5}});
  REQUIRE(response.ok());
  CHECK(response->status == 206);
  CHECK(response->body == "abcde");
  CHECK(server.LastHead().find("\r\nRange: bytes=10-14\r\n") !=
        std::string::npos);
}

TEST_CASE("http get: redirects are followed, to http only") {
  LoopbackServer server([](const std::string& head) {
    const std::string path = RequestPath(head);
    if (path == "/a") return HttpAnswer(302, "", "Location: /b\r\n");
    if (path == "/f") {
      return HttpAnswer(302, "", "Location: file:///etc/passwd\r\n");
    }
    if (path == "/loop") return HttpAnswer(302, "", "Location: /loop\r\n");
    return HttpAnswer(200, "b");
  });
  HttpReader reader;
  const auto followed = reader.Fetch({.url = server.Url("/a")});
  REQUIRE(followed.ok());
  CHECK(followed->body == "b");
  CHECK(followed->final_url == server.Url("/b"));
  CHECK_FALSE(reader.Fetch({.url = server.Url("/f")}).ok());
  const auto loop = reader.Fetch({.url = server.Url("/loop")});
  REQUIRE_FALSE(loop.ok());
  CHECK(loop.status().code() == StatusCode::kFailedPrecondition);
}

TEST_CASE("http get: other protocols are refused") {
  HttpReader reader;
  for (const char* url :
       {"file:///etc/passwd", "ftp://127.0.0.1/", "nonsense:"}) {
    CAPTURE(url);
    CHECK_FALSE(reader.Fetch({.url = url}).ok());
  }
}

TEST_CASE("http get: R112: gzip gives the same bytes as identity") {
  LoopbackServer server([](const std::string&) {
    return HttpAnswer(200, GzippedText(), "Content-Encoding: gzip\r\n");
  });
  HttpReader reader;
  const auto response = reader.Fetch({.url = server.Url("/")});
  REQUIRE(response.ok());
  CHECK(response->body == kText);
  CHECK(response->content_encoding == "gzip");
  CHECK(server.LastHead().find("gzip") != std::string::npos);
}

TEST_CASE("http get: a body above the limit is refused, decoded too") {
  std::atomic<bool> coded = false;
  LoopbackServer server([&](const std::string&) {
    return coded ? HttpAnswer(200, GzippedText(), "Content-Encoding: gzip\r\n")
                 : HttpAnswer(200, kText);
  });
  HttpReader reader;
  for (const bool each : {false, true}) {
    coded = each;
    const auto response =
        reader.Fetch({.url = server.Url("/"), .max_bytes = 9'999});
    REQUIRE_FALSE(response.ok());
    CHECK(response.status().code() == StatusCode::kResourceExhausted);
  }
}

TEST_CASE("http get: a body that is cut short is data loss") {
  LoopbackServer server([](const std::string&) {
    return std::string("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
  });
  HttpReader reader;
  const auto response = reader.Fetch({.url = server.Url("/")});
  REQUIRE_FALSE(response.ok());
  CHECK(response.status().code() == StatusCode::kDataLoss);
}

TEST_CASE("http get: no answer is unavailable, and the reader goes on") {
  std::atomic<bool> silent = true;
  LoopbackServer server([&](const std::string&) {
    return silent ? std::string() : HttpAnswer(200, "x");
  });
  HttpReader reader;
  const auto none = reader.Fetch({.url = server.Url("/")});
  REQUIRE_FALSE(none.ok());
  CHECK(none.status().code() == StatusCode::kUnavailable);
  silent = false;
  CHECK(reader.Fetch({.url = server.Url("/")}).ok());
}

TEST_CASE("http get: messages hold no secrets") {
  CHECK(RedactUrl("https://u:p@h:1/a/b?token=x#y") == "https://h:1/a/b");
  CHECK(RedactUrl("https://h/a@b") == "https://h/a@b");
  CHECK(RedactUrl("http://h") == "http://h");
  LoopbackServer server([](const std::string&) { return std::string(); });
  HttpReader reader;
  const auto response = reader.Fetch({.url = server.Url("/a?token=secret")});
  REQUIRE_FALSE(response.ok());
  CHECK(response.status().message().find("secret") == std::string::npos);
}

}  // namespace
}  // namespace hlsrec::net
