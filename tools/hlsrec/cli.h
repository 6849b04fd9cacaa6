#ifndef HLSREC_TOOLS_HLSREC_CLI_H_
#define HLSREC_TOOLS_HLSREC_CLI_H_

#include <CLI/CLI.hpp>
#include <memory>
#include <string>

#include "tools/hlsrec/check_command.h"
#include "tools/hlsrec/clip_command.h"
#include "tools/hlsrec/events_command.h"
#include "tools/hlsrec/export_command.h"
#include "tools/hlsrec/package_command.h"
#include "tools/hlsrec/presign_command.h"
#include "tools/hlsrec/probe_command.h"
#include "tools/hlsrec/record_command.h"
#include "tools/hlsrec/relay_command.h"
#include "tools/hlsrec/resume_command.h"
#include "tools/hlsrec/serve_command.h"
#include "tools/hlsrec/validate_command.h"
#include "tools/hlsrec/verify_command.h"

namespace hlsrec::tools {

// Everything that can be typed.
struct CommandLine {
  RecordCommand record;
  RecordCommand relay = RelayDefaults();
  ResumeCommand resume;
  EventsCommand events;
  CheckCommand check;
  ProbeCommand probe;
  PresignCommand presign;
  ServeCommand serve;
  ValidateCommand validate;
  VerifyCommand verify;
  ExportCommand export_recording;
  ClipCommand clip;
  PackageCommand package;
  std::string completion_shell;
};

// The one description of the command line: parser, --help, man page and
// completions come from it. `line` must outlive the result.
std::unique_ptr<CLI::App> MakeApp(CommandLine& line);

// What was meant by an argument nobody knows; empty where nothing is like it.
std::string SuggestFor(const CLI::App& app, const std::string& argument);

// man(7) source of hlsrec(1).
std::string RenderManPage(const CLI::App& app);
// A completion script; empty for a shell that is not bash, zsh or fish.
std::string RenderCompletion(const CLI::App& app, const std::string& shell);

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_CLI_H_
