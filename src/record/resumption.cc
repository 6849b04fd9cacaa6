#include <algorithm>
#include <utility>

#include "hlsrec/resume.h"
#include "src/base/answer.h"
#include "src/base/runtime_core.h"
#include "src/base/status_util.h"
#include "src/record/hold.h"
#include "src/record/notification_feed.h"
#include "src/record/output_set.h"
#include "src/record/plan_text.h"
#include "src/record/restore.h"
#include "src/record/takeover.h"
#include "src/spool/spool.h"

namespace hlsrec {
namespace {

using deliver::OutputPlan;
using record::RecordingPlan;

constexpr std::string_view kFile = "file:";

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
        finished_(std::move(finished)),
        outputs_(std::make_shared<record::OutputSet>(core_, strand_,
                                                     plan_.recording)) {}

  void Start() {
    strand_->Post([self = shared_from_this()] { self->Run(); });
  }

 private:
  void Run() {
    outputs_->Open(
        plan_.outputs,
        [self = shared_from_this()](Event event) {
          self->Emit(std::move(event));
        },
        [self = shared_from_this()](Status status) {
          self->taken_over_ = std::move(status);
        });
    outputs_->EndWithin(options_.finish_timeout, [weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->GiveUp();
    });
    feed_.OnStopped({});
    outputs_->Begin(std::move(plan_.restored));
    // An interruption that is resumed here is its end.
    outputs_->JournalEnding([self = shared_from_this()](const Status& status) {
      if (status.ok()) self->Finish();
    });
  }

  void GiveUp() {
    outputs_->GiveUp();
    Finish();
  }

  void Finish() {
    if (outputs_->finishing()) return;
    outputs_->Finish({}, [self = shared_from_this()] { self->Conclude(); });
  }

  void Conclude() {
    RecordingResult result{.status = outputs_->Outcome(taken_over_),
                           .outputs = outputs_->results()};
    outputs_->AddTo(result.progress);
    Emit({.type = EventType::kRecordingFinished, .status = result.status});
    outputs_->Close(feed_, result, [self = shared_from_this(), result] {
      self->plan_.claim = nullptr;
      self->finished_(result);
    });
  }

  void Emit(Event event) {
    feed_.OnEvent(event);
    if (options_.observer == nullptr) return;
    event.time = core_.clock().Wall();
    event.recording = plan_.options.stream;
    options_.observer->OnEvent(event);
  }

  const std::shared_ptr<Runtime> runtime_;
  RuntimeCore& core_;
  const std::shared_ptr<Strand> strand_;
  RecordingPlan plan_;
  record::NotificationFeed feed_;
  const ResumeOptions options_;
  const std::function<void(RecordingResult)> finished_;
  const std::shared_ptr<record::OutputSet> outputs_;
  Status taken_over_;
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
