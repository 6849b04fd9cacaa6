#ifndef HLSREC_TOOLS_HLSREC_CLIP_COMMAND_H_
#define HLSREC_TOOLS_HLSREC_CLIP_COMMAND_H_

#include <CLI/CLI.hpp>
#include <string>

#include "tools/hlsrec/record_command.h"

namespace hlsrec::tools {

struct ClipCommand {
  std::string playlist;
  std::string output;
  std::string from;
  std::string to;
  bool skip_missing = false;
  bool force = false;
  bool json = false;
  bool quiet = false;
  RecordCommand sinks;  // how to get at web servers and buckets
};

void AddClip(CLI::App& app, ClipCommand& command);

// Returns the process's exit code.
int RunClip(const ClipCommand& command);

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_CLIP_COMMAND_H_
