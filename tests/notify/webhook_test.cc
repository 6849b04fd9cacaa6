// Webhooks to a server on loopback that misbehaves.
#include "hlsrec/webhook.h"

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "hlsrec/http_sink.h"
#include "hlsrec/recorder.h"
#include "hlsrec/testing.h"
#include "src/base/answer.h"
#include "src/notify/signature.h"
#include "tests/catch.h"
#include "tests/net/scripted_server.h"
#include "tests/record/synthetic.h"
#include "tests/temporary_directory.h"

namespace hlsrec {
namespace {

using Json = nlohmann::json;
using std::chrono::seconds;

std::shared_ptr<Runtime> MakeRuntime(const std::string& spool = {}) {
  auto runtime = Runtime::Create({.spool_directory = spool});
  REQUIRE(runtime.ok());
  return *runtime;
}

std::shared_ptr<Notifier> Open(const std::shared_ptr<Runtime>& runtime,
                               WebhookOptions options) {
  auto webhook = OpenWebhook(runtime, std::move(options));
  INFO(webhook.status().message());
  REQUIRE(webhook.ok());
  return *webhook;
}

Notification Example() {
  return {.id = "evt_1",
          .type = NotificationType::kRecordingStopped,
          .recording = "r",
          .data = R"({"stream":"cam"})"};
}

Status Tell(const std::shared_ptr<Runtime>& runtime, Notifier& webhook,
            Notification notification = Example()) {
  const auto answer = std::make_shared<Answer<bool>>();
  webhook.Notify(std::move(notification), [answer](const Status& status) {
    answer->Set(status.ok() ? StatusOr<bool>(true) : StatusOr<bool>(status));
  });
  return answer->Take(runtime->core()).status();
}

TEST_CASE("webhook: a signed POST that its receiver can verify") {
  ScriptedServer server;
  const auto runtime = MakeRuntime();
  const std::string secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
  const auto webhook =
      Open(runtime,
           {.url = server.Url("/hook?token=abc"),
            .secret = [secret]() -> StatusOr<std::string> { return secret; },
            .headers = {{"X-Tenant", "7"}},
            .authorization = []() -> StatusOr<std::string> {
              return std::string("Bearer t");
            }});
  REQUIRE(Tell(runtime, *webhook).ok());
  const auto requests = server.requests();
  REQUIRE(requests.size() == 1);
  CHECK(requests[0].method == "POST");
  CHECK(requests[0].path == "/hook?token=abc");
  CHECK(requests[0].Header("content-type") == "application/json");
  CHECK(requests[0].Header("x-tenant") == "7");
  CHECK(requests[0].Header("authorization") == "Bearer t");
  CHECK(requests[0].Header("webhook-id") == "evt_1");
  const std::string body = server.log().at(0).bytes;
  CHECK(Json::parse(body).at("type") == "recording.stopped");
  const WallTime sent{
      seconds(std::stoll(requests[0].Header("webhook-timestamp")))};
  CHECK(requests[0].Header("webhook-signature") ==
        notify::Sign(secret, "evt_1", sent, body)->signature);
  // What may be a secret in the URL is in no name of it.
  CHECK(webhook->Describe().find("abc") == std::string::npos);
  CHECK(webhook->Describe() !=
        Open(runtime, {.url = server.Url("/hook?token=abd")})->Describe());
}

TEST_CASE("webhook: what answers mean") {
  struct Row {
    ScriptedServer::Reply reply;
    StatusCode code;
  };
  const Row rows[] = {
      {{.status = 204}, StatusCode::kOk},
      {{.status = 202}, StatusCode::kOk},
      {{.status = 500}, StatusCode::kUnavailable},
      {{.status = 404}, StatusCode::kNotFound},
      {{.status = 403}, StatusCode::kPermissionDenied},
      {{.status = 410}, StatusCode::kCancelled},
      {{.status = 302, .headers = "Location: /other\r\n"},
       StatusCode::kFailedPrecondition},
      {{.mischief = Mischief::kResetAfterBody}, StatusCode::kUnavailable},
      {{.mischief = Mischief::kLoseReply}, StatusCode::kUnavailable},
      {{.mischief = Mischief::kGarbage}, StatusCode::kUnavailable}};
  const auto runtime = MakeRuntime();
  for (const Row& row : rows) {
    ScriptedServer server(
        [&row](const ScriptedServer::Request&) { return row.reply; });
    const auto webhook = Open(runtime, {.url = server.Url("/hook?token=abc")});
    const Status status = Tell(runtime, *webhook);
    INFO(status.ToString());
    CHECK(status.code() == row.code);
    CHECK(status.message().find("abc") == std::string::npos);
  }
}

TEST_CASE("webhook: Retry-After is told, and a permanent redirect followed") {
  ScriptedServer server([](const ScriptedServer::Request& request) {
    if (request.path == "/busy") {
      return ScriptedServer::Reply{.status = 503,
                                   .headers = "Retry-After: 7\r\n"};
    }
    if (request.path == "/moved") {
      return ScriptedServer::Reply{.status = 308,
                                   .headers = "Location: /hook\r\n"};
    }
    return ScriptedServer::Reply{};
  });
  const auto runtime = MakeRuntime();
  CHECK(Tell(runtime, *Open(runtime, {.url = server.Url("/busy")}))
            .retry_after() == seconds(7));
  CHECK(Tell(runtime, *Open(runtime, {.url = server.Url("/moved")})).ok());
  REQUIRE(server.log().size() == 1);
  CHECK(server.log()[0].path == "/hook");
  CHECK(!server.log()[0].bytes.empty());
}

TEST_CASE("webhook: 100ms' body with presigned URLs; the rest is not sent") {
  ScriptedServer server;
  const auto runtime = MakeRuntime();
  const auto webhook = Open(
      runtime,
      {.url = server.Url("/hook"),
       .style = WebhookStyle::k100ms,
       .presign = [](const std::string& sink, const std::string& key, seconds,
                     const std::function<void(StatusOr<std::string>)>& done) {
         done("https://signed/" + sink + "/" + key);
       }});
  Notification notification = Example();
  notification.type = NotificationType::kSegmentStored;
  CHECK(Tell(runtime, *webhook, notification).ok());
  CHECK(server.requests().empty());
  notification.type = NotificationType::kRecordingSucceeded;
  notification.data =
      R"({"outputs":[{"sink":"s3://b","playlists":["i.m3u8"]}]})";
  CHECK(Tell(runtime, *webhook, notification).ok());
  REQUIRE(server.log().size() == 1);
  CHECK(Json::parse(server.log()[0].bytes)
            .at("data")
            .at("hls_vod_recording_presigned_url") ==
        "https://signed/s3://b/i.m3u8");
}

TEST_CASE("webhook: options that make no sense are refused by name") {
  const auto runtime = MakeRuntime();
  const auto refusal = [&](WebhookOptions options) {
    return OpenWebhook(runtime, std::move(options)).status().message();
  };
  CHECK(refusal({.url = "ftp://host/x"}).starts_with("webhook: url: "));
  CHECK(refusal({.url = "http://example.com/x?t=abc"}) ==
        "webhook: url: http://example.com/x: plain http would show recordings "
        "to everybody on the way: use https, or allow it");
  CHECK(refusal({.url = "https://h/x#y"}) ==
        "webhook: url: has a fragment: leave it out");
  CHECK(refusal({.url = "https://h/x", .headers = {{"Webhook-Id", "1"}}}) ==
        "webhook: headers: Webhook-Id: is the signature's");
  CHECK(refusal({.url = "https://h/x", .headers = {{"Host", "1"}}}) ==
        "webhook: headers: Host: is the URL's");
  CHECK(refusal({.url = "https://h/x", .presign_expiry = seconds(0)}) ==
        "webhook: presign_expiry: 0 s: want 1 s to 7 days");
}

// The whole way, in real time: the receiver refuses twice and loses a reply.
TEST_CASE("webhook: a recording to a web server, told after it is stored") {
  TemporaryDirectory directory;
  ScriptedServer store;
  ScriptedServer receiver([](const ScriptedServer::Request& request) {
    ScriptedServer::Reply reply;
    if (request.number == 1) reply.status = 500;
    if (request.number == 3) reply.mischief = Mischief::kLoseReply;
    return reply;
  });
  const auto runtime = MakeRuntime(directory.Path("spool"));
  REQUIRE(SetNotificationSchedule(runtime,
                                  {.retries = {std::chrono::milliseconds(1)},
                                   .retry_max = std::chrono::milliseconds(2)})
              .ok());
  auto sink = OpenHttpSink(runtime, {.base_url = store.Url("/live/")});
  REQUIRE(sink.ok());
  RecordingOptions options{.stream = "cam", .session = "s"};
  options.tracks = {VideoTrack()};
  options.outputs = {{.sink = *sink}};
  options.segment.target_duration = seconds(2);
  options.notifiers = {
      {.notifier = Open(runtime, {.url = receiver.Url("/hook")})}};
  auto recorder = Recorder::Open(runtime, options);
  REQUIRE(recorder.ok());
  for (const Packet& packet : Stream(7, 50, false)) {
    REQUIRE((*recorder)->Push(packet).ok());
  }
  (*recorder)->Finish();
  REQUIRE((*recorder)->Wait().status.ok());
  CHECK(*WaitForNotifications(runtime, seconds(20)) == 0);
  std::vector<std::string> types;
  std::vector<std::string> ids;
  for (const auto& told : receiver.log()) {
    const Json body = Json::parse(told.bytes);
    if (!ids.empty() && body.at("id") == ids.back()) continue;  // once more
    ids.push_back(body.at("id"));
    types.push_back(body.at("type"));
    if (types.back() != "recording.success") continue;
    const Json output = body.at("data").at("outputs").at(0);
    const std::string key = output.at("playlists").at(0);
    const auto objects = store.objects();
    REQUIRE(objects.contains("/live/" + key));
    CHECK(objects.at("/live/" + key).find("#EXT-X-ENDLIST") !=
          std::string::npos);
  }
  CHECK(types == std::vector<std::string>{"recording.started",
                                          "recording.stopped",
                                          "recording.success"});
  CHECK(receiver.requests().size() == 5);
}

}  // namespace
}  // namespace hlsrec
