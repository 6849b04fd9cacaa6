#include "tools/hlsrec/export_command.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <utility>

#include "hlsrec/export_recording.h"
#include "tools/hlsrec/exit_codes.h"
#include "tools/hlsrec/playlist_place.h"
#include "tools/hlsrec/progress.h"
#include "tools/hlsrec/stop_signal.h"
#include "tools/hlsrec/text.h"

namespace hlsrec::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFooter = R"(Examples:
  hlsrec export recordings/cam1/2026/index.m3u8 cam1.mp4
  hlsrec export s3://bucket/cam1.m3u8 goal.mp4 --from 1:02:10 --to 1:03:00
  hlsrec export https://cdn/cam1.m3u8 five.mkv --from 2026-01-31T17:00:00Z

Packets are copied as they are. The file begins with the last keyframe up to
--from, and ends before the first one at or after --to. Timestamps go on over
discontinuities; a gap keeps its time. The file appears when it is complete.
With --json progress is told on standard error, the report on standard output.

Exit codes: 0 complete, 1 usage, 2 can't be read, or not in one such file,
3 with gaps, 5 the file can't be written, 130 stopped: nothing is left.)";

int Fail(const Status& status) { return FailedWith("export", status); }

std::string Joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

void PrintText(const ExportCommand& command, const ExportReport& report) {
  std::string notes;
  if (report.discontinuities > 0) {
    notes += fmt::format(", {} discontinuities", report.discontinuities);
  }
  if (report.gaps > 0) {
    notes += fmt::format(", {} gaps of {} in all", report.gaps,
                         FormatClock(report.gap_duration));
  }
  if (!report.dropped_tracks.empty()) {
    notes += ", without " + Joined(report.dropped_tracks);
  }
  if (!report.ended) notes += ", of a recording that has not ended";
  fmt::print("{}: {} from {} on ({}), {} packets, {}{}\n", command.output,
             FormatClock(report.duration), FormatClock(report.start),
             Joined(report.tracks), report.packets, FormatBytes(report.bytes),
             notes);
}

void PrintJson(const ExportCommand& command, const ExportReport& report) {
  const auto seconds = [](std::chrono::microseconds time) {
    return std::chrono::duration<double>(time).count();
  };
  const Json json = {{"file", command.output},
                     {"bytes", report.bytes},
                     {"packets", report.packets},
                     {"tracks", report.tracks},
                     {"dropped_tracks", report.dropped_tracks},
                     {"start", seconds(report.start)},
                     {"duration", seconds(report.duration)},
                     {"segments", report.segments},
                     {"discontinuities", report.discontinuities},
                     {"gaps", report.gaps},
                     {"gap_duration", seconds(report.gap_duration)},
                     {"ended", report.ended}};
  fmt::print("{}\n", json.dump(-1, ' ', false, Json::error_handler_t::replace));
}

}  // namespace

int RunExport(const ExportCommand& command) {
  ExportOptions options{.variant = command.variant,
                        .audio = command.audio,
                        .ahead = command.parallel};
  const auto format = FileFormatOf(command.output);
  if (!format.ok()) return Fail(format.status());
  options.format = *format;
  auto range = ParseRange(command.from, command.to);
  if (!range.ok()) return Fail(range.status());
  options.range = *range;
  if (command.skip_missing) options.missing = MissingSegments::kGap;
  if (command.force) options.if_exists = IfExists::kReplace;
  const auto runtime = Runtime::Create({.libav_logging = LibavLog::kSilence});
  if (!runtime.ok()) return Fail(runtime.status());
  const auto place = FindPlace(command.sinks, *runtime, command.playlist);
  if (!place.ok()) return Fail(place.status());

  Progress progress("export", ProgressStyleOf(command.json, command.quiet));
  options.on_gap = [&](const ExportGap& gap) {
    progress.Clear();
    PrintGap(gap);
  };
  options.on_progress = [&](const ExportProgress& step) {
    progress.Show({.done = step.segments,
                   .total = step.segments_total,
                   .unit = "segments",
                   .bytes = step.bytes});
  };
  const StopSignal signal;
  options.stop = [&signal] { return signal.stopped(); };
  const auto report = ExportRecording(**runtime, *place->sink, place->key,
                                      command.output, options);
  progress.Clear();
  if (!report.ok()) return Fail(report.status());
  if (command.json) {
    PrintJson(command, *report);
  } else if (!command.quiet) {
    PrintText(command, *report);
  }
  return report->gaps > 0 ? kRecordedWithGaps : kComplete;
}

void AddExport(CLI::App& app, ExportCommand& command) {
  CLI::App* verb = app.add_subcommand(
      "export", "Make one MP4, TS or MKV file of a recording");
  verb->add_option("PLAYLIST", command.playlist,
                   "Of the recording: path, http(s) or s3 URL; may be "
                   "presigned")
      ->required();
  verb->add_option("FILE", command.output, "name.mp4, name.ts or name.mkv")
      ->required();
  verb->add_option("--from", command.from,
                   "Where the file begins: seconds, 1:02:03, 1m30s into the "
                   "recording, or a date such as 2026-01-31T17:00:00Z")
      ->type_name("TIME");
  verb->add_option("--to", command.to, "Where it ends, likewise")
      ->type_name("TIME");
  verb->add_option("--variant", command.variant,
                   "Of a multivariant playlist: URI, 1280x720 or 720; the best "
                   "one by default");
  verb->add_option("--audio", command.audio,
                   "Likewise: name or language, all or none; its default one "
                   "by default");
  verb->add_flag("--skip-missing", command.skip_missing,
                 "Take segments that are not there for gaps");
  verb->add_flag("--force", command.force, "Replace a file that is there");
  verb->add_option("--parallel", command.parallel,
                   "Segments that are asked for ahead")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  verb->add_flag("--json", command.json, "One JSON object");
  verb->add_flag("-q,--quiet", command.quiet, "No progress, no report");
  AddHttpAccess(*verb, command.sinks.http);
  AddS3Access(*verb, command.sinks.s3);
  verb->footer(kFooter);
}

}  // namespace hlsrec::tools
