#ifndef HLSREC_TOOLS_HLSREC_OUTPUT_NAMES_H_
#define HLSREC_TOOLS_HLSREC_OUTPUT_NAMES_H_

#include <string>
#include <vector>

#include "hlsrec/path_template.h"
#include "hlsrec/recorder.h"
#include "tools/hlsrec/record_command.h"

namespace hlsrec::tools {

// What an output's objects are named, below its root.
struct OutputNames {
  Layout layout;
  std::string root;
};

// kInvalidArgument names the flag.
StatusOr<OutputNames> NamesFor(const RecordCommand& command,
                               const std::string& output);
// The folder, address or place in a bucket that all of it is below.
std::string RootOf(const std::string& output);
// Those of --playlist, where the first is `main_path`. kInvalidArgument names
// the flag.
StatusOr<std::vector<PlaylistOptions>> MakePlaylists(
    const RecordCommand& command, const std::string& main_path);

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_OUTPUT_NAMES_H_
