#include "src/record/plan_text.h"

#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "src/base/status_util.h"
#include "src/playlist/policy.h"
#include "src/record/subject.h"

namespace hlsrec::record {
namespace {

using Json = nlohmann::json;
using deliver::OutputPlan;
using deliver::PlaylistPlan;
using deliver::RenditionInfo;
using deliver::RenditionPlan;

constexpr int kVersion = 1;

std::int64_t Microseconds(WallTime time) {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             time.time_since_epoch())
      .count();
}

WallTime TimeOf(std::int64_t microseconds) {
  return WallTime(std::chrono::duration_cast<WallTime::duration>(
      std::chrono::microseconds(microseconds)));
}

template <typename T>
Json Optional(const std::optional<T>& value) {
  return value ? Json(*value) : Json();
}

template <typename T>
std::optional<T> OptionalFrom(const Json& json) {
  if (json.is_null()) return std::nullopt;
  return json.get<T>();
}

// A policy of a program's own is not ours to make again: what it listed last
// stays listed.
class FormerPolicy final : public PlaylistPolicy {
 public:
  explicit FormerPolicy(PlaylistType type) : type_(type) {}
  PlaylistType type() const override { return type_; }

 private:
  const PlaylistType type_;
};

// What decides the names and contents of objects.
Json SavePlaylistSettings(const PlaylistPlan& playlist) {
  return {{"path", playlist.path.text()},
          {"policy", playlist.list_options.policy->Describe()},
          {"type", static_cast<int>(playlist.list_options.policy->type())},
          {"program_date_time", playlist.list_options.program_date_time}};
}

Json SaveChat(const OutputPlan& output) {
  if (!output.chat) return {};
  const auto text = [](const std::optional<PathTemplate>& path) {
    return path ? Json(path->text()) : Json();
  };
  return {{"path", text(output.chat->path)},
          {"captions", text(output.chat->captions_path)},
          {"escapes_formulas", output.chat->formulas == ChatFormulas::kEscape},
          {"shown_ms", output.chat->shown_for.count()}};
}

Json SaveOutputSettings(const OutputPlan& output) {
  Json renditions = Json::array();
  for (const RenditionPlan& rendition : output.renditions) {
    Json playlists = Json::array();
    for (const PlaylistPlan& playlist : rendition.playlists) {
      playlists.push_back(SavePlaylistSettings(playlist));
    }
    renditions.push_back(
        {{"name", rendition.info.name}, {"playlists", playlists}});
  }
  return {{"id", output.id},
          {"sink", output.sink_name},
          {"fmp4", output.fmp4},
          {"segment", output.segment.text()},
          {"init", output.init.text()},
          {"multivariant",
           output.multivariant ? Json(output.multivariant->text()) : Json()},
          {"manifest",
           output.manifest ? Json(output.manifest->path.text()) : Json()},
          {"chat", SaveChat(output)},
          {"archive", output.archive ? Json(output.archive->text()) : Json()},
          {"movie", output.movie ? Json(output.movie->text()) : Json()},
          {"independent_segments", output.independent_segments},
          {"lease", output.lease ? Json(output.lease->playlist) : Json()},
          {"renditions", renditions}};
}

// Beside the settings: what a run found or chose.
void AddState(const PlaylistPlan& playlist, Json& json) {
  json["version"] = playlist.list_options.version;
  json["target_duration"] = playlist.list_options.target_duration;
  json["key"] = playlist.key;
  json["imported"] = playlist.imported;
}

void AddState(const OutputPlan& output, Json& json) {
  json["keep_expired"] = output.expired == ExpiredSegments::kKeep;
  json["delete_after_end_s"] =
      output.delete_after_end ? Json(output.delete_after_end->count()) : Json();
  json["at_end"] = output.at_end;
  json["retain_s"] = output.retain ? Json(output.retain->count()) : Json();
  json["delete_once_stored_by"] = output.delete_once_stored_by;
  json["gzip_playlists"] = output.gzip_playlists;
  json["rewrite_interval_ms"] = output.rewrite_interval.count();
  if (output.lease) json["lease_ms"] = output.lease->duration.count();
  for (std::size_t r = 0; r < output.renditions.size(); ++r) {
    const RenditionPlan& rendition = output.renditions[r];
    Json& saved = json["renditions"][r];
    saved["height"] = Optional(rendition.info.height);
    saved["kbps"] = Optional(rendition.info.kbps);
    saved["layer"] = rendition.info.layer;
    saved["first_sequence"] = rendition.first_sequence;
    saved["first_number"] = rendition.first_number;
    for (std::size_t p = 0; p < rendition.playlists.size(); ++p) {
      AddState(rendition.playlists[p], saved["playlists"][p]);
    }
  }
}

StatusOr<PlaylistPlan> LoadPlaylist(const Json& json,
                                    const std::vector<std::string>& fields,
                                    bool independent_segments) {
  HLSREC_ASSIGN_OR_RETURN(
      PathTemplate path,
      PathTemplate::Parse(json.at("path").get<std::string>(), fields));
  auto policy = playlist::MakePolicy(json.at("policy").get<std::string>());
  if (policy == nullptr) {
    policy = std::make_shared<FormerPolicy>(
        static_cast<PlaylistType>(json.at("type").get<int>()));
  }
  const playlist::MediaListOptions options{
      .policy = std::move(policy),
      .version = json.at("version"),
      .target_duration = json.at("target_duration"),
      .independent_segments = independent_segments,
      .program_date_time = json.at("program_date_time")};
  PlaylistPlan plan{.path = std::move(path),
                    .list = playlist::MediaList(options),
                    .list_options = options,
                    .key = json.at("key"),
                    .imported = json.at("imported")};
  if (!plan.imported.empty()) {
    HLSREC_ASSIGN_OR_RETURN(
        plan.list, playlist::MediaList::Continue(options, plan.imported));
    plan.list_from = plan.list.next_sequence();
  }
  return plan;
}

// Older journals have none.
Status LoadChat(const Json& json, const std::vector<std::string>& fields,
                OutputPlan& output) {
  if (json.is_null()) return {};
  deliver::ChatPlan chat{
      .formulas = json.at("escapes_formulas").get<bool>()
                      ? ChatFormulas::kEscape
                      : ChatFormulas::kKeep,
      .shown_for = std::chrono::milliseconds(json.at("shown_ms"))};
  const auto parse = [&](const Json& text,
                         std::optional<PathTemplate>& path) -> Status {
    if (text.is_null()) return {};
    HLSREC_ASSIGN_OR_RETURN(
        path, PathTemplate::Parse(text.get<std::string>(), fields));
    return {};
  };
  HLSREC_RETURN_IF_ERROR(parse(json.at("path"), chat.path));
  HLSREC_RETURN_IF_ERROR(parse(json.at("captions"), chat.captions_path));
  output.chat = std::move(chat);
  return {};
}

// Older journals have none.
Status LoadPath(const Json& json, const char* name,
                const std::vector<std::string>& fields,
                std::optional<PathTemplate>& path) {
  const auto text = OptionalFrom<std::string>(json.value(name, Json()));
  if (!text) return {};
  HLSREC_ASSIGN_OR_RETURN(path, PathTemplate::Parse(*text, fields));
  return {};
}

StatusOr<OutputPlan> LoadOutput(const Json& json,
                                const std::vector<std::string>& fields) {
  OutputPlan output{.id = json.at("id"),
                    .sink_name = json.at("sink"),
                    .fmp4 = json.at("fmp4"),
                    .independent_segments = json.at("independent_segments")};
  output.expired = json.at("keep_expired").get<bool>()
                       ? ExpiredSegments::kKeep
                       : ExpiredSegments::kDelete;
  if (const auto grace =
          OptionalFrom<std::int64_t>(json.at("delete_after_end_s"))) {
    output.delete_after_end = std::chrono::seconds(*grace);
  }
  output.at_end = json.value("at_end", false);
  if (const auto retain =
          OptionalFrom<std::int64_t>(json.value("retain_s", Json()))) {
    output.retain = std::chrono::seconds(*retain);
  }
  output.delete_once_stored_by =
      json.value("delete_once_stored_by", std::vector<std::string>());
  output.gzip_playlists = json.value("gzip_playlists", false);
  output.rewrite_interval =
      std::chrono::milliseconds(json.value("rewrite_interval_ms", 0));
  // Older journals have none.
  if (const Json lease = json.value("lease", Json()); !lease.is_null()) {
    output.lease = {.playlist = lease,
                    .duration = std::chrono::milliseconds(json.at("lease_ms"))};
  }
  HLSREC_ASSIGN_OR_RETURN(
      output.segment,
      PathTemplate::Parse(json.at("segment").get<std::string>(), fields));
  HLSREC_ASSIGN_OR_RETURN(
      output.init,
      PathTemplate::Parse(json.at("init").get<std::string>(), fields));
  if (const auto path = OptionalFrom<std::string>(json.at("multivariant"))) {
    HLSREC_ASSIGN_OR_RETURN(output.multivariant,
                            PathTemplate::Parse(*path, fields));
  }
  if (const auto path =
          OptionalFrom<std::string>(json.value("manifest", Json()))) {
    HLSREC_ASSIGN_OR_RETURN(PathTemplate parsed,
                            PathTemplate::Parse(*path, fields));
    output.manifest = {.path = std::move(parsed)};
  }
  HLSREC_RETURN_IF_ERROR(LoadChat(json.value("chat", Json()), fields, output));
  HLSREC_RETURN_IF_ERROR(LoadPath(json, "archive", fields, output.archive));
  HLSREC_RETURN_IF_ERROR(LoadPath(json, "movie", fields, output.movie));
  for (const Json& saved : json.at("renditions")) {
    RenditionPlan rendition{.first_sequence = saved.at("first_sequence"),
                            .first_number = saved.at("first_number")};
    rendition.info.name = saved.at("name");
    rendition.info.height = OptionalFrom<int>(saved.at("height"));
    rendition.info.kbps = OptionalFrom<int>(saved.at("kbps"));
    rendition.info.layer = saved.at("layer");
    for (const Json& playlist : saved.at("playlists")) {
      HLSREC_ASSIGN_OR_RETURN(
          PlaylistPlan plan,
          LoadPlaylist(playlist, fields, output.independent_segments));
      rendition.playlists.push_back(std::move(plan));
    }
    output.renditions.push_back(std::move(rendition));
  }
  return output;
}

Json SaveTracks(const std::vector<manifest::Track>& tracks) {
  Json saved = Json::array();
  for (const manifest::Track& track : tracks) {
    saved.push_back({{"id", track.id},
                     {"type", track.type},
                     {"codec", track.codec},
                     {"codecs", track.codecs},
                     {"language", track.language},
                     {"title", track.title},
                     {"width", track.width},
                     {"height", track.height},
                     {"frame_rate", track.frame_rate},
                     {"sample_rate", track.sample_rate},
                     {"channels", track.channels}});
  }
  return saved;
}

std::vector<manifest::Track> LoadTracks(const Json& saved) {
  std::vector<manifest::Track> tracks;
  for (const Json& track : saved) {
    tracks.push_back({.id = track.at("id"),
                      .type = track.at("type"),
                      .codec = track.at("codec"),
                      .codecs = track.at("codecs"),
                      .language = track.at("language"),
                      .title = track.at("title"),
                      .width = track.at("width"),
                      .height = track.at("height"),
                      .frame_rate = track.at("frame_rate"),
                      .sample_rate = track.at("sample_rate"),
                      .channels = track.at("channels")});
  }
  return tracks;
}

Json SaveSubject(const RecordingIdentity& subject) {
  Json json = Json::object();
  for (const std::string& name : IdentityFieldNames()) {
    std::string value = IdentityField(subject, name);
    if (!value.empty()) json[name] = std::move(value);
  }
  return json;
}

// Older journals have none.
Status LoadSubject(const Json& json, RecordingPlan& plan) {
  for (const auto& [name, value] : json.items()) {
    HLSREC_RETURN_IF_ERROR(
        SetIdentityField(plan.subject, name, value.get<std::string>()));
  }
  plan.subject = SubjectOf(plan.subject, plan.started);
  return {};
}

StatusOr<RecordingPlan> LoadPlanJson(const Json& json) {
  if (json.at("version") != kVersion) {
    return FailedPrecondition(
        "journal: a recording of version {}: this hlsrec knows {}",
        json.at("version").dump(), kVersion);
  }
  RecordingPlan plan;
  plan.options.stream = json.at("stream");
  plan.options.fields = json.at("fields");
  plan.session = json.at("session");
  plan.run = json.value("run", "");
  // Where an older hlsrec gave none: what nobody else has.
  plan.id = json.value("id", "");
  if (plan.id.empty()) plan.id = plan.run;
  plan.started = TimeOf(json.at("started_us"));
  HLSREC_RETURN_IF_ERROR(
      LoadSubject(json.value("subject", Json::object()), plan));
  plan.target_duration = json.at("target_duration");
  std::vector<std::string> fields;
  for (const auto& [name, value] : plan.options.fields) fields.push_back(name);
  for (const Json& saved : json.at("outputs")) {
    HLSREC_ASSIGN_OR_RETURN(OutputPlan output, LoadOutput(saved, fields));
    output.fields = {.stream = plan.options.stream,
                     .session = plan.session,
                     .run = plan.run,
                     .time = plan.started,
                     .identity = plan.subject,
                     .user = plan.options.fields};
    if (output.manifest) output.manifest->id = plan.id;
    plan.outputs.push_back(std::move(output));
  }
  for (const Json& saved : json.value("notifiers", Json::array())) {
    NotifierPlan notifier{.target = saved.at("target")};
    for (const Json& name : saved.at("types")) {
      if (const auto type = ParseNotificationType(name.get<std::string>())) {
        notifier.types.push_back(*type);
      }
    }
    plan.notifiers.push_back(std::move(notifier));
  }
  for (const Json& name : json.at("renditions")) {
    plan.renditions.push_back({.name = name});
  }
  return plan;
}

// nlohmann-json tells of what is missing or of another type by exceptions.
template <typename Function>
auto Guarded(Function read) -> decltype(read()) {
  try {
    return read();
  } catch (const Json::exception& error) {
    return DataLoss("journal: a recording's settings: {}", error.what());
  }
}

}  // namespace

