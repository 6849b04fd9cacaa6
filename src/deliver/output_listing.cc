// Which segments an output lists, in order over the stored prefix, and which
// ones its lists still need.
#include <algorithm>
#include <utility>

#include "src/base/status_util.h"
#include "src/deliver/output.h"

namespace hlsrec::deliver {

std::chrono::microseconds Output::lag() const {
  const SteadyTime now = clock_.Steady();
  SteadyTime oldest = now;
  if (holds_back()) return std::chrono::microseconds(0);
  for (const Rendition& rendition : renditions_) {
    if (rendition.pending.empty()) continue;
    oldest = std::min(oldest, rendition.pending.front().owed_since);
  }
  return std::chrono::duration_cast<std::chrono::microseconds>(now - oldest);
}
namespace {

using playlist::MediaListEntry;

}  // namespace

bool Output::ListReady(Rendition& rendition) {
  bool listed = false;
  while (!rendition.pending.empty() &&
         (rendition.pending.front().state == Pending::State::kStored ||
          rendition.pending.front().state == Pending::State::kLost)) {
    List(rendition, rendition.pending.front());
    rendition.pending.pop_front();
    listed = true;
  }
  return listed;
}

void Output::Advance(Rendition& rendition) {
  if (!ListReady(rendition)) return;
  PublishAll(rendition);
  if (finishing_) EndLists();
}

void Output::List(Rendition& rendition, const Pending& pending) {
  const std::uint64_t sequence =
      rendition.first_sequence + pending.record.index;
  const bool lost = pending.state == Pending::State::kLost || pending.was_gap;
  complete_ = complete_ && (pending.record.gap || !lost);
  if (!KeepsEverything(rendition) && pending.state == Pending::State::kStored) {
    rendition.expirable[sequence] = {.key = pending.key,
                                     .duration = pending.record.duration};
  }
  for (auto& playlist : rendition.playlists) {
    const bool waits = playlist->list.type() == PlaylistType::kVod &&
                       (!playlist->held.empty() ||
                        rendition.late.contains(pending.record.index));
    if (waits) {
      playlist->held.push_back(pending);
    } else {
      AppendTo(rendition, playlist, pending);
    }
  }
}

void Output::AppendTo(Rendition& rendition, std::shared_ptr<Playlist>& playlist,
                      const Pending& pending) {
  const SegmentRecord& record = pending.record;
  MediaListEntry entry{
      .sequence = rendition.first_sequence + record.index,
      .duration = record.duration,
      .start = record.start,
      .discontinuity = record.discontinuity,
      .gap = pending.state == Pending::State::kLost ||
             (pending.was_gap && playlist->list.type() != PlaylistType::kVod)};
  if (entry.sequence < playlist->plan.list_from) return;
  // Nothing comes behind an end that an earlier run has stored.
  if (playlist->final_stored && plan_.ended.contains(playlist->key)) return;
  if (playlist->list.StartsNew(entry)) {
    playlist->ended = true;
    playlist->dirty = true;
    multivariant_.untrue = true;
    const std::shared_ptr<Playlist> before = playlist;
    const bool owes_end = !plan_.ended.contains(before->key);
    if (owes_end) {
      rendition.rotated.push_back(before);
      Publish(rendition, before);
    }
    PlaylistPlan plan = playlist->plan;
    plan.key.clear();
    plan.imported.clear();
    plan.list_from = 0;
    plan.list = playlist::MediaList(plan.list_options);
    playlist = std::make_shared<Playlist>(playlist->number, std::move(plan));
    if (owes_end) playlist->before = before;
  }
  PathFields fields = FieldsFor(rendition);
  fields.extension = "m3u8";
  fields.sequence = rendition.first_number + record.index;
  fields.segment_time = record.start;
  if (playlist->key.empty()) {
    StatusOr<std::string> key = playlist->plan.path.Expand(fields);
    if (!key.ok()) {
      playlist->status = key.status();
      return;
    }
    playlist->key = std::move(key).value();
    Remember(playlist->key);
  }
  entry.uri = playlist::RelativeUri(playlist->key, pending.key);
  if (!record.init_hash.empty()) {
    const StatusOr<std::string> init = InitKey(rendition, record.init_hash);
    if (init.ok()) {
      entry.map_uri = playlist::RelativeUri(playlist->key, *init);
    }
  }
  for (const playlist::RemovedSegment& removed : playlist->list.Append(entry)) {
    const auto found = rendition.expirable.find(removed.sequence);
    if (found == rendition.expirable.end()) continue;
    found->second.hold =
        std::max(found->second.hold, removed.duration + removed.longest_list);
  }
  playlist->dirty = true;
}

std::uint64_t Output::NeededFrom(int number) const {
  if (kept_ != nullptr) return 0;
  const Rendition& rendition = renditions_[static_cast<std::size_t>(number)];
  // The manifest will name what stays though no list needs it.
  if (plan_.manifest && KeepsEverything(rendition)) return 0;
  std::uint64_t index = rendition.pending.empty()
                            ? rendition.next_index
                            : rendition.pending.front().record.index;
  const auto needs = [&](std::uint64_t sequence) {
    const std::uint64_t from =
        std::max(sequence, rendition.first_sequence) - rendition.first_sequence;
    index = std::min(index, from);
  };
  if (!rendition.late.empty()) {
    index = std::min(index, rendition.late.begin()->first);
  }
  if (!rendition.expirable.empty()) needs(rendition.expirable.begin()->first);
  if (!rendition.leaving.empty()) needs(*rendition.leaving.begin());
  for (const auto* playlists : {&rendition.playlists, &rendition.rotated}) {
    for (const auto& playlist : *playlists) {
      if (!playlist->held.empty()) {
        index = std::min(index, playlist->held.front().record.index);
      }
      if (playlist->list.empty()) continue;
      needs(playlist->published ? playlist->stored_oldest : 0);
    }
  }
  return index;
}

}  // namespace hlsrec::deliver
