#ifndef HLSREC_TOOLS_HLSREC_CHECK_COMMAND_H_
#define HLSREC_TOOLS_HLSREC_CHECK_COMMAND_H_

#include <cstddef>
#include <string>

namespace CLI {
class App;
}

namespace hlsrec::tools {

// `hlsrec check LOCATION`.
struct CheckCommand {
  std::string location = {};    // playlist file, folder, or http(s) URL
  std::string profile = "rfc";  // or "apple"
  bool json = false;
  bool watch = false;
  bool no_media = false;
  std::size_t max_findings = 20;  // shown, of one rule in one file
};

void AddCheck(CLI::App& app, CheckCommand& check);

// Writes the report to standard output. The exit code: 0 no errors, 2 the
// location can't be read (standard error says why), 3 rules are broken.
// With `watch`, SIGINT and SIGTERM end the watch and the report follows.
int RunCheck(const CheckCommand& command);

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_CHECK_COMMAND_H_
