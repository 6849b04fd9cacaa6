#ifndef HLSREC_TOOLS_HLSREC_PROBE_COMMAND_H_
#define HLSREC_TOOLS_HLSREC_PROBE_COMMAND_H_

#include <string>

#include "hlsrec/source.h"

namespace CLI {
class App;
}

namespace hlsrec::tools {

// `hlsrec probe INPUT`; durations are text (text.h).
struct ProbeCommand {
  UrlSourceOptions source = {};
  std::string duration = "5";  // how much of the input is read and measured
  std::string timeout = "10";
  bool json = false;
};

void AddProbe(CLI::App& app, ProbeCommand& probe);

// Writes the report to standard output. The exit code: 0, 1 for a wrong
// argument, or 2 where the source failed; then standard error says why (with
// `json` standard output, too).
int RunProbe(const ProbeCommand& command);

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_PROBE_COMMAND_H_
