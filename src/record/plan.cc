#include "src/record/plan.h"

#include <algorithm>
#include <set>
#include <utility>

#include "hlsrec/probe.h"
#include "src/base/hash.h"
#include "src/base/rescale.h"
#include "src/base/runtime_core.h"
#include "src/base/status_util.h"
#include "src/playlist/render.h"
#include "src/record/earlier_manifest.h"
#include "src/record/existing.h"
#include "src/record/hold.h"
#include "src/record/notifications.h"
#include "src/record/plan_chat.h"
#include "src/record/plan_modes.h"
#include "src/record/plan_vod.h"
#include "src/record/restore.h"
#include "src/record/subject.h"
#include "src/record/takeover.h"
#include "src/spool/spool.h"

namespace hlsrec::record {
namespace {

using std::chrono::milliseconds;

bool IsVideo(const Track& track) {
  return CodecMediaType(track.codec) == MediaType::kVideo;
}

bool FitsTs(Codec codec) {
  return codec != Codec::kAv1 && codec != Codec::kOpus;
}

bool FitsFmp4(Codec codec) { return codec != Codec::kMpeg2Video; }

StatusOr<bool> ChooseFmp4(Container container,
                          const std::vector<Track>& tracks) {
  const bool fmp4 =
      (container == Container::kAuto ? ChooseContainer(tracks) : container) ==
      Container::kFmp4;
  HLSREC_RETURN_IF_ERROR(CheckContainer(fmp4, tracks));
  return fmp4;
}

Status CheckName(std::string_view field, std::string_view name) {
  if (!name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
      })) {
    return {};
  }
  return InvalidArgument("{}: `{}`: want letters, digits, `_`, `-`, `.`", field,
                         name);
}

Status CheckDurations(const RecordingOptions& options) {
  const auto within = [](std::string_view field, milliseconds value,
                         milliseconds least, milliseconds most) -> Status {
    if (value >= least && value <= most) return {};
    return InvalidArgument("{}: {} ms: want {} to {} ms", field, value.count(),
                           least.count(), most.count());
  };
  using std::chrono::hours;
  const SegmentOptions& segment = options.segment;
  HLSREC_RETURN_IF_ERROR(within("segment.target_duration",
                                segment.target_duration, milliseconds(100),
                                hours(1)));
  if (segment.max_gop) {
    HLSREC_RETURN_IF_ERROR(
        within("segment.max_gop", *segment.max_gop, milliseconds(0), hours(1)));
  }
  HLSREC_RETURN_IF_ERROR(within("segment.flush_interval",
                                segment.flush_interval, milliseconds(10),
                                milliseconds(60000)));
  const TimelineOptions& timeline = options.timeline;
  HLSREC_RETURN_IF_ERROR(within("timeline.max_forward_jump",
                                timeline.max_forward_jump, milliseconds(1),
                                hours(24)));
  HLSREC_RETURN_IF_ERROR(within("timeline.max_backward_jump",
                                timeline.max_backward_jump, milliseconds(1),
                                hours(24)));
  HLSREC_RETURN_IF_ERROR(within("timeline.interleave", timeline.interleave,
                                milliseconds(0), milliseconds(10000)));
  HLSREC_RETURN_IF_ERROR(within("timeline.wait_for_keyframe",
                                timeline.wait_for_keyframe, milliseconds(0),
                                hours(1)));
  HLSREC_RETURN_IF_ERROR(within("finish_timeout", options.finish_timeout,
                                milliseconds(0), hours(24)));
  HLSREC_RETURN_IF_ERROR(
      within("retry_first", options.retry_first, milliseconds(1), hours(1)));
  HLSREC_RETURN_IF_ERROR(
      within("retry_max", options.retry_max, options.retry_first, hours(1)));
  HLSREC_RETURN_IF_ERROR(
      within("retry_parked", options.retry_parked, milliseconds(1), hours(1)));
  return within("segment_deadline",
                options.segment_deadline.value_or(milliseconds(1)),
                milliseconds(1), hours(24));
}

