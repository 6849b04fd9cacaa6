#include "tools/hlsrec/record_command.h"

#include <fmt/format.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

#include "hlsrec/pump.h"
#include "hlsrec/recorder.h"
#include "hlsrec/resume.h"
#include "hlsrec/source.h"
#include "tools/hlsrec/exit_codes.h"
#include "tools/hlsrec/record_options.h"
#include "tools/hlsrec/relay_command.h"
#include "tools/hlsrec/reporter.h"
#include "tools/hlsrec/signals.h"
#include "tools/hlsrec/spool_choice.h"
#include "tools/hlsrec/telling_notifier.h"
#include "tools/hlsrec/text.h"

namespace hlsrec::tools {
namespace {

// Who waits no longer need not be told why.
constexpr std::chrono::milliseconds kQuietWait{500};

// What signals act on: the source that is open, then the recorder.
class Interruption {
 public:
  [[nodiscard]] bool stopping() const { return stopping_; }
  // A signal came since the recording ended.
  [[nodiscard]] bool stopped_again() const { return signals_ > at_end_; }
  void RecordingEnded() { at_end_ = signals_.load(); }

  void OnSignal(int count) {
    stopping_ = true;
    signals_ = count;
    const std::lock_guard lock(mutex_);
    if (const auto source = source_.lock()) source->Cancel();
    if (count > 1 && recorder_ != nullptr) recorder_->Abort();
  }
  // Before anything is recorded there is nothing to pause.
  void OnWish(SignalWatch::Wish wish) {
    const std::lock_guard lock(mutex_);
    if (recorder_ == nullptr) return;
    const Status status = wish == SignalWatch::Wish::kPause
                              ? recorder_->Pause()
                              : recorder_->Unpause();
    status.Ignore("it has ended");
  }
  void Watch(const std::shared_ptr<Source>& source) {
    const std::lock_guard lock(mutex_);
    source_ = source;
    if (stopping_) source->Cancel();
  }
  void Watch(Recorder* recorder) {
    const std::lock_guard lock(mutex_);
    recorder_ = recorder;
  }

 private:
  std::atomic<bool> stopping_ = false;
  std::atomic<int> signals_ = 0;
  int at_end_ = 0;
  std::mutex mutex_;
  // The pump alone owns it: a port is free as soon as it lets go.
  std::weak_ptr<Source> source_;
  Recorder* recorder_ = nullptr;
};

// A source that a signal may cancel while the pump owns it.
class SharedSource final : public Source {
 public:
  explicit SharedSource(std::shared_ptr<Source> source)
      : source_(std::move(source)) {}
  const std::vector<Track>& tracks() const override {
    return source_->tracks();
  }
  const std::vector<SourceProgram>& programs() const override {
    return source_->programs();
  }
  const std::vector<SkippedTrack>& skipped() const override {
    return source_->skipped();
  }
  StatusOr<Packet> Read() override { return source_->Read(); }
  bool TracksChanged() override { return source_->TracksChanged(); }
  SourceCounters counters() const override { return source_->counters(); }
  void Cancel() override { source_->Cancel(); }

 private:
  const std::shared_ptr<Source> source_;
};

class RecordRun {
 public:
  explicit RecordRun(const RecordCommand& command)
      : command_(command),
        reporter_(std::make_shared<Reporter>(
            command.json, command.quiet     ? Verbosity::kQuiet
                          : command.verbose ? Verbosity::kVerbose
                                            : Verbosity::kNormal)) {}

  // A deletion that was called off may outlive it.
  ~RecordRun() {
    AwaitOthers(runtime_);
    reporter_->Drain();
  }
  RecordRun(const RecordRun&) = delete;
  RecordRun& operator=(const RecordRun&) = delete;

  int Run() {
    // A reader of our reports that goes away must not end the recording.
    ::signal(SIGPIPE, SIG_IGN);
    const SignalWatch signals(
        [this](int count) {
          reporter_->Say(count == 1
                             ? "stopping: storing what is recorded (again: "
                               "abort)"
                             : "aborting");
          interruption_.OnSignal(count);
        },
        [this](SignalWatch::Wish wish) { interruption_.OnWish(wish); });
    auto source_options = MakeSourceOptions(command_);
    if (!source_options.ok()) return Usage(source_options.status());
    auto pump = MakePumpOptions(command_);
    if (!pump.ok()) return Usage(pump.status());
    if (Status chat = OpenChat(); !chat.ok()) return Usage(chat);
    auto runtime_options = MakeRuntimeOptions(command_);
    if (!runtime_options.ok()) return Usage(runtime_options.status());
    runtime_options->libav_logging =
        command_.verbose ? LibavLog::kLeave : LibavLog::kSilence;
    auto runtime = OpenRuntime(command_, *runtime_options);
    if (runtime.status().code() == StatusCode::kInvalidArgument) {
      return Usage(runtime.status());
    }
    if (!runtime.ok()) return StorageRefused(runtime.status());
    runtime_ = std::move(runtime).value();
    source_options_ = std::move(source_options).value();
    auto options = MakeRecordingOptions(command_, runtime_);
    if (!options.ok()) return OptionsFailed(options.status());

    auto source = OpenSource();
    if (!source.ok()) return SourceFailed(source.status());
    return Record(std::move(source).value(), std::move(options).value(),
                  std::move(pump).value());
  }

