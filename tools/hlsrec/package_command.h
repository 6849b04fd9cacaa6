#ifndef HLSREC_TOOLS_HLSREC_PACKAGE_COMMAND_H_
#define HLSREC_TOOLS_HLSREC_PACKAGE_COMMAND_H_

#include <CLI/CLI.hpp>
#include <string>

#include "tools/hlsrec/record_command.h"

namespace hlsrec::tools {

struct PackageCommand {
  std::string playlist;
  std::string output;
  int parallel = 4;
  bool force = false;
  bool json = false;
  bool quiet = false;
  RecordCommand sinks;  // how to get at web servers and buckets
};

void AddPackage(CLI::App& app, PackageCommand& command);

// Returns the process's exit code.
int RunPackage(const PackageCommand& command);

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_PACKAGE_COMMAND_H_
