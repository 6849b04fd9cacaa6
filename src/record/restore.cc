#include "src/record/restore.h"

#include <algorithm>
#include <map>
#include <set>
#include <tuple>
#include <utility>

#include "src/base/answer.h"
#include "src/base/status_util.h"
#include "src/record/existing.h"
#include "src/record/hold.h"
#include "src/record/plan_text.h"
#include "src/record/rebuild.h"
#include "src/record/subject.h"
#include "src/record/takeover.h"
#include "src/spool/spool.h"

namespace hlsrec::record {
namespace {

using deliver::OutputPlan;
using deliver::PlaylistPlan;
using deliver::RestoredSegment;
using spool::JournaledRecording;
using spool::SegmentSealed;

StatusOr<JournaledRecording> Load(RuntimeCore& core,
                                  spool::RecordingId recording) {
  const auto answer = std::make_shared<Answer<JournaledRecording>>();
  core.spool().journal().Load(recording,
                              [answer](StatusOr<JournaledRecording> loaded) {
                                answer->Set(std::move(loaded));
                              });
  return answer->Take(core);
}

using SeriesId = std::pair<int, int>;  // rendition, packaging

// What one series lacks becomes a gap, so that all end alike and no number is
// left out: a run that died may have had no time to tell what it lost.
// `elsewhere` has segments that are known from elsewhere; of the renditions
// `never_listed` nothing was forgotten. Without a journal nobody is told.
void FillHoles(spool::Journal* journal, Known elsewhere,
               const std::set<int>& never_listed, std::uint64_t next,
               std::chrono::microseconds longest,
               std::map<SeriesId, Series>& all) {
  Series& known = elsewhere.segments;
  for (const auto& [id, series] : all)
    known.insert(series.begin(), series.end());
  if (known.empty()) return;
  for (auto each = known.begin(); std::next(each) != known.end(); ++each) {
    const auto after = std::next(each);
    if (after->first == each->first + 1) continue;
    known.emplace(each->first + 1,
                  GapBehind(each->second, after->second.start,
                            after->first - each->first - 1, longest));
  }
  // What nothing tells of can't be made a gap.
  next = std::min(next, known.rbegin()->first + 1);
  for (auto& [id, series] : all) {
    // What is before its first may have been forgotten, where it has any.
    const bool whole = series.empty() || never_listed.contains(id.first);
    std::uint64_t i = whole ? known.begin()->first : series.begin()->first;
    i = std::min(i, std::max(elsewhere.from, known.begin()->first));
    for (; i < next; ++i) {
      if (series.contains(i)) continue;
      const SegmentSealed& found = known.at(i);
      SegmentSealed gap{.id = found.id,
                        .duration = found.duration,
                        .start = found.start,
                        .discontinuity = found.discontinuity,
                        .gap = true};
      gap.id.rendition = id.first;
      gap.id.packaging = id.second;
      if (journal != nullptr) journal->Add(gap, {});
      series.emplace(i, std::move(gap));
    }
  }
}

// The renditions of which no playlist was ever stored.
std::set<int> NeverListed(const RecordingPlan& plan,
                          const JournaledRecording& journaled) {
  std::set<int> renditions;
  for (std::size_t r = 0; r < plan.renditions.size(); ++r) {
    renditions.insert(static_cast<int>(r));
  }
  for (const spool::PlaylistPublished& version : journaled.playlists) {
    renditions.erase(version.rendition);
  }
  return renditions;
}

RestoredSegment::State StateOf(const spool::SegmentDelivered* delivered) {
  if (delivered == nullptr) return RestoredSegment::State::kOwed;
  switch (delivered->outcome) {
    case spool::Outcome::kStored:
      return RestoredSegment::State::kStored;
    case spool::Outcome::kLost:
      return RestoredSegment::State::kLost;
    case spool::Outcome::kBackfilled:
      return RestoredSegment::State::kBackfilled;
  }
  return RestoredSegment::State::kOwed;
}

// Makes records of what the journal has, each segment's file found once.
class Records {
 public:
  Records(RuntimeCore& core, const JournaledRecording& journaled,
          std::chrono::microseconds target_duration)
      : core_(core), longest_(target_duration) {
    for (const spool::InitSection& init : journaled.inits) {
      inits_[{init.rendition, init.packaging, init.hash}] =
          MakeStringBody(init.bytes);
    }
    for (const spool::SegmentDelivered& delivered : journaled.deliveries) {
      delivered_[{delivered.output, delivered.rendition, delivered.index}] =
          &delivered;
    }
  }

