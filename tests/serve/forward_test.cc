#include "hlsrec/forward.h"

#include <string>
#include <vector>

#include "tests/catch.h"

namespace hlsrec {
namespace {

Forwarder Make(ForwardOptions options) {
  auto forwarder = Forwarder::Create(std::move(options));
  REQUIRE(forwarder.ok());
  return *std::move(forwarder);
}

const ForwardOptions kUsual = {
    .http_forwarding_extension = "mp4,m3u8,png",
    .http_forwarding_base_url = "https://bucket.example"};

// "redirect 302 https://...", "local", "refuse 400", ...
std::string Say(const ForwardDecision& decision) {
  const std::string status = std::to_string(decision.status);
  const std::string where =
      decision.location.empty() ? "key " + decision.key : decision.location;
  switch (decision.action) {
    case ForwardAction::kServeLocal:
      return "local";
    case ForwardAction::kRedirect:
      return status + " " + where;
    case ForwardAction::kProxy:
      return "proxy " + where;
    case ForwardAction::kNotFound:
      return "not found";
    case ForwardAction::kRefuse:
      return "refuse " + status;
  }
  return "?";
}

std::string Decide(const ForwardOptions& options, const std::string& target,
                   ObjectPlace place = ObjectPlace::kUnknown,
                   const std::string& method = "GET") {
  return Say(Make(options).Decide(method, target, place));
}

TEST_CASE("forward: Ant Media's example") {
  ForwardOptions options = kUsual;
  options.path_prefixes = {{"/live", "/"}};
  CHECK(Decide(options, "/live/streams/sample.mp4") ==
        "302 https://bucket.example/streams/sample.mp4");
}

TEST_CASE("forward: what is known of an object decides first") {
  const std::string there = "302 https://bucket.example/a.mp4";
  CHECK(Decide(kUsual, "/a.mp4", ObjectPlace::kLocal) == "local");
  CHECK(Decide(kUsual, "/a.mp4", ObjectPlace::kConfirmed) == there);
  CHECK(Decide(kUsual, "/a.mp4", ObjectPlace::kUnknown) == there);
  CHECK(Decide(kUsual, "/a.ts", ObjectPlace::kLocal) == "local");
  // Confirmed in a bucket that it is not forwarded to.
  CHECK(Decide(kUsual, "/a.ts", ObjectPlace::kConfirmed) == "local");
  CHECK(Decide(kUsual, "/a.ts", ObjectPlace::kUnknown) == "not found");
  CHECK(Decide({}, "/a.mp4", ObjectPlace::kUnknown) == "not found");
  CHECK(Decide({.http_forwarding_extension = "mp4"}, "/a.mp4") == "not found");
  CHECK(Decide({.http_forwarding_base_url = "https://b"}, "/a.mp4") ==
        "not found");
  CHECK(Decide(kUsual, "/folder/") == "not found");
  CHECK(Decide(kUsual, "/") == "not found");
}

TEST_CASE("forward: methods") {
  CHECK(Decide(kUsual, "/a.mp4", ObjectPlace::kUnknown, "HEAD") ==
        "302 https://bucket.example/a.mp4");
  for (const char* method : {"POST", "PUT", "DELETE", "get", "", "OPTIONS"}) {
    CHECK(Decide(kUsual, "/a.mp4", ObjectPlace::kUnknown, method) ==
          "refuse 405");
    CHECK(Decide(kUsual, "/a.mp4", ObjectPlace::kLocal, method) ==
          "refuse 405");
  }
}

TEST_CASE("forward: extensions are extensions, whatever their case") {
  struct Case {
    std::string list;
    std::string path;
    bool matches;
  };
  const std::vector<Case> cases = {
      {"mp4", "/x/a.mp4", true},
      {"mp4", "/x/a.MP4", true},
      {"MP4", "/x/a.mp4", true},
      {"mp4", "/x/foomp4", false},
      {"mp4", "/x/a.mp44", false},
      {"mp4", "/x.mp4/a", false},
      {"mp4", "/x/.mp4", false},
      {"mp4", "/x/mp4", false},
      {"mp4", "/x/a.mp4.txt", false},
      {" mp4 , .m3u8,\tpng ", "/a.m3u8", true},
      {" mp4 , .m3u8,\tpng ", "/a.png", true},
      {" mp4 , .m3u8,\tpng ", "/a.mp4", true},
      {"..mp4", "/a.mp4", true},
      {",,mp4,,", "/a.mp4", true},
      {",,", "/a.", false},
      {".", "/a.", false},
      {"", "/a.mp4", false},
      {"tar.gz", "/a.tar.gz", true},
      {"tar.gz", "/a.gz", false},
      {"*", "/a", true},
      {"*", "/a/", false},
      {"m3u8", "/a%2em3u8", true},
      {"m3u8", "/a.m3u8?x=.mp4", true},
      {"mp4", "/a.m3u8?x=.mp4", false},
  };
  for (const Case& c : cases) {
    CAPTURE(c.list, c.path);
    ForwardOptions options = kUsual;
    options.http_forwarding_extension = c.list;
    CHECK((Decide(options, c.path) != "not found") == c.matches);
  }
}

TEST_CASE("forward: base URLs with and without a slash, and with a path") {
  for (const char* base : {"https://b.example", "https://b.example/",
                           "https://b.example//", " https://b.example "}) {
    ForwardOptions options = kUsual;
    options.http_forwarding_base_url = base;
    CHECK(Decide(options, "/s/a.mp4") == "302 https://b.example/s/a.mp4");
  }
  ForwardOptions options = kUsual;
  options.http_forwarding_base_url = "https://b.example:8443/x/y/";
  CHECK(Decide(options, "/s/a.mp4") ==
        "302 https://b.example:8443/x/y/s/a.mp4");
}

TEST_CASE("forward: the query goes along, but for what is ours") {
  ForwardOptions options = kUsual;
  options.own_query_parameters = {"token", "sig"};
  const std::string base = "302 https://bucket.example/a.mp4";
  CHECK(Decide(options, "/a.mp4?x=1&y=%20&&z") == base + "?x=1&y=%20&&z");
  CHECK(Decide(options, "/a.mp4?token=secret") == base);
  CHECK(Decide(options, "/a.mp4?a=1&token=secret&sig=x&b=2") ==
        base + "?a=1&b=2");
  CHECK(Decide(options, "/a.mp4?%74oken=secret&tokens=1") ==
        base + "?tokens=1");
  CHECK(Decide(options, "/a.mp4?token") == base);
  CHECK(Decide(options, "/a.mp4?") == base);
}

TEST_CASE("forward: paths that are refused") {
  const std::vector<std::string> targets = {
      "",
      "a.mp4",
      "*",
      "http://evil.example/a.mp4",
      "//evil.example/a.mp4",
      "/a//b.mp4",
      "/../a.mp4",
      "/a/../b.mp4",
      "/a/..",
      "/./a.mp4",
      "/%2e%2e/a.mp4",
      "/%2E./a.mp4",
      "/a%2f..%2fb.mp4",
      "/..%2fa.mp4",
      "/%252e%252e/a.mp4",
      "/%25252e%25252e/a.mp4",
      "/..;x/a.mp4",
      "/a\\b.mp4",
      "/..\\a.mp4",
      "/a%5cb.mp4",
      "/a%00.mp4",
      std::string("/a\0.mp4", 7),
      "/a%0d%0aLocation:x.mp4",
      "/a\r\n.mp4",
      "/a%7f.mp4",
      "/a%250a.mp4",
      "/a b.mp4",
      "/a#b.mp4",
      "/a.mp4?x=\r\ny",
      "/a.mp4?x y",
      "/a%.mp4",
      "/a%4.mp4",
      "/a.mp4%",
      "/a.mp4%2",
      "/a%zz.mp4",
      "/a%ff.mp4",
      "/a%c0%ae%c0%ae.mp4",
      "/%2f%2fevil.mp4",
  };
  for (const std::string& target : targets) {
    CAPTURE(target);
    for (const ObjectPlace place :
         {ObjectPlace::kLocal, ObjectPlace::kConfirmed,
          ObjectPlace::kUnknown}) {
      CHECK(Decide(kUsual, target, place) == "refuse 400");
    }
  }
}

TEST_CASE("forward: the answer to what is refused quotes nothing of it") {
  const auto decision =
      Make(kUsual).Decide("GET", "/<script>/..", ObjectPlace::kUnknown);
  CHECK(decision.reason == "request: path: holds a level that climbs");
}

TEST_CASE("forward: names are encoded anew, and the host is always ours") {
  const std::string base = "302 https://bucket.example/";
  CHECK(Decide(kUsual, "/a%20b/%C3%A4.mp4") == base + "a%20b/%C3%A4.mp4");
  CHECK(Decide(kUsual, "/%61.mp4") == base + "a.mp4");
  CHECK(Decide(kUsual, "/@evil.example/a.mp4") ==
        base + "%40evil.example/a.mp4");
  CHECK(Decide(kUsual, "/.evil.example/a.mp4") == base + ".evil.example/a.mp4");
  CHECK(Decide(kUsual, "/a%3fb=1.mp4") == base + "a%3Fb%3D1.mp4");
  CHECK(Decide(kUsual, "/a%23b.mp4") == base + "a%23b.mp4");
  CHECK(Decide(kUsual, "/...mp4") == base + "...mp4");
  CHECK(Decide(kUsual, "/100%25.mp4") == base + "100%25.mp4");
}

TEST_CASE("forward: prefixes are whole levels, the longest one counts") {
  ForwardOptions options = kUsual;
  options.path_prefixes = {
      {"/live", "/"}, {"/live/vod/", "/archive/2026"}, {"/x", "/y"}};
  const std::string base = "302 https://bucket.example/";
  CHECK(Decide(options, "/live/a.mp4") == base + "a.mp4");
  CHECK(Decide(options, "/live/vod/a.mp4") == base + "archive/2026/a.mp4");
  CHECK(Decide(options, "/live/vodka/a.mp4") == base + "vodka/a.mp4");
  CHECK(Decide(options, "/lively/a.mp4") == base + "lively/a.mp4");
  CHECK(Decide(options, "/%6cive/a.mp4") == base + "a.mp4");
  CHECK(Decide(options, "/x/x/a.mp4") == base + "y/x/a.mp4");
  options.path_prefixes = {{"/", "/all"}};
  CHECK(Decide(options, "/a.mp4") == base + "all/a.mp4");
  // A path that is the prefix names no object below it.
  options.path_prefixes = {{"/a.mp4", "/"}};
  CHECK(Decide(options, "/a.mp4") == base + "a.mp4");
}

TEST_CASE("forward: redirects by option") {
  ForwardOptions options = kUsual;
  options.redirect = ForwardRedirect::kTemporary;
  CHECK(Decide(options, "/a.mp4") == "307 https://bucket.example/a.mp4");
  options.redirect = ForwardRedirect::kPermanent;
  CHECK(Decide(options, "/a.mp4") == "308 https://bucket.example/a.mp4");
  options.proxied_extension = "m3u8";
  CHECK(Decide(options, "/a.m3u8?x") ==
        "proxy https://bucket.example/a.m3u8?x");
  CHECK(Decide(options, "/a.mp4") == "308 https://bucket.example/a.mp4");
}

TEST_CASE("forward: private buckets are named by key, and playlists proxied") {
  const ForwardOptions options = {.http_forwarding_extension = "*",
                                  .path_prefixes = {{"/live", "/rec"}},
                                  .access = ForwardAccess::kPresigned};
  CHECK(Decide(options, "/live/a b.ts") == "refuse 400");
  CHECK(Decide(options, "/live/a%20b.ts?x=1") == "302 key rec/a b.ts");
  CHECK(Decide(options, "/live/a.M3U8") == "proxy key rec/a.M3U8");
  CHECK(Decide(options, "/live/a.ts", ObjectPlace::kLocal) == "local");
}

TEST_CASE("forward: providers' addresses") {
  using enum ForwardProvider;
  CHECK(*ForwardBaseUrl({kAws, "myvideos", "us-east-1"}) ==
        "https://myvideos.s3.us-east-1.amazonaws.com");
  CHECK(*ForwardBaseUrl({kDigitalOcean, "myvideos", "nyc3"}) ==
        "https://myvideos.nyc3.digitaloceanspaces.com");
  CHECK(*ForwardBaseUrl({kGoogle, "myvideos"}) ==
        "https://storage.googleapis.com/myvideos");
  CHECK(*ForwardBaseUrl({kS3, "myvideos", "", "https://minio:9000/"}) ==
        "https://minio:9000/myvideos");
  CHECK(*ForwardBaseUrl({kGoogle, "My_videos"}) ==
        "https://storage.googleapis.com/My_videos");
  const std::vector<ForwardBucket> bad = {{kAws, "", "us-east-1"},
                                          {kAws, "a/b", "us-east-1"},
                                          {kAws, "a@b", "us-east-1"},
                                          {kAws, "a", ""},
                                          {kAws, "a", "x.evil.example/"},
                                          {kDigitalOcean, "a..b", "nyc3"},
                                          {kGoogle, ".."},
                                          {kGoogle, "a/b"},
                                          {kS3, "a", "", "ftp://host"},
                                          {kS3, "a", "", "https://u:p@host"},
                                          {kS3, "a", "", "https://h/?x="},
                                          {kS3, "a", "", ""}};
  for (const ForwardBucket& bucket : bad) {
    CAPTURE(bucket.bucket, bucket.region, bucket.endpoint);
    const auto url = ForwardBaseUrl(bucket);
    REQUIRE_FALSE(url.ok());
    CHECK(url.status().code() == StatusCode::kInvalidArgument);
  }
}

TEST_CASE("forward: options that can't be are refused by name") {
  for (const char* base :
       {"bucket.example", "ftp://b.example", "https://user:pw@b.example",
        "https://b.example/?x", "https://b.example/#x", "https://"}) {
    ForwardOptions options = kUsual;
    options.http_forwarding_base_url = base;
    const auto made = Forwarder::Create(options);
    CAPTURE(base);
    REQUIRE_FALSE(made.ok());
    CHECK(made.status().message().starts_with("http_forwarding_base_url: "));
    CHECK(made.status().message().find("pw") == std::string::npos);
  }
  for (const char* prefix : {"live", "", "/a/../b"}) {
    ForwardOptions options = kUsual;
    options.path_prefixes = {{prefix, "/"}};
    CHECK_FALSE(Forwarder::Create(options).ok());
  }
}

}  // namespace
}  // namespace hlsrec
