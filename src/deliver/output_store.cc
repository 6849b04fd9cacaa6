// How an output stores segments and their init sections, and what the journal
// is told of it.
#include <utility>

#include "src/base/status_util.h"
#include "src/deliver/output.h"

namespace hlsrec::deliver {
namespace {

constexpr std::chrono::milliseconds kJournalAgain{500};

std::string_view SegmentType(bool fmp4, bool video) {
  if (!fmp4) return "video/mp2t";
  return video ? "video/iso.segment" : "audio/iso.segment";
}

}  // namespace

void Output::Bring(Rendition& rendition, Pending& pending) {
  // The spool lets go of what was stored, and power may fail before the journal
  // says so.
  if (pending.record.body == nullptr) return Confirm(rendition, pending);
  if (pending.record.init_hash.empty()) return PutSegment(rendition, pending);
  const auto init = rendition.inits.find(pending.record.init_hash);
  if (init == rendition.inits.end()) return PutInit(rendition, pending.record);
  if (init->second) PutSegment(rendition, pending);
}

StatusOr<std::string> Output::InitKey(const Rendition& rendition,
                                      const std::string& hash) const {
  PathFields fields = FieldsFor(rendition);
  fields.hash = hash.substr(0, 12);
  return plan_.init.Expand(fields);
}

void Output::PutInit(Rendition& rendition, const SegmentRecord& record) {
  rendition.inits[record.init_hash] = false;
  const StatusOr<std::string> key = InitKey(rendition, record.init_hash);
  if (!key.ok()) {
    return OnInitStored(rendition.number, record.init_hash, key.status());
  }
  RememberInit(*key);
  PutRequest request{
      .key = *key,
      .body = record.init,
      .kind = ObjectKind::kInitSection,
      .if_exists = IfExists::kFail,
      .content_type = rendition.info.has_video ? "video/mp4" : "audio/mp4",
      .last_version = true,
      .sha256 = record.init_hash};
  if (auto etag = TakeEtag(request)) {
    rendition.init_etags[record.init_hash] = std::move(etag);
  }
  uploader_->Put(
      std::move(request), [self = shared_from_this(), number = rendition.number,
                           hash = record.init_hash](const Status& status) {
        // Named by its content: who is there already is the same.
        const bool there = status.code() == StatusCode::kAlreadyExists;
        self->OnInitStored(number, hash, there ? Status() : status);
      });
}

void Output::OnInitStored(int number, const std::string& hash,
                          const Status& status) {
  Rendition& rendition = renditions_[static_cast<std::size_t>(number)];
  rendition.inits[hash] = status.ok();
  for (Pending& pending : rendition.pending) {
    if (pending.record.init_hash != hash ||
        pending.state != Pending::State::kWaiting || pending.held ||
        pending.record.body == nullptr) {
      continue;
    }
    if (status.ok()) {
      PutSegment(rendition, pending);
    } else {
      Lose(rendition, pending, status);
    }
  }
  if (!status.ok()) {
    rendition.inits.erase(hash);  // the next segment tries again
    Advance(rendition);
  }
  BringHeld();
}

void Output::PutSegment(Rendition& rendition, Pending& pending) {
  if (!pending.restored) Remember(pending.key);
  PutRequest request{.key = pending.key,
                     .body = pending.record.body,
                     .kind = ObjectKind::kSegment,
                     .if_exists = IfExists::kFail,
                     .content_type = std::string(
                         SegmentType(plan_.fmp4, rendition.info.has_video)),
                     .last_version = true,
                     .sha256 = pending.record.sha256};
  pending.etag = TakeEtag(request);
  uploader_->Put(
      std::move(request),
      [self = shared_from_this(), number = rendition.number,
       index = pending.record.index](const Status& status) {
        self->OnStored(number, index, status);
      },
      pending.restored ? Uploader::Earlier::kMaybeStored
                       : Uploader::Earlier::kNone);
}

void Output::Confirm(Rendition& rendition, Pending& pending) {
  uploader_->Confirm(
      {.key = pending.key,
       .size_bytes = pending.record.size_bytes,
       .sha256 = pending.record.sha256},
      [self = shared_from_this(), number = rendition.number,
       index = pending.record.index](const Status& status) {
        self->OnStored(number, index,
                       status.WithContext("spool: the segment's file is gone"));
      });
}

Output::Pending* Output::FindPending(Rendition& rendition,
                                     std::uint64_t index) {
  // Pending holds consecutive indices, so that this one's place is known.
  if (rendition.pending.empty()) return nullptr;
  const std::uint64_t first = rendition.pending.front().record.index;
  if (index < first || index - first >= rendition.pending.size()) {
    return nullptr;
  }
  return &rendition.pending[static_cast<std::size_t>(index - first)];
}

void Output::OnStored(int number, std::uint64_t index, const Status& status) {
  Rendition& rendition = renditions_[static_cast<std::size_t>(number)];
  if (rendition.late.contains(index)) return OnLate(rendition, index, status);
  Pending* found = FindPending(rendition, index);
  if (found == nullptr || found->state != Pending::State::kWaiting) return;
  Pending& pending = *found;
  if (!status.ok()) {
    Lose(rendition, pending, status);
    Advance(rendition);
    return BringHeld();
  }
  pending.state = Pending::State::kStored;
  Through(rendition, index);
  ++stored_;
  rendition.bandwidth.Add(pending.record.size_bytes, pending.record.duration);
  EmitFor(EventType::kSegmentStored, rendition, pending, status);
  // The spool may forget it as soon as every output is through with it, and
  // the journal knows.
  journal_.Add(
      spool::SegmentDelivered{.recording = plan_.recording,
                              .output = plan_.id,
                              .rendition = number,
                              .index = index,
                              .outcome = pending.was_gap
                                             ? spool::Outcome::kBackfilled
                                             : spool::Outcome::kStored,
                              .etag = Told(pending.etag)},
      [body = std::exchange(pending.record.body, nullptr),
       owed = pending.record.owed](const Status& journaled) {
        if (journaled.ok() && owed != nullptr) --*owed;
      });
  Overtake(rendition, index);
  Advance(rendition);
  BringHeld();
}

void Output::Lose(Rendition& rendition, Pending& pending,
                  const Status& status) {
  ++lost_;
  LetGoOf(pending);
  Forget(pending.key);  // somebody else's may have that name
  if (!pending.dropped) {
    Through(rendition, pending.record.index);
    missing_.push_back(pending.key);
  } else {
    DropKept(rendition, pending.record.index);
    if (pending.record.owed != nullptr) --*pending.record.owed;
  }
  auto body = std::exchange(pending.record.body, nullptr);
  if (!pending.dropped && body != nullptr && !given_up_) {
    refused_.push_back({std::move(body), pending.record.owed});
  }
  EmitFor(EventType::kSegmentLost, rendition, pending, status);
  // Given up for this run only: the next one owes it still.
  if (given_up_ || pending.was_gap) {
    pending.state = Pending::State::kLost;
    return;
  }
  pending.state = Pending::State::kLosing;
  JournalLoss(rendition.number, pending.record.index);
}

void Output::JournalLoss(int rendition, std::uint64_t index) {
  journal_.Add(
      spool::SegmentDelivered{.recording = plan_.recording,
                              .output = plan_.id,
                              .rendition = rendition,
                              .index = index,
                              .outcome = spool::Outcome::kLost},
      [self = shared_from_this(), rendition, index](const Status& journaled) {
        self->strand_->Post([self, rendition, index, journaled] {
          self->OnLossJournaled(rendition, index, journaled);
        });
      });
}

void Output::OnLossJournaled(int number, std::uint64_t index,
                             const Status& status) {
  Rendition& rendition = renditions_[static_cast<std::size_t>(number)];
  Pending* lost = FindPending(rendition, index);
  if (lost == nullptr || finished_) return;
  if (status.ok()) {
    lost->was_gap = lost->backfilled;
    lost->state =
        lost->backfilled ? Pending::State::kStored : Pending::State::kLost;
    return Advance(rendition);
  }
  // Who lists it without the journal may have to take it back.
  strand_->PostAt(clock_.Steady() + kJournalAgain,
                  [weak = weak_from_this(), number, index] {
                    if (const auto self = weak.lock()) {
                      self->JournalLoss(number, index);
                    }
                  });
}

}  // namespace hlsrec::deliver
