#include "tools/hlsrec/validate_command.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "hlsrec/validate.h"
#include "tools/hlsrec/exit_codes.h"
#include "tools/hlsrec/record_options.h"

namespace hlsrec::tools {
namespace {

void PrintText(const ValidationReport& report) {
  fmt::print("{}\n", report.sink);
  for (const ValidationStep& step : report.steps) {
    fmt::print("  {:<9} {:<8} {:>6} ms{}{}\n", step.name,
               ValidationOutcomeName(step.outcome), step.took.count(),
               step.message.empty() ? "" : "  ", step.message);
  }
  fmt::print("{}\n", report.usable() ? "a recording can be stored there"
                                     : "no recording can be stored there");
}

void PrintJson(const ValidationReport& report) {
  nlohmann::ordered_json json;
  json["sink"] = report.sink;
  json["usable"] = report.usable();
  json["key"] = report.key;
  for (const ValidationStep& step : report.steps) {
    nlohmann::ordered_json each = {
        {"step", step.name},
        {"outcome", ValidationOutcomeName(step.outcome)},
        {"took_ms", step.took.count()}};
    if (!step.status.ok()) each["code"] = StatusCodeName(step.status.code());
    if (!step.message.empty()) each["message"] = step.message;
    json["steps"].push_back(std::move(each));
  }
  fmt::print("{}\n", json.dump(-1, ' ', false,
                               decltype(json)::error_handler_t::replace));
}

int Fail(const Status& status, int code) {
  fmt::print(stderr, "hlsrec: {}\n", status.message());
  return code;
}

}  // namespace

void AddValidate(CLI::App& app, ValidateCommand& validate) {
  CLI::App* command = app.add_subcommand(
      "validate",
      "Find out whether a recording can be stored there, and why "
      "not");
  command->add_option("OUTPUT", validate.output.outputs, "As for record");
  command->add_flag("--json", validate.json, "One JSON object");
  AddHttpDelivery(*command, validate.output.http);
  AddS3Delivery(*command, validate.output.s3);
  AddS3Objects(*command, validate.output.s3);
  command->footer(
      "One small object is written, read, refused, replaced, listed and\n"
      "removed. `noted` steps cost something, `failed` ones are in the way.\n"
      "Exit codes: 0 a recording can be stored, 1 usage, 5 it can't.");
}

int RunValidate(const ValidateCommand& command) {
  auto runtime = Runtime::Create({.libav_logging = LibavLog::kSilence});
  if (!runtime.ok()) return Fail(runtime.status(), kStorageRefused);
  const auto sink =
      OpenOutput(command.output, *runtime, command.output.outputs.front());
  if (!sink.ok()) {
    return Fail(sink.status(),
                sink.status().code() == StatusCode::kInvalidArgument
                    ? kUsage
                    : kStorageRefused);
  }
  const ValidationReport report = ValidateSink(**runtime, **sink, {});
  if (command.json) {
    PrintJson(report);
  } else {
    PrintText(report);
  }
  return report.usable() ? kComplete : kStorageRefused;
}

}  // namespace hlsrec::tools
