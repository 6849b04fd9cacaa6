#include "hlsrec/access.h"

#include <chrono>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/serve/body.h"
#include "src/serve/private_answer.h"
#include "tests/catch.h"
#include "tests/temporary_directory.h"

namespace hlsrec {
namespace {

// Answers all with one answer.
class Saying final : public HttpHandler {
 public:
  explicit Saying(HttpResponse response) : response_(std::move(response)) {}
  bool Wants(const HttpRequest&) const override { return true; }
  std::unique_ptr<HttpBodyReader> Handle(HttpRequest,
                                         HttpReply reply) override {
    reply(response_);
    return nullptr;
  }

 private:
  const HttpResponse response_;
};

HttpResponse Handled(HttpHandler& handler, HttpRequest request) {
  std::optional<HttpResponse> answer;
  handler.Handle(std::move(request), [&answer](HttpResponse response) {
    answer = std::move(response);
  });
  return answer.value();
}

TEST_CASE("access: pages of other sites are refused, programs are not") {
  const auto handler =
      RefuseForeignPages(std::make_shared<Saying>(HttpResponse{}));
  const auto status = [&](std::vector<HttpField> headers) {
    return Handled(*handler, {.method = "POST",
                              .target = "/a.ts",
                              .headers = std::move(headers)})
        .status;
  };
  CHECK(status({{"Host", "127.0.0.1:8080"}}) == 200);
  CHECK(status({{"Host", "proxy.example"}}) == 200);
  CHECK(status({{"Host", "127.0.0.1:8080"},
                {"Origin", "http://127.0.0.1:8080"},
                {"Sec-Fetch-Site", "same-origin"}}) == 200);
  CHECK(status({{"Host", "[::1]:8080"}, {"Origin", "http://[::1]:8080"}}) ==
        200);
  CHECK(status({{"Host", "localhost:1"}, {"Origin", "http://localhost:1"}}) ==
        200);
  for (const char* origin :
       {"https://example.org", "http://127.0.0.1:9000", "null",
        "http://127.0.0.1:8080.example.org", "http://127.0.0.1"}) {
    CAPTURE(origin);
    CHECK(status({{"Host", "127.0.0.1:8080"}, {"Origin", origin}}) == 403);
  }
  // A name that was made to mean this machine.
  CHECK(status({{"Host", "a.example:8080"},
                {"Origin", "http://a.example:8080"}}) == 403);
  CHECK(status({{"Host", "127.0.0.1:8080"},
                {"Sec-Fetch-Site", "cross-site"}}) == 403);
}

std::string CacheControlOf(const std::string& given,
                           std::chrono::seconds good_for) {
  HttpResponse response;
  if (!given.empty()) response.headers = {{"Cache-Control", given}};
  serve::MakePrivate(good_for, response);
  REQUIRE(response.headers.size() == 1);
  return response.headers[0].value;
}

TEST_CASE("access: what not everybody may have is for no shared cache") {
  constexpr std::chrono::seconds kShort{60};
  constexpr auto kAlways = std::chrono::seconds::max();
  const std::string segment = "public, max-age=31536000, immutable";
  CHECK(CacheControlOf(segment, kAlways) ==
        "private, max-age=31536000, immutable");
  CHECK(CacheControlOf(segment, kShort) == "private, max-age=60, immutable");
  CHECK(CacheControlOf("max-age=1,s-maxage=9", kShort) == "private, max-age=1");
  CHECK(CacheControlOf("no-cache", kShort) == "private, no-cache");
  CHECK(CacheControlOf("no-store", kShort) == "no-store");
  CHECK(CacheControlOf("", kShort) == "private");

  const TemporaryDirectory folder;
  const std::string key = "0123456789abcdef";
  std::ofstream(folder.Path("token")) << "s3cret";
  std::ofstream(folder.Path("key")) << key;
  const auto access = RequireAccess(
      *Runtime::Create(),
      {.token_file = folder.Path("token"),
       .signing_key_file = folder.Path("key")},
      {std::make_shared<Saying>(
          HttpResponse{.headers = {{"Cache-Control", segment}}})});
  REQUIRE(access.ok());
  const auto answer =
      Handled(**access, {.method = "GET",
                         .target = "/a.ts",
                         .headers = {{"Authorization", "Bearer s3cret"}}});
  CHECK(answer.headers.at(0).value == "private, max-age=31536000, immutable");
  const auto later =
      std::chrono::system_clock::now() + std::chrono::seconds(1000);
  const std::string query = *SignPath(key, "/", later);
  const auto by_url =
      Handled(**access, {.method = "GET", .target = "/a.ts?" + query});
  CHECK(by_url.status == 200);
  // The clock goes on meanwhile, but not for a hundred seconds.
  const std::string value = by_url.headers.at(0).value;
  CAPTURE(value);
  CHECK((value.starts_with("private, max-age=1000,") ||
         value.starts_with("private, max-age=9")));
  CHECK(value.size() <= std::string("private, max-age=1000, immutable").size());
}

}  // namespace
}  // namespace hlsrec
