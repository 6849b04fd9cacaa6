#include "tools/hlsrec/package_command.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "hlsrec/package.h"
#include "tools/hlsrec/exit_codes.h"
#include "tools/hlsrec/playlist_place.h"
#include "tools/hlsrec/progress.h"
#include "tools/hlsrec/stop_signal.h"
#include "tools/hlsrec/text.h"

namespace hlsrec::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr const char* kFooter = R"(Examples:
  hlsrec package recordings/cam1/s/index.m3u8 cam1.zip
  hlsrec package s3://bucket/cam1.m3u8 s3://archive/Rec-cam1-1626898422000.zip

Playlists and all they name, as they are, stored without compression; unpacked,
the folder plays. Nothing is copied on its way. A web server as PLAYLIST's place
is read twice, since it does not tell sizes.
With --json progress is told on standard error, the report on standard output.

Exit codes: 0 complete, 1 usage, 2 can't be read, is not complete or has not
ended, 3 with gaps, 5 it can't be stored, or is there already, 130 stopped: nothing
is left.)";

int Fail(const Status& status) { return FailedWith("package", status); }

void Print(const PackageCommand& command, const std::string& key,
           const PackageReport& report) {
  if (command.json) {
    const Json json = {{"key", key},
                       {"objects", report.objects},
                       {"bytes", report.bytes},
                       {"gaps", report.gaps}};
    fmt::print("{}\n",
               json.dump(-1, ' ', false, Json::error_handler_t::replace));
  } else if (!command.quiet) {
    fmt::print("{}: {} objects, {}{}\n", key, report.objects,
               FormatBytes(report.bytes),
               report.gaps > 0 ? fmt::format(", {} gaps", report.gaps) : "");
  }
}

}  // namespace

int RunPackage(const PackageCommand& command) {
  // The one waits for the other.
  const auto reading = Runtime::Create({.libav_logging = LibavLog::kSilence});
  if (!reading.ok()) return Fail(reading.status());
  const auto writing = Runtime::Create({.libav_logging = LibavLog::kSilence});
  if (!writing.ok()) return Fail(writing.status());
  const auto source = FindPlace(command.sinks, *reading, command.playlist);
  if (!source.ok()) return Fail(source.status());
  const auto target = FindPlace(command.sinks, *writing, command.output);
  if (!target.ok()) return Fail(target.status());
  Progress progress("package", ProgressStyleOf(command.json, command.quiet));
  PackageOptions options{.ahead = command.parallel};
  if (command.force) options.if_exists = IfExists::kReplace;
  options.on_progress = [&](const PackageProgress& step) {
    progress.Show({.done = step.objects,
                   .total = step.objects_total,
                   .unit = "objects",
                   .bytes = step.bytes,
                   .bytes_total = step.bytes_total});
  };
  const StopSignal signal;
  options.stop = [&signal] { return signal.stopped(); };
  const auto report = PackageRecording(
      {.runtime = **reading, .sink = *source->sink, .key = source->key},
      {.runtime = **writing, .sink = *target->sink, .key = target->key},
      options);
  progress.Clear();
  if (!report.ok()) return Fail(report.status());
  Print(command, Shown(*target, target->key), *report);
  return report->gaps > 0 ? kRecordedWithGaps : kComplete;
}

void AddPackage(CLI::App& app, PackageCommand& command) {
  CLI::App* verb =
      app.add_subcommand("package", "Make a ZIP archive of a recording");
  verb->add_option("PLAYLIST", command.playlist,
                   "Of the recording: path, http(s) or s3 URL")
      ->required();
  verb->add_option("ZIP", command.output, "Path, http(s) or s3 URL")
      ->required();
  verb->add_flag("--force", command.force, "Replace an archive that is there");
  verb->add_option("--parallel", command.parallel,
                   "Objects that are asked for ahead")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  verb->add_flag("--json", command.json, "One JSON object");
  verb->add_flag("-q,--quiet", command.quiet, "No progress, no report");
  AddHttpDelivery(*verb, command.sinks.http);
  AddS3Delivery(*verb, command.sinks.s3);
  verb->footer(kFooter);
}

}  // namespace hlsrec::tools
