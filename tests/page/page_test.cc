#include "hlsrec/page.h"

#include <optional>

#include "src/base/gzip.h"
#include "tests/catch.h"

namespace hlsrec {
namespace {

HttpResponse Get(HttpHandler& page, const std::string& target,
                 std::vector<HttpField> headers = {},
                 const std::string& method = "GET") {
  std::optional<HttpResponse> answer;
  page.Handle(
      {.method = method, .target = target, .headers = std::move(headers)},
      [&](HttpResponse response) { answer = std::move(response); });
  return answer.value();
}

std::string Header(const HttpResponse& response, std::string_view name) {
  for (const HttpField& field : response.headers) {
    if (field.name == name) return field.value;
  }
  return {};
}

std::string Text(const HttpResponse& response) {
  return ReadBody(*response.body, UINT64_MAX).value();
}

TEST_CASE("page: its files, compressed where that is understood") {
  const auto page = MakePage().value();
  const HttpResponse plain = Get(*page, "/");
  CHECK(plain.status == 200);
  CHECK(Header(plain, "Content-Type") == "text/html; charset=utf-8");
  CHECK(Text(plain).starts_with("<!doctype html>"));
  const HttpResponse gzip =
      Get(*page, "/?x=1", {{"Accept-Encoding", "br, gzip"}});
  CHECK(Header(gzip, "Content-Encoding") == "gzip");
  CHECK(Gunzip(Text(gzip), 1 << 20).value() == Text(plain));
  for (const char* name : {"access.js", "page.js", "player.js", "poster.js",
                           "text.js", "page.css", "icon.svg"}) {
    const std::string path = std::string("/page/") + name;
    INFO(path);
    CHECK(page->Wants({.method = "GET", .target = path}));
    CHECK_FALSE(Text(Get(*page, path)).empty());
  }
  CHECK(page->Wants({.method = "GET", .target = "/page/hls.js"}) ==
        PageHasPlayer());
  CHECK_FALSE(page->Wants({.method = "GET", .target = "/index.m3u8"}));
  CHECK_FALSE(page->Wants({.method = "GET", .target = "/page/../x"}));
}

TEST_CASE("page: what did not change is not sent again") {
  const auto page = MakePage().value();
  const std::string etag = Header(Get(*page, "/page/page.js"), "ETag");
  const HttpResponse same =
      Get(*page, "/page/page.js", {{"If-None-Match", etag}});
  CHECK(same.status == 304);
  CHECK(same.body->size() == Get(*page, "/page/page.js").body->size());
  CHECK(Get(*page, "/", {{"If-None-Match", etag}}).status == 200);
  CHECK(Get(*page, "/", {}, "POST").status == 405);
}

TEST_CASE("page: nothing but this server, and media from where it is told") {
  const std::string policy =
      Header(Get(*MakePage().value(), "/"), "Content-Security-Policy");
  CHECK(policy ==
        "default-src 'none'; script-src 'self'; style-src 'self'; "
        "img-src 'self'; media-src 'self' blob:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  const auto page =
      MakePage({.media_origins = {"https://b.s3.example:9000"}}).value();
  CHECK(Header(Get(*page, "/"), "Content-Security-Policy")
            .find("connect-src 'self' https://b.s3.example:9000;") !=
        std::string::npos);
  for (const char* bad : {"b.example", "https://", "https://a/b", "https://a;b",
                          "https://a b", "javascript:x"}) {
    CHECK_FALSE(MakePage({.media_origins = {bad}}).ok());
  }
  CHECK_FALSE(MakePage({.path_prefix = "x"}).ok());
}

}  // namespace
}  // namespace hlsrec
