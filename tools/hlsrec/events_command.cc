#include "tools/hlsrec/events_command.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "tools/hlsrec/exit_codes.h"
#include "tools/hlsrec/spool_choice.h"
#include "tools/hlsrec/telling_notifier.h"
#include "tools/hlsrec/text.h"

namespace hlsrec::tools {
namespace {

using Json = nlohmann::ordered_json;
using State = NotificationRecord::State;
using SystemTime = std::chrono::system_clock::time_point;

void PrintError(std::string_view text) {
  std::fputs(fmt::format("hlsrec: {}\n", text).c_str(), stderr);
}

std::string_view StateName(State state) {
  switch (state) {
    case State::kOwed:
      return "owed";
    case State::kDelivered:
      return "delivered";
    case State::kGivenUp:
      return "given up";
  }
  return "unknown";
}

// "2026-11-21T10:00:00Z", or "2h": so long ago.
StatusOr<SystemTime> ParseTime(std::string_view flag, const std::string& text) {
  if (const auto ago = ParseDuration(text); ago.ok()) {
    return std::chrono::system_clock::now() - *ago;
  }
  std::tm time = {};
  const char* end = ::strptime(text.c_str(), "%Y-%m-%dT%H:%M:%SZ", &time);
  if (end == nullptr || *end != '\0') {
    return Status(StatusCode::kInvalidArgument,
                  fmt::format("{}: `{}`: want 2026-11-21T10:00:00Z, or 2h for "
                              "two hours ago",
                              flag, text));
  }
  return std::chrono::system_clock::from_time_t(::timegm(&time));
}

StatusOr<NotificationSelection> SelectionOf(const EventsCommand& command) {
  NotificationSelection selection{.recording = command.recording,
                                  .owed_only = command.owed};
  const std::pair<const std::string*, std::optional<SystemTime>*> times[] = {
      {&command.from, &selection.from}, {&command.until, &selection.until}};
  for (const auto& [text, time] : times) {
    if (text->empty()) continue;
    const auto parsed =
        ParseTime(text == &command.from ? "--from" : "--until", *text);
    if (!parsed.ok()) return parsed.status();
    *time = *parsed;
  }
  return selection;
}

Json JsonOf(const NotificationRecord& record) {
  const Notification& notification = record.notification;
  return {{"id", notification.id},
          {"type", std::string(NotificationTypeName(notification.type))},
          {"time", fmt::format("{:%Y-%m-%dT%H:%M:%SZ}",
                               fmt::gmtime(SystemTime::clock::to_time_t(
                                   notification.time)))},
          {"recording", notification.recording},
          {"state", std::string(StateName(record.state))},
          {"to", record.notifier},
          {"data", Json::parse(notification.data, nullptr, false)}};
}

void Print(const NotificationRecord& record, bool json) {
  const Json all = JsonOf(record);
  const std::string line =
      json ? all.dump(-1, ' ', false, Json::error_handler_t::replace)
           : fmt::format(
                 "{}  {:<18} {:<9} {}  to {}", all["time"].get<std::string>(),
                 all["type"].get<std::string>(), StateName(record.state),
                 record.notification.recording, record.notifier);
  std::fputs((line + "\n").c_str(), stdout);
}

class EventsRun {
 public:
  EventsRun(const EventsCommand& command, NotificationSelection selection,
            std::chrono::milliseconds timeout)
      : command_(command),
        selection_(std::move(selection)),
        timeout_(timeout) {}

  int RunSpool(const std::string& spool) {
    auto runtime = Runtime::Create(
        {.spool_directory = spool, .libav_logging = LibavLog::kSilence});
    if (!runtime.ok()) {
      PrintError(runtime.status().message());
      return runtime.status().code() == StatusCode::kFailedPrecondition
                 ? kUsage
                 : kStorageRefused;
    }
    const int code =
        command_.action == "list" ? List(*runtime) : Send(*runtime);
    AwaitOthers(*runtime);
    return code;
  }

 private:
  int List(const std::shared_ptr<Runtime>& runtime) {
    const auto records = ListNotifications(runtime, selection_);
    if (!records.ok()) return Refused(records.status());
    for (const NotificationRecord& record : *records) {
      Print(record, command_.json);
    }
    return kComplete;
  }

