// What interrupted recordings owe, and the end of owing it.
#include <algorithm>
#include <map>
#include <utility>

#include "hlsrec/resume.h"
#include "src/base/answer.h"
#include "src/base/runtime_core.h"
#include "src/base/status_util.h"
#include "src/record/notification_feed.h"
#include "src/record/plan_chat.h"
#include "src/record/plan_text.h"
#include "src/record/plan_vod.h"
#include "src/record/restore.h"
#include "src/spool/spool.h"

namespace hlsrec {
namespace {

using deliver::OutputPlan;
using record::RecordingPlan;

// What several outputs owe or keep takes room once.
void CountSegments(const RecordingPlan& plan, InterruptedRecording& told) {
  using State = deliver::RestoredSegment::State;
  std::map<const Body*, std::uint64_t> owed;
  std::map<const Body*, std::uint64_t> kept;
  for (std::size_t o = 0; o < plan.restored.size(); ++o) {
    for (const auto& segments : plan.restored[o]) {
      if (o == 0) told.segments += segments.size();
      for (const deliver::RestoredSegment& segment : segments) {
        const deliver::SegmentRecord& record = segment.record;
        if (record.kept != nullptr) kept[record.kept.get()] = record.size_bytes;
        if (record.gap || segment.state == State::kStored ||
            segment.state == State::kBackfilled) {
          continue;
        }
        ++told.segments_owed;
        owed[record.body.get()] = record.size_bytes;
      }
    }
  }
  for (const auto& [body, size] : owed) told.bytes_owed += size;
  for (const auto& [body, size] : kept) {
    if (!owed.contains(body)) told.bytes_kept += size;
  }
}

InterruptedRecording Describe(const spool::RecordingSummary& summary,
                              const RecordingPlan& plan) {
  InterruptedRecording recording{.id = summary.recording,
                                 .stream = plan.options.stream,
                                 .session = plan.session,
                                 .started = plan.started,
                                 .ending = summary.ending,
                                 .journal_lost = plan.rebuilt};
  for (const OutputPlan& output : plan.outputs) {
    recording.sinks.push_back(output.sink_name);
    for (const deliver::RenditionPlan& rendition : output.renditions) {
      for (const deliver::PlaylistPlan& playlist : rendition.playlists) {
        if (!playlist.key.empty()) recording.playlists.push_back(playlist.key);
      }
    }
    for (const StatusOr<std::string>& key : record::VodKeys(output)) {
      if (key.ok()) recording.files_owed.push_back(*key);
    }
    // A chat of which nothing was said leaves no file.
    if (!output.chat || plan.next_chat <= 1) continue;
    for (std::string& key : record::ChatKeys(output)) {
      recording.files_owed.push_back(std::move(key));
    }
  }
  CountSegments(plan, recording);
  return recording;
}

// Its segments leave the spool, those that nobody knew of, too.
Status LetGo(RuntimeCore& core, spool::RecordingId recording) {
  const auto answer = std::make_shared<Answer<spool::JournaledRecording>>();
  core.spool().journal().Load(
      recording, [answer](StatusOr<spool::JournaledRecording> loaded) {
        answer->Set(std::move(loaded));
      });
  HLSREC_ASSIGN_OR_RETURN(const spool::JournaledRecording journaled,
                          answer->Take(core));
  for (const spool::SegmentSealed& segment : journaled.segments) {
    if (segment.file.empty()) continue;
    const auto found = core.spool().Find(segment);
    if (found.ok()) *found->owed = 0;
  }
  return {};
}

// Who was told that it can be resumed must hear that it can't. Before it is
// forgotten: who dies in between discards, and tells, again.
void TellDiscarded(RuntimeCore& core, const RecordingPlan& plan) {
  const auto answer = std::make_shared<Answer<int>>();
  record::NotificationFeed(core, plan)
      .OnEnded({.status = Cancelled("discarded")}, /*resumable=*/false,
               [answer](const Status& journaled) {
                 answer->Set(journaled.ok() ? StatusOr<int>(0) : journaled);
               });
  answer->Take(core).status().Ignore(
      "a full disk must not keep what fills it; it is tried again meanwhile");
}

Status Forget(RuntimeCore& core, spool::RecordingId recording) {
  const auto answer = std::make_shared<Answer<int>>();
  spool::ForgetRecording(core.spool(), recording, [answer](Status status) {
    answer->Set(status.ok() ? StatusOr<int>(0) : std::move(status));
  });
  return answer->Take(core).status();
}

}  // namespace

StatusOr<std::vector<InterruptedRecording>> ListInterrupted(
    const std::shared_ptr<Runtime>& runtime) {
  if (runtime == nullptr) return InvalidArgument("resume: runtime: is null");
  RuntimeCore& core = runtime->core();
  std::vector<InterruptedRecording> recordings;
  for (const auto& summary : core.spool().journal().Recordings()) {
    HLSREC_ASSIGN_OR_RETURN(RecordingPlan plan,
                            record::LoadPlan(summary.config));
    plan.identity = summary.identity;
    // Whoever records now is not interrupted.
    if (!record::ClaimPlan(core, plan).ok()) continue;
    HLSREC_RETURN_IF_ERROR(record::RestorePlan(core, summary.recording, plan));
    recordings.push_back(Describe(summary, plan));
  }
  return recordings;
}

StatusOr<InterruptedRecording> Discard(const std::shared_ptr<Runtime>& runtime,
                                       std::int64_t recording) {
  if (runtime == nullptr) return InvalidArgument("discard: runtime: is null");
  RuntimeCore& core = runtime->core();
  const auto all = core.spool().journal().Recordings();
  const auto summary = std::find_if(all.begin(), all.end(), [&](const auto& s) {
    return s.recording == recording;
  });
  if (summary == all.end()) {
    return NotFound("discard: recording {}: is not in the spool", recording);
  }
  HLSREC_ASSIGN_OR_RETURN(RecordingPlan plan,
                          record::LoadPlan(summary->config));
  plan.identity = summary->identity;
  HLSREC_RETURN_IF_ERROR(record::ClaimPlan(core, plan).WithContext("discard"));
  HLSREC_RETURN_IF_ERROR(record::RestorePlan(core, recording, plan));
  InterruptedRecording dropped = Describe(*summary, plan);
  TellDiscarded(core, plan);
  plan.restored.clear();
  // Files first: whoever dies before the journal forgets discards again.
  HLSREC_RETURN_IF_ERROR(LetGo(core, recording).WithContext("discard"));
  HLSREC_RETURN_IF_ERROR(Forget(core, recording).WithContext("discard"));
  return dropped;
}

}  // namespace hlsrec
