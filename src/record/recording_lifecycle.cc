// How a recording is told of, interrupted and ended; recording.cc has the way
// of the samples.
#include <algorithm>
#include <utility>

#include "src/base/status_util.h"
#include "src/record/recording.h"

namespace hlsrec::record {

// Several outputs may hold what makes room.
constexpr std::chrono::milliseconds kMakeRoomAgain{250};
constexpr std::chrono::milliseconds kCheckAge{5000};

spool::WriterOptions Recording::MakeWriterOptions() {
  spool::WriterOptions options{.link = writer_link_};
  if (plan_.options.spool_full == WhenSpoolFull::kStop) return options;
  options.when_full = spool::SpoolFull::kWait;
  options.on_full = [weak = weak_from_this(),
                     strand = strand_](const Status& status) {
    strand->Post([weak, status] {
      if (const auto self = weak.lock()) self->OnSpoolFull(status);
    });
  };
  return options;
}

void Recording::OnWriteFailed(const Packager::Failure& failure) {
  if (done_) return;
  if (failure.samples > 0 &&
      unwritten_.emplace(failure.rendition, failure.index).second) {
    progress_.packets_dropped += failure.samples;
    progress_.packets_written -= failure.samples;
    Emit({.type = EventType::kPacketsDropped,
          .sequence = failure.index,
          .count = failure.samples,
          .status = failure.status,
          .message = "their segment could not be written"});
  }
  Fail(failure.status);
}

void Recording::OnSpoolFull(const Status& status) {
  const bool was_full = spool_full();
  waiting_writers_ += status.ok() ? -1 : 1;
  if (done_ || was_full == spool_full()) return;
  Emit({.type = spool_full() ? EventType::kSpoolFull : EventType::kSpoolRoom,
        .status = status});
  told_hopeless_ = false;
  if (spool_full()) MakeRoom();
}

void Recording::MakeRoom() {
  if (!spool_full() || done_) return;
  if (plan_.options.spool_full == WhenSpoolFull::kDropOldest) {
    for (const auto& output : outputs_->all()) output->DropOldest();
  } else {
    TellIfHopeless();
  }
  strand_->PostAt(core_.clock().Steady() + kMakeRoomAgain,
                  [weak = weak_from_this()] {
                    if (const auto self = weak.lock()) self->MakeRoom();
                  });
}

// Who waits for room that no output of this recording will make shall know.
void Recording::TellIfHopeless() {
  std::uint64_t refused = 0;
  for (const auto& output : outputs_->all()) {
    if (output->owes_now()) return;
    refused += output->refused();
  }
  if (refused == 0 || std::exchange(told_hopeless_, true)) return;
  Emit({.type = EventType::kSpoolFull,
        .count = refused,
        .status = ResourceExhausted(
            "spool: {} segments that were refused for good fill it: make room, "
            "or finish and resume once their output takes them",
            refused)});
}

// Segments that are owed for too long.
void Recording::CheckAge() {
  const std::chrono::milliseconds limit = core_.spool().max_age();
  if (limit.count() == 0 || done_) return;
  const SteadyTime oldest = core_.clock().Steady() - limit;
  bool late = false;
  for (const auto& output : outputs_->all()) {
    if (plan_.options.spool_full == WhenSpoolFull::kDropOldest) {
      output->DropOwedBefore(oldest);
    }
    const std::string* key = output->OwedBefore(oldest);
    if (key == nullptr) continue;
    late = true;
    const Status status = ResourceExhausted(
        "spool: {}: has waited for its output for more than {} s", *key,
        std::chrono::duration_cast<std::chrono::seconds>(limit).count());
    if (plan_.options.spool_full == WhenSpoolFull::kStop) {
      if (phase_ != Phase::kFinishing) Fail(status);
      return;
    }
    if (!std::exchange(told_late_, true)) {
      Emit({.type = EventType::kSpoolFull, .key = *key, .status = status});
    }
  }
  if (!late && std::exchange(told_late_, false)) {
    Emit({.type = EventType::kSpoolRoom});
  }
  strand_->PostAt(
      core_.clock().Steady() + std::clamp<std::chrono::milliseconds>(
                                   limit / 8, kMakeRoomAgain, kCheckAge),
      [weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->CheckAge();
      });
}

void Recording::OnRestart(std::vector<Track> tracks) {
  if (phase_ == Phase::kFinishing || phase_ == Phase::kDone) return;
  Drain();
  if (phase_ == Phase::kWaiting) TryOpenGate(Gate::kLastChance);
  EndAllSegments();
  for (; !held_.empty(); held_.pop_front()) {
    Drop(tracks_[static_cast<std::size_t>(held_.front().sample.track)],
         "before the first keyframe of its tracks");
  }
  held_bytes_ = 0;
  video_given_up_ = false;
  leader_ = -1;
  MakeTracks(std::move(tracks));
  Emit({.type = EventType::kTracksChanged, .message = "tracks restarted"});
}

void Recording::OnInterrupt(std::chrono::milliseconds missing) {
  if (phase_ == Phase::kFinishing || phase_ == Phase::kDone) return;
  Drain();
  EndAllSegments();
  if (started_) {
    // 0 declares nothing by itself.
    if (missing.count() > 0 || segmenter_.axis().absent()) {
      segmenter_.axis().NoteAbsence(missing, core_.clock().Steady());
    }
    Emit({.type = EventType::kDiscontinuity,
          .message = "the source was interrupted"});
  }
  timeline_->Break("the source was interrupted");
}

void Recording::OnChat(const std::string& message) {
  if (chat_ == nullptr || phase_ == Phase::kFinishing ||
      phase_ == Phase::kDone) {
    return;
  }
  ++progress_.chat_messages;
  chat_->Append(message);
}

void Recording::OnPause() {
  if (phase_ == Phase::kFinishing || phase_ == Phase::kDone || paused_since_) {
    return;
  }
  Drain();
  EndAllSegments();
  paused_since_ = core_.clock().Steady();
  paused_packets_ = 0;
  SetState(RecordingState::kPaused);
  Emit({.type = EventType::kRecordingPaused});
}

void Recording::OnUnpause() {
  if (!paused_since_) return;
  const auto paused = std::chrono::duration_cast<std::chrono::milliseconds>(
      core_.clock().Steady() - *std::exchange(paused_since_, std::nullopt));
  Emit({.type = EventType::kRecordingUnpaused,
        .duration = paused,
        .count = paused_packets_});
  if (phase_ == Phase::kFinishing || phase_ == Phase::kDone) return;
  if (started_ && plan_.options.pause == Pause::kGaps) {
    segmenter_.axis().NoteAbsence(paused, core_.clock().Steady());
  }
  SetState(started_ ? RecordingState::kRunning : RecordingState::kStarting);
  timeline_->Break("the recording was paused");
}

void Recording::OnFinish() {
  if (phase_ == Phase::kFinishing || phase_ == Phase::kDone) return;
  Drain();
  if (phase_ == Phase::kWaiting) TryOpenGate(Gate::kLastChance);
  for (; !held_.empty(); held_.pop_front()) {
    Drop(tracks_[static_cast<std::size_t>(held_.front().sample.track)],
         "no keyframe came after it");
  }
  EndAllSegments();
  TellDrops();
  phase_ = Phase::kFinishing;
  for (const auto& relay : relays_) relay->Finish();
  outputs_->EndWithin(plan_.options.finish_timeout, [weak = weak_from_this()] {
    if (const auto self = weak.lock()) self->GiveUp();
  });
  feed_.OnStopped(Progress());
  if (outputs_->empty()) {
    // Nobody goes on with what was never stored.
    ending_journaled_ = {};
    return FinishOutputs();
  }
  outputs_->JournalEnding([self = shared_from_this()](const Status& status) {
    self->ending_journaled_ = status;
    self->FinishOutputs();
  });
}

void Recording::GiveUp() {
  GiveUpRelays();
  outputs_->GiveUp();
  if (outputs_->finishing() || done_) return;
  if (chat_ != nullptr && chat_->waiting() > 0 && failure_.ok()) {
    failure_ = DeadlineExceeded(
        "finish: chat: {} messages: were not journaled in time",
        chat_->waiting());
  }
  // Not even the spool answered. No list has its end: the next run delivers
  // what it finds there, and ends them behind it.
  if (failure_.ok()) {
    failure_ =
        ending_journaled_.ok()
            ? DeadlineExceeded("finish: segments were not sealed in time")
            : ending_journaled_.WithContext("finish");
  }
  ending_journaled_ = {};
  segmenter_.LetGo();
  if (chat_ != nullptr) std::exchange(chat_, nullptr)->Stop();
  FinishOutputs();
}

void Recording::FinishOutputs() {
  if (phase_ != Phase::kFinishing || outputs_->finishing() ||
      !ending_journaled_.ok()) {
    return;
  }
  if (segmenter_.sealing()) return;
  if (chat_ != nullptr && chat_->waiting() > 0) return;
  outputs_->Finish(failure_,
                   [self = shared_from_this()] { self->DoneIfAllAre(); });
}

void Recording::DoneIfAllAre() {
  if (done_ || !outputs_->ended() || relays_done_ < relays_.size()) return;
  Status status = outputs_->Outcome(failure_);
  if (outputs_->empty()) {
    for (const RelayResult& each : RelayResults()) {
      if (status.ok()) status = each.status;
    }
  }
  if (status.ok() && !started_) {
    status = FailedPrecondition(
        "nothing was recorded: the source brought no keyframe");
  }
  Done(std::move(status));
}

void Recording::OnAbort() {
  if (phase_ == Phase::kDone) return;
  phase_ = Phase::kFinishing;
  segmenter_.Suspend();
  segmenter_.LetGo();
  const Status aborted = Cancelled("the recording was aborted");
  if (failure_.ok()) failure_ = aborted;
  outputs_->GiveUp();
  Done(aborted);
}

void Recording::Done(Status status) {
  if (done_) return;
  TellDrops();
  RecordingResult result{.status = std::move(status),
                         .progress = Progress(),
                         .outputs = outputs_->results(),
                         .relays = RelayResults()};
  phase_ = Phase::kDone;
  Emit({.type = EventType::kRecordingFinished, .status = result.status});
  done_ = true;
  if (chat_ != nullptr) chat_->Stop();
  held_.clear();
  segmenter_.LetGo();
  relays_.clear();
  outputs_->Close(feed_, result, [self = shared_from_this(), result] {
    self->plan_.claim = nullptr;
    self->finished_(result);
  });
}

void Recording::LetGo() {
  done_ = true;
  if (chat_ != nullptr) chat_->Stop();
  held_.clear();
  segmenter_.LetGo();
  relays_.clear();
  outputs_->LetGo();
  finished_ = nullptr;
}

void Recording::Fail(const Status& status) {
  if (!failure_.ok()) return;
  failure_ = status;
  // What is sealed is still delivered and ended in good order.
  strand_->Post([self = shared_from_this()] { self->OnFinish(); });
}

RecordingProgress Recording::Progress() const {
  RecordingProgress progress = progress_;
  progress.spool_full = spool_full() || told_late_;
  progress.paused = paused_since_.has_value();
  progress.segments = segmenter_.segments();
  progress.duration = segmenter_.duration();
  progress.bytes_written = segmenter_.bytes_written();
  outputs_->AddTo(progress);
  return progress;
}

void Recording::Drop(const TrackState& track, std::string_view reason,
                     std::uint64_t count) {
  progress_.packets_dropped += count;
  CountDrop({}, fmt::format("track {}: {}", track.track.id, reason), count);
}

void Recording::CountDrop(std::string output, std::string reason,
                          std::uint64_t count) {
  for (DropCount& drop : untold_drops_) {
    if (drop.output == output && drop.reason == reason) {
      drop.count += count;
      return;
    }
  }
  untold_drops_.push_back({.output = std::move(output),
                           .reason = std::move(reason),
                           .count = count});
  ArmFlushTimer();
}

void Recording::TellDrops() {
  for (DropCount& drop : std::exchange(untold_drops_, {})) {
    Emit({.type = EventType::kPacketsDropped,
          .output = std::move(drop.output),
          .count = drop.count,
          .message = std::move(drop.reason)});
  }
  if (const std::uint64_t repaired = progress_.packets_repaired - told_repairs_;
      repaired > 0) {
    told_repairs_ = progress_.packets_repaired;
    Emit({.type = EventType::kTimestampsRepaired, .count = repaired});
  }
}

void Recording::Emit(Event event) {
  feed_.OnEvent(event);
  if (plan_.options.observer == nullptr) return;
  event.time = core_.clock().Wall();
  event.recording = plan_.options.stream;
  plan_.options.observer->OnEvent(event);
}

void Recording::ArmFlushTimer() {
  if (flush_armed_ || phase_ == Phase::kDone) return;
  flush_armed_ = true;
  strand_->PostAt(core_.clock().Steady() + plan_.options.segment.flush_interval,
                  [weak = weak_from_this()] {
                    if (const auto self = weak.lock()) self->OnFlushTimer();
                  });
}

void Recording::OnFlushTimer() {
  flush_armed_ = false;
  bool again = false;
  if (window_.open()) {
    again = true;
    SettleIfSilent();
  }
  if (phase_ == Phase::kRunning) {
    again = segmenter_.FlushIfIdle() || again;
  }
  TellDrops();
  if (again) ArmFlushTimer();
}

}  // namespace hlsrec::record
