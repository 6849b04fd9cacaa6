#include "src/record/plan_output.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include "hlsrec/path_template.h"
#include "src/base/status_util.h"
#include "src/record/plan_chat.h"
#include "src/record/plan_modes.h"
#include "src/record/plan_tracks.h"
#include "src/record/plan_vod.h"
#include "src/record/stored.h"
#include "src/record/takeover.h"

namespace hlsrec::record {
namespace {

using std::chrono::milliseconds;

std::optional<milliseconds> DeadlineFor(
    const RecordingOptions& options,
    const std::vector<PlaylistOptions>& playlists) {
  const bool live =
      std::any_of(playlists.begin(), playlists.end(), [](const auto& playlist) {
        return playlist.policy != nullptr &&
               playlist.policy->type() == PlaylistType::kLive;
      });
  const bool goes_on = options.late_segments == LateSegments::kGap ||
                       (options.late_segments == LateSegments::kAuto && live);
  if (!goes_on) return std::nullopt;
  return options.segment_deadline.value_or(options.segment.target_duration);
}

class OutputPlanner {
 public:
  OutputPlanner(RuntimeCore& core, const RecordingPlan& plan,
                std::size_t number)
      : core_(core),
        plan_(plan),
        wanted_(plan.options.outputs[number]),
        number_(number),
        field_(fmt::format("outputs[{}]", number)),
        playlists_(wanted_.playlists) {
    for (const auto& [name, value] : plan.options.fields) {
      user_fields_.push_back(name);
    }
  }

  StatusOr<deliver::OutputPlan> Make(
      const std::vector<deliver::RenditionInfo>& infos) {
    if (wanted_.sink == nullptr) {
      return InvalidArgument("{}.sink: is null", field_);
    }
    HLSREC_ASSIGN_OR_RETURN(layout_, FindLayout("default"));
    if (playlists_.empty()) playlists_.push_back({.path = layout_.playlist});
    HLSREC_RETURN_IF_ERROR(PlanMedia());
    HLSREC_RETURN_IF_ERROR(NameSegments());
    HLSREC_RETURN_IF_ERROR(NameWhatTellsOfAll());
    HLSREC_ASSIGN_OR_RETURN(output_.chat,
                            PlanChat(wanted_.chat, user_fields_, field_));
    HLSREC_RETURN_IF_ERROR(
        PlanVod(core_, wanted_, user_fields_, field_, output_));
    for (const deliver::RenditionInfo& info : infos) {
      HLSREC_RETURN_IF_ERROR(AddRendition(info));
    }
    HLSREC_RETURN_IF_ERROR(PlanLease(plan_.options, wanted_, field_, output_));
    return std::move(output_);
  }

 private:
  StatusOr<PathTemplate> Parse(std::string_view name, const std::string& text,
                               const std::string& fallback = {}) const {
    StatusOr<PathTemplate> parsed =
        PathTemplate::Parse(text.empty() ? fallback : text, user_fields_);
    if (parsed.ok()) return parsed;
    return parsed.status().WithContext(fmt::format("{}.{}", field_, name));
  }

  // Where it goes, in which container, when and how.
  Status PlanMedia() {
    const RecordingOptions& options = plan_.options;
    output_.id = wanted_.id.empty() ? fmt::format("{}", number_) : wanted_.id;
    output_.sink = wanted_.sink;
    output_.sink_name = wanted_.sink->Describe();
    output_.independent_segments =
        options.segment.missing_keyframe != MissingKeyframe::kCut;
    output_.expired = wanted_.expired_segments;
    output_.delete_after_end = wanted_.delete_after_end;
    output_.retry = {.first = options.retry_first,
                     .max = options.retry_max,
                     .parked = options.retry_parked};
    output_.segment_deadline = DeadlineFor(options, playlists_);
    output_.fields = {.stream = options.stream,
                      .session = plan_.session,
                      .run = plan_.run,
                      .time = plan_.started,
                      .identity = plan_.subject,
                      .user = options.fields};
    HLSREC_RETURN_IF_ERROR(PlanModes(wanted_, field_, output_));
    const StatusOr<bool> fmp4 = ChooseFmp4(wanted_.container, options.tracks);
    if (!fmp4.ok()) return fmp4.status().WithContext(field_);
    output_.fmp4 = *fmp4;
    return {};
  }

  Status NameSegments() {
    HLSREC_ASSIGN_OR_RETURN(
        output_.segment,
        Parse("segment_path", wanted_.segment_path, layout_.segment));
    if (!output_.segment.Uses("seq")) {
      return InvalidArgument(
          "{}.segment_path: {}: needs {{seq}}, or segments would overwrite "
          "each other",
          field_, output_.segment.text());
    }
    HLSREC_ASSIGN_OR_RETURN(
        output_.init, Parse("init_path", wanted_.init_path, layout_.init));
    if (!output_.init.Uses("hash")) {
      return InvalidArgument(
          "{}.init_path: {}: needs {{hash}}: a changed init section must have "
          "another name",
          field_, output_.init.text());
    }
    return {};
  }

