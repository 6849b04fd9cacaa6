#include "hlsrec/recorder.h"

#include <atomic>
#include <deque>
#include <unordered_map>
#include <utility>
#include <variant>

#include "src/base/runtime_core.h"
#include "src/base/status_util.h"
#include "src/chat/message.h"
#include "src/record/notifications.h"
#include "src/record/plan.h"
#include "src/record/plan_tracks.h"
#include "src/record/recording.h"
#include "src/record/restore.h"
#include "src/spool/spool.h"

namespace hlsrec {
namespace {

// What the host asks for, in the order it asked.
struct TakenPacket {
  Packet packet;
  int track = 0;
};
struct RestartCommand {
  std::vector<Track> tracks;
};
struct InterruptCommand {
  std::chrono::milliseconds missing;
};
struct ChatCommand {
  std::string message;
};
struct CutCommand {};
struct PauseCommand {};
struct UnpauseCommand {};
struct FinishCommand {};
struct AbortCommand {};
using Command = std::variant<TakenPacket, RestartCommand, InterruptCommand,
                             ChatCommand, CutCommand, PauseCommand,
                             UnpauseCommand, FinishCommand, AbortCommand>;

// Of what waits, as it is counted.
std::uint64_t SizeOf(const Command& command) {
  if (const auto* taken = std::get_if<TakenPacket>(&command)) {
    return taken->packet.payload.size();
  }
  const auto* chat = std::get_if<ChatCommand>(&command);
  return chat == nullptr ? 0 : chat->message.size();
}

std::unordered_map<int, int> IndexById(const std::vector<Track>& tracks) {
  std::unordered_map<int, int> index;
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    index.emplace(tracks[i].id, static_cast<int>(i));
  }
  return index;
}

}  // namespace

