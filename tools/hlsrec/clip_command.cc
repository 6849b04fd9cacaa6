#include "tools/hlsrec/clip_command.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "hlsrec/clip.h"
#include "tools/hlsrec/exit_codes.h"
#include "tools/hlsrec/playlist_place.h"
#include "tools/hlsrec/progress.h"
#include "tools/hlsrec/stop_signal.h"
#include "tools/hlsrec/text.h"

namespace hlsrec::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFooter = R"(Examples:
  hlsrec clip recordings/cam1/s/index.m3u8 goal.m3u8 --from 1:02:10 --to 1:03:00
  hlsrec clip s3://bucket/cam1.m3u8 clips/goal.m3u8 --from 2026-01-31T17:00:00Z

No media is copied: the clip lists whole segments of the recording, and goes
with it. A CLIP without a folder lies beside PLAYLIST. Each segment is asked
for: what is not stored is not listed.

Exit codes: 0 complete, 1 usage, 2 can't be read, or a segment is missing,
3 with gaps, 5 it can't be stored, or is there already, 130 stopped.)";

int Fail(const Status& status) { return FailedWith("clip", status); }

void Print(const ClipCommand& command, const Place& place,
           const ClipReport& report) {
  const auto seconds = [](std::chrono::microseconds time) {
    return std::chrono::duration<double>(time).count();
  };
  if (command.json) {
    const Json json = {{"playlists", report.playlists},
                       {"segments", report.segments},
                       {"gaps", report.gaps},
                       {"start", seconds(report.start)},
                       {"duration", seconds(report.duration)}};
    fmt::print("{}\n",
               json.dump(-1, ' ', false, Json::error_handler_t::replace));
  } else if (!command.quiet) {
    fmt::print("{}: {} from {} on, {} segments{}\n",
               Shown(place, report.playlists.back()),
               FormatClock(report.duration), FormatClock(report.start),
               report.segments,
               report.gaps > 0 ? fmt::format(", {} gaps", report.gaps) : "");
  }
}

}  // namespace

int RunClip(const ClipCommand& command) {
  ClipOptions options;
  auto range = ParseRange(command.from, command.to);
  if (!range.ok()) return Fail(range.status());
  options.range = *range;
  if (command.skip_missing) options.missing = MissingSegments::kGap;
  if (command.force) options.if_exists = IfExists::kReplace;
  const auto runtime = Runtime::Create({.libav_logging = LibavLog::kSilence});
  if (!runtime.ok()) return Fail(runtime.status());
  const auto place = FindPlace(command.sinks, *runtime, command.playlist);
  if (!place.ok()) return Fail(place.status());
  const auto key = KeyBeside(*place, command.output);
  if (!key.ok()) return Fail(key.status());
  Progress progress("clip", ProgressStyleOf(command.json, command.quiet));
  options.on_progress = [&](std::uint64_t done, std::uint64_t total) {
    progress.Show({.done = done, .total = total, .unit = "segments"});
  };
  options.on_gap = [&](const ExportGap& gap) {
    progress.Clear();
    PrintGap(gap);
  };
  const StopSignal signal;
  options.stop = [&signal] { return signal.stopped(); };
  const auto report =
      ClipRecording(**runtime, *place->sink, place->key, *key, options);
  progress.Clear();
  if (!report.ok()) return Fail(report.status());
  Print(command, *place, *report);
  return report->gaps > 0 ? kRecordedWithGaps : kComplete;
}

void AddClip(CLI::App& app, ClipCommand& command) {
  CLI::App* verb = app.add_subcommand(
      "clip", "Make a playlist of a piece of a recording, copying nothing");
  verb->add_option("PLAYLIST", command.playlist,
                   "Of the recording: path, http(s) or s3 URL")
      ->required();
  verb->add_option("CLIP", command.output,
                   "name.m3u8 beside it, or its path or URL in the same place")
      ->required();
  verb->add_option("--from", command.from,
                   "Where the clip begins: seconds, 1:02:03, 1m30s into the "
                   "recording, or a date such as 2026-01-31T17:00:00Z")
      ->type_name("TIME");
  verb->add_option("--to", command.to, "Where it ends, likewise")
      ->type_name("TIME");
  verb->add_flag("--skip-missing", command.skip_missing,
                 "List segments that are not there as gaps");
  verb->add_flag("--force", command.force, "Replace a clip that is there");
  verb->add_flag("--json", command.json, "One JSON object");
  verb->add_flag("-q,--quiet", command.quiet, "No progress, no report");
  AddHttpDelivery(*verb, command.sinks.http);
  AddS3Delivery(*verb, command.sinks.s3);
  verb->footer(kFooter);
}

}  // namespace hlsrec::tools
