#include "hlsrec/s3_sink.h"
#include "src/sink/s3_address.h"
#include "src/sink/s3_client.h"
#include "src/sink/s3_error.h"
#include "src/sink/s3_xml.h"
#include "tests/catch.h"
#include "tests/sink/calls.h"

namespace hlsrec::sink {
namespace {

std::string UrlOf(const S3SinkOptions& options, const std::string& region,
                  const std::string& key) {
  const S3Address address = AddressOf(options, region);
  return address.scheme + "://" + address.host + address.PathOf(key);
}

TEST_CASE("s3 address: the bucket stands where the server wants it") {
  CHECK(UrlOf({.bucket = "b-1"}, "eu-west-1", "k/l") ==
        "https://b-1.s3.eu-west-1.amazonaws.com/k/l");
  CHECK(UrlOf({.bucket = "b-1"}, "cn-north-1", "") ==
        "https://b-1.s3.cn-north-1.amazonaws.com.cn/");
  CHECK(UrlOf({.bucket = "b.1"}, "us-east-1", "k") ==
        "https://s3.us-east-1.amazonaws.com/b.1/k");
  CHECK(UrlOf({.bucket = "b-1", .addressing = S3Addressing::kPath}, "us-east-1",
              "") == "https://s3.us-east-1.amazonaws.com/b-1");
  CHECK(UrlOf({.bucket = "b-1", .endpoint = "http://h:9000"}, "x", "k") ==
        "http://h:9000/b-1/k");
  CHECK(UrlOf({.bucket = "b-1", .endpoint = "https://h:443/s3/"}, "x", "k") ==
        "https://h/s3/b-1/k");
  CHECK(UrlOf({.bucket = "b-1", .endpoint = "http://[::1]:80"}, "x", "") ==
        "http://[::1]/b-1");
  CHECK(UrlOf({.bucket = "b-1",
               .endpoint = "https://h",
               .addressing = S3Addressing::kVirtualHost},
              "x", "k") == "https://b-1.h/k");
}

TEST_CASE("s3 xml: errors are told from other answers") {
  const auto error = ParseS3Error(
      "<?xml version=\"1.0\"?><Error xmlns=\"x\"><Code>SlowDown</Code>"
      "<Message>a &lt; b</Message><Region>eu-x</Region></Error>");
  REQUIRE(error);
  CHECK(error->code == "SlowDown");
  CHECK(error->message == "a < b");
  CHECK(error->region == "eu-x");
  for (const std::string text :
       {"", "Error", "<Error>", "<html><Error/></html>", "<Errors/>"}) {
    CHECK(!ParseS3Error(text));
  }
}

TEST_CASE("s3 xml: lists, in any encoding of keys") {
  const auto page = ParseS3List(
      "<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">"
      "<EncodingType>url</EncodingType><IsTruncated>true</IsTruncated>"
      "<NextContinuationToken>1+/=</NextContinuationToken>"
      "<Contents><Key>a+b%20c%2Bd%C3%A9/%zz%4</Key><Size>5</Size></Contents>"
      "<Contents><Key>x</Key><Size>5000000000</Size></Contents>"
      "</ListBucketResult>");
  REQUIRE(page.ok());
  CHECK(page->continuation == "1+/=");
  REQUIRE(page->objects.size() == 2);
  CHECK(page->objects[0].key == "a b c+d\u00e9/%zz%4");
  CHECK(page->objects[1].size_bytes == 5000000000);
  const auto plain = ParseS3List(
      "<ListBucketResult><Contents><Key>a+%20</Key></Contents>"
      "</ListBucketResult>");
  REQUIRE(plain.ok());
  CHECK(plain->objects[0].key == "a+%20");
  CHECK(plain->continuation.empty());
  CHECK(ParseS3List("<html/>").status().code() == StatusCode::kDataLoss);
  // It would begin anew for ever.
  CHECK(ParseS3List("<ListBucketResult><IsTruncated>true</IsTruncated>"
                    "</ListBucketResult>")
            .status()
            .code() == StatusCode::kDataLoss);
}

TEST_CASE("s3 xml: uploads") {
  CHECK(*ParseUploadId("<InitiateMultipartUploadResult><UploadId>a=</UploadId>"
                       "</InitiateMultipartUploadResult>") == "a=");
  CHECK(!ParseUploadId("<InitiateMultipartUploadResult/>").ok());
  CHECK(CheckCompleted("<CompleteMultipartUploadResult/>").ok());
  CHECK(!CheckCompleted("").ok());
  CHECK(MakeCompletion({"\"a&b\"", "c"}) ==
        "<?xml version=\"1.0\"?><CompleteMultipartUpload "
        "xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Part><PartNumber>1"
        "</PartNumber><ETag>\"a&amp;b\"</ETag></Part><Part><PartNumber>2"
        "</PartNumber><ETag>c</ETag></Part></CompleteMultipartUpload>");
}

StatusCode CodeOf(int status, const std::string& code) {
  return S3Status({.status = status}, {.code = code}, "s3", WallTime()).code();
}

TEST_CASE("s3 error: codes decide, then the HTTP status") {
  using enum StatusCode;
  for (const char* code :
       {"SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout"}) {
    CHECK(CodeOf(400, code) == kUnavailable);
  }
  for (const char* code : {"AccessDenied", "InvalidAccessKeyId",
                           "SignatureDoesNotMatch", "ExpiredToken"}) {
    CHECK(CodeOf(400, code) == kPermissionDenied);
  }
  CHECK(CodeOf(404, "NoSuchBucket") == kNotFound);
  CHECK(CodeOf(404, "NoSuchKey") == kNotFound);
  CHECK(CodeOf(412, "PreconditionFailed") == kAlreadyExists);
  CHECK(CodeOf(409, "ConditionalRequestConflict") == kUnavailable);
  CHECK(CodeOf(501, "NotImplemented") == kUnimplemented);
  CHECK(CodeOf(400, "AccessControlListNotSupported") == kFailedPrecondition);
  CHECK(CodeOf(403, "") == kPermissionDenied);
  CHECK(CodeOf(404, "") == kNotFound);
  CHECK(CodeOf(429, "") == kUnavailable);
  CHECK(CodeOf(500, "") == kUnavailable);
  CHECK(CodeOf(502, "Other") == kUnavailable);
  CHECK(CodeOf(400, "Other") == kFailedPrecondition);
  CHECK(S3Status({.status = 503, .headers = {{"Retry-After", "7"}}},
                 {.code = "SlowDown"}, "s3", WallTime())
            .retry_after() == std::chrono::seconds(7));
}

TEST_CASE("s3 error: a store's words are one line, and none that were signed") {
  CHECK(S3Status({.status = 418},
                 {.code = "Tea", .message = "short\n\x1b[31m and stout"}, "s3",
                 WallTime())
            .message() == "s3: http 418 Tea: short  [31m and stout");
  CHECK(S3Status({.status = 403},
                 {.code = "SignatureDoesNotMatch", .message = "SECRET"}, "s3",
                 WallTime())
            .message()
            .find("SECRET") == std::string::npos);
}

TEST_CASE("s3 client: dates of HTTP") {
  const auto date = ParseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT");
  REQUIRE(date);
  CHECK(net::SigV4Time(*date) == "19941106T084937Z");
  for (const char* bad :
       {"", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37 CET",
        "Sun, 31 Feb 1994 08:49:37 GMT", "Sun, 06 ovD 1994 08:49:37 GMT",
        "Sun, 0x Nov 1994 08:49:37 GMT"}) {
    CHECK(!ParseHttpDate(bad));
  }
}

TEST_CASE("s3 url: says all but credentials, and can be read again") {
  const auto plain = ParseS3Url("s3://bucket");
  REQUIRE(plain.ok());
  CHECK(plain->bucket == "bucket");
  CHECK(plain->prefix.empty());
  CHECK(plain->endpoint.empty());
  CHECK(MakeS3Url(*plain) == "s3://bucket");
  CHECK(ParseS3Url("s3://bucket/a/b/")->prefix == "a/b");

  const std::string whole =
      "s3://bucket/a%20b/%25c?endpoint=http://127.0.0.1:9000&region=eu-x&"
      "style=virtual&conflict=look-first&acl=public-read&class=STANDARD_IA&"
      "rewrite_ms=1500";
  const auto options = ParseS3Url(whole);
  REQUIRE(options.ok());
  CHECK(options->prefix == "a b/%c");
  CHECK(options->endpoint == "http://127.0.0.1:9000");
  CHECK(options->region == "eu-x");
  CHECK(options->addressing == S3Addressing::kVirtualHost);
  CHECK(options->conflict == S3Conflict::kLookFirst);
  CHECK(options->canned_acl == "public-read");
  CHECK(options->storage_class == "STANDARD_IA");
  CHECK(options->rewrite_interval == std::chrono::milliseconds(1500));
  CHECK(MakeS3Url(*options) == whole);
  const auto six = ParseS3Url("s3://b/p?endpoint=http://[::1]:9000");
  REQUIRE(six.ok());
  CHECK(six->endpoint == "http://[::1]:9000");
  CHECK(ParseS3Url(MakeS3Url(*six))->endpoint == six->endpoint);
  CHECK(ParseS3Url("s3://b?endpoint=http%3A%2F%2Fh&style=path")->endpoint ==
        "http://h");
}

TEST_CASE("s3 url: bad parts are named, secrets are not") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"http://bucket", "want s3://"},
      {"s3://", "names no bucket"},
      {"s3://KEY:SECRET@bucket/x", "holds a user"},
      {"s3://bucket?secret=SECRET", "secret: unknown"},
      {"s3://bucket?rewrite_ms=1s", "rewrite_ms: 1s: want milliseconds"},
      {"s3://bucket?style=other", "style: other: want path or virtual"},
      {"s3://bucket?endpoint=host", "endpoint: host: want http://"},
      {"s3://bucket?endpoint=http://u:SECRET@h", "endpoint: http://h: holds a"},
      {"s3://bucket/100%", "prefix: a `%`"},
  };
  for (const auto& [url, part] : cases) {
    const Status status = ParseS3Url(url).status();
    INFO(url << ": " << status.message());
    CHECK(status.code() == StatusCode::kInvalidArgument);
    CHECK(status.message().find(part) != std::string::npos);
    CHECK(status.message().find("SECRET") == std::string::npos);
  }
}

