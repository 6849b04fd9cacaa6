// Envelope and attributes: 100ms' webhook documentation, "HLS recording",
// "Browser recording" and "SFU recording" events.
#include <nlohmann/json.hpp>
#include <string_view>

#include "src/base/status_util.h"
#include "src/notify/payload.h"
#include "src/playlist/render.h"

namespace hlsrec::notify {
namespace {

using Json = nlohmann::ordered_json;

// Those of recording.* are older than the others.
constexpr std::string_view kVersion = "2.0";
constexpr std::string_view kSfuVersion = "1.0";

std::string TypeOf(NotificationType type, Kind100ms kind) {
  const bool hls = kind == Kind100ms::kHls;
  const bool sfu = kind == Kind100ms::kSfu;
  switch (type) {
    case NotificationType::kRecordingStarted:
      return sfu ? "" : hls ? "hls.started.success" : "beam.started.success";
    case NotificationType::kRecordingStopped:
      return sfu ? "" : hls ? "hls.stopped.success" : "beam.stopped.success";
    case NotificationType::kRecordingSucceeded:
      return sfu   ? "recording.success"
             : hls ? "hls.recording.success"
                   : "beam.recording.success";
    case NotificationType::kRecordingFailed:
      return sfu ? "recording.failed" : hls ? "hls.failure" : "beam.failure";
    default:
      return {};
  }
}

// "s3://bucket/prefix?endpoint=..." and a key: "s3://bucket/prefix/key".
std::string PathOf(const ObjectName& object) {
  std::string path = object.first.substr(0, object.first.find('?'));
  if (!path.ends_with('/')) path += '/';
  return path + object.second;
}

Json TextOrNull(const Json& from, const char* name) {
  const auto found = from.find(name);
  return found == from.end() ? Json() : *found;
}

// The first output's first playlist; multivariant where there is one.
std::optional<ObjectName> MainPlaylist(const Json& data) {
  for (const Json& output : data.value("outputs", Json::array())) {
    const Json playlists = output.value("playlists", Json::array());
    if (playlists.empty()) continue;
    return ObjectName(output.value("sink", ""),
                      playlists.front().get<std::string>());
  }
  return std::nullopt;
}

// An object under "chat", or one of "files".
std::optional<ObjectName> NamedObject(const Json& object) {
  if (!object.is_object()) return std::nullopt;
  return ObjectName(object.value("sink", ""), object.value("key", ""));
}

std::optional<ObjectName> Chat(const Json& data) {
  return NamedObject(data.value("chat", Json()));
}

void AddObject(Json& to, const std::string& name,
               const std::optional<ObjectName>& object,
               const PresignedUrls& urls) {
  to[name + "_path"] = object ? Json(PathOf(*object)) : Json();
  const auto url = object ? urls.find(*object) : urls.end();
  to[name + "_presigned_url"] = url != urls.end() ? Json(url->second) : Json();
}

Json SingleFiles(const Json& data, const PresignedUrls& urls) {
  Json files = Json::array();
  for (const Json& file : data.value("files", Json::array())) {
    Json each = {{"asset_id", TextOrNull(file, "id")},
                 {"layer", fmt::format("{}", file.value("layer", 0))}};
    AddObject(each, "recording", NamedObject(file), urls);
    each["size"] = TextOrNull(file, "size_bytes");
    for (const char* name : {"width", "height"}) {
      each[name] = TextOrNull(file, name);
    }
    files.push_back(std::move(each));
  }
  return files;
}

// The VOD as one object, or what plays it.
std::optional<ObjectName> Archive(const Json& data) {
  return NamedObject(data.value("archive", Json()));
}

// What all of them have: who was recorded.
Json Identity(const Json& data, Kind100ms kind) {
  const Json fields = data.value("fields", Json::object());
  Json identity = Json::object();
  for (const char* name : {"room_id", "session_id", "peer_id"}) {
    if (kind == Kind100ms::kHls && std::string_view(name) == "peer_id")
      continue;
    identity[name] = TextOrNull(fields, name);
  }
  for (const char* name : {"room_name", "meeting_url", "session_started_at"}) {
    if (fields.contains(name)) identity[name] = fields[name];
  }
  return identity;
}

void AddTimes(Json& to, const Json& data) {
  to["started_at"] = TextOrNull(data, "started");
  to["stopped_at"] = TextOrNull(data, "stopped");
  to["duration"] = data.value("duration_ms", std::int64_t{0}) / 1000;
}

void AddSuccess(Json& to, const Json& data, const WebhookOptions& options,
                const PresignedUrls& urls) {
  AddTimes(to, data);
  to["recording_id"] = TextOrNull(data, "recording_id");
  const auto playlist = MainPlaylist(data);
  if (options.kind == Kind100ms::kHls) {
    const auto archive = Archive(data);
    AddObject(to, "hls_vod_recording", archive ? archive : playlist, urls);
    to["hls_vod_recording_size"] =
        TextOrNull(archive ? data["archive"] : data, "size_bytes");
    to["recording_single_files"] = SingleFiles(data, urls);
    to["recording_created_at"] = TextOrNull(data, "started");
  } else {
    const Json files = data.value("files", Json::array());
    AddObject(to, "recording",
              files.empty() ? playlist : NamedObject(files.front()), urls);
    to["size"] = TextOrNull(data, "size_bytes");
  }
  AddObject(to, "chat_recording", Chat(data), urls);
  for (const char* name : {"max_width", "max_height"}) {
    to[name] = TextOrNull(data, name);
  }
}

// Of hls.failure and beam.failure; recording.failed names them otherwise.
void AddFailure(Json& to, const Json& data, Kind100ms kind) {
  AddTimes(to, data);
  const Json error = data.value("error", Json::object());
  const bool storage = data.value("resumable", false);
  const std::string message = error.value("message", "");
  if (kind == Kind100ms::kSfu) {
    to["error"] = message;
    to["error_type"] = storage ? "CLOUD_ACCESS_ERROR" : "INPUT_ERROR";
    return;
  }
  to["error_message"] = message;
  to["error_type"] = storage ? "UPLOAD_ERROR" : "INTERNAL_ERROR";
  if (kind != Kind100ms::kHls) return;
  to["recording_single_file_per_layer_enabled"] =
      !data.value("files", Json::array()).empty();
  to["recording_vod_playlist_enabled"] = true;
}

Json DataOf(const Notification& notification, const Json& data,
            const WebhookOptions& options, const PresignedUrls& urls) {
  Json to = Identity(data, options.kind);
  if (!options.template_id.empty()) to["template_id"] = options.template_id;
  switch (notification.type) {
    case NotificationType::kRecordingSucceeded:
      AddSuccess(to, data, options, urls);
      break;
    case NotificationType::kRecordingFailed:
      AddFailure(to, data, options.kind);
      break;
    case NotificationType::kRecordingStopped:
      AddTimes(to, data);
      to["reason"] = data.value("reason", "client request");
      break;
    default: {
      const auto playlist = MainPlaylist(data);
      to["started_at"] = TextOrNull(data, "started");
      to["url"] = playlist ? Json(PathOf(*playlist)) : Json();
    }
  }
  return to;
}

StatusOr<std::optional<std::string>> Render(const Notification& notification,
                                            const WebhookOptions& options,
                                            const PresignedUrls& urls) {
  const std::string type = TypeOf(notification.type, options.kind);
  if (type.empty()) return std::optional<std::string>();
  const Json data = Json::parse(notification.data);
  Json body = {
      {"version", type.starts_with("recording.") ? kSfuVersion : kVersion},
      {"id", notification.id},
      {"app_id", options.app_id},
      {"account_id", options.account_id}};
  if (!options.template_id.empty()) body["template_id"] = options.template_id;
  body["timestamp"] = playlist::FormatDateTime(notification.time);
  body["type"] = type;
  body["data"] = DataOf(notification, data, options, urls);
  if (notification.replayed) body["is_replay"] = true;
  return std::optional<std::string>(
      body.dump(-1, ' ', false, Json::error_handler_t::replace));
}

std::vector<ObjectName> ObjectsIn(const Json& data) {
  std::vector<ObjectName> objects;
  for (const auto& object : {MainPlaylist(data), Archive(data), Chat(data)}) {
    if (object) objects.push_back(*object);
  }
  for (const Json& file : data.value("files", Json::array())) {
    if (const auto object = NamedObject(file)) objects.push_back(*object);
  }
  return objects;
}

}  // namespace

StatusOr<std::optional<std::string>> Render100ms(
    const Notification& notification, const WebhookOptions& options,
    const PresignedUrls& urls) {
  try {
    return Render(notification, options, urls);
  } catch (const Json::exception& error) {
    return DataLoss("notification: {}: {}", notification.id, error.what());
  }
}

std::vector<ObjectName> ObjectsToPresign(const Notification& notification,
                                         const WebhookOptions& options) {
  if (options.style != WebhookStyle::k100ms ||
      notification.type != NotificationType::kRecordingSucceeded) {
    return {};
  }
  try {
    return ObjectsIn(Json::parse(notification.data));
  } catch (const Json::exception&) {
    return {};  // the body's renderer tells
  }
}

}  // namespace hlsrec::notify
