// How an output takes up where an earlier run stopped.
#include <algorithm>
#include <utility>

#include "src/base/status_util.h"
#include "src/deliver/output.h"

namespace hlsrec::deliver {

void Output::Restore(std::vector<std::vector<RestoredSegment>> renditions) {
  using State = RestoredSegment::State;
  for (std::size_t r = 0; r < renditions.size(); ++r) {
    Rendition& rendition = renditions_[r];
    for (RestoredSegment& segment : renditions[r]) {
      Pending& pending = Enqueue(rendition, std::move(segment.record));
      Keep(rendition, pending);
      // Nobody has put any of it where only the end brings it.
      pending.restored = !plan_.at_end || plan_.ending;
      pending.owed_since -=
          std::max(WallTime::duration(0), clock_.Wall() - pending.record.start -
                                              pending.record.duration);
      pending.was_gap =
          segment.state == State::kLost || segment.state == State::kBackfilled;
      if (pending.state == Pending::State::kLost) continue;
      if (segment.state == State::kStored ||
          segment.state == State::kBackfilled) {
        pending.state = Pending::State::kStored;
        Through(rendition, pending.record.index);
        // Of what only lists tell of nobody knows the size.
        if (pending.record.size_bytes > 0) {
          rendition.bandwidth.Add(pending.record.size_bytes,
                                  pending.record.duration);
        }
      } else if (pending.record.body == nullptr && pending.was_gap) {
        pending.state = Pending::State::kLost;
      } else if (!pending.record.init_hash.empty() &&
                 pending.record.init == nullptr) {
        Lose(rendition, pending,
             DataLoss("journal: the segment's init section is missing"));
      }
      if (pending.state != Pending::State::kStored &&
          pending.state != Pending::State::kWaiting) {
        continue;
      }
      Remember(pending.key);
      if (!pending.record.init_hash.empty()) {
        const auto init = InitKey(rendition, pending.record.init_hash);
        if (init.ok()) RememberInit(*init);
      }
    }
    rendition.restored_until = rendition.first_sequence + rendition.next_index;
    ListReady(rendition);
    BringOwed(rendition);
  }
  for (Rendition& rendition : renditions_) {
    for (const auto& playlist : rendition.playlists) {
      if (plan_.ended.contains(playlist->key)) {
        playlist->ended = true;
        playlist->published = true;
        playlist->final_stored = true;
        playlist->dirty = false;
      }
    }
    PublishAll(rendition);
  }
}

void Output::BringOwed(Rendition& rendition) {
  // Putting may end at once and take from the front.
  std::vector<std::uint64_t> owed;
  for (Pending& pending : rendition.pending) {
    if (pending.state != Pending::State::kWaiting) continue;
    if (plan_.at_end) {
      Hold(pending);
    } else {
      owed.push_back(pending.record.index);
    }
  }
  for (const std::uint64_t index : owed) {
    if (Pending* pending = FindPending(rendition, index)) {
      Bring(rendition, *pending);
    }
  }
}

}  // namespace hlsrec::deliver
