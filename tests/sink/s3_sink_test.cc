#include "src/sink/s3_sink.h"

#include <deque>

#include "hlsrec/testing.h"
#include "src/base/hash.h"
#include "tests/catch.h"
#include "tests/sink/calls.h"
#include "tests/sink/fake_s3.h"
#include "tests/sink/offset_clock.h"

namespace hlsrec {
namespace {

using Fault = FakeS3::Fault;

// Gives one after the other, and counts.
class Keys final : public CredentialsProvider {
 public:
  explicit Keys(std::deque<Credentials> keys) : keys_(std::move(keys)) {}
  void Fetch(Done done) override {
    ++calls;
    Credentials next = keys_.front();
    if (keys_.size() > 1) keys_.pop_front();
    done(std::move(next));
  }
  std::atomic<int> calls = 0;

 private:
  std::deque<Credentials> keys_;
};

const Credentials kKey = {.access_key_id = "KEY",
                          .secret_access_key = "SECRET"};

// A sink over a store in memory.
struct World {
  explicit World(FakeS3::Options store_options = {},
                 const S3SinkOptions& more = {},
                 std::chrono::seconds clock_offset = {})
      : clock(clock_offset),
        store(std::make_shared<FakeS3>(std::move(store_options))),
        io(std::make_shared<ThreadPool>(SystemClock(), "io", 1)) {
    S3SinkOptions options = more;
    options.bucket = "bucket";
    options.endpoint = "http://store:8080";
    if (options.credentials == nullptr) {
      options.credentials = FixedCredentials(kKey);
    }
    auto opened = sink::MakeS3Sink(
        {.clock = clock, .transport = store, .io = io, .runtime = nullptr},
        options);
    REQUIRE(opened.ok());
    sink = *opened;
  }
  OffsetClock clock;
  std::shared_ptr<FakeS3> store;
  std::shared_ptr<ThreadPool> io;
  std::shared_ptr<S3Sink> sink;

