#include "src/record/plan.h"

#include <algorithm>
#include <set>
#include <utility>

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
#include "src/record/plan_output.h"
#include "src/record/plan_tracks.h"
#include "src/record/plan_vod.h"
#include "src/record/restore.h"
#include "src/record/subject.h"
#include "src/record/takeover.h"
#include "src/spool/spool.h"

namespace hlsrec::record {
namespace {

using std::chrono::milliseconds;

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
    HLSREC_ASSIGN_OR_RETURN(deliver::OutputPlan output,
                            PlanOutput(core, plan, i, infos));
    if (!ids.insert(output.id).second) {
      return InvalidArgument("outputs[{}].id: {}: used twice", i, output.id);
    }
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
