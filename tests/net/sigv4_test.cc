#include "src/net/sigv4.h"

#include <algorithm>

#include "tests/catch.h"

namespace hlsrec::net {
namespace {

// The keys of AWS's test suite, and of the S3 reference's examples.
const Credentials kSuite = {
    .access_key_id = "AKIDEXAMPLE",
    .secret_access_key = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"};
const Credentials kS3 = {
    .access_key_id = "AKIAIOSFODNN7EXAMPLE",
    .secret_access_key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"};

SigV4Scope SuiteScope() {
  using namespace std::chrono_literals;
  return {.region = "us-east-1",
          .service = "service",
          .time = std::chrono::sys_days(std::chrono::year(2015) / 8 / 30) +
                  12h + 36min};
}

SigV4Scope S3Scope() {
  return {.region = "us-east-1",
          .time = std::chrono::sys_days(std::chrono::year(2013) / 5 / 24)};
}

std::string Authorization(const SigV4Request& request,
                          const Credentials& credentials,
                          const SigV4Scope& scope) {
  return SignRequest(request, credentials, scope).back().value;
}

struct SuiteCase {
  std::string name = {};
  SigV4Request request = {};
  std::string session_token = {};
  std::string signed_headers = "host;x-amz-date";
  std::string signature = {};
};

// Those of AWS's cases that do not hang on what S3 does otherwise: encoding
// the path twice, normalising it.
TEST_CASE("sigv4: signs as AWS's test suite says") {
  const std::string unreserved =
      "-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  const std::vector<SuiteCase> cases = {
      {.name = "get-vanilla",
       .signature = "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d76"
                    "3fbf31"},
      {.name = "get-vanilla-query-order-key-case",
       .request = {.query = {{"Param2", "value2"}, {"Param1", "value1"}}},
       .signature = "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94c"
                    "df2500"},
      {.name = "get-vanilla-query-unreserved",
       .request = {.query = {{unreserved, unreserved}}},
       .signature = "9c3e54bfcdf0b19771a7f523ee5669cdf59bc7cc0884027167c21bb143"
                    "a40197"},
      {.name = "get-vanilla-utf8-query",
       .request = {.query = {{"\u1234", "bar"}}},
       .signature = "2cdec8eed098649ff3a119c94853b13c643bcf08f8b0a1d91e12c90278"
                    "18dd04"},
      {.name = "get-utf8",
       .request = {.path = "/\u1234"},
       .signature = "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141"
                    "be5d85"},
      {.name = "get-header-value-trim",
       .request = {.headers = {{"My-Header1", " value1"},
                               {"My-Header2", " \"a   b   c\""}}},
       .signed_headers = "host;my-header1;my-header2;x-amz-date",
       .signature = "acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757"
                    "a9c736"},
      {.name = "get-header-value-order",
       .request = {.headers = {{"My-Header1", "value4"},
                               {"My-Header1", "value1"},
                               {"My-Header1", "value3"},
                               {"My-Header1", "value2"}}},
       .signed_headers = "host;my-header1;x-amz-date",
       .signature = "08c7e5a9acfcfeb3ab6b2185e75ce8b1deb5e634ec47601a50643f830c"
                    "755c01"},
      {.name = "post-vanilla",
       .request = {.method = "POST"},
       .signature = "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92ef"
                    "be5d6b"},
      {.name = "post-header-value-case",
       .request = {.method = "POST", .headers = {{"My-Header1", "VALUE1"}}},
       .signed_headers = "host;my-header1;x-amz-date",
       .signature = "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b"
                    "974b7d"},
      {.name = "post-sts-header-before",
       .request = {.method = "POST"},
       .session_token =
           "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQW"
           "LWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGd"
           "QrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU"
           "9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz"
           "+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA="
           "=",
       .signed_headers = "host;x-amz-date;x-amz-security-token",
       .signature = "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82b"
                    "e05ead"},
  };
  for (SuiteCase each : cases) {
    INFO(each.name);
    each.request.host = "example.amazonaws.com";
    each.request.payload_hash = kEmptyPayloadHash;
    Credentials credentials = kSuite;
    credentials.session_token = each.session_token;
    CHECK(Authorization(each.request, credentials, SuiteScope()) ==
          "AWS4-HMAC-SHA256 "
          "Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
          "SignedHeaders=" +
              each.signed_headers + ", Signature=" + each.signature);
  }
}

SigV4Request S3Request(std::string path, QueryParameters query = {},
                       std::vector<HttpHeader> headers = {}) {
  headers.push_back({"x-amz-content-sha256", std::string(kEmptyPayloadHash)});
  return {.host = "examplebucket.s3.amazonaws.com",
          .path = std::move(path),
          .query = std::move(query),
          .headers = std::move(headers),
          .payload_hash = std::string(kEmptyPayloadHash)};
}

TEST_CASE("sigv4: signs as the S3 reference's examples say") {
  const std::string scope =
      "AWS4-HMAC-SHA256 "
      "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, "
      "SignedHeaders=";
  CHECK(Authorization(S3Request("/test.txt", {}, {{"Range", "bytes=0-9"}}), kS3,
                      S3Scope()) ==
        scope +
            "host;range;x-amz-content-sha256;x-amz-date, Signature="
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41");

  SigV4Request put = S3Request("/test$file.text");
  put.method = "PUT";
  put.payload_hash =
      "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072";
  put.headers = {{"Date", "Fri, 24 May 2013 00:00:00 GMT"},
                 {"x-amz-storage-class", "REDUCED_REDUNDANCY"},
                 {"x-amz-content-sha256", put.payload_hash}};
  CHECK(Authorization(put, kS3, S3Scope()) ==
        scope +
            "date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class, "
            "Signature="
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");

  CHECK(Authorization(S3Request("/", {{"lifecycle", ""}}), kS3, S3Scope()) ==
        scope +
            "host;x-amz-content-sha256;x-amz-date, Signature="
            "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543");

  CHECK(Authorization(S3Request("/", {{"prefix", "J"}, {"max-keys", "2"}}), kS3,
                      S3Scope()) ==
        scope +
            "host;x-amz-content-sha256;x-amz-date, Signature="
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7");
}

TEST_CASE("sigv4: presigns as the S3 reference's example says") {
  CHECK(PresignedTarget(
            {.host = "examplebucket.s3.amazonaws.com", .path = "/test.txt"},
            kS3, S3Scope(), std::chrono::hours(24)) ==
        "/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&"
        "X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2F"
        "aws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&"
        "X-Amz-SignedHeaders=host&X-Amz-Signature="
        "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404");
}

TEST_CASE("sigv4: a session token is part of what is presigned") {
  Credentials credentials = kS3;
  credentials.session_token = "to/ken+";
  const std::string target =
      PresignedTarget({.host = "b.s3.amazonaws.com", .path = "/k"}, credentials,
                      S3Scope(), std::chrono::hours(1));
  CHECK(target.find("&X-Amz-Security-Token=to%2Fken%2B&") != std::string::npos);
  CHECK(target != PresignedTarget({.host = "b.s3.amazonaws.com", .path = "/k"},
                                  kS3, S3Scope(), std::chrono::hours(1)));
}

TEST_CASE("sigv4: what is sent is what is signed, encoded once") {
  const std::vector<std::pair<std::string, std::string>> paths = {
      {"/space a", "/space%20a"},
      {"/plus+eq=", "/plus%2Beq%3D"},
      {"/per%20cent%", "/per%2520cent%25"},
      {"/uni\u00e9\u4e2d", "/uni%C3%A9%E4%B8%AD"},
      {"/tilde~!*'()", "/tilde~%21%2A%27%28%29"},
      {"/a//b/./..", "/a//b/./.."},
      {"/:,@&$;?#[]", "/%3A%2C%40%26%24%3B%3F%23%5B%5D"},
  };
  for (const auto& [path, encoded] : paths) {
    CHECK(RequestTarget(path, {}) == encoded);
    const std::string canonical = CanonicalRequest({.path = path});
    CHECK(canonical.starts_with("GET\n" + encoded + "\n"));
  }
  const QueryParameters query = {
      {"uploads", ""}, {"prefix", "a/b c+"}, {"list-type", "2"}};
  CHECK(RequestTarget("/", query) ==
        "/?list-type=2&prefix=a%2Fb%20c%2B&uploads=");
  CHECK(CanonicalRequest({.query = query})
            .starts_with("GET\n/\nlist-type=2&prefix=a%2Fb%20c%2B&uploads=\n"));
}

}  // namespace
}  // namespace hlsrec::net
