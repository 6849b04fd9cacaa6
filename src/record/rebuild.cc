#include "src/record/rebuild.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "src/base/status_util.h"
#include "src/record/existing.h"
#include "src/spool/spool.h"

namespace hlsrec::record {
namespace {

using deliver::OutputPlan;
using spool::JournaledRecording;
using spool::SegmentSealed;
using std::chrono::microseconds;
using Lists = std::vector<std::vector<ListBefore>>;  // by rendition

microseconds PartOf(WallTime::duration whole, std::uint64_t parts,
                    microseconds longest) {
  const auto part = std::chrono::duration_cast<microseconds>(whole) /
                    static_cast<std::int64_t>(parts);
  return std::clamp(part, microseconds(1000), longest);
}

// Init sections of adopted segments, as the outputs have them.
void FindInitSections(RuntimeCore& core, const RecordingPlan& plan,
                      JournaledRecording& journaled) {
  std::set<std::tuple<int, int, std::string>> there;
  for (const spool::InitSection& init : journaled.inits) {
    there.insert({init.rendition, init.packaging, init.hash});
  }
  for (const SegmentSealed& segment : journaled.segments) {
    for (const OutputPlan& output : plan.outputs) {
      if (segment.init_hash.empty() || output.sink == nullptr ||
          PackagingOf(output.fmp4) != segment.id.packaging ||
          there.contains({segment.id.rendition, segment.id.packaging,
                          segment.init_hash})) {
        continue;
      }
      std::string bytes = FindInitSection(
          core, output, static_cast<std::size_t>(segment.id.rendition),
          segment.init_hash);
      if (bytes.empty()) continue;
      there.insert(
          {segment.id.rendition, segment.id.packaging, segment.init_hash});
      journaled.inits.push_back({.recording = plan.recording,
                                 .rendition = segment.id.rendition,
                                 .packaging = segment.id.packaging,
                                 .hash = segment.init_hash,
                                 .bytes = std::move(bytes)});
      core.spool().journal().Add(journaled.inits.back(), {});
    }
  }
}

// What one rendition's lists say became of its segments, by index.
std::map<std::uint64_t, spool::Outcome> OutcomesOf(
    const std::vector<ListBefore>& lists) {
  std::map<std::uint64_t, spool::Outcome> outcomes;
  for (const ListBefore& list : lists) {
    for (const ListedBefore& segment : list.segments) {
      outcomes.emplace(segment.index, segment.gap ? spool::Outcome::kLost
                                                  : spool::Outcome::kStored);
    }
  }
  return outcomes;
}

// What `output` lists it has: it owes that no more.
void TellDelivered(RuntimeCore& core, const OutputPlan& output,
                   const Lists& lists, JournaledRecording& journaled) {
  std::set<std::pair<int, std::uint64_t>> told;
  for (const spool::SegmentDelivered& delivered : journaled.deliveries) {
    if (delivered.output != output.id) continue;
    told.insert({delivered.rendition, delivered.index});
  }
  for (std::size_t r = 0; r < lists.size(); ++r) {
    const auto outcomes = OutcomesOf(lists[r]);
    for (const SegmentSealed& segment : journaled.segments) {
      if (segment.gap || segment.id.rendition != static_cast<int>(r) ||
          segment.id.packaging != PackagingOf(output.fmp4) ||
          told.contains({segment.id.rendition, segment.id.index})) {
        continue;
      }
      const auto outcome = outcomes.find(segment.id.index);
      if (outcome == outcomes.end()) continue;
      journaled.deliveries.push_back({.recording = segment.id.recording,
                                      .output = output.id,
                                      .rendition = segment.id.rendition,
                                      .index = segment.id.index,
                                      .outcome = outcome->second});
      core.spool().journal().Add(journaled.deliveries.back(), {});
    }
  }
}

// A list that is taken up puts a DISCONTINUITY behind what it said: the journal
// shall say so, too, for those that come after.
void TellBreaks(RuntimeCore& core, const OutputPlan& output, const Lists& lists,
                JournaledRecording& journaled) {
  for (std::size_t r = 0; r < lists.size(); ++r) {
    std::set<std::uint64_t> ends;
    for (const ListBefore& list : lists[r]) {
      if (!list.segments.empty()) ends.insert(list.segments.back().index + 1);
    }
    for (SegmentSealed& segment : journaled.segments) {
      if (segment.discontinuity ||
          segment.id.rendition != static_cast<int>(r) ||
          segment.id.packaging != PackagingOf(output.fmp4) ||
          !ends.contains(segment.id.index)) {
        continue;
      }
      segment.discontinuity = true;
      core.spool().journal().Add(segment, {});
    }
  }
}

// Takes down what the lists say; behind the last that they name.
std::uint64_t Note(const Lists& lists, spool::RecordingId recording,
                   Known& known) {
  std::uint64_t next = 0;
  for (const std::vector<ListBefore>& rendition : lists) {
    for (const ListBefore& list : rendition) {
      if (list.kind == ListBefore::Kind::kMissing) known.from = 0;
      for (const ListedBefore& segment : list.segments) {
        known.segments.emplace(
            segment.index, SegmentSealed{.id = {.recording = recording,
                                                .index = segment.index},
                                         .duration = segment.duration,
                                         .start = segment.start,
                                         .discontinuity = segment.discontinuity,
                                         .gap = true});
      }
      if (list.segments.empty()) continue;
      const std::uint64_t end = list.segments.back().index + 1;
      known.from = std::min(known.from, end);
      next = std::max(next, end);
    }
  }
  return next;
}

// What nothing tells of was stored and never listed: it keeps its number, as a
// gap, and may have held a break.
void Complete(const RecordingPlan& plan, WallTime now, Known& known) {
  const microseconds longest = std::chrono::seconds(plan.target_duration);
  Series& segments = known.segments;
  const bool from_start = known.from == 0 && plan.next_index > 0;
  if (from_start && !segments.contains(0)) {
    const std::uint64_t parts =
        segments.empty() ? plan.next_index : segments.begin()->first;
    const WallTime end =
        segments.empty() ? now : segments.begin()->second.start;
    const WallTime start = std::min(plan.started, end);
    segments[0] = {.id = {.recording = plan.recording},
                   .duration = PartOf(end - start, parts, longest),
                   .start = start,
                   .discontinuity = true,
                   .gap = true};
  }
  if (segments.empty()) return;
  for (auto each = segments.begin(); std::next(each) != segments.end();
       ++each) {
    const auto& [index, after] = *std::next(each);
    if (index == each->first + 1) continue;
    SegmentSealed gap =
        GapBehind(each->second, after.start, index - each->first - 1, longest);
    gap.discontinuity = true;
    segments.emplace(gap.id.index, std::move(gap));
  }
  while (segments.rbegin()->first + 1 < plan.next_index) {
    const SegmentSealed& last = segments.rbegin()->second;
    const std::uint64_t parts = plan.next_index - segments.rbegin()->first - 1;
    SegmentSealed gap = GapBehind(last, now, parts, longest);
    gap.discontinuity = true;
    segments.emplace(gap.id.index, std::move(gap));
  }
}

// Lists that follow each other begin anew, behind what was delivered.
void BeginAnew(const RecordingPlan& plan, const JournaledRecording& journaled,
               OutputPlan& output) {
  std::uint64_t first = plan.next_index;
  for (const SegmentSealed& segment : journaled.segments) {
    first = std::min(first, segment.id.index);
  }
  for (deliver::RenditionPlan& rendition : output.renditions) {
    for (deliver::PlaylistPlan& playlist : rendition.playlists) {
      if (!playlist.list_options.policy->rotates()) continue;
      playlist.list_from = rendition.first_sequence + first;
    }
  }
}

}  // namespace

SegmentSealed GapBehind(const SegmentSealed& before, WallTime end,
                        std::uint64_t parts, microseconds longest) {
  SegmentSealed gap{
      .id = before.id, .start = before.start + before.duration, .gap = true};
  ++gap.id.index;
  gap.duration = PartOf(end - gap.start, parts, longest);
  return gap;
}

StatusOr<Known> GoOnFromSinks(RuntimeCore& core, RecordingPlan& plan,
                              JournaledRecording& journaled) {
  Known known;
  bool asked = false;
  for (OutputPlan& output : plan.outputs) {
    // Who only lists recordings has no sinks.
    if (output.sink == nullptr) continue;
    asked = true;
    HLSREC_ASSIGN_OR_RETURN(const Lists lists, GoOnFromPlaylists(core, output));
    const std::uint64_t end = Note(lists, plan.recording, known);
    TellDelivered(core, output, lists, journaled);
    TellBreaks(core, output, lists, journaled);
    HLSREC_ASSIGN_OR_RETURN(const std::uint64_t free,
                            FirstFreeIndex(core, output, end));
    plan.next_index = std::max(plan.next_index, free);
  }
  if (!asked) return known;
  for (OutputPlan& output : plan.outputs) BeginAnew(plan, journaled, output);
  for (const SegmentSealed& segment : journaled.segments) {
    known.segments.emplace(segment.id.index, segment);
  }
  Complete(plan, core.clock().Wall(), known);
  if (!known.segments.empty()) {
    const SegmentSealed& last = known.segments.rbegin()->second;
    plan.not_before = std::max(plan.not_before, last.start + last.duration);
  }
  FindInitSections(core, plan, journaled);
  return known;
}

}  // namespace hlsrec::record