StatusOr<std::vector<RenditionTracks>> MakeRenditions(
    const RecordingOptions& options) {
  std::vector<RenditionTracks> renditions;
  if (options.renditions.empty()) {
    RenditionTracks all;
    for (std::size_t i = 0; i < options.tracks.size(); ++i) {
      all.tracks.push_back(static_cast<int>(i));
    }
    renditions.push_back(std::move(all));
    return renditions;
  }
  std::set<std::string> names;
  for (std::size_t i = 0; i < options.renditions.size(); ++i) {
    const RenditionOptions& wanted = options.renditions[i];
    const std::string field = fmt::format("renditions[{}]", i);
    if (options.renditions.size() > 1 || !wanted.name.empty()) {
      HLSREC_RETURN_IF_ERROR(CheckName(field + ".name", wanted.name));
    }
    if (!names.insert(wanted.name).second) {
      return InvalidArgument("{}.name: {}: used twice", field, wanted.name);
    }
    if (wanted.tracks.empty()) {
      return InvalidArgument("{}.tracks: is empty", field);
    }
    RenditionTracks rendition{.name = wanted.name};
    int videos = 0;
    for (const int id : wanted.tracks) {
      const auto track =
          std::find_if(options.tracks.begin(), options.tracks.end(),
                       [id](const Track& t) { return t.id == id; });
      if (track == options.tracks.end()) {
        return InvalidArgument("{}.tracks: {}: no such track", field, id);
      }
      if (IsVideo(*track) && ++videos > 1) {
        return InvalidArgument(
            "{}.tracks: {}: a second video: make it a rendition of its own",
            field, id);
      }
      rendition.tracks.push_back(
          static_cast<int>(track - options.tracks.begin()));
    }
    renditions.push_back(std::move(rendition));
  }
  return renditions;
}

// What templates may say of renditions before the first packet.
std::vector<deliver::RenditionInfo> DescribeRenditions(
    const RecordingOptions& options,
    const std::vector<RenditionTracks>& renditions) {
  std::vector<deliver::RenditionInfo> infos;
  std::vector<int> heights;
  for (const RenditionTracks& rendition : renditions) {
    deliver::RenditionInfo info{.name = rendition.name};
    std::int64_t bit_rate = 0;
    int height = 0;
    for (const int number : rendition.tracks) {
      const Track& track = options.tracks[static_cast<std::size_t>(number)];
      bit_rate += track.bit_rate;
      if (IsVideo(track)) {
        info.has_video = true;
        height = track.height;
      }
    }
    if (height > 0) info.height = height;
    if (bit_rate > 0) info.kbps = static_cast<int>(bit_rate / 1000);
    heights.push_back(height);
    infos.push_back(std::move(info));
  }
  for (std::size_t i = 0; i < infos.size(); ++i) {
    infos[i].layer = static_cast<int>(
        std::count_if(heights.begin(), heights.end(),
                      [&](int height) { return height > heights[i]; }));
  }
  return infos;
}

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

