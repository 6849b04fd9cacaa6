#include "hlsrec/access.h"

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "src/serve/body.h"
#include "tests/catch.h"

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

}  // namespace
}  // namespace hlsrec
