// The S3 sink against stores that are not ours.
#include <algorithm>

#include "hlsrec/recorder.h"
#include "hlsrec/s3_sink.h"
#include "hlsrec/testing.h"
#include "src/base/executor.h"
#include "src/net/http_get.h"
#include "src/net/transfer_loop.h"
#include "src/playlist/parse.h"
#include "src/sink/s3_sink.h"
#include "tests/catch.h"
#include "tests/record/synthetic.h"
#include "tests/s3/store_server.h"
#include "tests/sink/calls.h"
#include "tests/sink/offset_clock.h"

namespace hlsrec {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using testing::CephServer;
using testing::StoreServer;
using testing::SwiftServer;

S3SinkOptions Options(const StoreServer& server) {
  return {.bucket = "bucket",
          .prefix = "recordings",
          .endpoint = server.endpoint(),
          .credentials = FixedCredentials(server.keys())};
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

// Whether the answer to an upload's completion has an ETag: Ceph 16's is empty.
enum class CompletionEtag { kTold, kEmpty };

// What a put is told is what others are told later.
void Etags(S3Sink& sink, CompletionEtag completion) {
  for (const std::size_t size : {std::size_t{5}, std::size_t{12} << 20}) {
    INFO(size);
    std::string etag;
    REQUIRE(
        AwaitPut(sink,
                 {.key = "etag.ts",
                  .body = MakeStringBody(std::string(size, 'x')),
                  .content_type = "video/mp2t",
                  .on_etag = [&](std::string told) { etag = std::move(told); }})
            .ok());
    const bool in_parts = size > 5;
    const bool told = !in_parts || completion == CompletionEtag::kTold;
    CHECK(etag.empty() != told);
    const auto stat = AwaitStat(sink, "etag.ts");
    REQUIRE(stat.ok());
    CHECK(stat->size_bytes == size);
    CHECK(stat->etag.size() > 30);
    if (told) CHECK(stat->etag == etag);
    const auto listed = AwaitList(sink, "etag.ts");
    REQUIRE(listed.ok());
    REQUIRE(listed->size() == 1);
    CHECK(listed->front().etag == stat->etag);
  }
  CHECK(AwaitRemove(sink, "etag.ts").ok());
  CHECK(AwaitStat(sink, "etag.ts").status().code() == StatusCode::kNotFound);
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

void KeepsItsPromises(const StoreServer& server, CompletionEtag completion) {
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
  Etags(*sink, completion);
  PresignedUrls(*sink);
  CHECK(AwaitList(*sink, "")->empty());
}

// As "a.ts" holds "1".
void RefusesStrangers(const std::shared_ptr<Runtime>& runtime,
                      const StoreServer& server) {
  S3SinkOptions options = Options(server);
  Credentials keys = server.keys();
  keys.secret_access_key = "wrong secret";
  options.credentials = FixedCredentials(keys);
  const Status secret = Put(*Open(runtime, options), "a.ts", "2");
  CHECK(secret.code() == StatusCode::kPermissionDenied);
  CHECK(secret.message().find("SignatureDoesNotMatch: check the secret key") !=
        std::string::npos);
  CHECK(secret.message().find("wrong secret") == std::string::npos);
  keys = server.keys();
  keys.access_key_id = "nobody";
  options.credentials = FixedCredentials(keys);
  CHECK(Put(*Open(runtime, options), "a.ts", "2").code() ==
        StatusCode::kPermissionDenied);
  CHECK(*AwaitGet(*Open(runtime, Options(server)), "a.ts") == "1");
}

void NamesWhatIsWrong(const std::shared_ptr<Runtime>& runtime,
                      const StoreServer& server) {
  S3SinkOptions options = Options(server);
  options.bucket = "missing";
  CHECK(Put(*Open(runtime, options), "a.ts", "2").code() ==
        StatusCode::kNotFound);
  CHECK(AwaitGet(*Open(runtime, options), "a.ts").status().code() ==
        StatusCode::kFailedPrecondition);
  options.bucket = "bucket";
  // A hash that is not the body's.
  const Status hash =
      AwaitPut(*Open(runtime, options), {.key = "a.ts",
                                         .body = MakeStringBody("2"),
                                         .content_type = "video/mp2t",
                                         .sha256 = std::string(64, '0')});
  CHECK(hash.code() == StatusCode::kDataLoss);
  CHECK(*AwaitGet(*Open(runtime, options), "a.ts") == "1");
}

void LearnsTheTime(const StoreServer& server) {
  for (const minutes offset :
       {minutes(-60), minutes(-20), minutes(20), minutes(60)}) {
    INFO(offset.count());
    const OffsetClock clock(offset);
    const auto loop = std::make_shared<net::TransferLoop>();
    const auto io = std::make_shared<ThreadPool>(SystemClock(), "io", 1);
    const auto sink = sink::MakeS3Sink(
        {.clock = clock, .transport = loop, .io = io, .runtime = nullptr},
        Options(server));
    REQUIRE(sink.ok());
    CHECK(Put(**sink, "late.ts", "3").ok());
    CHECK(*AwaitGet(**sink, "late.ts") == "3");
    CHECK(AwaitRemove(**sink, "late.ts").ok());
  }
}

// The region that the store is in, or is not, is learned where it matters.
void RefusesWhatIsWrong(const StoreServer& server, const std::string& region) {
  const auto runtime = Runtime::Create().value();
  CHECK(Put(*Open(runtime, Options(server)), "a.ts", "1").ok());
  S3SinkOptions options = Options(server);
  options.region = region;
  CHECK(*AwaitGet(*Open(runtime, options), "a.ts") == "1");
  RefusesStrangers(runtime, server);
  NamesWhatIsWrong(runtime, server);
  LearnsTheTime(server);
}

// What a recording through the front left in the store itself.
void RequireWhole(S3Sink& store, const std::string& key,
                  std::int64_t pictures) {
  INFO(key);
  const auto text = AwaitGet(store, key);
  REQUIRE(text.ok());
  const auto parsed = playlist::ParsePlaylist(*text);
  REQUIRE(parsed.ok());
  CHECK(parsed->findings.empty());
  CHECK(parsed->media.end_list.present());
  std::vector<std::int64_t> marks;
  for (const auto& segment : parsed->media.segments) {
    CHECK_FALSE(segment.gap);
    const auto bytes = AwaitGet(store, "odd name+/" + segment.uri);
    REQUIRE(bytes.ok());
    const auto in = MarksIn(*bytes, 'A');
    marks.insert(marks.end(), in.begin(), in.end());
  }
  std::vector<std::int64_t> all(static_cast<std::size_t>(pictures));
  for (std::int64_t i = 0; i < pictures; ++i) {
    all[static_cast<std::size_t>(i)] = i;
  }
  CHECK(marks == all);
}

void RecordsThroughAFront(const StoreServer& server) {
  constexpr int kSeconds = 12;
  const testing::MisbehavingFront front(server);
  const auto runtime = Runtime::Create().value();
  S3SinkOptions options = Options(server);
  options.endpoint = front.endpoint();
  RecordingOptions recording{.stream = "cam", .session = "s"};
  recording.tracks = {VideoTrack()};
  recording.segment.target_duration = std::chrono::seconds(2);
  recording.retry_first = std::chrono::milliseconds(5);
  recording.retry_max = std::chrono::milliseconds(40);
  recording.retry_parked = std::chrono::milliseconds(40);
  OutputOptions output{.sink = Open(runtime, options)};
  output.segment_path = "odd name+/{seq}.{ext}";
  output.playlists = {{.path = "odd name+/index.m3u8"},
                      {.path = "odd name+/vod.m3u8", .policy = VodList()}};
  recording.outputs.push_back(std::move(output));
  auto recorder = Recorder::Open(runtime, std::move(recording));
  INFO(recorder.status().message());
  REQUIRE(recorder.ok());
  for (const Packet& packet : Stream(kSeconds, 50, false)) {
    REQUIRE((*recorder)->Push(packet).ok());
  }
  (*recorder)->Finish();
  const RecordingResult result = (*recorder)->Wait();
  INFO(result.status.message());
  CHECK(result.status.ok());
  CHECK(result.outputs.at(0).missing.empty());
  const std::string verdict = front.Verdict();
  INFO(verdict);
  CHECK(verdict.ends_with("missing []"));
  // Three of each key, but for those that turn out to be there already.
  CHECK(result.progress.put_retries >= 2 * (kSeconds / 2 + 2));
  const auto store = Open(runtime, Options(server));
  RequireWhole(*store, "odd name+/index.m3u8", kSeconds * 25);
  RequireWhole(*store, "odd name+/vod.m3u8", kSeconds * 25);
  CHECK(AwaitList(*store, "odd name+/")->size() == kSeconds / 2 + 2);
}

TEST_CASE("swift: a real store keeps the sink contract") {
  KeepsItsPromises(SwiftServer(), CompletionEtag::kTold);
}

TEST_CASE("swift: what a real store refuses is understood") {
  const SwiftServer server("eu-elsewhere-1");
  RefusesWhatIsWrong(server, "eu-elsewhere-1");
  S3SinkOptions options = Options(server);
  options.storage_class = "NO_SUCH_CLASS";
  CHECK(Put(*Open(Runtime::Create().value(), options), "a.ts", "2").code() ==
        StatusCode::kFailedPrecondition);
}

TEST_CASE("swift: a recording through a front that misbehaves") {
  RecordsThroughAFront(SwiftServer());
}

TEST_CASE(
    "ceph: a real store keeps its promises, and what it refuses is told") {
  const CephServer server;  // takes its time to start
  KeepsItsPromises(server, CompletionEtag::kEmpty);
  RefusesWhatIsWrong(server, "eu-elsewhere-1");
  RecordsThroughAFront(server);
}

}  // namespace
}  // namespace hlsrec
