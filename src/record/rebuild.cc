#include "src/record/rebuild.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <tuple>
#include <utility>
#include <vector>

#include "src/base/status_util.h"
#include "src/record/existing.h"
#include "src/record/found_lists.h"
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

bool LacksList(const std::vector<ListBefore>& lists) {
  return std::any_of(lists.begin(), lists.end(), [](const ListBefore& list) {
    return list.kind == ListBefore::Kind::kMissing;
  });
}

// What lists name as stored is as the journal had it, for those that have to
// say all there is to say. Who has such a list is asked for the object where
// his own lists do not name it.
void TellStored(RuntimeCore& core, const RecordingPlan& plan,
                const std::vector<Lists>& found, int rendition, int packaging,
                JournaledRecording& journaled) {
  const auto r = static_cast<std::size_t>(rendition);
  std::set<std::uint64_t> known;
  for (const SegmentSealed& segment : journaled.segments) {
    if (segment.id.rendition != rendition ||
        segment.id.packaging != packaging) {
      continue;
    }
    known.insert(segment.id.index);
  }
  Series stored;
  for (std::size_t o = 0; o < found.size(); ++o) {
    if (PackagingOf(plan.outputs[o].fmp4) != packaging) continue;
    for (const ListBefore& list : found[o][r]) {
      for (const ListedBefore& segment : list.segments) {
        if (segment.gap || !segment.ours || known.contains(segment.index)) {
          continue;
        }
        SegmentSealed sealed{.id = {.recording = plan.recording,
                                    .rendition = rendition,
                                    .packaging = packaging,
                                    .index = segment.index},
                             .duration = segment.duration,
                             .start = segment.start,
                             .discontinuity = segment.discontinuity,
                             .init_hash = segment.init_hash};
        stored.emplace(segment.index, std::move(sealed));
      }
    }
  }
  for (const auto& [index, sealed] : stored) {
    journaled.segments.push_back(sealed);
    core.spool().journal().Add(sealed, {});
  }
  for (std::size_t o = 0; o < found.size(); ++o) {
    if (PackagingOf(plan.outputs[o].fmp4) != packaging ||
        LacksList(found[o][r])) {
      continue;
    }
    const auto outcomes = OutcomesOf(found[o][r]);
    for (const auto& [index, sealed] : stored) {
      if (outcomes.contains(index)) continue;
      journaled.deliveries.push_back({.recording = plan.recording,
                                      .output = plan.outputs[o].id,
                                      .rendition = rendition,
                                      .index = index,
                                      .outcome = spool::Outcome::kLost});
      core.spool().journal().Add(journaled.deliveries.back(), {});
    }
  }
}

void TellStored(RuntimeCore& core, const RecordingPlan& plan,
                const std::vector<Lists>& found,
                JournaledRecording& journaled) {
  std::set<std::pair<int, int>> wanted;  // rendition, packaging
  for (std::size_t o = 0; o < found.size(); ++o) {
    for (std::size_t r = 0; r < found[o].size(); ++r) {
      if (!LacksList(found[o][r])) continue;
      wanted.insert({static_cast<int>(r), PackagingOf(plan.outputs[o].fmp4)});
    }
  }
  for (const auto& [rendition, packaging] : wanted) {
    TellStored(core, plan, found, rendition, packaging, journaled);
  }
  std::sort(journaled.segments.begin(), journaled.segments.end(),
            [](const SegmentSealed& a, const SegmentSealed& b) {
              return a.id < b.id;
            });
}

// Of lists that follow each other.
void TellPublished(RuntimeCore& core, const RecordingPlan& plan,
                   const Lists& lists, JournaledRecording& journaled) {
  for (const std::vector<ListBefore>& rendition : lists) {
    for (const ListBefore& list : rendition) {
      for (spool::PlaylistPublished version : list.versions) {
        version.recording = plan.recording;
        std::erase_if(journaled.playlists, [&version](const auto& before) {
          return before.output == version.output && before.key == version.key;
        });
        core.spool().journal().Add(version, {});
        journaled.playlists.push_back(std::move(version));
      }
    }
  }
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

// Lists that follow each other and can't be found begin anew, behind what was
// delivered.
void BeginAnew(const RecordingPlan& plan, const JournaledRecording& journaled,
               const Lists& lists, OutputPlan& output) {
  std::uint64_t first = plan.next_index;
  for (const SegmentSealed& segment : journaled.segments) {
    first = std::min(first, segment.id.index);
  }
  for (std::size_t r = 0; r < lists.size(); ++r) {
    deliver::RenditionPlan& rendition = output.renditions[r];
    for (std::size_t p = 0; p < lists[r].size(); ++p) {
      deliver::PlaylistPlan& playlist = rendition.playlists[p];
      if (!playlist.list_options.policy->rotates() ||
          lists[r][p].kind != ListBefore::Kind::kUntold) {
        continue;
      }
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
  std::vector<Lists> found(plan.outputs.size());
  for (std::size_t o = 0; o < found.size(); ++o) {
    OutputPlan& output = plan.outputs[o];
    // Who only lists recordings has no sinks.
    found[o].resize(output.renditions.size());
    if (output.sink == nullptr) continue;
    asked = true;
    HLSREC_ASSIGN_OR_RETURN(found[o], GoOnFromPlaylists(core, output));
    if (!output.ended.empty()) plan.ended_list = *output.ended.begin();
    const std::uint64_t end = Note(found[o], plan.recording, known);
    HLSREC_ASSIGN_OR_RETURN(const std::uint64_t free,
                            FirstFreeIndex(core, output, end));
    plan.next_index = std::max(plan.next_index, free);
  }
  if (!asked) return known;
  for (std::size_t o = 0; o < found.size(); ++o) {
    BeginAnew(plan, journaled, found[o], plan.outputs[o]);
  }
  TellStored(core, plan, found, journaled);
  for (std::size_t o = 0; o < found.size(); ++o) {
    TellDelivered(core, plan.outputs[o], found[o], journaled);
    TellBreaks(core, plan.outputs[o], found[o], journaled);
    TellPublished(core, plan, found[o], journaled);
  }
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
