#ifndef HLSREC_TOOLS_HLSREC_PROBE_COMMAND_H_
#define HLSREC_TOOLS_HLSREC_PROBE_COMMAND_H_

#include <chrono>
#include <functional>
#include <memory>

#include "hlsrec/runtime.h"
#include "hlsrec/source.h"

namespace hlsrec::tools {

// `hlsrec probe INPUT`.
struct ProbeCommand {
  UrlSourceOptions source = {};
  // How much of the input is read and measured.
  std::chrono::milliseconds duration{5000};
  bool json = false;
  std::shared_ptr<Runtime> runtime = {};
  // Polled; ends it.
  std::function<bool()> cancelled = {};
};

// Writes the report to standard output. The exit code: 0, or 2 where the source
// failed; then standard error says why (with `json` standard output, too).
int RunProbe(const ProbeCommand& command);

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_PROBE_COMMAND_H_
