#include <algorithm>
#include <utility>

#include "hlsrec/resume.h"
#include "src/base/answer.h"
#include "src/base/runtime_core.h"
#include "src/base/status_util.h"
#include "src/record/confirmed.h"
#include "src/record/hold.h"
#include "src/record/leased_output.h"
#include "src/record/notification_feed.h"
#include "src/record/plan_text.h"
#include "src/record/restore.h"
#include "src/record/takeover.h"
#include "src/spool/spool.h"

namespace hlsrec {
namespace {

using deliver::OutputPlan;
using record::RecordingPlan;

constexpr std::string_view kFile = "file:";
constexpr std::chrono::milliseconds kJournalAgain{500};

StatusOr<std::shared_ptr<Sink>> OpenFormerSink(
    const std::shared_ptr<Runtime>& runtime, const ResumeOptions& options,
    const std::string& description) {
  if (options.open_sink) return options.open_sink(description);
  if (description.starts_with(kFile)) {
    return OpenFileSink(runtime, {.root = description.substr(kFile.size())});
  }
  return FailedPrecondition("resume: {}: only file sinks can be made again",
                            description);
}

// Outputs without a recording before them.
//
// Threads. Everything on its strand. Lifetime. Held by its outputs.
class Resumption : public std::enable_shared_from_this<Resumption> {
 public:
  Resumption(std::shared_ptr<Runtime> runtime, RecordingPlan plan,
             ResumeOptions options,
             std::function<void(RecordingResult)> finished)
      : runtime_(std::move(runtime)),
        core_(runtime_->core()),
        strand_(Strand::Create(core_.media())),
        plan_(std::move(plan)),
        feed_(core_, plan_),
        options_(std::move(options)),
        finished_(std::move(finished)) {}

  void Start() {
    strand_->Post([self = shared_from_this()] { self->Run(); });
  }

 private:
  void Run() {
    results_.resize(plan_.outputs.size());
    for (const OutputPlan& output : plan_.outputs) {
      record::LeasedOutput opened = record::OpenOutput(
          core_, strand_, output,
          [self = shared_from_this()](Event event) {
            self->Emit(std::move(event));
          },
          [weak = weak_from_this(), i = outputs_.size()](Status status) {
            if (const auto self = weak.lock()) {
              self->OnTakenOver(i, std::move(status));
            }
          });
      outputs_.push_back(std::move(opened.output));
      keepers_.push_back(std::move(opened.keeper));
      if (keepers_.back() != nullptr) keepers_.back()->Start();
    }
    ArmTimer(0);
    feed_.OnStopped({});
    const auto outputs = outputs_;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      outputs[i]->Restore(std::move(plan_.restored[i]));
    }
    JournalEnding();
  }

  // As for a recording: while what was held back goes in nobody gives up.
  void ArmTimer(std::uint64_t progress_at_end) {
    strand_->PostAt(core_.clock().Steady() + options_.finish_timeout,
                    [weak = weak_from_this(), progress_at_end] {
                      const auto self = weak.lock();
                      if (self == nullptr) return;
                      const std::uint64_t now =
                          deliver::ProgressAtEnd(self->outputs_);
                      if (now == progress_at_end) return self->GiveUp();
                      self->ArmTimer(now);
                    });
  }

  // An interruption that is resumed here is its end; before any list has one:
  // else a later run would go on behind it.
  void JournalEnding() {
    core_.spool().journal().Add(
        spool::RecordingEnding{.recording = plan_.recording},
        [self = shared_from_this()](Status status) {
          self->strand_->Post([self, status = std::move(status)] {
            if (status.ok()) return self->Finish();
            self->strand_->PostAt(self->core_.clock().Steady() + kJournalAgain,
                                  [self] {
                                    if (!self->ending_) self->JournalEnding();
                                  });
          });
        });
  }

  void Finish() {
    if (std::exchange(ending_, true)) return;
    const auto outputs = outputs_;
    for (std::size_t i = 0; i < outputs.size(); ++i) {
      outputs[i]->Finish([self = shared_from_this(), i](OutputResult result) {
        self->OnOutputDone(i, std::move(result));
      });
    }
  }

  void Emit(Event event) {
    feed_.OnEvent(event);
    if (options_.observer == nullptr) return;
    event.time = core_.clock().Wall();
    event.recording = plan_.options.stream;
    options_.observer->OnEvent(event);
  }

  void OnTakenOver(std::size_t output, Status status) {
    if (outputs_.empty()) return;
    Emit({.type = EventType::kOutputTakenOver,
          .output = plan_.outputs[output].id,
          .status = status});
    taken_over_ = std::move(status);
    const auto taken = outputs_[output];
    taken->GiveUp();
  }

  void StopKeepers() {
    const auto keepers = keepers_;
    for (const auto& keeper : keepers) {
      if (keeper != nullptr) keeper->Stop();
    }
  }

