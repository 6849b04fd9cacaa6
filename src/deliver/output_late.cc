// Segments that others overtake: playlists go on without them, they are tried
// on, and a VOD list, which is published at the end, has them.
#include <algorithm>
#include <utility>

#include "src/base/status_util.h"
#include "src/deliver/output.h"

namespace hlsrec::deliver {

// While nothing gets through there is nothing to go on with: the deadline
// begins when a later segment is stored.
void Output::Overtake(Rendition& rendition, std::uint64_t index) {
  if (!plan_.segment_deadline) return;
  for (Pending& pending : rendition.pending) {
    if (pending.record.index >= index) break;
    const bool waits = pending.state == Pending::State::kWaiting &&
                       !pending.overtaken && !pending.restored;
    if (!waits) continue;
    pending.overtaken = true;
    strand_->PostAt(clock_.Steady() + *plan_.segment_deadline,
                    [weak = weak_from_this(), number = rendition.number,
                     late = pending.record.index] {
                      if (const auto self = weak.lock()) {
                        self->OnDeadline(number, late);
                      }
                    });
  }
}

void Output::OnDeadline(int number, std::uint64_t index) {
  Rendition& rendition = renditions_[static_cast<std::size_t>(number)];
  Pending* pending = FindPending(rendition, index);
  // Nobody waits for what follows once there is nothing to follow.
  if (finishing_ || pending == nullptr ||
      pending->state != Pending::State::kWaiting) {
    return;
  }
  // It is not on its way while its init section is not stored.
  const auto init = rendition.inits.find(pending->record.init_hash);
  if (init != rendition.inits.end() && !init->second) return;
  ++lost_;
  EmitFor(EventType::kSegmentLost, rendition, *pending,
          DeadlineExceeded("{}: not stored {} ms after a later one: playlists "
                           "go on without it",
                           pending->key, plan_.segment_deadline->count()));
  Pending& late = rendition.late[index];
  late = *pending;
  pending->record.body = nullptr;
  pending->state = Pending::State::kLosing;
  uploader_->Defer(late.key);
  JournalLoss(rendition.number, index);
}

void Output::OnLate(Rendition& rendition, std::uint64_t index,
                    const Status& status) {
  Pending late = std::move(rendition.late.extract(index).mapped());
  if (!late.dropped) Through(rendition, index);
  if (status.ok()) {
    ++stored_;
    rendition.bandwidth.Add(late.record.size_bytes, late.record.duration);
    EmitFor(EventType::kSegmentStored, rendition, late, status);
    journal_.Add(spool::SegmentDelivered{.recording = plan_.recording,
                                         .output = plan_.id,
                                         .rendition = rendition.number,
                                         .index = index,
                                         .outcome = spool::Outcome::kBackfilled,
                                         .etag = Told(late.etag)},
                 [body = std::move(late.record.body),
                  owed = late.record.owed](const Status& journaled) {
                   if (journaled.ok() && owed != nullptr) --*owed;
                 });
    if (Pending* losing = FindPending(rendition, index)) {
      losing->backfilled = true;
    } else if (!KeepsEverything(rendition)) {
      // It may have left the lists before it came.
      rendition.expirable[rendition.first_sequence + index] = {
          .key = late.key,
          .duration = late.record.duration,
          .hold = late.record.duration + LongestOf(rendition)};
    }
  } else if (late.dropped) {
    Forget(late.key);
    DropKept(rendition, index);
    if (late.record.owed != nullptr) --*late.record.owed;
  } else {
    Forget(late.key);
    missing_.push_back(late.key);
    if (!given_up_) {
      refused_.push_back({std::move(late.record.body), late.record.owed});
    }
  }
  for (const auto& playlist : rendition.playlists) {
    for (Pending& held : playlist->held) {
      if (held.record.index != index || !status.ok()) continue;
      held.state = Pending::State::kStored;
      held.was_gap = true;
    }
  }
  ListHeld(rendition);
  if (finishing_) EndLists();
  CheckFinished();
}

void Output::ListHeld(Rendition& rendition) {
  for (auto& playlist : rendition.playlists) {
    std::deque<Pending> held = std::exchange(playlist->held, {});
    while (!held.empty() &&
           !rendition.late.contains(held.front().record.index)) {
      AppendTo(rendition, playlist, held.front());
      held.pop_front();
    }
    playlist->held = std::move(held);
  }
}

}  // namespace hlsrec::deliver