// Everything about one output that does not depend on what is stored there.
StatusOr<deliver::OutputPlan> MakeOutput(
    RuntimeCore& core, const RecordingPlan& plan, std::size_t number,
    const std::vector<deliver::RenditionInfo>& infos,
    std::vector<PlaylistOptions>& playlists) {
  const RecordingOptions& options = plan.options;
  const OutputOptions& wanted = options.outputs[number];
  const std::string field = fmt::format("outputs[{}]", number);
  if (wanted.sink == nullptr) return InvalidArgument("{}.sink: is null", field);
  deliver::OutputPlan output{
      .id = wanted.id.empty() ? fmt::format("{}", number) : wanted.id,
      .sink = wanted.sink,
      .sink_name = wanted.sink->Describe(),
      .independent_segments =
          options.segment.missing_keyframe != MissingKeyframe::kCut,
      .expired = wanted.expired_segments,
      .delete_after_end = wanted.delete_after_end,
      .retry = {.first = options.retry_first,
                .max = options.retry_max,
                .parked = options.retry_parked}};
  HLSREC_RETURN_IF_ERROR(PlanModes(wanted, field, output));
  output.fields = {.stream = options.stream,
                   .session = plan.session,
                   .run = plan.run,
                   .time = plan.started,
                   .identity = plan.subject,
                   .user = options.fields};
  const StatusOr<bool> fmp4 = ChooseFmp4(wanted.container, options.tracks);
  if (!fmp4.ok()) return fmp4.status().WithContext(field);
  output.fmp4 = *fmp4;
  HLSREC_ASSIGN_OR_RETURN(const Layout layout, FindLayout("default"));
  std::vector<std::string> user_fields;
  for (const auto& [name, value] : options.fields) user_fields.push_back(name);
  const auto parse = [&](std::string_view name,
                         const std::string& text) -> StatusOr<PathTemplate> {
    StatusOr<PathTemplate> parsed = PathTemplate::Parse(text, user_fields);
    if (parsed.ok()) return parsed;
    return parsed.status().WithContext(fmt::format("{}.{}", field, name));
  };
  const auto either = [](const std::string& text, const std::string& fallback) {
    return text.empty() ? fallback : text;
  };
  HLSREC_ASSIGN_OR_RETURN(
      output.segment,
      parse("segment_path", either(wanted.segment_path, layout.segment)));
  if (!output.segment.Uses("seq")) {
    return InvalidArgument(
        "{}.segment_path: {}: needs {{seq}}, or segments would overwrite each "
        "other",
        field, output.segment.text());
  }
  HLSREC_ASSIGN_OR_RETURN(
      output.init, parse("init_path", either(wanted.init_path, layout.init)));
  if (!output.init.Uses("hash")) {
    return InvalidArgument(
        "{}.init_path: {}: needs {{hash}}: a changed init section must have "
        "another name",
        field, output.init.text());
  }
  playlists = wanted.playlists;
  if (playlists.empty()) playlists.push_back({.path = layout.playlist});
  output.segment_deadline = DeadlineFor(options, playlists);
  const bool several = plan.renditions.size() > 1;
  if (several && !wanted.multivariant_path) {
    HLSREC_ASSIGN_OR_RETURN(output.multivariant,
                            parse("multivariant_path", layout.multivariant));
  } else if (wanted.multivariant_path && !wanted.multivariant_path->empty()) {
    HLSREC_ASSIGN_OR_RETURN(
        output.multivariant,
        parse("multivariant_path", *wanted.multivariant_path));
  }
  if (!wanted.manifest_path.empty()) {
    HLSREC_ASSIGN_OR_RETURN(PathTemplate path,
                            parse("manifest_path", wanted.manifest_path));
    output.manifest = {.path = std::move(path), .id = plan.id};
  }
  HLSREC_ASSIGN_OR_RETURN(output.chat,
                          PlanChat(wanted.chat, user_fields, field));
  HLSREC_RETURN_IF_ERROR(PlanVod(core, wanted, user_fields, field, output));
  for (std::size_t r = 0; r < plan.renditions.size(); ++r) {
    deliver::RenditionPlan rendition{.info = infos[r],
                                     .first_sequence = wanted.first_sequence,
                                     .first_number = wanted.first_sequence};
    for (std::size_t p = 0; p < playlists.size(); ++p) {
      const std::string name = fmt::format("playlists[{}].path", p);
      if (playlists[p].policy == nullptr) {
        return InvalidArgument("{}.playlists[{}].policy: is null", field, p);
      }
      HLSREC_ASSIGN_OR_RETURN(
          PathTemplate path,
          parse(name, either(playlists[p].path, layout.playlist)));
      if (playlists[p].policy->rotates() && !path.Uses("segment_time") &&
          !path.Uses("seq")) {
        return InvalidArgument(
            "{}.{}: {}: needs {{segment_time}}: each playlist of a rotating "
            "policy must have another name",
            field, name, path.text());
      }
      playlist::MediaListOptions list{
          .policy = playlists[p].policy,
          .version = output.fmp4 ? 6 : 3,
          .target_duration = plan.target_duration,
          .independent_segments = output.independent_segments,
          .program_date_time = playlists[p].program_date_time};
      rendition.playlists.push_back({.path = std::move(path),
                                     .list = playlist::MediaList(list),
                                     .list_options = list});
    }
    output.renditions.push_back(std::move(rendition));
  }
  HLSREC_RETURN_IF_ERROR(PlanLease(options, wanted, field, output));
  return output;
}

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
    PathFields fields = output.fields;
    fields.rendition = rendition.info.name;
    fields.height = rendition.info.height;
    fields.kbps = rendition.info.kbps;
    fields.layer = rendition.info.layer;
    fields.sequence = rendition.first_number;
    fields.segment_time = output.fields.time;
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