  Status Put(const std::string& key, std::string bytes,
             IfExists if_exists = IfExists::kReplace,
             ObjectKind kind = ObjectKind::kSegment) {
    return AwaitPut(*sink, {.key = key,
                            .body = MakeStringBody(std::move(bytes)),
                            .kind = kind,
                            .if_exists = if_exists,
                            .content_type = "video/mp2t"});
  }
  std::string Stored(const std::string& key) {
    const auto objects = store->objects();
    const auto found = objects.find(key);
    return found == objects.end() ? "(none)" : found->second.bytes;
  }
};

// Parts as small as can be: 5 MiB.
S3SinkOptions InParts() {
  return {.multipart_threshold_bytes = 1 << 20,
          .part_bytes = std::uint64_t{5} << 20};
}

std::string Large() {
  std::string bytes(11 << 20, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(i * 2654435761U >> 13);
  }
  return bytes;
}

TEST_CASE("s3 sink: keeps the sink contract and leaves nothing behind") {
  for (const bool conditional : {true, false}) {
    for (const bool parts : {true, false}) {
      INFO("conditional " << conditional << ", parts " << parts);
      World world({.conditional_puts = conditional, .keys_per_page = 2},
                  parts ? InParts() : S3SinkOptions());
      CHECK(testing::CheckSinkContract(*world.sink, "p/") ==
            std::vector<std::string>{});
      CHECK(world.store->objects().empty());
      CHECK(world.store->open_uploads() == 0);
    }
  }
}

TEST_CASE("s3 sink: keys are below the prefix, whatever is in them") {
  World world({}, {.prefix = "a b/+%41"});
  CHECK(testing::CheckSinkContract(*world.sink, "").empty());
  for (const std::string key :
       {"space a", "plus+eq=", "per%20cent%", "uni\u00e9\u4e2d", "tilde~!*'()",
        ":,@&$;?#[]", "a.b..c/...", "+", "%"}) {
    REQUIRE(world.Put(key, "bytes of " + key).ok());
    CHECK(world.Stored("a b/+%41/" + key) == "bytes of " + key);
    CHECK(*AwaitGet(*world.sink, key) == "bytes of " + key);
  }
  const auto listed = AwaitList(*world.sink, "");
  REQUIRE(listed.ok());
  CHECK(listed->size() == 9);
  CHECK(listed->front().key == "%");
}

TEST_CASE("s3 sink: any failing request leaves the old object or the new one") {
  const std::string large = Large();
  for (const bool parts : {false, true}) {
    for (const IfExists mode : {IfExists::kReplace, IfExists::kFail}) {
      for (const Fault fault : {Fault::kRefuse, Fault::kLoseReply,
                                Fault::kInternal, Fault::kLateError}) {
        bool reached_end = false;
        for (int call = 1; !reached_end; ++call) {
          REQUIRE(call < 20);
          World world({}, parts ? InParts() : S3SinkOptions());
          const std::string bytes = parts ? large : "new";
          const std::string old =
              mode == IfExists::kReplace ? "old version" : "(none)";
          if (mode == IfExists::kReplace) {
            REQUIRE(world.Put("key", "old version").ok());
          }
          const int before = world.store->calls();
          world.store->FailCall(call, fault);
          const Status status = world.Put("key", bytes, mode);
          reached_end = world.store->calls() - before < call;
          INFO("call " << call << ": " << status.message());
          const std::string stored = world.Stored("key");
          if (status.ok()) {
            CHECK(stored == bytes);
          } else {
            CHECK(status.code() == StatusCode::kUnavailable);
            CHECK((stored == old || stored == bytes));
          }
          // The next attempt works, or finds what the lost reply was about.
          world.store->FailCall(0, fault);
          const Status again = world.Put("key", bytes, mode);
          CHECK((again.ok() || again.code() == StatusCode::kAlreadyExists));
          CHECK(world.Stored("key") == bytes);
        }
      }
    }
  }
}

TEST_CASE("s3 sink: parts of what failed are taken away") {
  const std::string large = Large();
  // Create, three parts, completion.
  for (int call = 2; call <= 5; ++call) {
    World world({}, InParts());
    world.store->FailCall(call, Fault::kInternal);
    CHECK(world.Put("key", large).code() == StatusCode::kUnavailable);
    CHECK(world.store->open_uploads() == 0);
    CHECK(world.Stored("key") == "(none)");
  }
}

TEST_CASE("s3 sink: headers say what an object is") {
  World world({}, {.canned_acl = "public-read",
                   .storage_class = "STANDARD_IA",
                   .metadata = {{"Camera", "one"}},
                   .tags = {{"a b", "c&d"}, {"e", ""}}});
  REQUIRE(world.Put("a.ts", "1").ok());
  REQUIRE(
      world.Put("a.m3u8", "2", IfExists::kReplace, ObjectKind::kMediaPlaylist)
          .ok());
  REQUIRE(
      world.Put("a.json", "3", IfExists::kReplace, ObjectKind::kOther).ok());
  const auto objects = world.store->objects();
  auto headers = objects.at("a.ts").headers;
  CHECK(headers["content-type"] == "video/mp2t");
  CHECK(headers["cache-control"] == "public, max-age=31536000, immutable");
  CHECK(headers["x-amz-acl"] == "public-read");
  CHECK(headers["x-amz-storage-class"] == "STANDARD_IA");
  CHECK(headers["x-amz-meta-camera"] == "one");
  CHECK(headers["x-amz-tagging"] == "a%20b=c%26d&e=");
  headers = objects.at("a.m3u8").headers;
  CHECK(headers["cache-control"] == "max-age=1");
  CHECK(AwaitPut(*world.sink, {.key = "a.m3u8",
                               .body = MakeStringBody("end"),
                               .kind = ObjectKind::kMediaPlaylist,
                               .last_version = true})
            .ok());
  CHECK(world.store->objects().at("a.m3u8").headers.at("cache-control") ==
        "max-age=3600");
  CHECK(!objects.at("a.json").headers.contains("cache-control"));
  CHECK(!objects.at("a.m3u8").headers.contains("content-encoding"));
  CHECK(world.sink->keeps_content_encoding());
  CHECK(AwaitPut(*world.sink, {.key = "b.m3u8",
                               .body = MakeStringBody("coded"),
                               .kind = ObjectKind::kMediaPlaylist,
                               .content_encoding = "gzip"})
            .ok());
  CHECK(world.store->objects().at("b.m3u8").headers.at("content-encoding") ==
        "gzip");

  World parts({}, InParts());
  REQUIRE(parts.Put("large.ts", Large()).ok());
  CHECK(parts.store->objects().at("large.ts").headers.at("content-type") ==
        "video/mp2t");
}

TEST_CASE("s3 sink: a known hash is used, and a wrong one refused") {
  class Counted final : public Body {
   public:
    std::uint64_t size() const override { return 5; }
    Status ReadAt(std::uint64_t offset,
                  std::span<std::byte> out) const override {
      ++reads;
      return MakeStringBody("12345")->ReadAt(offset, out);
    }
    mutable std::atomic<int> reads = 0;
  };
  World world;
  const auto body = std::make_shared<Counted>();
  const std::string text = "12345";
  PutRequest request{
      .key = "k",
      .body = body,
      .content_type = "video/mp2t",
      .sha256 = Sha256Hex(
          {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()})};
  CHECK(AwaitPut(*world.sink, request).ok());
  CHECK(body->reads == 1);
  request.sha256 = Sha256Hex({});
  CHECK(AwaitPut(*world.sink, request).code() == StatusCode::kDataLoss);
}

TEST_CASE("s3 sink: a store that can't put conditionally is asked first") {
  World world({.conditional_puts = false});
  CHECK(world.Put("a.ts", "1", IfExists::kFail).ok());
  // The refused put, the look, the put.
  CHECK(world.store->calls() == 3);
  CHECK(world.Put("b.ts", "1", IfExists::kFail).ok());
  CHECK(world.store->calls() == 5);
  CHECK(world.Put("a.ts", "2", IfExists::kFail).code() ==
        StatusCode::kAlreadyExists);
  CHECK(world.Put("empty.ts", "", IfExists::kFail).ok());
  CHECK(world.Put("empty.ts", "", IfExists::kFail).code() ==
        StatusCode::kAlreadyExists);
}

TEST_CASE("s3 sink: a region that the store names is learned once") {
  for (const bool in_body : {true, false}) {
    World world({.region = "eu-west-3", .tells_region_in_body = in_body});
    CHECK(world.Put("a.ts", "1").ok());
    CHECK(world.store->calls() == 2);
    CHECK(*AwaitGet(*world.sink, "a.ts") == "1");
    CHECK(world.store->calls() == 3);
  }
}

TEST_CASE("s3 sink: a store that never agrees on the region ends it") {
  World world;
  world.store->Intercept([n = 0](const net::TransferRequest&) mutable {
    return FakeS3::Reply{
        .status = 400,
        .error_code = "",
        .body = "<Error><Code>AuthorizationHeaderMalformed</Code><Region>r" +
                std::to_string(++n) + "</Region></Error>",
        .headers = {}};
  });
  const Status status = world.Put("a.ts", "1");
  CHECK(status.code() == StatusCode::kPermissionDenied);
  CHECK(world.store->calls() == 2);
}

TEST_CASE("s3 sink: a wrong clock is set right by the store's") {
  for (const std::chrono::hours offset :
       {std::chrono::hours(-1), std::chrono::hours(1)}) {
    World world({}, {}, offset);
    CHECK(world.Put("a.ts", "1").ok());
    CHECK(world.store->calls() == 2);
    CHECK(world.Put("b.ts", "1").ok());
    CHECK(world.store->calls() == 3);
  }
}

TEST_CASE("s3 sink: expired credentials are renewed once") {
  Credentials next = kKey;
  next.session_token = "TOKEN";
  const auto keys = std::make_shared<Keys>(std::deque{kKey, next});
  World world({}, {.credentials = keys});
  CHECK(world.Put("a.ts", "1").ok());
  CHECK(keys->calls == 1);
  world.store->ExpireCredentials();
  world.store->Intercept(
      [store = world.store.get(), next](
          const net::TransferRequest& request) -> std::optional<FakeS3::Reply> {
        for (const net::HttpHeader& header : request.headers) {
          if (header.name == "x-amz-security-token") {
            return FakeS3::Reply{};  // the new ones
          }
        }
        return std::nullopt;
      });
  CHECK(world.Put("b.ts", "1").ok());
  CHECK(keys->calls == 2);

  // A provider that knows no better.
  const auto same = std::make_shared<Keys>(std::deque{kKey});
  World stuck({}, {.credentials = same});
  stuck.store->ExpireCredentials();
  const Status status = stuck.Put("a.ts", "1");
  CHECK(status.code() == StatusCode::kPermissionDenied);
  CHECK(same->calls == 2);
  CHECK(stuck.store->calls() == 2);
}

TEST_CASE("s3 sink: redirects are followed once, and never to plain http") {
  World world;
  const auto redirect = [](std::string to) {
    return [to = std::move(to)](const net::TransferRequest& request)
               -> std::optional<FakeS3::Reply> {
      if (!request.url.starts_with("http://store:8080/")) return std::nullopt;
      return FakeS3::Reply{
          .status = 307,
          .error_code = "",
          .body = "<Error><Code>TemporaryRedirect</Code></Error>",
          .headers = {{"Location", to}}};
    };
  };
  world.store->Intercept(redirect("http://other:81/bucket/a.ts?x=y"));
  CHECK(world.Put("a.ts", "1").ok());
  CHECK(world.store->requests().back().url == "http://other:81/bucket/a.ts");
  world.store->Intercept(redirect("http://store:8080/again"));
  CHECK(world.Put("b.ts", "1").code() == StatusCode::kUnavailable);
  world.store->Intercept(redirect("http://user@other/bucket/a.ts"));
  CHECK(world.Put("b.ts", "1").code() == StatusCode::kUnavailable);
}

TEST_CASE("s3 sink: what the store refuses is told with what to do") {
  World denied(
      {}, {.credentials = FixedCredentials(
               {.access_key_id = "KEY", .secret_access_key = "wrong secret"})});
  const Status status = denied.Put("a.ts", "1");
  CHECK(status.code() == StatusCode::kPermissionDenied);
  CHECK(status.message() ==
        "s3: put a.ts: http 403 SignatureDoesNotMatch: check the secret key, "
        "and whether something between changes requests");

  World none({.bucket = "another"});
  CHECK(none.Put("a.ts", "1").code() == StatusCode::kNotFound);
  // Not the same as an object that is missing.
  CHECK(AwaitGet(*none.sink, "a.ts").status().code() ==
        StatusCode::kFailedPrecondition);
  CHECK(AwaitList(*none.sink, "").status().code() ==
        StatusCode::kFailedPrecondition);

  World refused;
  refused.store->Intercept([](const net::TransferRequest&) {
    return FakeS3::Reply{
        .status = 400,
        .error_code = "",
        .body = "<Error><Code>AccessControlListNotSupported</Code></Error>",
        .headers = {}};
  });
  CHECK(refused.Put("a.ts", "1").code() == StatusCode::kFailedPrecondition);
}

TEST_CASE("s3 sink: presigned URLs are for some time only") {
  World world({}, {.prefix = "p"});
  const auto url = AwaitPresign(*world.sink, "a b.ts", std::chrono::hours(1));
  REQUIRE(url.ok());
  CHECK(url->starts_with(
      "http://store:8080/bucket/p/a%20b.ts?X-Amz-Algorithm=AWS4-HMAC-SHA256&"));
  CHECK(url->find("X-Amz-Expires=3600") != std::string::npos);
  CHECK(world.store->calls() == 0);
  for (const std::chrono::seconds bad :
       {std::chrono::seconds(0), std::chrono::seconds(7 * 86400 + 1)}) {
    CHECK(AwaitPresign(*world.sink, "a.ts", bad).status().code() ==
          StatusCode::kInvalidArgument);
  }
}

TEST_CASE("s3 sink: options are checked by name") {
  const auto io = std::make_shared<ThreadPool>(SystemClock(), "io", 1);
  const auto refused = [&](const std::function<void(S3SinkOptions&)>& spoil) {
    S3SinkOptions options{.bucket = "bucket",
                          .credentials = FixedCredentials(kKey)};
    spoil(options);
    const auto opened = sink::MakeS3Sink(
        {.clock = SystemClock(), .transport = {}, .io = io, .runtime = nullptr},
        options);
    CHECK(opened.status().code() == StatusCode::kInvalidArgument);
    std::string text = opened.status().message();
    text.erase(0, std::string("s3 sink: ").size());
    return text.substr(0, text.find(':'));
  };
  using O = S3SinkOptions;
  CHECK(refused([](O& o) { o.bucket = ""; }) == "bucket");
  CHECK(refused([](O& o) { o.bucket = "a/b"; }) == "bucket");
  CHECK(refused([](O& o) { o.prefix = "a//b"; }) == "prefix");
  CHECK(refused([](O& o) { o.endpoint = "host:9000"; }) == "endpoint");
  CHECK(refused([](O& o) { o.endpoint = "http://u:p@host"; }) == "endpoint");
  CHECK(refused([](O& o) { o.endpoint = "http://host:0"; }) == "endpoint");
  CHECK(refused([](O& o) { o.endpoint = "http://host/?a"; }) == "endpoint");
  CHECK(refused([](O& o) { o.region = "a/b"; }) == "region");
  CHECK(refused([](O& o) {
          o.bucket = "a.b";
          o.addressing = S3Addressing::kVirtualHost;
        }) == "addressing");
  CHECK(refused([](O& o) { o.credentials = nullptr; }) == "credentials");
  CHECK(refused([](O& o) { o.canned_acl = "public"; }) == "canned_acl");
  CHECK(refused([](O& o) { o.storage_class = "a\nb"; }) == "storage_class");
  CHECK(refused([](O& o) { o.metadata = {{"a:b", "c"}}; }) == "metadata");
  CHECK(refused([](O& o) { o.metadata = {{"a", "c\r\nd: e"}}; }) == "metadata");
  CHECK(refused([](O& o) {
          o.metadata = {{"a", "1"}, {"A", "2"}};
        }) == "metadata");
  CHECK(refused([](O& o) { o.tags.resize(11, {"a", "b"}); }) == "tags");
  CHECK(refused([](O& o) { o.cache_control.segments = "a\nb"; }) ==
        "cache_control");
  CHECK(refused([](O& o) { o.part_bytes = 1 << 20; }) == "part_bytes");
}

}  // namespace
}  // namespace hlsrec
