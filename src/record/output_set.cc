#include "src/record/output_set.h"

#include <algorithm>
#include <utility>

#include "src/base/status_util.h"
#include "src/record/confirmed.h"
#include "src/record/leased_output.h"
#include "src/spool/spool.h"

namespace hlsrec::record {
namespace {

constexpr std::chrono::milliseconds kJournalAgain{500};

}  // namespace

OutputSet::OutputSet(RuntimeCore& core, std::shared_ptr<Strand> strand,
                     spool::RecordingId recording)
    : core_(core), strand_(std::move(strand)), recording_(recording) {}

void OutputSet::Open(const std::vector<deliver::OutputPlan>& plans,
                     std::function<void(Event)> emit,
                     std::function<void(Status)> taken_over) {
  emit_ = std::move(emit);
  taken_over_ = std::move(taken_over);
  opened_ = plans.size();
  for (std::size_t i = 0; i < plans.size(); ++i) {
    LeasedOutput opened =
        OpenOutput(core_, strand_, plans[i], emit_,
                   [weak = weak_from_this(), i](const Status& status) {
                     const auto self = weak.lock();
                     if (self != nullptr) self->OnTakenOver(i, status);
                   });
    outputs_.push_back(std::move(opened.output));
    keepers_.push_back(std::move(opened.keeper));
  }
}

void OutputSet::OnTakenOver(std::size_t output, const Status& status) {
  if (closed_) return;
  const auto taken = outputs_[output];
  emit_({.type = EventType::kOutputTakenOver,
         .output = taken->id(),
         .status = status});
  // First: its end may be the end of all.
  taken_over_(status.WithContext("output " + taken->id()));
  taken->GiveUp();
}

void OutputSet::Begin(std::vector<Restored> restored) {
  for (const auto& keeper : keepers_) {
    if (keeper != nullptr) keeper->Start();
  }
  const auto outputs = outputs_;
  for (std::size_t i = 0; i < restored.size(); ++i) {
    outputs[i]->Restore(std::move(restored[i]));
  }
}

void OutputSet::AddTo(RecordingProgress& progress) const {
  for (const auto& output : outputs_) {
    progress.segments_stored += output->stored();
    progress.segments_lost += output->lost();
    progress.put_retries += output->uploader().retries();
    progress.backlog_objects +=
        output->uploader().backlog_objects() + output->held_objects();
    progress.backlog_bytes +=
        output->uploader().backlog_bytes() + output->held_bytes();
    progress.lag = std::max(progress.lag, output->lag());
  }
}

void OutputSet::EndWithin(std::chrono::milliseconds timeout,
                          std::function<void()> out_of_time) {
  strand_->PostAt(
      core_.clock().Steady() + timeout,
      [weak = weak_from_this(), timeout, out_of_time = std::move(out_of_time),
       before = deliver::ProgressAtEnd(outputs_)] {
        const auto self = weak.lock();
        if (self == nullptr || self->closed_) return;
        if (deliver::ProgressAtEnd(self->outputs_) == before) {
          return out_of_time();
        }
        self->EndWithin(timeout, out_of_time);
      });
}

void OutputSet::JournalEnding(std::function<void(const Status&)> told) {
  core_.spool().journal().Add(
      spool::RecordingEnding{.recording = recording_},
      [self = shared_from_this(), told = std::move(told)](Status status) {
        self->strand_->Post([self, told, status = std::move(status)] {
          told(status);
          if (status.ok()) return;
          self->strand_->PostAt(self->core_.clock().Steady() + kJournalAgain,
                                [self, told] {
                                  if (self->finishing() || self->closed_)
                                    return;
                                  self->JournalEnding(told);
                                });
        });
      });
}

void OutputSet::Finish(const Status& failure, std::function<void()> ended) {
  finishing_ = true;
  ended_ = std::move(ended);
  results_.resize(opened_);
  // An output may be through before the next one was asked.
  const auto outputs = outputs_;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    outputs[i]->SetFailure(failure);
    outputs[i]->Finish([self = shared_from_this(), i](OutputResult result) {
      self->OnDone(i, std::move(result));
    });
  }
  if (outputs.empty()) OnRemoved({});
  if (given_up_) GiveRemovalUp();
}

void OutputSet::OnDone(std::size_t output, OutputResult result) {
  results_[output] = std::move(result);
  if (++done_ < opened_ || closed_) return;
  removing_ = true;
  RemoveConfirmed({.outputs = outputs_, .results = results_}, recording_,
                  strand_, core_.spool().journal(),
                  [self = shared_from_this()](const Status& removed) {
                    // Last: what is removed is, while it is ours.
                    ReleaseLeases(
                        self->keepers_, self->results_,
                        [self, removed] { self->OnRemoved(removed); });
                  });
}

void OutputSet::OnRemoved(const Status& removed) {
  if (removed_ || closed_) return;  // given up
  removed_ = removed;
  std::exchange(ended_, nullptr)();
}

void OutputSet::StopKeepers() {
  const auto keepers = keepers_;
  for (const auto& keeper : keepers) {
    if (keeper != nullptr) keeper->Stop();
  }
}

void OutputSet::GiveUp() {
  StopKeepers();
  // The last one's end may close them all.
  const auto outputs = outputs_;
  for (const auto& output : outputs) output->GiveUp();
  given_up_ = true;
  GiveRemovalUp();
}

void OutputSet::GiveRemovalUp() {
  if (!removing_) return;
  OnRemoved(DeadlineExceeded("finish: the journal did not answer in time"));
}

Status OutputSet::Outcome(const Status& before) const {
  Status status = before;
  for (const OutputResult& each : results_) {
    if (status.ok()) status = each.status;
  }
  return status;
}

void OutputSet::Close(NotificationFeed& feed, const RecordingResult& result,
                      std::function<void()> closed) {
  for (const auto& output : outputs_) {
    if (output->kept() != nullptr) kept_.push_back(output->kept());
  }
  Detach();
  const bool owes =
      results_.size() < opened_ || (removed_ && !removed_->ok()) ||
      std::any_of(
          results_.begin(), results_.end(),
          [](const OutputResult& each) { return !each.missing.empty(); });
  feed.OnEnded(result, owes,
               [self = shared_from_this(), owes,
                closed = std::move(closed)](const Status& journaled) {
                 const bool stays =
                     owes || !journaled.ok() || self->opened_ == 0;
                 self->strand_->Post([self, closed, stays] {
                   if (!stays) return self->Forget(closed);
                   self->kept_.clear();
                   closed();
                 });
               });
}

void OutputSet::Forget(const std::function<void()>& closed) {
  spool::ForgetRecording(
      core_.spool(), recording_,
      [self = shared_from_this(), closed](const Status& journaled) {
        journaled.Ignore("the next run finds that nothing is owed");
        self->strand_->Post([self, closed, forgotten = journaled.ok()] {
          for (const auto& kept : std::exchange(self->kept_, {})) {
            if (forgotten) kept->Release();
          }
          closed();
        });
      });
}

void OutputSet::LetGo() {
  const auto outputs = outputs_;
  Detach();
  for (const auto& output : outputs) output->LetGo();
}

void OutputSet::Detach() {
  closed_ = true;
  StopKeepers();
  outputs_.clear();
  emit_ = nullptr;
  taken_over_ = nullptr;
  ended_ = nullptr;
}

}  // namespace hlsrec::record
