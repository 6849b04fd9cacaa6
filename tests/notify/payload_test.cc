// What receivers are sent, whole.
#include "src/notify/payload.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "tests/catch.h"

namespace hlsrec::notify {
namespace {

using Json = nlohmann::json;

Notification Make(NotificationType type, const std::string& data) {
  return {.id = "evt_1",
          .type = type,
          .time = std::chrono::system_clock::time_point(
              std::chrono::milliseconds(1626898500123)),
          .recording = "1626898422000-0a1b2c3d",
          .data = data};
}

const char* const kEnded = R"({
  "recording_id": "1626898422000-0a1b2c3d",
  "stream": "cam", "session": "s", "run": "0a1b2c3d",
  "started": "2021-07-21T20:13:42.000Z",
  "fields": {"room_id": "r1", "session_id": "s1", "peer_id": "p1"},
  "stopped": "2021-07-21T20:15:00.000Z",
  "duration_ms": 78400, "size_bytes": 1000, "segments_lost": 0,
  "outputs": [{"id": "0", "sink": "s3://bucket/pre?endpoint=https://e",
               "playlists": ["a/index.m3u8"], "missing_count": 0,
               "missing": []}]})";

TEST_CASE("webhook body: hlsrec's own, whole") {
  Notification notification =
      Make(NotificationType::kRecordingStopped, R"({"stream":"cam"})");
  CHECK(*RenderNotification(notification) ==
        R"({"type":"recording.stopped","timestamp":"2021-07-21T20:15:00.123Z",)"
        R"("id":"evt_1","recording":"1626898422000-0a1b2c3d",)"
        R"("data":{"stream":"cam"}})");
  notification.replayed = true;
  CHECK(RenderNotification(notification)->ends_with(R"(},"is_replay":true})"));
  notification.data = "[]";
  CHECK(RenderNotification(notification).status().code() ==
        StatusCode::kDataLoss);
}

TEST_CASE("webhook body: hls.recording.success of 100ms, whole") {
  const WebhookOptions options{.style = WebhookStyle::k100ms,
                               .app_id = "app",
                               .account_id = "account",
                               .template_id = "template"};
  const Notification notification =
      Make(NotificationType::kRecordingSucceeded, kEnded);
  const auto objects = ObjectsToPresign(notification, options);
  REQUIRE(objects.size() == 1);
  CHECK(objects[0].second == "a/index.m3u8");
  const auto body =
      Render100ms(notification, options, {{objects[0], "https://signed"}});
  REQUIRE(body.ok());
  REQUIRE(*body);
  CHECK(Json::parse(**body) == Json::parse(R"({
    "version": "2.0", "id": "evt_1", "app_id": "app", "account_id": "account",
    "template_id": "template", "timestamp": "2021-07-21T20:15:00.123Z",
    "type": "hls.recording.success",
    "data": {
      "room_id": "r1", "session_id": "s1", "template_id": "template",
      "started_at": "2021-07-21T20:13:42.000Z",
      "stopped_at": "2021-07-21T20:15:00.000Z", "duration": 78,
      "recording_id": "1626898422000-0a1b2c3d",
      "hls_vod_recording_path": "s3://bucket/pre/a/index.m3u8",
      "hls_vod_recording_presigned_url": "https://signed",
      "hls_vod_recording_size": 1000, "recording_single_files": [],
      "recording_created_at": "2021-07-21T20:13:42.000Z",
      "chat_recording_path": null, "chat_recording_presigned_url": null,
      "max_width": null, "max_height": null}})"));
}

TEST_CASE("webhook body: files and chat have 100ms' names") {
  Json data = Json::parse(kEnded);
  data["chat"] = {{"sink", "s3://b"}, {"key", "chat.csv"}};
  data["files"] = {{{"sink", "s3://b"},
                    {"key", "f-0.mp4"},
                    {"layer", 0},
                    {"size_bytes", 5},
                    {"width", 1920},
                    {"height", 1080}}};
  const auto body =
      Render100ms(Make(NotificationType::kRecordingSucceeded, data.dump()),
                  {.style = WebhookStyle::k100ms}, {});
  REQUIRE(body.ok());
  const Json told = Json::parse(**body).at("data");
  CHECK(told.at("chat_recording_path") == "s3://b/chat.csv");
  CHECK(told.at("chat_recording_presigned_url").is_null());
  CHECK(told.at("recording_single_files") == Json::parse(R"([{
    "asset_id": null, "layer": "0", "recording_path": "s3://b/f-0.mp4",
    "recording_presigned_url": null, "size": 5, "width": 1920,
    "height": 1080}])"));
}

