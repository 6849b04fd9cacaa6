#include <nlohmann/json.hpp>
#include <utility>

#include "src/base/status_util.h"
#include "src/manifest/manifest.h"
#include "src/playlist/render.h"

namespace hlsrec::manifest {
namespace {

using Json = nlohmann::ordered_json;
using playlist::FormatDateTime;

constexpr std::int64_t kMicroseconds = 1'000'000;

// Names need not be UTF-8; JSON is.
std::string Text(const Json& json, int indent = -1) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

std::string Quoted(const std::string& text) { return Text(Json(text)); }

Json IdentityJson(const RecordingIdentity& identity) {
  Json json = Json::object();
  for (const std::string& name : IdentityFieldNames()) {
    std::string value = IdentityField(identity, name);
    if (!value.empty()) json[name] = std::move(value);
  }
  if (identity.layer_index) json["layer_index"] = *identity.layer_index;
  if (identity.epoch_ms) json["epoch_ms"] = *identity.epoch_ms;
  return json;
}

template <typename T>
void AddKnown(Json& json, const char* name, const T& value) {
  if (value != T()) json[name] = value;
}

Json TrackJson(const Track& track) {
  Json json = {{"id", track.id}, {"type", track.type}, {"codec", track.codec}};
  AddKnown(json, "codecs", track.codecs);
  AddKnown(json, "language", track.language);
  AddKnown(json, "title", track.title);
  AddKnown(json, "width", track.width);
  AddKnown(json, "height", track.height);
  AddKnown(json, "frame_rate", track.frame_rate);
  AddKnown(json, "sample_rate", track.sample_rate);
  AddKnown(json, "channels", track.channels);
  return json;
}

Json RenditionJson(const Rendition& rendition) {
  Json json = {{"name", rendition.name},
               {"layer_index", rendition.layer_index},
               {"codecs", rendition.codecs}};
  AddKnown(json, "width", rendition.width);
  AddKnown(json, "height", rendition.height);
  AddKnown(json, "frame_rate", rendition.frame_rate);
  AddKnown(json, "video_range", rendition.video_range);
  AddKnown(json, "bandwidth", rendition.bandwidth);
  AddKnown(json, "average_bandwidth", rendition.average_bandwidth);
  json["first_sequence"] = rendition.first_sequence;
  json["playlists"] = rendition.playlists;
  json["tracks"] = Json::array();
  for (const Track& track : rendition.tracks) {
    json["tracks"].push_back(TrackJson(track));
  }
  return json;
}

// "2.000000"
std::string Seconds(std::chrono::microseconds duration) {
  return fmt::format("{}.{:06}", duration.count() / kMicroseconds,
                     duration.count() % kMicroseconds);
}

Json HeadJson(const Head& head) {
  Json json = {{"version", kVersion},
               {"id", head.id},
               {"state", RecordingStateName(head.state)}};
  AddKnown(json, "error", head.error);
  json["stream"] = head.stream;
  json["session"] = head.session;
  json["started"] = FormatDateTime(head.started);
  json["updated"] = FormatDateTime(head.updated);
  if (head.ended) json["ended"] = FormatDateTime(*head.ended);
  json["identity"] = IdentityJson(head.identity);
  json["output"] = head.output;
  json["key"] = head.key;
  json["container"] = head.container;
  json["timescale"] = kTimescale;
  AddKnown(json, "multivariant_playlist", head.multivariant);
  json["renditions"] = Json::array();
  for (const Rendition& rendition : head.renditions) {
    json["renditions"].push_back(RenditionJson(rendition));
  }
  if (!head.counts) return json;
  json["duration_ticks"] = Ticks(head.duration);
  json["counts"] = {{"segments", head.counts->segments},
                    {"bytes", head.counts->bytes},
                    {"gaps", head.counts->gaps},
                    {"discontinuities", head.counts->discontinuities},
                    {"undelivered", head.counts->undelivered},
                    {"retries", head.counts->retries}};
  return json;
}

// What segments and gaps say of their place.
std::string Place(std::chrono::microseconds duration, std::int64_t start_ticks,
                  Time date_time, bool discontinuity) {
  return fmt::format(
      ", \"duration\": {}, \"duration_ticks\": {}, \"start_ticks\": {}, "
      "\"date_time\": \"{}\"{}",
      Seconds(duration), Ticks(duration), start_ticks,
      FormatDateTime(date_time),
      discontinuity ? ", \"discontinuity\": true" : "");
}

}  // namespace

std::int64_t Ticks(std::chrono::microseconds duration) {
  return (duration.count() * kTimescale + kMicroseconds / 2) / kMicroseconds;
}

std::string RenderRunning(const Head& head) {
  return Text(HeadJson(head), 2) + "\n";
}

std::string OpenLists(const Head& head) {
  std::string text = Text(HeadJson(head), 2);
  text.resize(text.size() - 2);  // "\n}"
  return text + ",\n  \"objects\": [";
}

std::string RenderObject(const Object& object) {
  std::string line = fmt::format("{{\"key\": {}, \"kind\": \"{}\"",
                                 Quoted(object.key), object.kind);
  if (object.kind == kPlaylist || object.kind == kInitSection ||
      object.kind == kSegment) {
    line += fmt::format(", \"rendition\": {}", Quoted(object.rendition));
  }
  if (object.sequence)
    line += fmt::format(", \"sequence\": {}", *object.sequence);
  if (object.size) line += fmt::format(", \"size\": {}", *object.size);
  if (object.kind == kSegment) {
    line += Place(object.duration, object.start_ticks, object.date_time,
                  object.discontinuity);
  }
  if (object.listed_as_gap) line += ", \"listed_as_gap\": true";
  if (!object.encoding.empty()) {
    line += fmt::format(", \"encoding\": \"{}\"", object.encoding);
  }
  if (!object.sha256.empty()) {
    line += fmt::format(", \"sha256\": \"{}\"", object.sha256);
  }
  if (!object.etag.empty()) line += ", \"etag\": " + Quoted(object.etag);
  return line + "}";
}

std::string RenderGap(const Gap& gap) {
  std::string line = fmt::format(
      "{{\"rendition\": {}, \"sequence\": {}{}, \"reason\": \"{}\"",
      Quoted(gap.rendition), gap.sequence,
      Place(gap.duration, gap.start_ticks, gap.date_time, gap.discontinuity),
      gap.key.empty() ? "no_media" : "not_stored");
  if (!gap.key.empty()) line += ", \"key\": " + Quoted(gap.key);
  return line + "}";
}

std::string CloseLists(const std::vector<std::string>& undelivered) {
  return fmt::format("\n  ],\n  \"undelivered\": {}\n}}\n",
                     Text(Json(undelivered)));
}

}  // namespace hlsrec::manifest

namespace hlsrec {

std::string_view RecordingStateName(RecordingState state) {
  switch (state) {
    case RecordingState::kStarting:
      return "starting";
    case RecordingState::kRunning:
      return "running";
    case RecordingState::kPaused:
      return "paused";
    case RecordingState::kStopping:
      return "stopping";
    case RecordingState::kPostProcessing:
      return "post_processing";
    case RecordingState::kCompleted:
      return "completed";
    case RecordingState::kFailed:
      return "failed";
  }
  return "failed";
}

}  // namespace hlsrec