Credentials KeysOf(const S3SinkOptions& options) {
  return *Await<StatusOr<Credentials>>([&](CredentialsProvider::Done done) {
    options.credentials->Fetch(std::move(done));
  });
}

TEST_CASE("storage: both forms of 100ms") {
  const auto first = ParseStorageObject(
      R"({"type": "s3", "location": "bucket", "prefix": "/a/b/",
          "options": {"region": "eu-west-1"},
          "credentials": {"key": "K", "secret": "S"}})");
  REQUIRE(first.ok());
  CHECK(MakeS3Url(*first) == "s3://bucket/a/b?region=eu-west-1");
  CHECK(KeysOf(*first).access_key_id == "K");
  CHECK(KeysOf(*first).secret_access_key == "S");
  const auto second = ParseStorageObject(
      R"({"type": "s3", "location": "bucket", "prefix": null,
          "credentials": {"key": "K", "secretKey": "S"}})");
  REQUIRE(second.ok());
  CHECK(KeysOf(*second).secret_access_key == "S");
  const auto none = ParseStorageObject(R"({"type": "s3", "location": "b"})");
  REQUIRE(none.ok());
  CHECK(none->credentials == nullptr);
}

TEST_CASE("storage: providers give endpoint, style and region") {
  const auto url = [](const std::string& type, const std::string& options) {
    const auto parsed = ParseStorageObject(
        R"({"type": ")" + type + R"(", "location": "b", "options": {)" +
        options + "}}");
    return parsed.ok() ? MakeS3Url(*parsed) : parsed.status().message();
  };
  const std::string region = R"("region": "x-1")";
  const std::string endpoint = R"("endpoint": "https://h")";
  CHECK(url("gs", "") ==
        "s3://b?endpoint=https://storage.googleapis.com&region=auto&"
        "style=path&conflict=look-first&rewrite_ms=1000");
  CHECK(url("oss", region) ==
        "s3://b?endpoint=https://s3.oss-x-1.aliyuncs.com&region=x-1&"
        "style=virtual&conflict=look-first");
  CHECK(url("spaces", region) ==
        "s3://b?endpoint=https://x-1.digitaloceanspaces.com&region=us-east-1&"
        "style=path&conflict=look-first");
  CHECK(url("b2", region) ==
        "s3://b?endpoint=https://s3.x-1.backblazeb2.com&region=x-1&style=path&"
        "conflict=look-first");
  CHECK(url("wasabi", region) ==
        "s3://b?endpoint=https://s3.x-1.wasabisys.com&region=x-1&style=path&"
        "conflict=look-first");
  CHECK(url("r2", endpoint) ==
        "s3://b?endpoint=https://h&region=auto&style=path");
  for (const char* own : {"minio", "ceph", "swift"}) {
    CHECK(url(own, endpoint) == "s3://b?endpoint=https://h&style=path");
    CHECK(url(own, region) ==
          std::string("storage: options.endpoint: ") + own + " wants it");
  }
  CHECK(url("spaces", "") == "storage: options.region: spaces wants it");
}