  RestoredSegment Make(const OutputPlan& output, const SegmentSealed& segment) {
    RestoredSegment restored;
    deliver::SegmentRecord& record = restored.record;
    record = {.rendition = segment.id.rendition,
              .index = segment.id.index,
              .duration = std::min(segment.duration, longest_),
              .start = segment.start,
              .discontinuity = segment.discontinuity,
              .gap = segment.gap,
              .size_bytes = segment.size_bytes,
              .sha256 = segment.sha256};
    if (segment.gap) return restored;
    const auto delivered =
        delivered_.find({output.id, segment.id.rendition, segment.id.index});
    restored.state =
        StateOf(delivered == delivered_.end() ? nullptr : delivered->second);
    record.init_hash = segment.init_hash;
    const auto init = inits_.find(
        {segment.id.rendition, segment.id.packaging, segment.init_hash});
    if (init != inits_.end()) record.init = init->second;
    if (restored.state == RestoredSegment::State::kOwed ||
        restored.state == RestoredSegment::State::kLost) {
      const spool::SealedSegment& found = Find(segment);
      record.body = found.body;
      record.owed = found.owed;
      if (record.owed != nullptr) ++*record.owed;
    }
    if (output.keeps_media()) {
      const spool::SealedSegment& found = Find(segment);
      record.kept = found.body;
      record.owed = found.owed;
      if (record.owed != nullptr) ++*record.owed;
    }
    return restored;
  }

 private:
  const spool::SealedSegment& Find(const SegmentSealed& segment) {
    const auto known = found_.find(segment.id);
    if (known != found_.end()) return known->second;
    spool::SealedSegment& found = found_[segment.id];
    auto sealed = core_.spool().Find(segment);
    if (sealed.ok()) {
      found = std::move(sealed).value();
      *found.owed = 0;  // counted by output
    }
    return found;
  }

