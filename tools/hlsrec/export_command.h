#ifndef HLSREC_TOOLS_HLSREC_EXPORT_COMMAND_H_
#define HLSREC_TOOLS_HLSREC_EXPORT_COMMAND_H_

#include <CLI/CLI.hpp>
#include <string>

#include "tools/hlsrec/record_command.h"

namespace hlsrec::tools {

struct ExportCommand {
  std::string playlist;
  std::string output;
  std::string from;
  std::string to;
  std::string variant;
  std::string audio;
  int parallel = 4;
  bool skip_missing = false;
  bool force = false;
  bool json = false;
  bool quiet = false;
  RecordCommand sinks;  // how to get at web servers and buckets
};

void AddExport(CLI::App& app, ExportCommand& command);

// Returns the process's exit code.
int RunExport(const ExportCommand& command);

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_EXPORT_COMMAND_H_