TEST_CASE("webhook body: a VOD that is an archive is that one object") {
  Json data = Json::parse(kEnded);
  data["archive"] = {
      {"sink", "s3://b?region=r"}, {"key", "a.zip"}, {"size_bytes", 7}};
  const Notification notification =
      Make(NotificationType::kRecordingSucceeded, data.dump());
  const WebhookOptions options{.style = WebhookStyle::k100ms};
  const auto objects = ObjectsToPresign(notification, options);
  const ObjectName archive("s3://b?region=r", "a.zip");
  CHECK(std::find(objects.begin(), objects.end(), archive) != objects.end());
  const auto body =
      Render100ms(notification, options, {{archive, "https://signed"}});
  REQUIRE(body.ok());
  const Json told = Json::parse(**body).at("data");
  CHECK(told.at("hls_vod_recording_path") == "s3://b/a.zip");
  CHECK(told.at("hls_vod_recording_presigned_url") == "https://signed");
  CHECK(told.at("hls_vod_recording_size") == 7);
}

TEST_CASE("webhook body: 100ms' names of events, and what it has none for") {
  struct Row {
    NotificationType type;
    const char* hls;
    const char* beam;
    const char* sfu;
  };
  const Row rows[] = {
      {NotificationType::kRecordingStarted, "hls.started.success",
       "beam.started.success", ""},
      {NotificationType::kRecordingStopped, "hls.stopped.success",
       "beam.stopped.success", ""},
      {NotificationType::kRecordingSucceeded, "hls.recording.success",
       "beam.recording.success", "recording.success"},
      {NotificationType::kRecordingFailed, "hls.failure", "beam.failure",
       "recording.failed"},
      {NotificationType::kSegmentStored, "", "", ""},
      {NotificationType::kStorageDegraded, "", "", ""}};
  for (const Row& row : rows) {
    const std::pair<Kind100ms, const char*> kinds[] = {
        {Kind100ms::kHls, row.hls},
        {Kind100ms::kBeam, row.beam},
        {Kind100ms::kSfu, row.sfu}};
    for (const auto& [kind, name] : kinds) {
      const auto body = Render100ms(Make(row.type, kEnded), {.kind = kind}, {});
      REQUIRE(body.ok());
      INFO(name);
      CHECK(body->has_value() == (*name != '\0'));
      if (!*body) continue;
      const Json told = Json::parse(**body);
      CHECK(told.at("type") == name);
      CHECK(told.at("version") ==
            (std::string(name).starts_with("recording.") ? "1.0" : "2.0"));
    }
  }
}

TEST_CASE("webhook body: failures say what 100ms would call them") {
  Json data = Json::parse(kEnded);
  data["error"] = {{"code", "unavailable"}, {"message", "put: refused"}};
  data["resumable"] = true;
  const auto hls = Render100ms(
      Make(NotificationType::kRecordingFailed, data.dump()), {}, {});
  CHECK(Json::parse(**hls).at("data").at("error_type") == "UPLOAD_ERROR");
  CHECK(Json::parse(**hls).at("data").at("error_message") == "put: refused");
  const auto sfu =
      Render100ms(Make(NotificationType::kRecordingFailed, data.dump()),
                  {.kind = Kind100ms::kSfu}, {});
  CHECK(Json::parse(**sfu).at("data").at("error_type") == "CLOUD_ACCESS_ERROR");
  CHECK(Json::parse(**sfu).at("data").at("error") == "put: refused");
}

TEST_CASE("webhook body: data of a wrong shape is an error, not an end") {
  for (const char* data :
       {"", "[]", R"({"outputs":5})", R"({"outputs":[{"playlists":[1]}]})",
        R"({"duration_ms":"x"})", R"({"files":5})"}) {
    INFO(data);
    const Notification notification =
        Make(NotificationType::kRecordingSucceeded, data);
    CHECK(Render100ms(notification, {}, {}).status().code() ==
          StatusCode::kDataLoss);
    CHECK(ObjectsToPresign(notification, {.style = WebhookStyle::k100ms})
              .empty());
  }
}

}  // namespace
}  // namespace hlsrec::notify
