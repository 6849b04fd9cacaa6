#include "tools/hlsrec/probe_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

#include "hlsrec/probe.h"
#include "hlsrec/runtime.h"
#include "tools/hlsrec/exit_codes.h"
#include "tools/hlsrec/stop_signal.h"
#include "tools/hlsrec/text.h"

namespace hlsrec::tools {
namespace {

using Json = nlohmann::ordered_json;
using std::chrono::microseconds;

double Seconds(microseconds time) {
  return std::chrono::duration<double>(time).count();
}

double PerSecond(Rational rate) {
  return static_cast<double>(rate.num) / static_cast<double>(rate.den);
}

std::string_view TypeName(const Track& track) {
  return CodecMediaType(track.codec) == MediaType::kVideo ? "video" : "audio";
}

std::string_view ContainerName(Container container) {
  return container == Container::kFmp4 ? "fmp4" : "mpegts";
}

Json TrackJson(const ProbedTrack& probed) {
  const Track& track = probed.track;
  Json json = {{"id", track.id},
               {"type", TypeName(track)},
               {"codec", CodecName(track.codec)}};
  if (CodecMediaType(track.codec) == MediaType::kVideo) {
    json["width"] = track.width;
    json["height"] = track.height;
    json["frame_rate"] = PerSecond(track.frame_rate);
    json["gop_seconds"] = {{"count", probed.gop.count},
                           {"min", Seconds(probed.gop.min)},
                           {"average", Seconds(probed.gop.average)},
                           {"max", Seconds(probed.gop.max)}};
  } else {
    json["sample_rate"] = track.sample_rate;
    json["channels"] = track.channels;
  }
  if (!track.language.empty()) json["language"] = track.language;
  if (!track.title.empty()) json["title"] = track.title;
  json["packets"] = probed.packets;
  json["keyframes"] = probed.keyframes;
  json["bytes"] = probed.size_bytes;
  json["seconds"] = Seconds(probed.duration);
  json["bits_per_second"] = probed.bits_per_second;
  return json;
}

Json ReportJson(const ProbeReport& report) {
  Json json = {{"url", report.url},
               {"seconds", Seconds(report.duration)},
               {"container", ContainerName(report.container)},
               {"suggested_segment_seconds",
                Seconds(report.suggested_segment_duration)}};
  json["tracks"] = Json::array();
  for (const ProbedTrack& track : report.tracks) {
    json["tracks"].push_back(TrackJson(track));
  }
  json["programs"] = Json::array();
  for (const SourceProgram& program : report.programs) {
    json["programs"].push_back(
        {{"name", program.name}, {"tracks", program.tracks}});
  }
  json["skipped"] = Json::array();
  for (const SkippedTrack& track : report.skipped) {
    json["skipped"].push_back({{"index", track.index},
                               {"codec", track.codec},
                               {"reason", track.reason}});
  }
  json["corrupt_packets"] = report.counters.corrupt;
  json["demuxer_errors"] = report.counters.demuxer_errors;
  json["end"] = report.end.ToString();
  return json;
}

// What is not UTF-8 in a title must not end the program.
std::string Dump(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace);
}

std::string Details(const Track& track) {
  std::string text;
  if (CodecMediaType(track.codec) == MediaType::kVideo) {
    text = fmt::format("{}x{}", track.width, track.height);
    if (track.frame_rate.num > 0) {
      text += fmt::format(" {:.2f} fps", PerSecond(track.frame_rate));
    }
  } else {
    text = fmt::format("{} Hz, {} channel{}", track.sample_rate, track.channels,
                       track.channels == 1 ? "" : "s");
  }
  if (!track.language.empty()) text += fmt::format(" [{}]", track.language);
  return text;
}

std::string ReportText(const ProbeReport& report) {
  std::string text = fmt::format("{}\n", report.url);
  text += fmt::format("  {:<4} {:<6} {:<11} {:<26} {:>10} {:>8}  {}\n", "id",
                      "type", "codec", "format", "kbit/s", "packets",
                      "keyframe distance");
  for (const ProbedTrack& probed : report.tracks) {
    std::string gop;
    if (probed.gop.count > 0) {
      gop = fmt::format("{:.2f} / {:.2f} / {:.2f} s (min/avg/max)",
                        Seconds(probed.gop.min), Seconds(probed.gop.average),
                        Seconds(probed.gop.max));
    }
    text += fmt::format("  {:<4} {:<6} {:<11} {:<26} {:>10.1f} {:>8}  {}\n",
                        probed.track.id, TypeName(probed.track),
                        CodecName(probed.track.codec), Details(probed.track),
                        static_cast<double>(probed.bits_per_second) / 1000.0,
                        probed.packets, gop);
  }
  for (const SourceProgram& program : report.programs) {
    text += fmt::format("  program {}: tracks {}\n", program.name,
                        fmt::join(program.tracks, ", "));
  }
  for (const SkippedTrack& track : report.skipped) {
    text += fmt::format("  skipped: track {} ({}): {}\n", track.index,
                        track.codec, track.reason);
  }
  if (report.counters.corrupt + report.counters.demuxer_errors > 0) {
    text +=
        fmt::format("  damaged: {} packets, {} errors of the demuxer\n",
                    report.counters.corrupt, report.counters.demuxer_errors);
  }
  text += fmt::format(
      "  measured {:.2f} s; would be recorded as {}, segments of {:.3g} s\n",
      Seconds(report.duration), ContainerName(report.container),
      Seconds(report.suggested_segment_duration));
  if (!report.end.ok() && report.end.code() != StatusCode::kEndOfStream) {
    text += fmt::format("  ended early: {}\n", report.end.ToString());
  }
  return text;
}

int Usage(std::string_view what, const Status& status) {
  fmt::print(stderr, "hlsrec: {}: {}\n", what, status.message());
  return kUsage;
}

}  // namespace

