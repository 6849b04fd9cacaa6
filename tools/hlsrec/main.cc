#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <string>
#include <vector>

#include "hlsrec/runtime.h"
#include "tools/hlsrec/cli.h"
#include "tools/hlsrec/exit_codes.h"
#include "tools/hlsrec/text.h"

namespace hlsrec::tools {
namespace {

// `command`: what was asked for, where that is known.
int Usage(const std::string& message, const std::string& command = {}) {
  fmt::print(stderr, "hlsrec: {}\nTry `hlsrec {}{}--help`.\n", message, command,
             command.empty() ? "" : " ");
  return kUsage;
}

// Outputs that are described in files, beside those that were named.
Status AddStorageOutputs(RecordCommand& command) {
  const auto outputs = StorageOutputs(command.s3);
  if (!outputs.ok()) return outputs.status();
  command.outputs.insert(command.outputs.end(), outputs->begin(),
                         outputs->end());
  if (!command.outputs.empty()) return {};
  return {StatusCode::kInvalidArgument, "OUTPUT is required"};
}

int Record(RecordCommand& command) {
  if (Status status = AddStorageOutputs(command); !status.ok()) {
    return Usage(status.message());
  }
  return RunRecord(command);
}

int Validate(ValidateCommand& command) {
  if (Status status = AddStorageOutputs(command.output); !status.ok()) {
    return Usage(status.message());
  }
  if (command.output.outputs.size() > 1) {
    return Usage("validate: one OUTPUT at a time");
  }
  return RunValidate(command);
}

// What stands in place of a command, and is none.
std::string UnknownCommand(const CLI::App& app, const std::string& word) {
  const std::string meant = SuggestFor(app, word);
  if (!meant.empty()) {
    return fmt::format("`{}` is not known: did you mean `{}`?", word, meant);
  }
  std::vector<std::string> names;
  for (const CLI::App* command :
       app.get_subcommands([](const CLI::App*) { return true; })) {
    if (!command->get_group().empty()) names.push_back(command->get_name());
  }
  const std::string all = fmt::format("{}", fmt::join(names, ", "));
  return word.empty() ? fmt::format("name a command: {}", all)
                      : fmt::format("`{}` is no command: want {}", word, all);
}

int ParseError(const CLI::App& app, const CLI::ParseError& error) {
  // Help and version are no errors; CLI11 prints them.
  if (error.get_exit_code() == 0) return app.exit(error);
  const auto commands = app.get_subcommands();
  const std::vector<std::string> unknown = app.remaining();
  if (commands.empty() &&
      dynamic_cast<const CLI::RequiredError*>(&error) != nullptr) {
    return Usage(UnknownCommand(app, unknown.empty() ? "" : unknown.front()));
  }
  std::string message = error.what();
  if (dynamic_cast<const CLI::ConfigError*>(&error) != nullptr) {
    message = fmt::format(
        "--config: {}: want a section per command, as in [record]", message);
  }
  for (const CLI::App* command : commands) {
    for (const std::string& argument : command->remaining()) {
      if (argument == "--config" || argument.starts_with("--config=")) {
        return Usage(fmt::format(
            "--config: goes before the command: hlsrec --config FILE {} ...",
            command->get_name()));
      }
      if (const std::string meant = SuggestFor(app, argument); !meant.empty()) {
        message = fmt::format("`{}` is not known: did you mean `{}`?", argument,
                              meant);
      }
    }
  }
  for (const std::string& argument : unknown) {
    if (const std::string meant = SuggestFor(app, argument); !meant.empty()) {
      message =
          fmt::format("`{}` is not known: did you mean `{}`?", argument, meant);
    }
  }
  return Usage(message, commands.empty() ? "" : commands.front()->get_name());
}

int Run(int argc, char** argv) {
  CommandLine line;
  const auto app = MakeApp(line);
  try {
    app->parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return ParseError(*app, error);
  }
  if (app->got_subcommand("record")) return Record(line.record);
  if (app->got_subcommand("relay")) return Record(line.relay);
  if (app->got_subcommand("validate")) return Validate(line.validate);
  if (app->got_subcommand("verify")) return RunVerify(line.verify);
  if (app->got_subcommand("export")) return RunExport(line.export_recording);
  if (app->got_subcommand("clip")) return RunClip(line.clip);
  if (app->got_subcommand("package")) return RunPackage(line.package);
  if (app->got_subcommand("presign")) return RunPresign(line.presign);
  if (app->got_subcommand("serve")) return RunServe(std::move(line.serve));
  if (app->got_subcommand("check")) return RunCheck(line.check);
  if (app->got_subcommand("probe")) return RunProbe(line.probe);
  if (app->got_subcommand("resume")) return RunResume(line.resume);
  if (app->got_subcommand("events")) return RunEvents(line.events);
  if (app->got_subcommand("man")) {
    fmt::print("{}", RenderManPage(*app));
    return kComplete;
  }
  const std::string script = RenderCompletion(*app, line.completion_shell);
  if (script.empty()) {
    return Usage(fmt::format("completion: `{}`: there are bash, zsh, fish",
                             line.completion_shell));
  }
  fmt::print("{}", script);
  return kComplete;
}

}  // namespace
}  // namespace hlsrec::tools

int main(int argc, char** argv) { return hlsrec::tools::Run(argc, argv); }