 private:
  int Usage(const Status& status) {
    reporter_->Error(status.message());
    return kUsage;
  }
  int StorageRefused(const Status& status) {
    reporter_->Error(status.message());
    return kStorageRefused;
  }
  int OptionsFailed(const Status& status) {
    switch (status.code()) {
      case StatusCode::kInvalidArgument:
      case StatusCode::kNotFound:
        return Usage(status);
      default:
        return StorageRefused(status);
    }
  }
  int SourceFailed(const Status& status) {
    if (interruption_.stopping()) {
      reporter_->Say("stopped before anything was recorded");
      return kSourceFailed;
    }
    reporter_->Error(status.message());
    return kSourceFailed;
  }

  StatusOr<std::unique_ptr<Source>> OpenSource() {
    auto opened = OpenUrlSource(runtime_, source_options_,
                                [this] { return interruption_.stopping(); });
    if (!opened.ok()) return opened.status();
    std::shared_ptr<Source> shared = std::move(opened).value();
    interruption_.Watch(shared);
    return std::unique_ptr<Source>(
        std::make_unique<SharedSource>(std::move(shared)));
  }

  int Record(std::unique_ptr<Source> source, RecordingOptions options,
             PumpOptions pump) {
    for (const SkippedTrack& skipped : source->skipped()) {
      reporter_->Say(fmt::format("input stream {} ({}) is not recorded: {}",
                                 skipped.index, skipped.codec, skipped.reason));
    }
    options.tracks = source->tracks();
    options.renditions = DefaultRenditions(*source);
    options.observer = reporter_;
    const bool tells = !options.notifiers.empty();
    TellFailures(options.notifiers,
                 [reporter = reporter_](std::string_view text) {
                   reporter->Error(text);
                 });
    const bool several = options.renditions.size() > 1;
    for (OutputOptions& output : options.outputs) {
      if (!several && command_.multivariant_name.empty()) {
        output.multivariant_path = "";
      }
    }
    const std::vector<std::string> outputs = command_.outputs;
    auto opened = Recorder::Open(runtime_, std::move(options));
    if (!opened.ok()) {
      const Status& status = opened.status();
      reporter_->Error(status.message());
      if (status.code() == StatusCode::kConflict) return kOtherMachine;
      const bool usage = status.code() == StatusCode::kInvalidArgument ||
                         status.code() == StatusCode::kFailedPrecondition ||
                         status.code() == StatusCode::kAlreadyExists;
      return usage ? kUsage : kStorageRefused;
    }
    Recorder& recorder = **opened;
    TellInterrupted();
    interruption_.Watch(&recorder);
    if (chat_ != nullptr) {
      chat_->Start(recorder.chat(), [this](const std::string& warning) {
        reporter_->Error(warning);
      });
    }
    reporter_->StartStatus([&recorder] { return recorder.progress(); });
    pump.stop = [this] { return interruption_.stopping(); };
    pump.reopen = [this] { return OpenSource(); };
    pump.on_event = [this](const Event& event) { reporter_->OnEvent(event); };
    const PumpResult pumped = Pump(std::move(source), recorder, pump);
    // What was said by now belongs to it.
    chat_ = nullptr;
    recorder.Finish();
    const RecordingResult result = recorder.Wait();
    reporter_->StopStatus();
    interruption_.Watch(static_cast<Recorder*>(nullptr));
    interruption_.RecordingEnded();
    int code = Conclude(pumped, result);
    if (tells) code = AwaitReceivers(code);
    if (!command_.delete_on_end.empty()) AwaitDeletion();
    return code;
  }

  // What can't be read is told before anything is recorded.
  Status OpenChat() {
    const std::string& input = command_.chat.input;
    if (!command_.chat.wanted()) return {};
    if (input == "-" && command_.input == "-") {
      return {StatusCode::kInvalidArgument,
              "--chat: -: is the input already: give a FIFO"};
    }
    auto opened = ChatReader::Open(input);
    if (!opened.ok()) return opened.status();
    chat_ = std::move(opened).value();
    return {};
  }

  // Recordings of other names that wait in the same spool.
  void TellInterrupted() {
    const auto left = ListInterrupted(runtime_);
    if (!left.ok()) return reporter_->Error(left.status().message());
    for (const InterruptedRecording& recording : *left) {
      reporter_->Say(fmt::format(
          "an interrupted recording waits: {} ({}), {} segments owed: "
          "`hlsrec resume {}` ends it",
          recording.stream, recording.session, recording.segments_owed,
          command_.spool.empty() ? SpoolsOf(command_) : command_.spool));
    }
  }

