#include "src/manifest/read.h"

#include <array>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "src/base/status_util.h"

namespace hlsrec::manifest {
namespace {

using Json = nlohmann::json;

constexpr std::array kStates = {
    RecordingState::kStarting,       RecordingState::kRunning,
    RecordingState::kPaused,         RecordingState::kStopping,
    RecordingState::kPostProcessing, RecordingState::kCompleted,
    RecordingState::kFailed};

StatusOr<RecordingState> StateOf(const std::string& name) {
  for (const RecordingState state : kStates) {
    if (RecordingStateName(state) == name) return state;
  }
  return DataLoss("manifest: state: `{}`: is none", name);
}

Object ObjectOf(const Json& json) {
  Object object{.key = json.at("key"),
                .kind = json.at("kind"),
                .rendition = json.value("rendition", ""),
                .sha256 = json.value("sha256", ""),
                .encoding = json.value("encoding", ""),
                .etag = json.value("etag", ""),
                .listed_as_gap = json.value("listed_as_gap", false)};
  if (json.contains("sequence")) object.sequence = json.at("sequence");
  if (json.contains("size")) object.size = json.at("size");
  return object;
}

StatusOr<Head> HeadOf(const Json& json) {
  if (json.at("version") != kVersion) {
    return FailedPrecondition(
        "manifest: is of version {}, and version {} is known here: use a newer "
        "hlsrec",
        json.at("version").dump(), kVersion);
  }
  Head head{.id = json.at("id"),
            .stream = json.at("stream"),
            .session = json.at("session"),
            .output = json.at("output"),
            .key = json.at("key"),
            .container = json.at("container"),
            .multivariant = json.value("multivariant_playlist", "")};
  HLSREC_ASSIGN_OR_RETURN(head.state, StateOf(json.at("state")));
  for (const auto& [name, value] : json.at("identity").items()) {
    HLSREC_RETURN_IF_ERROR(SetIdentityField(
        head.identity, name,
        value.is_string() ? value.get<std::string>() : value.dump()));
  }
  for (const Json& rendition : json.at("renditions")) {
    head.renditions.push_back({.name = rendition.at("name"),
                               .first_sequence = rendition.at("first_sequence"),
                               .playlists = rendition.at("playlists")});
  }
  if (json.contains("ended")) head.ended = Time();
  head.undelivered = json.value("undelivered", std::vector<std::string>());
  return head;
}

}  // namespace

StatusOr<Head> Read(std::string_view text,
                    const std::function<void(Object)>& on_object) {
  constexpr int kEntryDepth = 2;
  std::string list;
  const auto take = [&](int depth, Json::parse_event_t event, Json& parsed) {
    if (depth == 1 && event == Json::parse_event_t::key) {
      list = parsed.get<std::string>();
    }
    if (depth != kEntryDepth || event != Json::parse_event_t::object_end) {
      return true;
    }
    if (list == "objects") on_object(ObjectOf(parsed));
    return list == "renditions";
  };
  // nlohmann-json tells by exceptions of what is missing or of another type.
  try {
    return HeadOf(Json::parse(text, take));
  } catch (const Json::exception& error) {
    const std::string_view what = error.what();
    // Behind the exception's name, in brackets.
    const std::size_t name = what.find("] ");
    return DataLoss("manifest: {}",
                    what.substr(name == what.npos ? 0 : name + 2));
  }
}

}  // namespace hlsrec::manifest
