#include "tools/hlsrec/reporter.h"

#include <fmt/format.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <utility>

#include "tools/hlsrec/text.h"

namespace hlsrec::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::chrono::seconds kTellAgain{10};

// Names may hold bytes that are no UTF-8.
std::string Dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string TimeText(std::chrono::system_clock::time_point time) {
  const auto ms = std::chrono::floor<std::chrono::milliseconds>(time);
  const auto day = std::chrono::floor<std::chrono::days>(ms);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(ms - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
                     static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

double Seconds(std::chrono::microseconds duration) {
  return static_cast<double>(duration.count()) / 1e6;
}

Json EventJson(const Event& event) {
  Json json;
  json["event"] = std::string(EventTypeName(event.type));
  json["time"] = TimeText(event.time);
  const auto text = [&](const char* name, const std::string& value) {
    if (!value.empty()) json[name] = value;
  };
  text("recording", event.recording);
  text("output", event.output);
  text("rendition", event.rendition);
  text("key", event.key);
  if (event.sequence) json["sequence"] = *event.sequence;
  if (event.duration.count() > 0) json["duration_s"] = Seconds(event.duration);
  if (event.size_bytes > 0) json["size_bytes"] = event.size_bytes;
  if (event.count > 0) json["count"] = event.count;
  if (event.attempt > 0) json["attempt"] = event.attempt;
  if (!event.status.ok()) {
    json["error"] = {{"code", std::string(StatusCodeName(event.status.code()))},
                     {"message", event.status.message()}};
  }
  text("message", event.message);
  return json;
}

Json MadeJson(const std::vector<MadeObject>& made) {
  Json all = Json::array();
  for (const MadeObject& each : made) {
    all.push_back({{"kind", each.kind},
                   {"key", each.key},
                   {"size_bytes", each.size_bytes}});
    if (!each.rendition.empty()) all.back()["rendition"] = each.rendition;
  }
  return all;
}

Json ProgressJson(const RecordingProgress& progress) {
  return {{"duration_s", Seconds(progress.duration)},
          {"bytes", progress.bytes_written},
          {"packets", progress.packets_accepted},
          {"packets_written", progress.packets_written},
          {"packets_dropped", progress.packets_dropped},
          {"packets_repaired", progress.packets_repaired},
          {"segments", progress.segments},
          {"segments_gap", progress.segments_gap},
          {"segments_stored", progress.segments_stored},
          {"segments_lost", progress.segments_lost},
          {"discontinuities", progress.discontinuities},
          {"retries", progress.put_retries}};
}

std::string EventLine(const Event& event) {
  std::string line(EventTypeName(event.type));
  for (char& c : line) c = c == '_' ? ' ' : c;
  if (event.count > 0) line += fmt::format(": {}", event.count);
  if (!event.key.empty()) line += ": " + event.key;
  if (event.duration.count() > 0) {
    line += fmt::format(" ({:.3f} s)", Seconds(event.duration));
  }
  if (!event.message.empty()) line += ": " + event.message;
  if (!event.status.ok()) line += ": " + event.status.message();
  return line;
}

std::string StatusLine(const RecordingProgress& now,
                       const RecordingProgress& before) {
  std::string line =
      fmt::format("{}  {} segments  {}", FormatClock(now.duration),
                  now.segments, FormatBytes(now.bytes_written));
  const auto media = now.duration - before.duration;
  if (media.count() > 0 && now.bytes_written > before.bytes_written) {
    line += fmt::format(
        "  {:.0f} kb/s",
        static_cast<double>(now.bytes_written - before.bytes_written) * 8 /
            Seconds(media) / 1000);
  }
  if (now.backlog_objects > 0) {
    line += fmt::format("  backlog {} ({})", now.backlog_objects,
                        FormatBytes(now.backlog_bytes));
  }
  if (now.put_retries > 0) line += fmt::format("  retries {}", now.put_retries);
  if (now.packets_dropped > 0) {
    line += fmt::format("  dropped {}", now.packets_dropped);
  }
  return line;
}

}  // namespace

Reporter::Reporter(bool json, Verbosity verbosity)
    : json_(json),
      verbosity_(verbosity),
      terminal_(!json && verbosity != Verbosity::kQuiet &&
                ::isatty(STDERR_FILENO) == 1) {}

bool Reporter::ShowsPlainly(const Event& event) const {
  if (verbosity_ == Verbosity::kVerbose) return true;
  switch (event.type) {
    case EventType::kSegmentStored:
      return !terminal_;  // the status line counts them
    case EventType::kPlaylistPublished:
    case EventType::kSegmentSealed:
    case EventType::kRecordingStarted:
    case EventType::kRecordingFinished:
    case EventType::kObjectRemoved:
      return false;
    default:
      return true;
  }
}

void Reporter::WaitUntilDeleted(std::size_t outputs,
                                const std::function<bool()>& stop) {
  std::unique_lock lock(mutex_);
  while (deleted_ < outputs && !stop()) {
    wake_.wait_for(lock, std::chrono::milliseconds(100));
  }
}

void Reporter::OnEvent(const Event& event) {
  if (event.type == EventType::kRecordingDeleted) {
    const std::lock_guard lock(mutex_);
    ++deleted_;
    wake_.notify_all();
  }
  if (json_) {
    return printer_.Print(stdout, Dump(EventJson(event)), Loss::kAllowed);
  }
  const std::uint64_t untold = CountDegraded(event);
  if (verbosity_ == Verbosity::kQuiet || !ShowsPlainly(event)) return;
  if (event.type != EventType::kOutputDegraded ||
      verbosity_ == Verbosity::kVerbose) {
    return printer_.Print(stderr, EventLine(event), Loss::kAllowed);
  }
  if (untold == 0) return;
  std::string line = EventLine(event);
  if (untold > 1) line += fmt::format(" ({} failures)", untold);
  printer_.Print(stderr, std::move(line), Loss::kAllowed);
}

// Each attempt fails while a server is away: told at once, then as a count.
std::uint64_t Reporter::CountDegraded(const Event& event) {
  const std::lock_guard lock(mutex_);
  if (event.type == EventType::kOutputRecovered) degraded_.erase(event.output);
  if (event.type != EventType::kOutputDegraded) return 0;
  const auto now = std::chrono::steady_clock::now();
  Degraded& output = degraded_[event.output];
  ++output.untold;
  if (output.told && now - *output.told < kTellAgain) return 0;
  output.told = now;
  return std::exchange(output.untold, 0);
}

void Reporter::Say(std::string_view text) {
  if (json_ || verbosity_ == Verbosity::kQuiet) return;
  printer_.Print(stderr, std::string(text), Loss::kNever);
}

void Reporter::Error(std::string_view text) {
  if (json_) {
    printer_.Print(stdout,
                   Dump({{"event", "error"}, {"message", std::string(text)}}),
                   Loss::kNever);
  }
  printer_.Print(stderr, fmt::format("hlsrec: {}", text), Loss::kNever);
}

void Reporter::StartStatus(std::function<RecordingProgress()> progress) {
  if (!terminal_) return;
  printer_.ShowStatus(
      [progress = std::move(progress), before = RecordingProgress()]() mutable {
        const RecordingProgress now = progress();
        std::string line = StatusLine(now, before);
        if (now.duration > before.duration) before = now;
        return line;
      });
}

void Reporter::StopStatus() { printer_.HideStatus(); }

void Reporter::Summary(const RecordingResult& result, const PumpResult& pumped,
                       int exit_code) {
  const std::uint64_t dropped = printer_.dropped();
  if (dropped > 0) {
    Error(fmt::format("{} reports were dropped: nobody read them", dropped));
  }
  if (json_) {
    Json json;
    json["event"] = "summary";
    json["exit_code"] = exit_code;
    json["ok"] = result.status.ok();
    if (!result.status.ok()) json["error"] = result.status.message();
    json["progress"] = ProgressJson(result.progress);
    json["source_segments_missed"] = pumped.source_segments_missed;
    json["reports_dropped"] = dropped;
    json["outputs"] = Json::array();
    for (const OutputResult& output : result.outputs) {
      json["outputs"].push_back({{"output", output.id},
                                 {"ok", output.status.ok()},
                                 {"playlists", output.playlists},
                                 {"missing", output.missing},
                                 {"made", MadeJson(output.made)}});
    }
    for (const RelayResult& relay : result.relays) {
      json["relays"].push_back({{"relay", relay.id},
                                {"ok", relay.status.ok()},
                                {"samples_sent", relay.samples_sent},
                                {"samples_dropped", relay.samples_dropped},
                                {"connections", relay.connections}});
    }
    return printer_.Print(stdout, Dump(json), Loss::kNever);
  }
  const RecordingProgress& progress = result.progress;
  if (result.outputs.empty()) return;
  Say(fmt::format(
      "recorded {} in {} segments, {}{}", FormatClock(progress.duration),
      progress.segments_sealed, FormatBytes(progress.bytes_written),
      progress.packets_dropped > 0
          ? fmt::format(", {} packets dropped", progress.packets_dropped)
          : ""));
}

}  // namespace hlsrec::tools
