#include "src/deliver/output.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "src/base/status_util.h"

namespace hlsrec::deliver {
namespace {

constexpr std::chrono::milliseconds kJournalAgain{500};

// The same in each run of a recording.
std::uint32_t SeedOf(const OutputPlan& plan) {
  const std::string name =
      plan.fields.stream + "\n" + plan.fields.session + "\n" + plan.id;
  return static_cast<std::uint32_t>(std::hash<std::string>()(name));
}

std::string_view SegmentType(bool fmp4, bool video) {
  if (!fmp4) return "video/mp2t";
  return video ? "video/iso.segment" : "audio/iso.segment";
}

}  // namespace

Output::Output(std::shared_ptr<Strand> strand, const Clock& clock,
               spool::Journal& journal, OutputPlan plan,
               std::function<void(Event)> emit)
    : strand_(std::move(strand)),
      clock_(clock),
      journal_(journal),
      plan_(std::move(plan)),
      emit_(std::move(emit)) {
  uploader_ = std::make_shared<Uploader>(
      strand_, clock_, plan_.sink,
      UploaderOptions{.retry = plan_.retry, .seed = SeedOf(plan_)},
      [this](const AttemptFailed& failed) {
        emit_({.type = EventType::kOutputDegraded,
               .output = plan_.id,
               .key = failed.key,
               .attempt = failed.attempt,
               .status = failed.status});
      },
      [this] {
        emit_({.type = EventType::kOutputRecovered, .output = plan_.id});
      });
  for (const RenditionPlan& rendition_plan : plan_.renditions) {
    Rendition rendition;
    rendition.number = static_cast<int>(renditions_.size());
    rendition.info = rendition_plan.info;
    rendition.first_sequence = rendition_plan.first_sequence;
    rendition.first_number = rendition_plan.first_number;
    std::int64_t target = 6;
    for (const PlaylistPlan& playlist_plan : rendition_plan.playlists) {
      target = playlist_plan.list.target_duration();
      rendition.playlists.push_back(std::make_shared<Playlist>(
          rendition.playlists.size(), playlist_plan));
      if (plan_.delete_after_end && !playlist_plan.key.empty()) {
        all_keys_.push_back(playlist_plan.key);
      }
    }
    rendition.bandwidth = BandwidthMeter(std::chrono::seconds(target));
    renditions_.push_back(std::move(rendition));
  }
}

PathFields Output::FieldsFor(const Rendition& rendition) const {
  PathFields fields = plan_.fields;
  fields.rendition = rendition.info.name;
  fields.height = rendition.info.height;
  fields.kbps = rendition.info.kbps;
  fields.layer = rendition.info.layer;
  fields.extension = plan_.fmp4 ? "m4s" : "ts";
  return fields;
}

bool Output::KeepsEverything(const Rendition& rendition) const {
  return plan_.expired == ExpiredSegments::kKeep ||
         std::any_of(rendition.playlists.begin(), rendition.playlists.end(),
                     [](const auto& playlist) {
                       return playlist->list.type() != PlaylistType::kLive;
                     });
}

void Output::EmitFor(EventType type, const Rendition& rendition,
                     const Pending& pending, const Status& status) {
  emit_({.type = type,
         .output = plan_.id,
         .rendition = rendition.info.name,
         .key = pending.key,
         .sequence = rendition.first_sequence + pending.record.index,
         .duration = pending.record.duration,
         .size_bytes = pending.record.size_bytes,
         .status = status});
}

void Output::Describe(int rendition, RenditionInfo info) {
  Rendition& target = renditions_[static_cast<std::size_t>(rendition)];
  info.name = target.info.name;
  info.height = target.info.height;
  info.kbps = target.info.kbps;
  info.layer = target.info.layer;
  // Everything that any segment needs (R75).
  for (const std::string& codec : target.info.codecs) {
    if (std::find(info.codecs.begin(), info.codecs.end(), codec) ==
        info.codecs.end()) {
      info.codecs.push_back(codec);
    }
  }
  info.frame_rate = std::max(info.frame_rate, target.info.frame_rate);
  if (target.info.display_height > info.display_height) {
    info.width = target.info.width;
    info.display_height = target.info.display_height;
  }
  multivariant_.untrue =
      multivariant_.untrue || info.codecs != target.info.codecs;
  target.info = std::move(info);
}

Output::Pending& Output::Enqueue(Rendition& rendition, SegmentRecord record) {
  rendition.next_index = record.index + 1;
  Pending& pending = rendition.pending.emplace_back();
  pending.record = std::move(record);
  pending.owed_since = clock_.Steady();
  PathFields fields = FieldsFor(rendition);
  fields.sequence = rendition.first_number + pending.record.index;
  fields.segment_time = pending.record.start;
  StatusOr<std::string> key = plan_.segment.Expand(fields);
  if (!key.ok()) {
    pending.state = Pending::State::kLost;
    ++lost_;
    EmitFor(EventType::kSegmentLost, rendition, pending, key.status());
    return pending;
  }
  pending.key = std::move(key).value();
  if (pending.record.gap) pending.state = Pending::State::kLost;
  return pending;
}

void Output::Add(SegmentRecord record) {
  Rendition& rendition =
      renditions_[static_cast<std::size_t>(record.rendition)];
  Pending& pending = Enqueue(rendition, std::move(record));
  if (pending.state == Pending::State::kLost) return Advance(rendition);
  Bring(rendition, pending);
}

void Output::Bring(Rendition& rendition, Pending& pending) {
  // The spool lets go of what was stored, and power may fail before the journal
  // says so.
  if (pending.record.body == nullptr) return Confirm(rendition, pending);
  if (pending.record.init_hash.empty()) return PutSegment(rendition, pending);
  const auto init = rendition.inits.find(pending.record.init_hash);
  if (init == rendition.inits.end()) return PutInit(rendition, pending.record);
  if (init->second) PutSegment(rendition, pending);
}

void Output::Restore(std::vector<std::vector<RestoredSegment>> renditions) {
  using State = RestoredSegment::State;
  for (std::size_t r = 0; r < renditions.size(); ++r) {
    Rendition& rendition = renditions_[r];
    for (RestoredSegment& segment : renditions[r]) {
      Pending& pending = Enqueue(rendition, std::move(segment.record));
      pending.restored = true;
      pending.owed_since -=
          std::max(WallTime::duration(0), clock_.Wall() - pending.record.start -
                                              pending.record.duration);
      pending.was_gap =
          segment.state == State::kLost || segment.state == State::kBackfilled;
      if (pending.state == Pending::State::kLost) continue;
      if (plan_.delete_after_end) all_keys_.push_back(pending.key);
      if (segment.state == State::kStored ||
          segment.state == State::kBackfilled) {
        pending.state = Pending::State::kStored;
        rendition.bandwidth.Add(pending.record.size_bytes,
                                pending.record.duration);
      } else if (pending.record.body == nullptr && pending.was_gap) {
        pending.state = Pending::State::kLost;
      } else if (!pending.record.init_hash.empty() &&
                 pending.record.init == nullptr) {
        Lose(rendition, pending,
             DataLoss("journal: the segment's init section is missing"));
      }
    }
    rendition.restored_until = rendition.first_sequence + rendition.next_index;
    ListReady(rendition);
    // Putting may end at once and take from the front.
    std::vector<std::uint64_t> owed;
    for (const Pending& pending : rendition.pending) {
      if (pending.state == Pending::State::kWaiting) {
        owed.push_back(pending.record.index);
      }
    }
    for (const std::uint64_t index : owed) {
      if (Pending* pending = FindPending(rendition, index)) {
        Bring(rendition, *pending);
      }
    }
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

void Output::PutInit(Rendition& rendition, const SegmentRecord& record) {
  rendition.inits[record.init_hash] = false;
  PathFields fields = FieldsFor(rendition);
  fields.hash = record.init_hash.substr(0, 12);
  StatusOr<std::string> key = plan_.init.Expand(fields);
  if (!key.ok()) {
    return OnInitStored(rendition.number, record.init_hash, key.status());
  }
  if (plan_.delete_after_end) all_keys_.push_back(*key);
  uploader_->Put(
      {.key = *key,
       .body = record.init,
       .kind = ObjectKind::kInitSection,
       .if_exists = IfExists::kFail,
       .content_type = rendition.info.has_video ? "video/mp4" : "audio/mp4",
       .last_version = true,
       .sha256 = record.init_hash},
      [self = shared_from_this(), number = rendition.number,
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
        pending.state != Pending::State::kWaiting ||
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
}

void Output::PutSegment(Rendition& rendition, Pending& pending) {
  if (plan_.delete_after_end && !pending.restored)
    all_keys_.push_back(pending.key);
  uploader_->Put(
      {.key = pending.key,
       .body = pending.record.body,
       .kind = ObjectKind::kSegment,
       .if_exists = IfExists::kFail,
       .content_type =
           std::string(SegmentType(plan_.fmp4, rendition.info.has_video)),
       .last_version = true,
       .sha256 = pending.record.sha256},
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
    return Advance(rendition);
  }
  pending.state = Pending::State::kStored;
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
                                             : spool::Outcome::kStored},
      [body = std::exchange(pending.record.body, nullptr),
       owed = pending.record.owed](const Status& journaled) {
        if (journaled.ok() && owed != nullptr) --*owed;
      });
  Overtake(rendition, index);
  Advance(rendition);
}

void Output::Lose(Rendition& rendition, Pending& pending,
                  const Status& status) {
  ++lost_;
  if (!pending.dropped) {
    missing_.push_back(pending.key);
  } else if (pending.record.owed != nullptr) {
    --*pending.record.owed;
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

const std::string* Output::OwedBefore(SteadyTime time) const {
  for (const Rendition& rendition : renditions_) {
    for (const auto& [index, late] : rendition.late) {
      if (late.owed_since < time) return &late.key;
    }
    for (const Pending& pending : rendition.pending) {
      if (pending.state == Pending::State::kWaiting &&
          pending.owed_since < time) {
        return &pending.key;
      }
    }
  }
  return nullptr;
}

bool Output::owes_now() const {
  return OwedBefore(SteadyTime::max()) != nullptr;
}

bool Output::DropOldest() {
  // It is a gap already.
  if (!refused_.empty()) {
    const Refused oldest = std::move(refused_.front());
    refused_.pop_front();
    if (oldest.owed != nullptr) --*oldest.owed;
    return true;
  }
  std::optional<std::uint64_t> oldest;
  for (const Rendition& rendition : renditions_) {
    if (!rendition.late.empty()) {
      oldest =
          std::min(oldest.value_or(UINT64_MAX), rendition.late.begin()->first);
      continue;
    }
    const auto first = std::find_if(rendition.pending.begin(),
                                    rendition.pending.end(), Droppable);
    if (first == rendition.pending.end()) continue;
    oldest = std::min(oldest.value_or(UINT64_MAX), first->record.index);
  }
  if (!oldest) return false;
  Drop(*oldest);
  return true;
}

void Output::DropOwedBefore(SteadyTime time) {
  std::set<std::uint64_t> late;
  for (const Rendition& rendition : renditions_) {
    for (const auto& [index, pending] : rendition.late) {
      if (pending.owed_since < time) late.insert(index);
    }
    for (const Pending& pending : rendition.pending) {
      if (Droppable(pending) && pending.owed_since < time) {
        late.insert(pending.record.index);
      }
    }
  }
  for (const std::uint64_t index : late) Drop(index);
}

// What an earlier run may have stored, and listed, may not become a gap.
bool Output::Droppable(const Pending& pending) {
  return pending.state == Pending::State::kWaiting &&
         (!pending.restored || pending.was_gap);
}

void Output::Drop(std::uint64_t index) {
  for (Rendition& rendition : renditions_) {
    if (const auto late = rendition.late.find(index);
        late != rendition.late.end()) {
      late->second.dropped = true;
      uploader_->Abandon(std::string(late->second.key));
      continue;
    }
    Pending* pending = FindPending(rendition, index);
    if (pending == nullptr || !Droppable(*pending)) continue;
    pending->dropped = true;
    uploader_->Abandon(pending->key);
    // Not even under way: it waits for its init section.
    pending = FindPending(rendition, index);
    if (pending == nullptr || !Droppable(*pending)) continue;
    Lose(rendition, *pending,
         ResourceExhausted("{}: dropped to make room", pending->key));
    Advance(rendition);
  }
}

void Output::PublishAll(Rendition& rendition) {
  for (const auto* playlists : {&rendition.rotated, &rendition.playlists}) {
    for (const auto& playlist : *playlists) Publish(rendition, playlist);
  }
}

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

std::uint64_t Output::NeededFrom(int number) const {
  const Rendition& rendition = renditions_[static_cast<std::size_t>(number)];
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

void Output::List(Rendition& rendition, const Pending& pending) {
  const std::uint64_t sequence =
      rendition.first_sequence + pending.record.index;
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

}  // namespace hlsrec::deliver
