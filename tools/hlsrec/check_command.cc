#include "tools/hlsrec/check_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string_view>

#include "hlsrec/check.h"
#include "hlsrec/source.h"
#include "tools/hlsrec/http_delivery.h"
#include "tools/hlsrec/signals.h"

namespace hlsrec::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr int kNoErrors = 0;
constexpr int kUnreadable = 2;
constexpr int kRulesBroken = 3;

std::string_view SeverityName(CheckSeverity severity) {
  return severity == CheckSeverity::kError ? "error" : "warning";
}

void PrintJson(const CheckCommand& command, const CheckReport& report) {
  Json findings = Json::array();
  for (const CheckFinding& finding : report.findings) {
    findings.push_back({{"rule", finding.rule},
                        {"severity", SeverityName(finding.severity)},
                        {"file", finding.file},
                        {"line", finding.line},
                        {"message", finding.message}});
  }
  const Json json = {
      {"location", IsWebUrl(command.location) ? RedactUrl(command.location)
                                              : command.location},
      {"profile", command.profile},
      {"ok", report.errors == 0},
      {"errors", report.errors},
      {"warnings", report.warnings},
      {"playlists", report.playlists},
      {"segments", report.segments},
      {"bytes_read", report.bytes_read},
      {"findings", std::move(findings)}};
  // File names may hold any bytes; JSON may not.
  fmt::print("{}\n", json.dump(2, ' ', false, Json::error_handler_t::replace));
}

std::string Counted(std::uint64_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

void PrintSummary(const CheckReport& report) {
  const std::uint64_t found = report.errors + report.warnings;
  if (found > report.findings.size()) {
    fmt::print("... and {} more\n", found - report.findings.size());
  }
  fmt::print("{}: {}, {}; {}, {}, {:.1f} MB read\n",
             report.errors == 0 ? "ok" : "not ok",
             Counted(report.errors, "error"),
             Counted(report.warnings, "warning"),
             Counted(report.playlists, "playlist"),
             Counted(report.segments, "segment"),
             static_cast<double>(report.bytes_read) / 1e6);
}

void PrintFinding(const CheckFinding& finding) {
  fmt::print("{}\n", FormatFinding(finding));
  std::fflush(stdout);
}

StatusOr<CheckReport> Watch(const CheckCommand& command,
                            const CheckOptions& options) {
  std::atomic<bool> stop{false};
  const SignalWatch signals([&](int) { stop = true; },
                            [](SignalWatch::Wish) {});
  WatchOptions watch{.check = options, .stop = [&] { return stop.load(); }};
  if (!command.json) watch.on_finding = &PrintFinding;
  return WatchRecording(command.location, watch);
}

}  // namespace

void AddCheck(CLI::App& app, CheckCommand& check) {
  CLI::App* command = app.add_subcommand(
      "check", "Check a playlist, folder or URL against the rules of HLS");
  command
      ->add_option("LOCATION", check.location,
                   "Playlist, folder (all playlists below it), or URL")
      ->required();
  command
      ->add_option("--profile", check.profile,
                   "rfc, or apple: its authoring rules are errors too")
      ->capture_default_str()
      ->check(CLI::IsMember({"rfc", "apple"}));
  command->add_flag("--watch", check.watch,
                    "Follow a live playlist and check how it changes");
  command->add_flag("--no-media", check.no_media,
                    "Look at playlists only, not at segments");
  command->add_flag("--json", check.json, "One JSON object");
  command->add_option("--max-findings", check.max_findings, "Findings to show")
      ->capture_default_str();
  command->footer(
      "Rules are cited by number (R10); see RULES in the documentation.\n"
      "Exit codes: 0 no errors, 1 usage, 2 can't be read, 3 errors found.");
}

int RunCheck(const CheckCommand& command) {
  const CheckOptions options{
      .profile = command.profile == "apple" ? CheckProfile::kApple
                                            : CheckProfile::kRfc,
      .depth = command.no_media ? CheckDepth::kText : CheckDepth::kMedia,
      .max_findings_per_rule = command.max_findings};
  const auto report = command.watch ? Watch(command, options)
                                    : CheckRecording(command.location, options);
  if (!report.ok()) {
    fmt::print(stderr, "hlsrec: check: {}\n", report.status().ToString());
    return kUnreadable;
  }
  if (command.json) {
    PrintJson(command, *report);
  } else {
    if (!command.watch) {
      for (const CheckFinding& finding : report->findings) {
        PrintFinding(finding);
      }
    }
    PrintSummary(*report);
  }
  return report->errors == 0 ? kNoErrors : kRulesBroken;
}

}  // namespace hlsrec::tools