std::string SavePlan(const RecordingPlan& plan) {
  Json outputs = Json::array();
  for (const OutputPlan& output : plan.outputs) {
    Json saved = SaveOutputSettings(output);
    AddState(output, saved);
    outputs.push_back(std::move(saved));
  }
  Json renditions = Json::array();
  for (const RenditionTracks& rendition : plan.renditions) {
    renditions.push_back(rendition.name);
  }
  Json notifiers = Json::array();
  for (const NotifierPlan& notifier : plan.notifiers) {
    Json types = Json::array();
    for (const NotificationType type : notifier.types) {
      types.push_back(std::string(NotificationTypeName(type)));
    }
    notifiers.push_back({{"target", notifier.target}, {"types", types}});
  }
  const Json json = {{"version", kVersion},
                     {"stream", plan.options.stream},
                     {"fields", plan.options.fields},
                     {"session", plan.session},
                     {"subject", SaveSubject(plan.subject)},
                     {"run", plan.run},
                     {"id", plan.id},
                     {"started_us", Microseconds(plan.started)},
                     {"target_duration", plan.target_duration},
                     {"renditions", renditions},
                     {"notifiers", notifiers},
                     {"outputs", outputs}};
  // Names need not be UTF-8.
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

StatusOr<RecordingPlan> LoadPlan(std::string_view text) {
  return Guarded([&]() -> StatusOr<RecordingPlan> {
    return LoadPlanJson(Json::parse(text));
  });
}

std::string DifferingSetting(const RecordingPlan& saved,
                             const RecordingPlan& wanted) {
  const auto settings = [](const RecordingPlan& plan) {
    Json outputs = Json::array();
    for (const OutputPlan& output : plan.outputs) {
      outputs.push_back(SaveOutputSettings(output));
    }
    return Json{{"outputs", outputs}};
  };
  const Json difference = Json::diff(settings(saved), settings(wanted));
  if (difference.empty()) return {};
  return difference.front().at("path").get<std::string>();
}

std::string SaveInfo(const RenditionInfo& info) {
  const Json json = {{"has_video", info.has_video},
                     {"codecs", info.codecs},
                     {"width", info.width},
                     {"height", info.display_height},
                     {"frame_rate", info.frame_rate},
                     {"video_range", std::string(info.video_range)},
                     {"language", info.language},
                     {"title", info.title},
                     {"channels", info.channels},
                     {"tracks", SaveTracks(info.tracks)}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

Status LoadInfo(std::string_view text, RenditionInfo& info) {
  return Guarded([&]() -> Status {
    const Json json = Json::parse(text);
    info.has_video = json.at("has_video");
    info.codecs = json.at("codecs");
    info.width = json.at("width");
    info.display_height = json.at("height");
    info.frame_rate = json.at("frame_rate");
    info.language = json.at("language");
    info.title = json.at("title");
    info.channels = json.at("channels");
    info.tracks = LoadTracks(json.value("tracks", Json::array()));
    const auto range = json.at("video_range").get<std::string>();
    for (const std::string_view known : {"SDR", "HLG", "PQ"}) {
      if (range == known) info.video_range = known;
    }
    return {};
  });
}

}  // namespace hlsrec::record