void AddProbe(CLI::App& app, ProbeCommand& probe) {
  CLI::App* command =
      app.add_subcommand("probe", "Tell what would be recorded of an input");
  command->add_option("INPUT", probe.source.url, "As for record")->required();
  command->add_flag("--listen", probe.source.listen,
                    "Wait for a publisher to connect");
  command->add_option("--duration", probe.duration, "How much to measure")
      ->capture_default_str();
  command
      ->add_option("--timeout", probe.timeout,
                   "Time to connect, and without a packet")
      ->capture_default_str();
  command->add_option("--format", probe.source.format,
                      "Container of the input");
  command->add_flag("--all-variants", probe.source.all_programs,
                    "All variants or programs");
  command->add_flag("--json", probe.json, "One JSON object");
  command->footer("Exit codes: 0, 1 usage, 2 the source failed, 130 stopped.");
}

int RunProbe(const ProbeCommand& command) {
  const auto duration = ParseDuration(command.duration);
  if (!duration.ok()) return Usage("--duration", duration.status());
  const auto timeout = ParseDuration(command.timeout);
  if (!timeout.ok()) return Usage("--timeout", timeout.status());
  const auto runtime = Runtime::Create({.libav_logging = LibavLog::kSilence});
  if (!runtime.ok()) return Usage("probe", runtime.status());
  UrlSourceOptions source = command.source;
  source.timeout = *timeout;
  source.connect_timeout = *timeout;
  const StopSignal signal;
  const StatusOr<ProbeReport> report = ProbeUrl(
      *runtime, source, *duration, [&signal] { return signal.stopped(); });
  if (!report.ok()) {
    if (command.json) {
      const Json json = {{"url", RedactUrl(command.source.url)},
                         {"error", report.status().message()},
                         {"code", StatusCodeName(report.status().code())}};
      fmt::print("{}\n", Dump(json));
    }
    fmt::print(stderr, "hlsrec probe: {}\n", report.status().ToString());
    return signal.stopped() ? kStopped : kSourceFailed;
  }
  fmt::print("{}", command.json ? Dump(ReportJson(*report)) + "\n"
                                : ReportText(*report));
  return 0;
}

}  // namespace hlsrec::tools
