#ifndef HLSREC_TOOLS_HLSREC_VERIFY_COMMAND_H_
#define HLSREC_TOOLS_HLSREC_VERIFY_COMMAND_H_

#include <string>

#include "tools/hlsrec/record_command.h"

namespace CLI {
class App;
}

namespace hlsrec::tools {

struct VerifyCommand {
  // A manifest, or a folder or bucket's path with manifests below it.
  std::string location;
  int parallel = 8;
  bool json = false;
  bool quiet = false;
  RecordCommand sinks;  // how to get at web servers and buckets
};

void AddVerify(CLI::App& app, VerifyCommand& verify);

// Returns the process's exit code.
int RunVerify(const VerifyCommand& command);

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_VERIFY_COMMAND_H_
