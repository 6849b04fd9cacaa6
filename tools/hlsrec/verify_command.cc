#include "tools/hlsrec/verify_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <utility>
#include <vector>

#include "hlsrec/verify.h"
#include "tools/hlsrec/exit_codes.h"
#include "tools/hlsrec/progress.h"
#include "tools/hlsrec/record_options.h"
#include "tools/hlsrec/stop_signal.h"
#include "tools/hlsrec/text.h"

namespace hlsrec::tools {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

// As `hlsrec check` has them.
constexpr int kUnreadable = 2;
constexpr int kDiffers = 3;

// A manifest, by the sink that it is in.
struct Found {
  std::shared_ptr<Sink> sink;
  std::string key;
  std::string name;  // for people
};

class Verification {
 public:
  Verification(const VerifyCommand& command, std::shared_ptr<Runtime> runtime)
      : command_(command),
        runtime_(std::move(runtime)),
        progress_("verify", ProgressStyleOf(command.json, command.quiet)) {}

  StatusOr<std::vector<Found>> FindAll() {
    const std::string& location = command_.location;
    const bool manifest = SplitParameters(location).path.ends_with(".json");
    const bool local = location.find("://") == std::string::npos;
    std::error_code error;
    if (local && !fs::exists(location, error)) {
      return Status(StatusCode::kNotFound, location + ": does not exist");
    }
    return manifest ? FindOne() : FindBelow();
  }

  // The exit code.
  int Verify(const Found& found) {
    progress_.Restart();
    VerifyOptions options{.parallel = command_.parallel};
    if (!command_.json) {
      options.on_finding = [this](const VerifyFinding& finding) {
        progress_.Clear();
        fmt::print("{}: {}: {}\n", VerifyProblemName(finding.problem),
                   finding.key, finding.message);
      };
    }
    options.on_progress = [this](const VerifyProgress& progress) {
      Show(progress);
    };
    options.stop = [this] { return signal_.stopped(); };
    const auto report =
        VerifyRecording(*runtime_, *found.sink, found.key, options);
    progress_.Clear();
    if (!report.ok()) {
      fmt::print(stderr, "hlsrec: verify: {}\n", report.status().message());
      return report.status().code() == StatusCode::kCancelled ? kStopped
                                                              : kUnreadable;
    }
    if (command_.json) {
      PrintJson(found, *report);
    } else {
      PrintText(found, *report);
    }
    if (report->problems == 0) return kComplete;
    return report->missing > 0 ? kUndelivered : kDiffers;
  }

 private:
  // Objects are named from the root that the manifest was written below.
  StatusOr<std::vector<Found>> FindOne() {
    const auto [path, parameters] = SplitParameters(command_.location);
    std::size_t slash = path.rfind('/');
    const std::string file =
        slash == std::string::npos ? path : path.substr(slash + 1);
    std::string root = slash == std::string::npos ? "."
                       : slash == 0               ? "/"
                                                  : path.substr(0, slash);
    auto sink = OpenAt(root, parameters);
    if (!sink.ok()) return sink.status();
    const auto told = ManifestKey(*runtime_, **sink, file);
    if (!told.ok()) return told.status();
    std::string key = file;
    if (*told != file && path.ends_with("/" + *told)) {
      root = path.substr(0, path.size() - told->size() - 1);
      key = *told;
      sink = OpenAt(root, parameters);
      if (!sink.ok()) return sink.status();
    }
    return std::vector<Found>{
        {.sink = *std::move(sink), .key = std::move(key), .name = path}};
  }

  StatusOr<std::vector<Found>> FindBelow() {
    const auto [path, parameters] = SplitParameters(command_.location);
    auto sink = OpenAt(path, parameters);
    if (!sink.ok()) return sink.status();
    const auto keys = FindManifests(*runtime_, **sink, "");
    if (keys.status().code() == StatusCode::kUnimplemented) {
      return Status(StatusCode::kInvalidArgument,
                    path + ": web servers can't list: give a manifest's URL");
    }
    if (!keys.ok()) return keys.status();
    if (keys->empty()) {
      return Status(StatusCode::kNotFound,
                    path + ": no manifest below it: record with --manifest");
    }
    std::vector<Found> found;
    for (const std::string& key : *keys) {
      found.push_back(
          {.sink = *sink, .key = key, .name = fmt::format("{}/{}", path, key)});
    }
    return found;
  }

