// The S3 sink against a store that is not ours.
#include "tests/s3/swift.h"
#include "hlsrec/s3_sink.h"
#include "hlsrec/testing.h"
#include "src/base/executor.h"
#include "src/net/http_get.h"
#include "src/net/transfer_loop.h"
#include "src/sink/s3_sink.h"
#include "tests/catch.h"
#include "tests/sink/calls.h"
#include "tests/sink/offset_clock.h"

namespace hlsrec {
namespace {

using std::chrono::hours;
using testing::SwiftServer;

S3SinkOptions Options(const SwiftServer& server) {
  return {.bucket = "bucket",
          .prefix = "recordings",
          .endpoint = server.endpoint(),
          .credentials = FixedCredentials(SwiftServer::Keys())};
}

std::shared_ptr<S3Sink> Open(const std::shared_ptr<Runtime>& runtime,
                             const S3SinkOptions& options) {
  auto sink = OpenS3Sink(runtime, options);
  REQUIRE(sink.ok());
  return *sink;
}

Status Put(Sink& sink, const std::string& key, std::string bytes,
           IfExists if_exists = IfExists::kReplace) {
  return AwaitPut(sink, {.key = key,
                         .body = MakeStringBody(std::move(bytes)),
                         .kind = ObjectKind::kSegment,
                         .if_exists = if_exists,
                         .content_type = "video/mp2t"});
}

void KeysOfAnyKind(S3Sink& sink) {
  const std::vector<std::string> keys = {
      "space a",     "plus+eq=",   "per%20cent%", "uni\u00e9\u4e2d\U0001f3a5",
      "tilde~!*'()", ":,@&$;?#[]", "a.b..c/...",  "quote\"<>^`{|}",
      "x-._/deep/er"};
  for (const std::string& key : keys) {
    INFO(key);
    REQUIRE(Put(sink, "odd/" + key, "bytes of " + key).ok());
    CHECK(*AwaitGet(sink, "odd/" + key) == "bytes of " + key);
  }
  const auto listed = AwaitList(sink, "odd/");
  REQUIRE(listed.ok());
  std::vector<std::string> found;
  for (const ObjectInfo& object : *listed) found.push_back(object.key);
  std::vector<std::string> expected;
  for (const std::string& key : keys) expected.push_back("odd/" + key);
  std::sort(expected.begin(), expected.end());
  CHECK(found == expected);
  CHECK(AwaitList(sink, "odd/per%20")->size() == 1);
  for (const std::string& key : expected) CHECK(AwaitRemove(sink, key).ok());
}

void LargeObjects(S3Sink& sink) {
  std::string large(12 << 20, '\0');
  for (std::size_t i = 0; i < large.size(); ++i) {
    large[i] = static_cast<char>(i * 2654435761U >> 13);
  }
  REQUIRE(Put(sink, "large +.mp4", large, IfExists::kFail).ok());
  const auto read = AwaitGet(sink, "large +.mp4", 1 << 25);
  REQUIRE(read.ok());
  CHECK((*read == large));
  CHECK(Put(sink, "large +.mp4", large, IfExists::kFail).code() ==
        StatusCode::kAlreadyExists);
  // What can't be read to its end is no object, and the old one stays.
  class Broken final : public Body {
   public:
    std::uint64_t size() const override { return 12 << 20; }
    Status ReadAt(std::uint64_t offset,
                  std::span<std::byte> out) const override {
      if (offset + out.size() > 6 << 20) {
        return {StatusCode::kDataLoss, "body: ends early"};
      }
      return {};
    }
  };
  CHECK(!AwaitPut(sink, {.key = "large +.mp4",
                         .body = std::make_shared<Broken>(),
                         .content_type = "video/mp4"})
             .ok());
  CHECK((*AwaitGet(sink, "large +.mp4", 1 << 25) == large));
  CHECK(AwaitRemove(sink, "large +.mp4").ok());
}

void PresignedUrls(S3Sink& sink) {
  REQUIRE(Put(sink, "pre signed+.ts", "12345").ok());
  const auto url = AwaitPresign(sink, "pre signed+.ts", hours(1));
  REQUIRE(url.ok());
  net::HttpReader reader;
  const auto answer = reader.Fetch({.url = *url});
  REQUIRE(answer.ok());
  CHECK(answer->status == 200);
  CHECK(answer->body == "12345");
  CHECK(answer->content_type == "video/mp2t");
  std::string spoiled = *url;
  spoiled.back() = spoiled.back() == '0' ? '1' : '0';
  CHECK(reader.Fetch({.url = spoiled})->status == 403);
  CHECK(AwaitRemove(sink, "pre signed+.ts").ok());
}

TEST_CASE("swift: a real store keeps the sink contract") {
  const SwiftServer server;
  const auto runtime = Runtime::Create();
  REQUIRE(runtime.ok());
  S3SinkOptions options = Options(server);
  options.multipart_threshold_bytes = 6 << 20;
  options.part_bytes = 5 << 20;
  options.metadata = {{"Camera", "one two"}};
  const auto sink = Open(*runtime, options);
  CHECK(testing::CheckSinkContract(*sink, "a b/+/") ==
        std::vector<std::string>{});
  KeysOfAnyKind(*sink);
  LargeObjects(*sink);
  PresignedUrls(*sink);
  CHECK(AwaitList(*sink, "")->empty());
}

TEST_CASE("swift: what a real store refuses is understood") {
  const SwiftServer server("eu-elsewhere-1");
  const auto runtime = Runtime::Create();
  REQUIRE(runtime.ok());
  // The region is learned.
  CHECK(Put(*Open(*runtime, Options(server)), "a.ts", "1").ok());
  S3SinkOptions options = Options(server);
  options.region = "eu-elsewhere-1";
  CHECK(*AwaitGet(*Open(*runtime, options), "a.ts") == "1");

  Credentials keys = SwiftServer::Keys();
  keys.secret_access_key = "wrong secret";
  options.credentials = FixedCredentials(keys);
  const Status status = Put(*Open(*runtime, options), "a.ts", "2");
  CHECK(status.code() == StatusCode::kPermissionDenied);
  CHECK(status.message().find("SignatureDoesNotMatch: check the secret key") !=
        std::string::npos);
  CHECK(status.message().find("wrong secret") == std::string::npos);
  options.credentials = FixedCredentials(SwiftServer::Keys());

  options.bucket = "missing";
  CHECK(Put(*Open(*runtime, options), "a.ts", "2").code() ==
        StatusCode::kNotFound);
  CHECK(AwaitGet(*Open(*runtime, options), "a.ts").status().code() ==
        StatusCode::kFailedPrecondition);
  options.bucket = "bucket";

  options.storage_class = "NO_SUCH_CLASS";
  CHECK(Put(*Open(*runtime, options), "a.ts", "2").code() ==
        StatusCode::kFailedPrecondition);
  options.storage_class = "";

  // A hash that is not the body's.
  CHECK(AwaitPut(*Open(*runtime, options), {.key = "a.ts",
                                            .body = MakeStringBody("2"),
                                            .content_type = "video/mp2t",
                                            .sha256 = std::string(64, '0')})
            .code() == StatusCode::kDataLoss);
  CHECK(*AwaitGet(*Open(*runtime, options), "a.ts") == "1");

  // A clock that is wrong, either way.
  for (const hours offset : {hours(-1), hours(1)}) {
    const OffsetClock clock(offset);
    const auto loop = std::make_shared<net::TransferLoop>();
    const auto io = std::make_shared<ThreadPool>(SystemClock(), "io", 1);
    const auto sink = sink::MakeS3Sink(
        {.clock = clock, .transport = loop, .io = io, .runtime = nullptr},
        options);
    REQUIRE(sink.ok());
    CHECK(Put(**sink, "a.ts", "3").ok());
    CHECK(*AwaitGet(**sink, "a.ts") == "3");
  }
}

}  // namespace
}  // namespace hlsrec
