#include "src/record/plan_modes.h"

#include <algorithm>

#include "src/base/status_util.h"

namespace hlsrec::record {
namespace {

using deliver::OutputPlan;
using std::chrono::milliseconds;

// What waits for the end waits for room, and for its age, in vain; a list that
// loses segments meanwhile would have lost them unseen.
Status CheckAtEnd(const RecordingPlan& plan, const OutputPlan& output,
                  const std::string& field, milliseconds spool_max_age) {
  for (const auto& playlist : output.renditions.front().playlists) {
    if (playlist.list_options.policy->type() != PlaylistType::kLive) continue;
    return InvalidArgument(
        "{}.delivery: at the end: {}: a live window would lose its segments "
        "unseen: use event or vod",
        field, playlist.path.text());
  }
  if (plan.options.spool_full == WhenSpoolFull::kWait) {
    return InvalidArgument(
        "{}.delivery: at the end: spool_full: wait: no room comes before the "
        "end: use stop or drop-oldest",
        field);
  }
  if (spool_max_age.count() > 0) {
    return InvalidArgument(
        "{}.delivery: at the end: spool_max_age: {} ms: segments wait for as "
        "long as the recording lasts: use none",
        field, spool_max_age.count());
  }
  return {};
}

// The spool fills with what the end makes something of.
Status CheckKept(const RecordingPlan& plan, const OutputPlan& output,
                 const std::string& field) {
  if (!output.keeps_media() ||
      plan.options.spool_full != WhenSpoolFull::kWait) {
    return {};
  }
  return InvalidArgument(
      "{}.{}: spool_full: wait: no room comes before the end: use stop or "
      "drop-oldest",
      field, output.archive ? "archive_path" : "movie_path");
}

Status CheckRemoval(const RecordingPlan& plan, const OutputPlan& output,
                    const std::string& field) {
  if (!output.delete_once_stored_by.empty() && output.delete_after_end) {
    return InvalidArgument(
        "{}.delete_once_stored_by: delete_after_end removes it, too: choose "
        "one",
        field);
  }
  for (const std::string& id : output.delete_once_stored_by) {
    const auto other =
        std::find_if(plan.outputs.begin(), plan.outputs.end(),
                     [&](const OutputPlan& each) { return each.id == id; });
    if (other == plan.outputs.end() || id == output.id) {
      return InvalidArgument("{}.delete_once_stored_by: {}: no other output",
                             field, id);
    }
    if (!other->delete_once_stored_by.empty()) {
      return InvalidArgument("{}.delete_once_stored_by: {}: is removed itself",
                             field, id);
    }
  }
  return {};
}

}  // namespace

Status PlanModes(const OutputOptions& wanted, const std::string& field,
                 OutputPlan& output) {
  output.gzip_playlists = wanted.playlist_encoding == PlaylistEncoding::kGzip;
  if (output.gzip_playlists && !wanted.sink->keeps_content_encoding()) {
    return InvalidArgument(
        "{}.playlist_encoding: {}: keeps no Content-Encoding, so that players "
        "would take gzip for text: use identity",
        field, output.sink_name);
  }
  constexpr milliseconds kLongestPace{60000};
  output.rewrite_interval =
      wanted.rewrite_interval.value_or(wanted.sink->rewrite_interval());
  if (output.rewrite_interval < milliseconds(0) ||
      output.rewrite_interval > kLongestPace) {
    return InvalidArgument("{}.rewrite_interval: {} ms: want 0 to {} ms", field,
                           output.rewrite_interval.count(),
                           kLongestPace.count());
  }
  if (wanted.retain && wanted.retain->count() < 1) {
    return InvalidArgument("{}.retain: {} s: want 1 s or more", field,
                           wanted.retain->count());
  }
  if (wanted.retain &&
      (wanted.delete_after_end || !wanted.delete_once_stored_by.empty())) {
    return InvalidArgument(
        "{}.retain: the recording is removed at its end already: choose one",
        field);
  }
  output.retain = wanted.retain;
  output.at_end = wanted.delivery == Delivery::kAtEnd;
  output.delete_once_stored_by = wanted.delete_once_stored_by;
  return {};
}

Status CheckModes(const RecordingPlan& plan, milliseconds spool_max_age) {
  for (std::size_t i = 0; i < plan.outputs.size(); ++i) {
    const OutputPlan& output = plan.outputs[i];
    const std::string field = fmt::format("outputs[{}]", i);
    if (output.at_end) {
      HLSREC_RETURN_IF_ERROR(CheckAtEnd(plan, output, field, spool_max_age));
    }
    HLSREC_RETURN_IF_ERROR(CheckKept(plan, output, field));
    HLSREC_RETURN_IF_ERROR(CheckRemoval(plan, output, field));
  }
  return {};
}

Status CheckContinued(const RecordingPlan& plan) {
  for (std::size_t i = 0; i < plan.outputs.size(); ++i) {
    const OutputPlan& output = plan.outputs[i];
    if (output.delete_once_stored_by.empty() && !output.retain) continue;
    for (const auto& rendition : output.renditions) {
      for (const auto& playlist : rendition.playlists) {
        if (playlist.imported.empty()) continue;
        return FailedPrecondition(
            "outputs[{}].{}: {}: holds segments of earlier recordings, of "
            "which "
            "this one does not know enough: keep it, or use another session",
            i, output.retain ? "retain" : "delete_once_stored_by",
            playlist.key);
      }
    }
  }
  return {};
}

}  // namespace hlsrec::record
