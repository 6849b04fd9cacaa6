#ifndef HLSREC_TOOLS_HLSREC_VALIDATE_COMMAND_H_
#define HLSREC_TOOLS_HLSREC_VALIDATE_COMMAND_H_

#include "tools/hlsrec/record_command.h"

namespace CLI {
class App;
}

namespace hlsrec::tools {

// `hlsrec validate OUTPUT`: of a recording's options those that tell how to
// write somewhere.
struct ValidateCommand {
  RecordCommand output;
  bool json = false;
};

void AddValidate(CLI::App& app, ValidateCommand& validate);

// Writes the report to standard output. The exit code: 0 where a recording can
// be stored there, 5 where not, 1 for a wrong argument.
int RunValidate(const ValidateCommand& command);

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_VALIDATE_COMMAND_H_