  // What they do not take now stays owed.
  int AwaitReceivers(int code) {
    const auto timeout = ParseDuration(command_.finish_timeout);
    if (!timeout.ok()) return code;
    const auto stop = [this] { return interruption_.stopped_again(); };
    auto owed =
        AwaitNotifications(runtime_, std::min(*timeout, kQuietWait), stop);
    if (owed.ok() && *owed > 0) {
      reporter_->Say(
          fmt::format("waiting for receivers to take {} events, for {} at most "
                      "(Ctrl-C: leave them owed)",
                      *owed, command_.finish_timeout));
      owed = AwaitNotifications(runtime_, *timeout, stop);
    }
    if (!owed.ok()) {
      reporter_->Error(owed.status().message());
      return std::max<int>(code, kUndelivered);
    }
    if (*owed == 0) return code;
    reporter_->Error(fmt::format(
        "{} events are owed: `hlsrec events send {}`, or resume, with the same "
        "--webhook, sends them",
        *owed, command_.spool.empty() ? SpoolsOf(command_) : command_.spool));
    return code == kComplete || code == kRecordedWithGaps ? kUndelivered : code;
  }

  void AwaitDeletion() {
    reporter_->Say(
        fmt::format("deleting in {} (Ctrl-C: keep)", command_.delete_on_end));
    reporter_->WaitUntilDeleted(command_.outputs.size(), [this] {
      return interruption_.stopped_again();
    });
  }

  int Conclude(const PumpResult& pumped, const RecordingResult& result) {
    int code = kComplete;
    const RecordingProgress& progress = result.progress;
    if (!result.status.ok()) {
      reporter_->Error(result.status.message());
      const bool nothing = progress.segments_stored == 0 && !Relayed(result);
      if (nothing && progress.segments_sealed == 0 &&
          result.status.code() == StatusCode::kFailedPrecondition) {
        code = kSourceFailed;
      } else if (result.status.code() == StatusCode::kConflict) {
        code = kOtherMachine;
      } else {
        code = nothing ? kStorageRefused : kUndelivered;
      }
    } else if (progress.segments_lost > 0 || progress.segments_gap > 0 ||
               pumped.packets_refused > 0 ||
               pumped.source_segments_missed > 0) {
      code = kRecordedWithGaps;
    }
    code = ConcludeRelays(result, code);
    if (pumped.packets_refused > 0) {
      reporter_->Error(
          fmt::format("{} packets were dropped: the disk did not keep up",
                      pumped.packets_refused));
    }
    if (pumped.source_segments_missed > 0) {
      reporter_->Error(
          fmt::format("{} segments of the input could not be had, or not whole",
                      pumped.source_segments_missed));
    }
    if (pumped.end == PumpEnd::kSourceFailed) {
      reporter_->Error(pumped.status.message());
      if (code == kComplete) code = kSourceFailed;
    }
    for (const OutputResult& output : result.outputs) {
      for (const std::string& key : output.missing) {
        reporter_->Error(
            fmt::format("not stored: {}", DescribeOutput(output.id, key)));
      }
      if (!output.playlists.empty() && output.status.ok()) {
        reporter_->Say("playlist: " +
                       DescribeOutput(output.id, output.playlists.front()));
      }
      for (const MadeObject& made : output.made) {
        reporter_->Say(fmt::format("{}: {} ({})", made.kind,
                                   DescribeOutput(output.id, made.key),
                                   FormatBytes(made.size_bytes)));
      }
    }
    if (code == kUndelivered) {
      const std::string spool =
          command_.spool.empty() ? SpoolsOf(command_) : command_.spool;
      reporter_->Error(fmt::format(
          "what is owed stays in {}: `hlsrec resume {}` tries again", spool,
          spool));
    }
    reporter_->Summary(result, pumped, code);
    return code;
  }

  static bool Relayed(const RecordingResult& result) {
    return std::any_of(
        result.relays.begin(), result.relays.end(),
        [](const RelayResult& relay) { return relay.samples_sent > 0; });
  }

  int ConcludeRelays(const RecordingResult& result, int code) {
    for (const RelayResult& relay : result.relays) {
      // Where nothing is stored the result has said so already.
      if (!relay.status.ok() && !result.outputs.empty()) {
        reporter_->Error(relay.status.message());
      }
      reporter_->Say(fmt::format(
          "{}: {} frames sent, {} dropped, {} connections", relay.id,
          relay.samples_sent, relay.samples_dropped, relay.connections));
      if (code == kComplete &&
          (!relay.status.ok() || relay.samples_dropped > 0)) {
        code = kRecordedWithGaps;
      }
    }
    return code;
  }

  const RecordCommand& command_;
  const std::shared_ptr<Reporter> reporter_;
  Interruption interruption_;
  std::shared_ptr<Runtime> runtime_;
  UrlSourceOptions source_options_;
  std::unique_ptr<ChatReader> chat_;
};

}  // namespace

int RunRecord(RecordCommand command) {
  if (Status status = SortOutputs(command); !status.ok()) {
    fmt::print(stderr, "hlsrec: {}\n", status.message());
    return kUsage;
  }
  const int code = RecordRun(command).Run();
  if (command.spool.empty()) TidySpools(SpoolsOf(command));
  return code;
}

}  // namespace hlsrec::tools
