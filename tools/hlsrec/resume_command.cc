#include "tools/hlsrec/resume_command.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hlsrec/resume.h"
#include "tools/hlsrec/exit_codes.h"
#include "tools/hlsrec/progress.h"
#include "tools/hlsrec/spool_choice.h"
#include "tools/hlsrec/telling_notifier.h"
#include "tools/hlsrec/text.h"

namespace hlsrec::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr double kMegabyte = 1e6;

std::string TimeText(std::chrono::system_clock::time_point time) {
  return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                     fmt::gmtime(std::chrono::system_clock::to_time_t(time)));
}

void PrintError(std::string_view text) {
  std::fputs(fmt::format("hlsrec: {}\n", text).c_str(), stderr);
}

void PrintJson(const Json& json) {
  std::fputs((json.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n")
                 .c_str(),
             stdout);
}

// Segments that are stored, of those that are owed.
class ResumeProgress final : public Observer {
 public:
  ResumeProgress(ProgressStyle style, const InterruptedRecording& recording)
      : progress_("resume", style),
        step_({.total = recording.segments_owed, .unit = "segments"}) {}

  void OnEvent(const Event& event) override {
    if (event.type != EventType::kSegmentStored) return;
    ++step_.done;
    step_.total = std::max(step_.total, step_.done);
    step_.bytes += event.size_bytes;
    progress_.Show(step_);
  }
  // When nobody tells any more.
  void Clear() { progress_.Clear(); }

 private:
  Progress progress_;
  ProgressStep step_;
};

class ResumeRun {
 public:
  explicit ResumeRun(const ResumeCommand& command) : command_(command) {}

  int Run() {
    const auto timeout = ParseDuration(command_.finish_timeout);
    if (!timeout.ok()) {
      PrintError(
          fmt::format("--finish-timeout: {}", timeout.status().message()));
      return kUsage;
    }
    options_.finish_timeout = *timeout;
    const auto spools = FindSpools(command_.spool);
    if (!spools.ok()) {
      PrintError(spools.status().message());
      return kUsage;
    }
    if (spools->empty()) {
      PrintError(fmt::format("resume: {}: no interrupted recording is there",
                             command_.spool));
    }
    // Numbers are a spool's own.
    if (command_.discard != 0 && spools->size() > 1) {
      PrintError(
          fmt::format("--discard: {}: holds {} spools: name the one of them "
                      "that --list tells",
                      command_.spool, spools->size()));
      return kUsage;
    }
    int code = kComplete;
    for (const std::string& spool : *spools) {
      code = std::max(code, RunSpool(spool));
    }
    return code;
  }

 private:
  // Of recordings, delivering nothing.
  [[nodiscard]] bool TellsOnly() const {
    return command_.list || command_.discard != 0;
  }

  int RunSpool(const std::string& spool) {
    int code = kComplete;
    {
      auto runtime = Runtime::Create(
          {.spool_directory = spool, .libav_logging = LibavLog::kSilence});
      if (!runtime.ok()) {
        PrintError(runtime.status().message());
        return runtime.status().code() == StatusCode::kFailedPrecondition
                   ? kUsage
                   : kStorageRefused;
      }
      const auto recordings = command_.discard == 0 ? ListInterrupted(*runtime)
                                                    : Drop(*runtime, spool);
      if (!recordings.ok()) {
        PrintError(recordings.status().message());
        const StatusCode why = recordings.status().code();
        return why == StatusCode::kNotFound ||
                       why == StatusCode::kFailedPrecondition
                   ? kUsage
                   : kStorageRefused;
      }
      if (Status status = Attach(*runtime); !status.ok()) {
        PrintError(status.message());
        return kUsage;
      }
      for (const InterruptedRecording& recording : *recordings) {
        if (TellsOnly()) {
          List(spool, recording);
        } else {
          code = std::max(code, Deliver(*runtime, recording));
        }
      }
      if (command_.list) ListOwedEvents(spool, *runtime);
      if (!TellsOnly()) code = std::max(code, AwaitReceivers(*runtime));
      AwaitOthers(*runtime);
    }
    if (!command_.list) TidySpools(spool);
    return code;
  }

  void ListOwedEvents(const std::string& spool,
                      const std::shared_ptr<Runtime>& runtime) const {
    const auto owed = ListNotifications(runtime, {.owed_only = true});
    if (!owed.ok()) return PrintError(owed.status().message());
    std::map<std::string, int> receivers;
    for (const NotificationRecord& record : *owed) ++receivers[record.notifier];
    for (const auto& [receiver, count] : receivers) {
      if (command_.json) {
        PrintJson({{"spool", spool}, {"events_owed", count}, {"to", receiver}});
        continue;
      }
      std::fputs(fmt::format("events: {} owed to {}\n  in {}\n", count,
                             receiver, spool)
                     .c_str(),
                 stdout);
    }
  }

  Status Attach(const std::shared_ptr<Runtime>& runtime) {
    if (TellsOnly()) return {};
    auto notifiers =
        MakeNotifiers(runtime, command_.webhooks, command_.http, command_.s3);
    if (!notifiers.ok()) return notifiers.status();
    TellFailures(*notifiers, &PrintError);
    for (const NotifierOptions& options : *notifiers) {
      Status status = AttachNotifier(runtime, options.notifier);
      if (!status.ok()) return status;
    }
    return {};
  }

  // Those that were named take what they are owed; the others are told of.
  int AwaitReceivers(const std::shared_ptr<Runtime>& runtime) {
    const auto owed = AwaitNotifications(runtime, options_.finish_timeout,
                                         [] { return false; });
    if (!owed.ok() || *owed == 0) return kComplete;
    const auto all = ListNotifications(runtime, {.owed_only = true});
    PrintError(fmt::format(
        "{} events are owed to {}{}: name it by --webhook or --on-event", *owed,
        all.ok() && !all->empty() ? all->front().notifier : "somebody",
        *owed > 1 ? ", or others" : ""));
    return kUndelivered;
  }

  // What was dropped: the one recording.
  StatusOr<std::vector<InterruptedRecording>> Drop(
      const std::shared_ptr<Runtime>& runtime, const std::string& spool) {
    auto dropped = Discard(runtime, command_.discard);
    if (!dropped.ok()) return dropped.status().WithContext(spool);
    return std::vector<InterruptedRecording>{*std::move(dropped)};
  }

  void List(const std::string& spool, const InterruptedRecording& recording) {
    if (command_.json) {
      return PrintJson({{"spool", spool},
                        {"id", recording.id},
                        {"discarded", command_.discard != 0},
                        {"stream", recording.stream},
                        {"session", recording.session},
                        {"started", TimeText(recording.started)},
                        {"ending", recording.ending},
                        {"journal_lost", recording.journal_lost},
                        {"sinks", recording.sinks},
                        {"playlists", recording.playlists},
                        {"segments", recording.segments},
                        {"segments_owed", recording.segments_owed},
                        {"bytes_owed", recording.bytes_owed},
                        {"files_owed", recording.files_owed},
                        {"bytes_kept", recording.bytes_kept}});
    }
    std::fputs(
        fmt::format("{}: {} ({}), begun {}: {}; {} segments, {} owed "
                    "({:.1f} MB){}\n",
                    recording.id, recording.stream, recording.session,
                    TimeText(recording.started),
                    recording.ending ? "ended, not delivered" : "interrupted",
                    recording.segments, recording.segments_owed,
                    static_cast<double>(recording.bytes_owed) / kMegabyte,
                    command_.discard != 0 ? ": dropped" : "")
            .c_str(),
        stdout);
    for (const std::string& sink : recording.sinks) {
      std::fputs(fmt::format("  to {}\n", sink).c_str(), stdout);
    }
    for (const std::string& file : recording.files_owed) {
      std::fputs(fmt::format("  still to make {}\n", file).c_str(), stdout);
    }
    if (recording.bytes_kept > 0) {
      std::fputs(
          fmt::format("  {:.1f} MB are delivered, and kept for these\n",
                      static_cast<double>(recording.bytes_kept) / kMegabyte)
              .c_str(),
          stdout);
    }
    std::fputs(fmt::format("  in {}\n", spool).c_str(), stdout);
    if (recording.journal_lost && command_.discard == 0) {
      std::fputs(
          "  its journal is lost: resume it, or record on with the same "
          "command: both go on from its playlists\n",
          stdout);
    }
  }

  int Deliver(const std::shared_ptr<Runtime>& runtime,
              const InterruptedRecording& recording) {
    ResumeOptions options = options_;
    options.open_sink =
        [this, &runtime](
            const std::string& description) -> StatusOr<std::shared_ptr<Sink>> {
      if (IsS3Url(description)) {
        auto sink =
            OpenS3Output(runtime, command_.s3, command_.http, description);
        if (!sink.ok()) return sink.status();
        return std::shared_ptr<Sink>(*std::move(sink));
      }
      return OpenDescribedSink(runtime, command_.http, description);
    };
    const auto progress = std::make_shared<ResumeProgress>(
        ProgressStyleOf(command_.json, /*quiet=*/false), recording);
    options.observer = progress;
    const auto result = Resume(runtime, recording.id, options);
    progress->Clear();
    if (!result.ok()) {
      PrintError(
          fmt::format("{}: {}", recording.stream, result.status().message()));
      return result.status().code() == StatusCode::kConflict ? kOtherMachine
                                                             : kUndelivered;
    }
    const bool complete = result->status.ok();
    if (command_.json) {
      Json outputs = Json::array();
      for (const OutputResult& output : result->outputs) {
        outputs.push_back({{"output", output.id},
                           {"playlists", output.playlists},
                           {"missing", output.missing}});
      }
      PrintJson({{"stream", recording.stream},
                 {"session", recording.session},
                 {"complete", complete},
                 {"segments_stored", result->progress.segments_stored},
                 {"outputs", outputs}});
    } else {
      std::fputs(fmt::format("{}: {} segments stored, {}\n", recording.stream,
                             result->progress.segments_stored,
                             complete ? "playlists ended"
                                      : "not everything could be delivered")
                     .c_str(),
                 stdout);
    }
    if (complete) return kComplete;
    PrintError(
        fmt::format("{}: {}", recording.stream, result->status.message()));
    for (const OutputResult& output : result->outputs) {
      for (const std::string& key : output.missing) {
        PrintError(fmt::format("not stored: {}", key));
      }
    }
    if (result->status.code() == StatusCode::kConflict) return kOtherMachine;
    return kUndelivered;
  }

  const ResumeCommand& command_;
  ResumeOptions options_;
};

}  // namespace