  StatusOr<std::shared_ptr<Sink>> OpenAt(const std::string& root,
                                         const std::string& parameters) {
    return OpenOutput(command_.sinks, runtime_, root + parameters);
  }

  void Show(const VerifyProgress& progress) {
    progress_.Show({.done = progress.objects,
                    .total = progress.objects_total,
                    .unit = "objects",
                    .bytes = progress.bytes,
                    .bytes_total = progress.bytes_total});
  }

  static void PrintText(const Found& found, const VerifyReport& report) {
    if (report.problems > report.findings.size()) {
      fmt::print("... {} problems in all\n", report.problems);
    }
    std::string notes;
    if (report.unhashed > 0) {
      notes += fmt::format(", {} without a known SHA-256", report.unhashed);
    }
    if (report.earlier > 0) {
      notes += fmt::format(", {} segments of earlier recordings not looked at",
                           report.earlier);
    }
    if (report.clips > 0) notes += fmt::format(", {} clips", report.clips);
    if (!report.listed) notes += ", extra objects can't be looked for there";
    fmt::print("{}: {}: {} ({}); {} objects, {}{}\n",
               report.problems == 0 ? "ok" : "not ok", found.name,
               report.problems == 0
                   ? "as recorded"
                   : fmt::format("{} problems", report.problems),
               RecordingStateName(report.state), report.objects,
               FormatBytes(report.bytes), notes);
  }

  static void PrintJson(const Found& found, const VerifyReport& report) {
    Json findings = Json::array();
    for (const VerifyFinding& finding : report.findings) {
      findings.push_back({{"problem", VerifyProblemName(finding.problem)},
                          {"key", finding.key},
                          {"message", finding.message}});
    }
    const Json json = {{"manifest", found.name},
                       {"id", report.id},
                       {"state", RecordingStateName(report.state)},
                       {"ok", report.problems == 0},
                       {"problems", report.problems},
                       {"missing", report.missing},
                       {"objects", report.objects},
                       {"bytes", report.bytes},
                       {"unhashed", report.unhashed},
                       {"earlier", report.earlier},
                       {"clips", report.clips},
                       {"listed", report.listed},
                       {"findings", std::move(findings)}};
    fmt::print("{}\n",
               json.dump(-1, ' ', false, Json::error_handler_t::replace));
  }

  const VerifyCommand& command_;
  const std::shared_ptr<Runtime> runtime_;
  const StopSignal signal_;
  Progress progress_;
};

}  // namespace

void AddVerify(CLI::App& app, VerifyCommand& verify) {
  CLI::App* command = app.add_subcommand(
      "verify",
      "Read a recording again and compare it with its recording.json");
  command
      ->add_option("LOCATION", verify.location,
                   "A manifest (recorded with --manifest): path, http(s) or s3 "
                   "URL; or a folder or s3 URL with manifests below it")
      ->required();
  command->add_option("--parallel", verify.parallel, "Objects read at once")
      ->capture_default_str()
      ->check(CLI::Range(1, 64));
  command->add_flag("--json", verify.json, "One JSON object per manifest");
  command->add_flag("-q,--quiet", verify.quiet, "No progress");
  AddHttpAccess(*command, verify.sinks.http);
  AddS3Access(*command, verify.sinks.s3);
  command->footer(
      "Missing, changed, cut short, extra: each object is told. Web servers\n"
      "can't list, so that extra ones are found in folders and buckets only.\n"
      "Exit codes: 0 as recorded, 1 usage, 2 can't be read or has not ended,\n"
      "3 something differs, 4 something is missing, 130 stopped.");
}

int RunVerify(const VerifyCommand& command) {
  const auto runtime = Runtime::Create({.libav_logging = LibavLog::kSilence});
  if (!runtime.ok()) {
    fmt::print(stderr, "hlsrec: verify: {}\n", runtime.status().message());
    return kUnreadable;
  }
  Verification verification(command, *runtime);
  const auto all = verification.FindAll();
  if (!all.ok()) {
    fmt::print(stderr, "hlsrec: verify: {}\n", all.status().message());
    return all.status().code() == StatusCode::kInvalidArgument ? kUsage
                                                               : kUnreadable;
  }
  int worst = kComplete;
  for (const Found& found : *all) {
    const int code = verification.Verify(found);
    if (code == kStopped) return code;
    // What can't be read tells least.
    if (worst != kUnreadable)
      worst = code == kUnreadable ? code : std::max(worst, code);
  }
  return worst;
}

}  // namespace hlsrec::tools