  RuntimeCore& core_;
  const std::chrono::microseconds longest_;
  std::map<std::tuple<int, int, std::string>, std::shared_ptr<const Body>>
      inits_;
  std::map<std::tuple<std::string, int, std::uint64_t>,
           const spool::SegmentDelivered*>
      delivered_;
  std::map<spool::SegmentId, spool::SealedSegment> found_;
};

// A window goes on where its newest version stood.
void RestoreWindow(const spool::PlaylistPublished& version,
                   std::uint64_t first_sequence, PlaylistPlan& plan) {
  // Behind what was found under its name, with the break that stands there.
  if (!plan.imported.empty() && version.oldest_sequence <= plan.list_from) {
    return;
  }
  plan.key = version.key;
  if (version.oldest_sequence <= first_sequence) return;
  plan.list_from = version.oldest_sequence;
  plan.list =
      playlist::MediaList::Resume(plan.list_options, version.oldest_sequence,
                                  version.discontinuity_sequence);
}

// Of lists that follow each other, one that was rotated out may lack its end.
void RestoreRotating(const std::vector<const spool::PlaylistPublished*>& lists,
                     PlaylistPlan& plan) {
  const spool::PlaylistPublished* open = nullptr;
  std::uint64_t from = 0;
  for (const spool::PlaylistPublished* list : lists) {
    if (list->ended) {
      from = std::max(from, list->newest_sequence + 1);
    } else if (open == nullptr ||
               list->oldest_sequence < open->oldest_sequence) {
      open = list;
    }
  }
  // It goes on behind what was found under its name.
  const bool imported = !plan.imported.empty();
  if (open != nullptr && imported && open->key == plan.key) return;
  // The run before may have begun with another.
  if (imported) plan.list = playlist::MediaList(plan.list_options);
  plan.imported.clear();
  plan.key = open == nullptr ? std::string() : open->key;
  plan.list_from = open == nullptr ? from : open->oldest_sequence;
}

// Where the versions stood that were published last.
void RestorePlaylists(const JournaledRecording& journaled, OutputPlan& output) {
  std::map<PlaylistPlan*, std::vector<const spool::PlaylistPublished*>>
      rotating;
  for (const spool::PlaylistPublished& version : journaled.playlists) {
    if (version.output != output.id) continue;
    if (version.ended) output.ended.insert(version.key);
    if (version.rendition < 0) continue;
    const auto r = static_cast<std::size_t>(version.rendition);
    const auto p = static_cast<std::size_t>(version.playlist);
    if (r >= output.renditions.size() ||
        p >= output.renditions[r].playlists.size()) {
      continue;
    }
    PlaylistPlan& plan = output.renditions[r].playlists[p];
    const PlaylistPolicy& policy = *plan.list_options.policy;
    if (policy.rotates()) {
      rotating[&plan].push_back(&version);
    } else if (policy.type() == PlaylistType::kLive) {
      RestoreWindow(version, output.renditions[r].first_sequence, plan);
    } else {
      plan.key = version.key;
    }
  }
  for (const auto& [plan, lists] : rotating) RestoreRotating(lists, *plan);
}

void RestoreOutput(const JournaledRecording& journaled,
                   const std::map<SeriesId, Series>& all, Records& records,
                   RecordingPlan& plan, OutputPlan& output) {
  RestorePlaylists(journaled, output);
  for (const spool::RenditionDescribed& described : journaled.renditions) {
    const auto r = static_cast<std::size_t>(described.rendition);
    if (r >= output.renditions.size()) continue;
    LoadInfo(described.info, output.renditions[r].info)
        .Ignore("the bitstream says it again");
  }
  std::vector<std::vector<RestoredSegment>> restored(output.renditions.size());
  for (std::size_t r = 0; r < restored.size(); ++r) {
    const auto series =
        all.find({static_cast<int>(r), PackagingOf(output.fmp4)});
    if (series == all.end()) continue;
    for (const auto& [index, segment] : series->second) {
      restored[r].push_back(records.Make(output, segment));
    }
  }
  plan.restored.push_back(std::move(restored));
}

// Files that nobody owes any more: who delivered them died before it removed
// them, or only the lists could tell.
void LetGoOfDelivered(RuntimeCore& core, const RecordingPlan& plan,
                      const JournaledRecording& journaled) {
  std::set<std::tuple<int, int, std::uint64_t>> owed;
  for (std::size_t o = 0; o < plan.outputs.size(); ++o) {
    for (const auto& rendition : plan.restored[o]) {
      for (const RestoredSegment& segment : rendition) {
        const bool held =
            segment.record.body != nullptr || segment.record.kept != nullptr;
        if (!held) continue;
        owed.insert({segment.record.rendition,
                     PackagingOf(plan.outputs[o].fmp4), segment.record.index});
      }
    }
  }
  const std::set<std::string>& files = core.spool().recovered().files;
  for (const SegmentSealed& segment : journaled.segments) {
    if (!files.contains(segment.file) ||
        owed.contains(
            {segment.id.rendition, segment.id.packaging, segment.id.index})) {
      continue;
    }
    const auto found = core.spool().Find(segment);
    if (found.ok()) *found->owed = 0;
  }
}

}  // namespace

std::string IdentityOf(const RecordingPlan& plan) {
  std::string identity;
  for (const OutputPlan& output : plan.outputs) {
    for (const deliver::RenditionPlan& rendition : output.renditions) {
      PathFields fields = output.fields;
      fields.rendition = rendition.info.name;
      fields.layer = rendition.info.layer;
      // These may differ from run to run, and do not name the recording.
      fields.height = 0;
      fields.kbps = 0;
      fields.sequence = 0;
      fields.segment_time = WallTime();
      fields.extension = "m3u8";
      const StatusOr<std::string> key =
          rendition.playlists.front().path.Expand(fields);
      if (!identity.empty()) identity += '\n';
      identity += output.sink_name + " " +
                  (key.ok() ? *key : std::string(key.status().message()));
    }
  }
  return identity;
}

Status RestorePlan(RuntimeCore& core, spool::RecordingId recording,
                   RecordingPlan& plan) {
  HLSREC_ASSIGN_OR_RETURN(JournaledRecording journaled, Load(core, recording));
  plan.recording = recording;
  plan.resumed = true;
  plan.identity = journaled.summary.identity;
  if (!journaled.chat.empty()) {
    plan.next_chat = journaled.chat.back().number + 1;
  }
  std::map<SeriesId, Series> all;
  for (const OutputPlan& output : plan.outputs) {
    for (std::size_t r = 0; r < plan.renditions.size(); ++r) {
      all[{static_cast<int>(r), PackagingOf(output.fmp4)}];
    }
  }
  for (const SegmentSealed& segment : journaled.segments) {
    plan.next_index = std::max(plan.next_index, segment.id.index + 1);
    plan.not_before =
        std::max(plan.not_before, segment.start + segment.duration);
  }
  Known known;
  if (core.spool().IsRebuilt(recording)) {
    plan.rebuilt = true;
    HLSREC_ASSIGN_OR_RETURN(known, GoOnFromSinks(core, plan, journaled));
  }
  for (const SegmentSealed& segment : journaled.segments) {
    const auto series = all.find({segment.id.rendition, segment.id.packaging});
    if (series == all.end()) continue;
    series->second.emplace_hint(series->second.end(), segment.id.index,
                                segment);
  }
  // Who only lists recordings has no sinks, and does not know all there is to
  // know.
  const bool knows = std::all_of(
      plan.outputs.begin(), plan.outputs.end(),
      [](const OutputPlan& output) { return output.sink != nullptr; });
  FillHoles(knows ? &core.spool().journal() : nullptr, std::move(known),
            NeverListed(plan, journaled), plan.next_index,
            std::chrono::seconds(plan.target_duration), all);
  Records records(core, journaled, std::chrono::seconds(plan.target_duration));
  plan.restored.clear();
  for (OutputPlan& output : plan.outputs) {
    output.recording = recording;
    RestoreOutput(journaled, all, records, plan, output);
  }
  if (knows) LetGoOfDelivered(core, plan, journaled);
  return {};
}

StatusOr<bool> TakeUp(RuntimeCore& core, RecordingPlan& plan) {
  for (const spool::RecordingSummary& summary :
       core.spool().journal().Recordings()) {
    if (summary.identity != plan.identity) continue;
    HLSREC_ASSIGN_OR_RETURN(RecordingPlan saved, LoadPlan(summary.config));
    const Status taken = CheckNotTakenOver(core, saved.run, plan.outputs);
    if (taken.code() == StatusCode::kConflict) {
      HLSREC_RETURN_IF_ERROR(SetAside(core, summary, saved.run));
      return false;
    }
    HLSREC_RETURN_IF_ERROR(taken);
    if (summary.ending) {
      return FailedPrecondition(
          "{}: has ended and is still to be delivered: resume it first",
          plan.options.stream);
    }
    if (const std::string field = DifferingSetting(saved, plan);
        !field.empty()) {
      return FailedPrecondition(
          "{}: was interrupted, and recorded with another {}: use the same "
          "settings, or resume it first",
          plan.options.stream, field);
    }
    if (const std::string field =
            DifferingField(saved.subject, plan.options.identity);
        !field.empty()) {
      return FailedPrecondition(
          "{}: was interrupted, and recorded with the {} `{}`: use the same, "
          "or resume it first",
          plan.options.stream, field, IdentityField(saved.subject, field));
    }
    plan.session = saved.session;
    plan.subject = saved.subject;
    plan.run = saved.run;
    plan.id = saved.id;
    plan.started = saved.started;
    plan.target_duration = saved.target_duration;
    for (std::size_t i = 0; i < plan.outputs.size(); ++i) {
      OutputPlan& output = plan.outputs[i];
      output.fields = saved.outputs[i].fields;
      output.manifest = saved.outputs[i].manifest;
      output.renditions = std::move(saved.outputs[i].renditions);
    }
    HLSREC_RETURN_IF_ERROR(HoldOutputs(core, plan));
    HLSREC_RETURN_IF_ERROR(AcquireLeases(core, plan));
    HLSREC_RETURN_IF_ERROR(RestorePlan(core, summary.recording, plan));
    if (!plan.ended_list.empty()) {
      return FailedPrecondition(
          "{}: its journal was lost, and {} has its end: resume it first",
          plan.options.stream, plan.ended_list);
    }
    return true;
  }
  return false;
}

Status ClaimPlan(RuntimeCore& core, RecordingPlan& plan) {
  spool::Journal& journal = core.spool().journal();
  HLSREC_RETURN_IF_ERROR(
      journal.Claim(plan.identity).WithContext(plan.options.stream));
  plan.claim =
      std::shared_ptr<void>(nullptr, [&journal, identity = plan.identity](
                                         void*) { journal.Release(identity); });
  return {};
}

Status JournalOpening(RuntimeCore& core, const RecordingPlan& plan) {
  const spool::RecordingOpened opened{.recording = plan.recording,
                                      .identity = plan.identity,
                                      .config = SavePlan(plan)};
  HLSREC_RETURN_IF_ERROR(core.spool().KeepRecording(opened));
  const auto answer = std::make_shared<Answer<bool>>();
  core.spool().journal().Add(opened, [answer](const Status& status) {
    answer->Set(status.ok() ? StatusOr<bool>(true) : status);
  });
  HLSREC_RETURN_IF_ERROR(answer->Take(core).status());
  return core.spool().TrustJournal(plan.recording);
}

}  // namespace hlsrec::record