  void GiveUp() {
    StopKeepers();
    const auto outputs = outputs_;
    for (const auto& output : outputs) output->GiveUp();
    Finish();
    // Only a removal is under way: the journal does not answer.
    if (done_ == results_.size()) {
      Conclude(DeadlineExceeded("resume: not removed in time"));
    }
  }

  void OnOutputDone(std::size_t output, OutputResult result) {
    results_[output] = std::move(result);
    if (++done_ == results_.size()) RemoveConfirmed();
  }

  void RemoveConfirmed() {
    record::RemoveConfirmed(
        {.plan = plan_, .outputs = outputs_, .results = results_}, strand_,
        core_.spool().journal(),
        [self = shared_from_this()](const Status& removed) {
          // Last: what is removed is, while it is ours.
          record::ReleaseLeases(self->keepers_, self->results_,
                                [self, removed] { self->Conclude(removed); });
        });
  }

  void Conclude(const Status& removed) {
    if (outputs_.empty()) return;  // told already
    StopKeepers();
    RecordingResult all{.status = taken_over_, .outputs = results_};
    bool owes = !removed.ok();
    for (const OutputResult& each : results_) {
      if (all.status.ok()) all.status = each.status;
      owes = owes || !each.missing.empty();
    }
    for (const auto& each : outputs_) {
      all.progress.segments_stored += each->stored();
      all.progress.segments_lost += each->lost();
      all.progress.put_retries += each->uploader().retries();
    }
    Emit({.type = EventType::kRecordingFinished, .status = all.status});
    kept_ = deliver::KeptOf(outputs_);
    outputs_.clear();
    // Told before the recording is forgotten.
    feed_.OnEnded(
        all, owes,
        [self = shared_from_this(), all, owes](const Status& journaled) {
          const bool stays = owes || !journaled.ok();
          self->strand_->Post([self, all, stays] {
            stays ? self->Tell(all) : self->Forget(all);
          });
        });
  }

  void Forget(const RecordingResult& all) {
    spool::ForgetRecording(
        core_.spool(), plan_.recording,
        [self = shared_from_this(), all](const Status& journaled) {
          journaled.Ignore("the next run finds that nothing is owed");
          self->strand_->Post([self, all, forgotten = journaled.ok()] {
            if (forgotten) deliver::ReleaseAll(self->kept_);
            self->Tell(all);
          });
        });
  }

  void Tell(RecordingResult result) {
    plan_.claim = nullptr;
    kept_.clear();
    finished_(std::move(result));
  }

  const std::shared_ptr<Runtime> runtime_;
  RuntimeCore& core_;
  const std::shared_ptr<Strand> strand_;
  RecordingPlan plan_;
  record::NotificationFeed feed_;
  const ResumeOptions options_;
  const std::function<void(RecordingResult)> finished_;
  std::vector<std::shared_ptr<deliver::Output>> outputs_;
  deliver::KeptOfAll kept_;  // of those that are done
  std::vector<std::shared_ptr<deliver::LeaseKeeper>> keepers_;
  std::vector<OutputResult> results_;
  Status taken_over_;
  std::size_t done_ = 0;
  bool ending_ = false;
};

}  // namespace

StatusOr<RecordingResult> Resume(std::shared_ptr<Runtime> runtime,
                                 std::int64_t recording,
                                 const ResumeOptions& options) {
  if (runtime == nullptr) return InvalidArgument("resume: runtime: is null");
  RuntimeCore& core = runtime->core();
  spool::Journal& journal = core.spool().journal();
  const auto all = journal.Recordings();
  const auto summary = std::find_if(all.begin(), all.end(), [&](const auto& s) {
    return s.recording == recording;
  });
  if (summary == all.end()) {
    return NotFound("resume: recording {}: is not in the spool", recording);
  }
  HLSREC_ASSIGN_OR_RETURN(RecordingPlan plan,
                          record::LoadPlan(summary->config));
  plan.identity = summary->identity;
  HLSREC_RETURN_IF_ERROR(record::ClaimPlan(core, plan).WithContext("resume"));
  for (OutputPlan& output : plan.outputs) {
    HLSREC_ASSIGN_OR_RETURN(output.sink,
                            OpenFormerSink(runtime, options, output.sink_name));
    output.retry = {.first = options.retry_first, .max = options.retry_max};
    output.ending = summary->ending;
  }
  HLSREC_RETURN_IF_ERROR(
      record::CheckNotTakenOver(core, plan.run, plan.outputs));
  HLSREC_RETURN_IF_ERROR(record::HoldOutputs(core, plan).WithContext("resume"));
  HLSREC_RETURN_IF_ERROR(record::AcquireLeases(core, plan));
  HLSREC_RETURN_IF_ERROR(record::RestorePlan(core, recording, plan));
  const auto answer = std::make_shared<Answer<RecordingResult>>();
  std::make_shared<Resumption>(
      std::move(runtime), std::move(plan), options,
      [answer](RecordingResult result) { answer->Set(std::move(result)); })
      ->Start();
  return answer->Take(core);
}

}  // namespace hlsrec