Status CheckTracks(const std::vector<Track>& tracks) {
  if (tracks.empty()) {
    return InvalidArgument("tracks: is empty: there is nothing to record");
  }
  std::set<int> ids;
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    const Track& track = tracks[i];
    if (track.id < 0 || !ids.insert(track.id).second) {
      return InvalidArgument("tracks[{}].id: {}: negative or used twice", i,
                             track.id);
    }
    if (track.codec == Codec::kUnknown) {
      return InvalidArgument(
          "tracks[{}].codec: is unknown: leave the track out", i);
    }
    if (track.time_base.num <= 0 || track.time_base.den <= 0) {
      return InvalidArgument("tracks[{}].time_base: {}/{}: must be positive", i,
                             track.time_base.num, track.time_base.den);
    }
    if (track.timestamp_wrap_bits < 0 || track.timestamp_wrap_bits > 63) {
      return InvalidArgument("tracks[{}].timestamp_wrap_bits: {}: want 0 to 63",
                             i, track.timestamp_wrap_bits);
    }
  }
  return {};
}

Status CheckContainer(bool fmp4, const std::vector<Track>& tracks) {
  for (const Track& track : tracks) {
    if (!fmp4 && !FitsTs(track.codec)) {
      return FailedPrecondition(
          "track {}: {} can't be carried in MPEG-TS: use container fmp4 or "
          "leave the track out",
          track.id, CodecName(track.codec));
    }
    if (fmp4 && !FitsFmp4(track.codec)) {
      return FailedPrecondition(
          "track {}: {} can't be carried in fMP4: use container ts or leave "
          "the track out",
          track.id, CodecName(track.codec));
    }
  }
  return {};
}

namespace {

Status CheckRelay(const RelayOptions& relay, const std::string& field) {
  if (relay.timeout < milliseconds(1) ||
      relay.reconnect_first < milliseconds(1)) {
    return InvalidArgument("{}: timeout, reconnect_first: want 1 ms or more",
                           field);
  }
  if (relay.reconnect_max < relay.reconnect_first) {
    return InvalidArgument("{}.reconnect_max: {} ms: less than reconnect_first",
                           field, relay.reconnect_max.count());
  }
  return {};
}

// `ids`: of the outputs.
Status PlanRelays(std::set<std::string>& ids, RecordingPlan& plan) {
  for (std::size_t i = 0; i < plan.options.relays.size(); ++i) {
    RelayOptions& relay = plan.options.relays[i];
    const std::string field = fmt::format("relays[{}]", i);
    if (relay.id.empty()) relay.id = fmt::format("relay{}", i);
    if (!ids.insert(relay.id).second) {
      return InvalidArgument("{}.id: {}: used twice", field, relay.id);
    }
    HLSREC_RETURN_IF_ERROR(CheckRelay(relay, field));
    HLSREC_ASSIGN_OR_RETURN(
        av::StreamTarget target,
        av::ResolveStreamTarget(relay.url, relay.av_options));
    const bool carries =
        std::any_of(plan.options.tracks.begin(), plan.options.tracks.end(),
                    [&](const Track& track) {
                      return av::CarriesTrack(
                          target, {}, {.format = {.codec = track.codec}});
                    });
    if (!carries) {
      return FailedPrecondition(
          "relay: {}: none of the tracks can be carried there: {}",
          target.display,
          target.flv ? "RTMP takes H.264, AAC and MP3; srt:// takes more"
                     : "MPEG-TS takes neither AV1 nor Opus");
    }
    plan.relays.push_back(std::move(target));
  }
  return {};
}

// Continues or refuses the playlists that the sinks hold.
Status TakeOverAll(RuntimeCore& core, RecordingPlan& plan) {
  plan.recording = core.spool().journal().NewRecording();
  AdoptIdentity(core, plan);
  HLSREC_RETURN_IF_ERROR(HoldOutputs(core, plan));
  for (std::size_t i = 0; i < plan.outputs.size(); ++i) {
    deliver::OutputPlan& output = plan.outputs[i];
    output.recording = plan.recording;
    HLSREC_ASSIGN_OR_RETURN(
        const std::int64_t limit,
        TakeOver(core, plan.options.outputs[i].if_exists, output));
    HLSREC_RETURN_IF_ERROR(CheckChatIsNew(core, output));
    HLSREC_RETURN_IF_ERROR(CheckVodIsNew(core, output));
    // An old playlist's TARGETDURATION stays: what follows is cut to it.
    plan.target_duration = std::min(plan.target_duration, limit);
    for (const deliver::RenditionPlan& rendition : output.renditions) {
      for (const deliver::PlaylistPlan& playlist : rendition.playlists) {
        if (playlist.list.empty()) continue;
        plan.continued = true;
        const ListedSegment& newest = playlist.list.window().newest;
        plan.not_before =
            std::max(plan.not_before, newest.start + newest.duration);
      }
    }
  }
  return {};
}

}  // namespace