TEST_CASE("storage: bad and unknown fields are named, secrets are not") {
  const std::vector<std::pair<std::string, std::string>> cases = {
      {"[1]", "storage: is no JSON object"},
      {R"({"type": "s3"})", "storage: location: is empty"},
      {R"({"type": "ftp", "location": "b"})", "storage: type: ftp: unknown"},
      {R"({"type": "azure", "location": "b"})", "storage: type: azure: has no"},
      {R"({"type": "s3", "location": "b", "Prefix": "SECRET"})",
       "storage: Prefix: unknown field"},
      {R"({"type": "s3", "location": 1})", "storage: location: is no text"},
      {R"({"type": "s3", "location": "b", "options": "x"})",
       "storage: options: is no object"},
      {R"({"type": "s3", "location": "b", "options": {"zone": 1}})",
       "storage: options.zone: unknown field"},
      {R"({"type": "minio", "location": "b", "options": {"endpoint": "h"}})",
       "storage: options.endpoint: h: want http"},
      {R"({"type": "s3", "location": "b", "credentials": {"key": "SECRET"}})",
       "storage: credentials.secret: is empty"},
      {R"({"type": "s3", "location": "b", "credentials":
           {"key": "K", "secret": "SECRET", "secretKey": "SECRET"}})",
       "storage: credentials.secretKey: `secret` is there, too"},
      {R"({"type": "s3", "location": "b", "credentials":
           {"key": "K", "secret": "SECRET", "token": "SECRET"}})",
       "storage: credentials.token: unknown field"},
  };
  for (const auto& [text, message] : cases) {
    const Status status = ParseStorageObject(text).status();
    CHECK(status.code() == StatusCode::kInvalidArgument);
    CHECK(status.message().substr(0, message.size()) == message);
    CHECK(status.message().find("SECRET") == std::string::npos);
  }
}

}  // namespace
}  // namespace hlsrec::sink
