#include "src/notify/signature.h"

#include "src/base/base64.h"
#include "tests/catch.h"

namespace hlsrec::notify {
namespace {

constexpr const char* kId = "msg_p5jXN8AQM9LWM0D4loKWxJek";
constexpr const char* kBody = R"({"test": 2432232314})";
const WallTime kNow{std::chrono::seconds(1614265330)};

TEST_CASE("webhook signature: the example of Standard Webhooks") {
  const auto signature =
      Sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", kId, kNow, kBody);
  REQUIRE(signature.ok());
  CHECK(signature->timestamp == "1614265330");
  CHECK(signature->signature ==
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST_CASE("webhook signature: a key of its own bytes is the same key") {
  const auto key = FromBase64("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  REQUIRE(key);
  const auto signature = Sign(*key, kId, kNow, kBody);
  REQUIRE(signature.ok());
  CHECK(signature->signature ==
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
}

TEST_CASE("webhook signature: what is no key is told, not shown") {
  CHECK(Sign("whsec_not base64", kId, kNow, kBody).status().message() ==
        "secret: whsec_: is not base64");
  CHECK(Sign("", kId, kNow, kBody).status().message() == "secret: is empty");
  CHECK(Sign("whsec_", kId, kNow, kBody).status().message() ==
        "secret: is empty");
}

TEST_CASE("base64: RFC 4648's examples, both ways") {
  const std::pair<const char*, const char*> examples[] = {
      {"", ""},
      {"f", "Zg=="},
      {"fo", "Zm8="},
      {"foo", "Zm9v"},
      {"foob", "Zm9vYg=="},
      {"fooba", "Zm9vYmE="},
      {"foobar", "Zm9vYmFy"}};
  for (const auto& [text, coded] : examples) {
    CHECK(Base64(text) == coded);
    CHECK(FromBase64(coded) == text);
  }
  for (const char* bad :
       {"Zg=", "Zg", "Z===", " Zg==", "Zg==\n", "Zh==", "*"}) {
    INFO(bad);
    CHECK_FALSE(FromBase64(bad).has_value());
  }
}

}  // namespace
}  // namespace hlsrec::notify