StatusOr<RecordingPlan> MakePlan(RuntimeCore& core, RecordingOptions options) {
  if (options.stream.empty()) {
    return InvalidArgument("stream: is empty: name the recording");
  }
  HLSREC_RETURN_IF_ERROR(TakeIdentity(options));
  HLSREC_RETURN_IF_ERROR(CheckTracks(options.tracks));
  HLSREC_RETURN_IF_ERROR(CheckDurations(options));
  if (options.outputs.empty() && options.relays.empty()) {
    return InvalidArgument("outputs: is empty: name at least one");
  }
  RecordingPlan plan{.options = std::move(options)};
  // The journal counts in microseconds: what is said now is said again later.
  plan.started =
      std::chrono::floor<std::chrono::microseconds>(core.clock().Wall());
  plan.subject = SubjectOf(plan.options.identity, plan.started);
  plan.session = plan.options.session;
  if (plan.session.empty()) {
    std::string time = playlist::FormatDateTime(plan.started);
    std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
    plan.session = time.substr(0, 15) + "Z-" + RandomHex(6);
  }
  plan.run = RandomHex(kRunDigits);
  plan.id = RandomHex(kIdDigits);
  HLSREC_ASSIGN_OR_RETURN(plan.renditions, MakeRenditions(plan.options));
  const SegmentOptions& segment = plan.options.segment;
  const milliseconds longest =
      segment.target_duration +
      segment.max_gop.value_or(segment.target_duration);
  plan.target_duration =
      std::chrono::ceil<std::chrono::seconds>(longest).count();
  const auto infos = DescribeRenditions(plan.options, plan.renditions);
  std::set<std::string> ids;
  for (std::size_t i = 0; i < plan.options.outputs.size(); ++i) {
    std::vector<PlaylistOptions> playlists;
    HLSREC_ASSIGN_OR_RETURN(deliver::OutputPlan output,
                            MakeOutput(core, plan, i, infos, playlists));
    if (!ids.insert(output.id).second) {
      return InvalidArgument("outputs[{}].id: {}: used twice", i, output.id);
    }
    HLSREC_RETURN_IF_ERROR(CheckCollisions(output));
    plan.outputs.push_back(std::move(output));
  }
  HLSREC_RETURN_IF_ERROR(CheckModes(plan, core.spool().max_age()));
  HLSREC_RETURN_IF_ERROR(PlanRelays(ids, plan));
  HLSREC_RETURN_IF_ERROR(PlanNotifiers(plan));
  if (!plan.outputs.empty()) {
    plan.identity = IdentityOf(plan);
    HLSREC_RETURN_IF_ERROR(ClaimPlan(core, plan));
    HLSREC_ASSIGN_OR_RETURN(const bool resumed, TakeUp(core, plan));
    if (!resumed) {
      HLSREC_RETURN_IF_ERROR(AcquireLeases(core, plan));
      HLSREC_RETURN_IF_ERROR(TakeOverAll(core, plan));
      HLSREC_RETURN_IF_ERROR(CheckContinued(plan));
    }
  }
  plan.cutter = {.target = Ticks90(segment.target_duration),
                 .limit = plan.target_duration * kClockRate};
  plan.cutter.target = std::min(plan.cutter.target, plan.cutter.limit);
  return plan;
}

}  // namespace hlsrec::record