// The door between the host's threads and the recording's strand: a queue, a
// copy of the counters, and the result.
class Recorder::Impl : public ChatLog,
                       public std::enable_shared_from_this<Recorder::Impl> {
 public:
  Impl(std::shared_ptr<Runtime> runtime, const RecordingOptions& options)
      : runtime_(std::move(runtime)),
        core_(runtime_->core()),
        strand_(Strand::Create(core_.media())),
        max_pending_bytes_(options.max_pending_bytes) {
    MutexLock lock(mutex_);
    tracks_ = IndexById(options.tracks);
  }

  Status Start(record::RecordingPlan plan) {
    stores_chat_ = record::StoresChat(plan);
    record::AttachNotifiers(runtime_->core(), plan);
    auto recording = std::make_shared<record::Recording>(
        runtime_, strand_, std::move(plan),
        spool::WriterLink{.pending = spool_pending_,
                          .writes_here = writes_here_},
        [self = shared_from_this()](RecordingResult result) {
          self->OnFinished(std::move(result));
        });
    // Nothing else runs on the strand yet.
    HLSREC_RETURN_IF_ERROR(recording->Start());
    recording_ = std::move(recording);
    return {};
  }

  Status Push(Packet packet, PushWork work) {
    if (packet.payload.empty()) {
      return InvalidArgument("push: track {}: no payload", packet.track);
    }
    const std::uint64_t size = packet.payload.size();
    {
      MutexLock lock(mutex_);
      HLSREC_RETURN_IF_ERROR(CheckOpen());
      const auto track = tracks_.find(packet.track);
      if (track == tracks_.end()) {
        return InvalidArgument("push: track {}: no such track", packet.track);
      }
      HLSREC_RETURN_IF_ERROR(TakeBytes(size).WithContext("push"));
      queue_.emplace_back(
          TakenPacket{.packet = std::move(packet), .track = track->second});
      if (std::exchange(scheduled_, true)) return {};
    }
    if (work == PushWork::kRuntime || !TryTurn(work)) Schedule();
    return {};
  }

  Status Append(ChatMessage message) override {
    if (!stores_chat_) {
      return FailedPrecondition(
          "chat: no output stores it: set OutputOptions::chat");
    }
    HLSREC_RETURN_IF_ERROR(chat::CheckMessage(message));
    // To one alone: it goes no further.
    const bool direct = !message.recipient_peer_id.empty();
    if (!message.sent_at) message.sent_at = core_.clock().Wall();
    std::string text = direct ? std::string() : chat::SaveMessage(message);
    {
      MutexLock lock(mutex_);
      HLSREC_RETURN_IF_ERROR(CheckOpen().WithContext("chat"));
      if (direct) return {};
      HLSREC_RETURN_IF_ERROR(TakeBytes(text.size()).WithContext("chat"));
      queue_.emplace_back(ChatCommand{std::move(text)});
      if (std::exchange(scheduled_, true)) return {};
    }
    Schedule();
    return {};
  }

  Status Restart(std::vector<Track> tracks) {
    if (tracks.empty()) return InvalidArgument("restart: tracks: is empty");
    for (const Track& track : tracks) {
      if (Status status =
              media::AccessUnitReader::Create(track).status().WithContext(
                  fmt::format("restart: track {}", track.id));
          !status.ok()) {
        return status;
      }
    }
    HLSREC_RETURN_IF_ERROR(record::CheckTracks(tracks).WithContext("restart"));
    {
      MutexLock lock(mutex_);
      HLSREC_RETURN_IF_ERROR(CheckOpen());
      HLSREC_RETURN_IF_ERROR(CheckRestart(tracks));
      // Together: a packet pushed next already means the new tracks.
      tracks_ = IndexById(tracks);
      queue_.emplace_back(RestartCommand{std::move(tracks)});
      if (std::exchange(scheduled_, true)) return {};
    }
    Schedule();
    return {};
  }

  Status Enqueue(Command command) {
    {
      MutexLock lock(mutex_);
      if (!std::holds_alternative<AbortCommand>(command)) {
        HLSREC_RETURN_IF_ERROR(CheckOpen());
      }
      if (std::holds_alternative<FinishCommand>(command)) ending_ = true;
      if (std::holds_alternative<AbortCommand>(command)) {
        ending_ = true;
        for (const Command& dropped : queue_) ReturnBytes(dropped);
        queue_.clear();
      }
      queue_.push_back(std::move(command));
      if (std::exchange(scheduled_, true)) return {};
    }
    Schedule();
    return {};
  }

  // A runtime that was stopped runs nothing any more, not even our end.
  void LetGoIfStopped() {
    if (!core_.media()->stopped()) return;
    strand_->Drop();
    if (recording_ == nullptr) return;
    const auto recording = std::move(recording_);
    recording->LetGo();
  }

  RecordingResult Wait() {
    core_.Await(finished_);
    MutexLock lock(mutex_);
    return result_;
  }

  // As of the last turn; asks for one, so that who polls sees all in the end.
  RecordingProgress progress() {
    {
      MutexLock lock(mutex_);
      if (scheduled_ || ending_) return progress_;
      scheduled_ = true;
    }
    Schedule();
    MutexLock lock(mutex_);
    return progress_;
  }

  void SetRenditionTracks(std::vector<int> ids, bool ts_used, bool fmp4_used) {
    MutexLock lock(mutex_);
    rendition_ids_ = std::move(ids);
    ts_used_ = ts_used;
    fmp4_used_ = fmp4_used;
  }

 private:
  // Packets of one turn: then the counters are brought up to date.
  static constexpr int kTurn = 256;

  Status CheckOpen() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    // Not its own code: a full disk is nothing that waiting would help.
    if (!failure_.ok()) {
      return FailedPrecondition("the recording failed: {}", failure_.message());
    }
    if (ending_) return FailedPrecondition("the recording was finished");
    return {};
  }

  Status CheckRestart(const std::vector<Track>& tracks) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (ts_used_) HLSREC_RETURN_IF_ERROR(record::CheckContainer(false, tracks));
    if (fmp4_used_) {
      HLSREC_RETURN_IF_ERROR(record::CheckContainer(true, tracks));
    }
    if (rendition_ids_.empty()) return {};  // one rendition of whatever comes
    if (tracks.size() != rendition_ids_.size()) {
      return InvalidArgument(
          "restart: {} tracks, but the recording was opened with {}: open "
          "another recording for another set of tracks",
          tracks.size(), rendition_ids_.size());
    }
    for (std::size_t i = 0; i < tracks.size(); ++i) {
      if (tracks[i].id != rendition_ids_[i]) {
        return InvalidArgument(
            "restart: track {}: ids must be those of Open(), in their order",
            tracks[i].id);
      }
    }
    return {};
  }

  Status TakeBytes(std::uint64_t size) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const std::uint64_t waiting = queued_bytes_ + *spool_pending_;
    if (waiting > 0 && waiting + size > max_pending_bytes_) {
      return ResourceExhausted("{} bytes wait for the spool: slow down or drop",
                               waiting);
    }
    if (!core_.budget()->TryTake(size)) {
      return ResourceExhausted(
          "the runtime's memory budget is spent: slow down or drop");
    }
    queued_bytes_ += size;
    return {};
  }

  void ReturnBytes(const Command& command)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const std::uint64_t size = SizeOf(command);
    queued_bytes_ -= size;
    core_.budget()->Return(size);
  }

  void Schedule() {
    strand_->Post([self = shared_from_this()] { self->Turn(); });
  }

  // Until the strand has done what waits now.
  void AwaitStrand() {
    const auto done = std::make_shared<Latch>();
    strand_->Post([done] { done->Open(); });
    core_.Await(*done);
  }

  // On the caller's thread. False: the recording is busy.
  bool TryTurn(PushWork work) {
    if (work == PushWork::kCaller) return strand_->TryRun([&] { Turn(); });
    const auto turn = [&] {
      *writes_here_ = true;
      Turn();
      *writes_here_ = false;
    };
    while (!strand_->TryRun(turn)) AwaitStrand();
    return true;
  }

  void Turn() {
    for (int i = 0; i < kTurn; ++i) {
      Command command;
      {
        MutexLock lock(mutex_);
        if (queue_.empty()) {
          scheduled_ = false;
          break;
        }
        command = std::move(queue_.front());
        queue_.pop_front();
      }
      Run(command);
      MutexLock lock(mutex_);
      ReturnBytes(command);
    }
    MutexLock lock(mutex_);
    if (recording_ != nullptr) {
      progress_ = recording_->Progress();
      failure_ = recording_->failure();
    }
    if (scheduled_) Schedule();
  }

  void Run(Command& command) {
    // A copy: ending the recording lets go of it.
    const auto recording = recording_;
    if (recording == nullptr) {
      if (!std::holds_alternative<TakenPacket>(command)) return;
      // It came too late for the result.
      MutexLock lock(mutex_);
      ++progress_.packets_accepted;
      ++progress_.packets_dropped;
      return;
    }
    if (auto* taken = std::get_if<TakenPacket>(&command)) {
      recording->OnPacket(taken->packet, taken->track);
    } else if (auto* restart = std::get_if<RestartCommand>(&command)) {
      recording->OnRestart(std::move(restart->tracks));
    } else if (auto* interrupt = std::get_if<InterruptCommand>(&command)) {
      recording->OnInterrupt(interrupt->missing);
    } else if (auto* chat = std::get_if<ChatCommand>(&command)) {
      recording->OnChat(chat->message);
    } else if (std::holds_alternative<CutCommand>(command)) {
      recording->OnCut();
    } else if (std::holds_alternative<PauseCommand>(command)) {
      recording->OnPause();
    } else if (std::holds_alternative<UnpauseCommand>(command)) {
      recording->OnUnpause();
    } else if (std::holds_alternative<FinishCommand>(command)) {
      recording->OnFinish();
    } else {
      recording->OnAbort();
    }
  }

  void OnFinished(RecordingResult result) {
    {
      MutexLock lock(mutex_);
      progress_ = result.progress;
      ending_ = true;
      if (failure_.ok() && !result.status.ok() &&
          result.status.code() != StatusCode::kCancelled) {
        failure_ = result.status;
      }
      result_ = std::move(result);
    }
    recording_ = nullptr;
    finished_.Open();
  }

  const std::shared_ptr<Runtime> runtime_;
  RuntimeCore& core_;
  const std::shared_ptr<Strand> strand_;
  const std::uint64_t max_pending_bytes_;
  bool stores_chat_ = false;  // since Start()
  const std::shared_ptr<spool::PendingBytes> spool_pending_ =
      std::make_shared<spool::PendingBytes>(0);
  const std::shared_ptr<bool> writes_here_ =
      std::make_shared<bool>(false);              // on the strand
  std::shared_ptr<record::Recording> recording_;  // on the strand
  Latch finished_;

  Mutex mutex_;
  std::deque<Command> queue_ ABSL_GUARDED_BY(mutex_);
  std::uint64_t queued_bytes_ ABSL_GUARDED_BY(mutex_) = 0;
  bool scheduled_ ABSL_GUARDED_BY(mutex_) = false;
  bool ending_ ABSL_GUARDED_BY(mutex_) = false;
  std::unordered_map<int, int> tracks_ ABSL_GUARDED_BY(mutex_);
  // Of Open(), where renditions name tracks; else empty.
  std::vector<int> rendition_ids_ ABSL_GUARDED_BY(mutex_);
  bool ts_used_ ABSL_GUARDED_BY(mutex_) = false;
  bool fmp4_used_ ABSL_GUARDED_BY(mutex_) = false;
  RecordingProgress progress_ ABSL_GUARDED_BY(mutex_);
  RecordingResult result_ ABSL_GUARDED_BY(mutex_);
  Status failure_ ABSL_GUARDED_BY(mutex_);
};

