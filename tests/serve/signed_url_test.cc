#include "src/serve/signed_url.h"

#include <chrono>
#include <cstdint>
#include <string>

#include "hlsrec/access.h"
#include "tests/catch.h"

namespace hlsrec::serve {
namespace {

using std::chrono::seconds;

// 2026-01-01T00:00:00Z
constexpr std::int64_t kNow = 1767225600;

TEST_CASE("signed URLs: what they allow, and until when") {
  const std::string key = "0123456789abcdef";
  const WallTime now = WallTime(seconds(kNow));
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
  CHECK(*SignPath("0123456789abcdef", "/cam1/", WallTime(seconds(kNow + 60))) ==
        "expires=1767225660&below=%2Fcam1%2F&signature="
        "2cc28ec8cf4f00693d1716fbd3210bc11331b327356b1ae839665a9d7299b5dc");
}

}  // namespace
}  // namespace hlsrec::serve