void AddResume(CLI::App& app, ResumeCommand& resume) {
  CLI::App* command = app.add_subcommand(
      "resume", "Deliver and end what interrupted recordings left");
  command
      ->add_option("SPOOL", resume.spool,
                   "Folder that was recorded to, or its spool")
      ->capture_default_str();
  command->add_flag("--list", resume.list, "Tell what is owed, and do nothing");
  command
      ->add_option("--discard", resume.discard,
                   "Drop what the recording with this number in --list owes, "
                   "for good, and forget it; what is stored stays as it is")
      ->type_name("NUMBER")
      ->check([](const std::string& number) {
        return number.find_first_not_of('0') == std::string::npos ||
                       number.starts_with('-')
                   ? "want a number that --list tells"
                   : std::string();
      })
      ->excludes("--list");
  command->add_flag("--json", resume.json, "One JSON object per recording");
  command
      ->add_option("--finish-timeout", resume.finish_timeout,
                   "Time to store what is left")
      ->capture_default_str()
      ->type_name("DURATION");
  AddHttpDelivery(*command, resume.http);
  AddS3Delivery(*command, resume.s3);
  AddWebhooks(*command, resume.webhooks);
  AddS3Objects(*command, resume.s3);
  command->footer(
      "A recording that was killed also goes on by itself when it is recorded\n"
      "again with the same arguments.\n"
      "Exit codes: 0 nothing is owed any more, 1 usage or still recording,\n"
      "4 not everything could be delivered, 5 the spool can't be read,\n"
      "6 another machine has taken over.");
}

int RunResume(const ResumeCommand& command) { return ResumeRun(command).Run(); }

}  // namespace hlsrec::tools