  int Send(const std::shared_ptr<Runtime>& runtime) {
    auto notifiers =
        MakeNotifiers(runtime, command_.webhooks, command_.http, command_.s3);
    if (!notifiers.ok()) {
      PrintError(notifiers.status().message());
      return kUsage;
    }
    if (notifiers->empty()) {
      PrintError("events: --webhook or --on-event: name who is told");
      return kUsage;
    }
    TellFailures(*notifiers, &PrintError);
    for (const NotifierOptions& options : *notifiers) {
      if (command_.action == "replay") {
        if (const Status status =
                CheckWasTold(runtime, options.notifier->Describe());
            !status.ok()) {
          PrintError(status.message());
          return kUsage;
        }
        NotificationSelection selection = selection_;
        selection.notifier = options.notifier->Describe();
        const auto count = ReplayNotifications(runtime, selection);
        if (!count.ok()) return Refused(count.status());
        replayed_ += *count;
      }
      if (Status status = AttachNotifier(runtime, options.notifier);
          !status.ok()) {
        return Refused(status);
      }
    }
    return Await(runtime, *notifiers);
  }

  // Events are a receiver's own: another one was told nothing.
  static Status CheckWasTold(const std::shared_ptr<Runtime>& runtime,
                             const std::string& receiver) {
    const auto all = ListNotifications(runtime);
    if (!all.ok() || all->empty()) return all.status();
    std::set<std::string> others;
    for (const NotificationRecord& record : *all) {
      if (record.notifier == receiver) return {};
      others.insert(record.notifier);
    }
    return {StatusCode::kNotFound,
            fmt::format("events: {}: was told of no recording here; those that "
                        "were: {}",
                        receiver, fmt::join(others, ", "))};
  }

  int Await(const std::shared_ptr<Runtime>& runtime,
            const std::vector<NotifierOptions>& notifiers) {
    const auto waited =
        AwaitNotifications(runtime, timeout_, [] { return false; });
    if (!waited.ok()) return Refused(waited.status());
    std::size_t owed = 0;
    for (const NotifierOptions& options : notifiers) {
      const auto left = ListNotifications(
          runtime,
          {.notifier = options.notifier->Describe(), .owed_only = true});
      if (!left.ok()) return Refused(left.status());
      owed += left->size();
    }
    if (command_.action == "replay") {
      std::fputs(fmt::format("{} events replayed\n", replayed_).c_str(),
                 stdout);
      replayed_ = 0;
    }
    if (owed == 0) return kComplete;
    PrintError(fmt::format("events: {} are owed still", owed));
    return kUndelivered;
  }

  static int Refused(const Status& status) {
    PrintError(status.message());
    return kStorageRefused;
  }

  const EventsCommand& command_;
  const NotificationSelection selection_;
  const std::chrono::milliseconds timeout_;
  std::uint64_t replayed_ = 0;
};

}  // namespace

void AddEvents(CLI::App& app, EventsCommand& events) {
  CLI::App* command = app.add_subcommand(
      "events", "List what webhooks were told, and tell it (again)");
  command
      ->add_option("ACTION", events.action,
                   "list; send (what is owed); replay (what was told, too)")
      ->required()
      ->check(CLI::IsMember({"list", "send", "replay"}));
  command
      ->add_option("SPOOL", events.spool,
                   "Folder that was recorded to, or its spool")
      ->capture_default_str();
  command->add_option("--recording", events.recording,
                      "Of this recording only, as `list` names it");
  command
      ->add_option("--from", events.from,
                   "Not before: 2026-11-21T10:00:00Z, or 2h for two hours ago")
      ->type_name("TIME");
  command->add_option("--until", events.until, "Before, likewise")
      ->type_name("TIME");
  command->add_flag("--owed", events.owed, "list: what is owed only");
  command->add_flag("--json", events.json, "list: one JSON object per event");
  command->add_option("--timeout", events.timeout, "Time to send")
      ->capture_default_str()
      ->type_name("DURATION");
  AddWebhooks(*command, events.webhooks);
  AddHttpAccess(*command, events.http);
  AddS3Access(*command, events.s3);
  command->footer(
      "Events are kept for 30 days. Those that are sent again keep their id,\n"
      "and have \"is_replay\".\n"
      "Exit codes: 0 nothing is owed, 1 usage or still recording, 4 something\n"
      "is owed still, 5 the spool can't be read.");
}

int RunEvents(const EventsCommand& command) {
  const auto selection = SelectionOf(command);
  const auto timeout = ParseDuration(command.timeout);
  const auto spools = FindSpools(command.spool);
  for (const Status& status :
       {selection.status(), timeout.status().WithContext("--timeout"),
        spools.status()}) {
    if (status.ok()) continue;
    PrintError(status.message());
    return kUsage;
  }
  if (spools->empty()) {
    PrintError(fmt::format("events: {}: no spool is there", command.spool));
    return kUsage;
  }
  int code = kComplete;
  EventsRun run(command, *selection, *timeout);
  for (const std::string& spool : *spools) {
    code = std::max(code, run.RunSpool(spool));
  }
  return code;
}

}  // namespace hlsrec::tools