  // The multivariant playlist and the manifest.
  Status NameWhatTellsOfAll() {
    const bool several = plan_.renditions.size() > 1;
    const std::string multivariant = wanted_.multivariant_path.value_or(
        several ? layout_.multivariant : std::string());
    if (!multivariant.empty()) {
      HLSREC_ASSIGN_OR_RETURN(output_.multivariant,
                              Parse("multivariant_path", multivariant));
    }
    if (!wanted_.manifest_path.empty()) {
      HLSREC_ASSIGN_OR_RETURN(PathTemplate path,
                              Parse("manifest_path", wanted_.manifest_path));
      output_.manifest = {.path = std::move(path), .id = plan_.id};
    }
    return {};
  }

  Status AddRendition(const deliver::RenditionInfo& info) {
    deliver::RenditionPlan rendition{.info = info,
                                     .first_sequence = wanted_.first_sequence,
                                     .first_number = wanted_.first_sequence};
    for (std::size_t p = 0; p < playlists_.size(); ++p) {
      HLSREC_ASSIGN_OR_RETURN(
          deliver::PlaylistPlan playlist,
          PlanPlaylist(playlists_[p], fmt::format("playlists[{}]", p)));
      rendition.playlists.push_back(std::move(playlist));
    }
    output_.renditions.push_back(std::move(rendition));
    return {};
  }

  [[nodiscard]] StatusOr<deliver::PlaylistPlan> PlanPlaylist(
      const PlaylistOptions& wanted, const std::string& name) const {
    if (wanted.policy == nullptr) {
      return InvalidArgument("{}.{}.policy: is null", field_, name);
    }
    HLSREC_ASSIGN_OR_RETURN(
        PathTemplate path,
        Parse(name + ".path", wanted.path, layout_.playlist));
    if (wanted.policy->rotates() && !path.Uses("segment_time") &&
        !path.Uses("seq")) {
      return InvalidArgument(
          "{}.{}.path: {}: needs {{segment_time}}: each playlist of a rotating "
          "policy must have another name",
          field_, name, path.text());
    }
    const playlist::MediaListOptions list{
        .policy = wanted.policy,
        .version = output_.fmp4 ? 6 : 3,
        .target_duration = plan_.target_duration,
        .independent_segments = output_.independent_segments,
        .program_date_time = wanted.program_date_time};
    return deliver::PlaylistPlan{.path = std::move(path),
                                 .list = playlist::MediaList(list),
                                 .list_options = list};
  }

  RuntimeCore& core_;
  const RecordingPlan& plan_;
  const OutputOptions& wanted_;
  const std::size_t number_;
  const std::string field_;
  std::vector<std::string> user_fields_;
  std::vector<PlaylistOptions> playlists_;
  Layout layout_;
  deliver::OutputPlan output_;
};

// No two objects of an output may have one key: told by the playlists' names
// and the first segments'.
Status CheckCollisions(const deliver::OutputPlan& output) {
  std::set<std::string> keys;
  const auto add = [&](const StatusOr<std::string>& key,
                       std::string_view what) -> Status {
    HLSREC_RETURN_IF_ERROR(key.status());
    if (keys.insert(*key).second) return {};
    return InvalidArgument(
        "output {}: {}: {} has the name of another object: add {{rendition}} "
        "or another field to its path",
        output.id, *key, what);
  };
  for (const deliver::RenditionPlan& rendition : output.renditions) {
    PathFields fields = NameFields(output, rendition);
    fields.extension = output.fmp4 ? "m4s" : "ts";
    HLSREC_RETURN_IF_ERROR(add(output.segment.Expand(fields), "a segment"));
    fields.extension = "m3u8";
    for (const deliver::PlaylistPlan& plan : rendition.playlists) {
      HLSREC_RETURN_IF_ERROR(add(plan.path.Expand(fields), "a playlist"));
    }
  }
  if (output.multivariant) {
    PathFields fields = output.fields;
    fields.extension = "m3u8";
    HLSREC_RETURN_IF_ERROR(
        add(output.multivariant->Expand(fields), "the multivariant playlist"));
  }
  if (output.manifest) {
    PathFields fields = output.fields;
    fields.extension = "json";
    HLSREC_RETURN_IF_ERROR(
        add(output.manifest->path.Expand(fields), "the manifest"));
  }
  for (const std::string& key : ChatKeys(output)) {
    HLSREC_RETURN_IF_ERROR(add(key, "the chat"));
  }
  for (const StatusOr<std::string>& key : VodKeys(output)) {
    HLSREC_RETURN_IF_ERROR(add(key, "what is made at the end"));
  }
  return {};
}

}  // namespace

StatusOr<deliver::OutputPlan> PlanOutput(
    RuntimeCore& core, const RecordingPlan& plan, std::size_t number,
    const std::vector<deliver::RenditionInfo>& infos) {
  HLSREC_ASSIGN_OR_RETURN(deliver::OutputPlan output,
                          OutputPlanner(core, plan, number).Make(infos));
  HLSREC_RETURN_IF_ERROR(CheckCollisions(output));
  return output;
}

}  // namespace hlsrec::record