Recorder::Recorder(std::shared_ptr<Impl> impl) : impl_(std::move(impl)) {}

Recorder::~Recorder() {
  impl_->Enqueue(AbortCommand{}).Ignore("a finished recording has ended");
  impl_->LetGoIfStopped();
}

StatusOr<std::unique_ptr<Recorder>> Recorder::Open(
    std::shared_ptr<Runtime> runtime, RecordingOptions options) {
  if (runtime == nullptr) return InvalidArgument("recorder: runtime: is null");
  RuntimeCore& core = runtime->core();
  auto impl = std::make_shared<Impl>(std::move(runtime), options);
  HLSREC_ASSIGN_OR_RETURN(record::RecordingPlan plan,
                          record::MakePlan(core, std::move(options)));
  std::vector<int> ids;
  if (!plan.options.renditions.empty()) {
    for (const Track& track : plan.options.tracks) ids.push_back(track.id);
  }
  bool ts_used = false;
  bool fmp4_used = false;
  for (const deliver::OutputPlan& output : plan.outputs) {
    (output.fmp4 ? fmp4_used : ts_used) = true;
  }
  impl->SetRenditionTracks(std::move(ids), ts_used, fmp4_used);
  const bool stores = !plan.outputs.empty();
  if (stores) HLSREC_RETURN_IF_ERROR(record::JournalOpening(core, plan));
  const spool::RecordingId recording = plan.recording;
  const bool resumed = plan.resumed;
  if (Status status = impl->Start(std::move(plan)); !status.ok()) {
    // What did not begin owes nothing.
    if (stores && !resumed) {
      spool::ForgetRecording(core.spool(), recording, {});
    }
    return status;
  }
  return std::unique_ptr<Recorder>(new Recorder(std::move(impl)));
}

Status Recorder::Push(Packet packet, PushWork work) {
  return impl_->Push(std::move(packet), work);
}

Status Recorder::Restart(std::vector<Track> tracks) {
  return impl_->Restart(std::move(tracks));
}

Status Recorder::Interrupt(std::chrono::milliseconds missing) {
  if (missing.count() < 0) {
    return InvalidArgument("interrupt: missing: {} ms: is negative",
                           missing.count());
  }
  return impl_->Enqueue(InterruptCommand{missing});
}

Status Recorder::CutSegment() { return impl_->Enqueue(CutCommand{}); }

ChatLog& Recorder::chat() const { return *impl_; }

Status Recorder::Pause() { return impl_->Enqueue(PauseCommand{}); }

Status Recorder::Unpause() { return impl_->Enqueue(UnpauseCommand{}); }

void Recorder::Finish() {
  impl_->Enqueue(FinishCommand{}).Ignore("finished already");
}

void Recorder::Abort() {
  impl_->Enqueue(AbortCommand{}).Ignore("ended already");
}

RecordingResult Recorder::Wait() { return impl_->Wait(); }

RecordingProgress Recorder::progress() const { return impl_->progress(); }

}  // namespace hlsrec
