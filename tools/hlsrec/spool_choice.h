#ifndef HLSREC_TOOLS_HLSREC_SPOOL_CHOICE_H_
#define HLSREC_TOOLS_HLSREC_SPOOL_CHOICE_H_

#include <memory>
#include <string>
#include <vector>

#include "hlsrec/runtime.h"
#include "tools/hlsrec/record_command.h"

namespace hlsrec::tools {

// Folders of spools, beside what they deliver to.
inline constexpr const char* kSpools = ".hlsrec-spool";

// A runtime whose spool is the recording's own: the folder told, or one below
// ".hlsrec-spool" beside the first local output, so that segments can be
// linked, with a name that the same recording has again. A recording that has a
// new name in each run takes another folder where that one is in use; for one
// that has the same name, somebody records it already: kFailedPrecondition.
StatusOr<std::shared_ptr<Runtime>> OpenRuntime(const RecordCommand& command,
                                               RuntimeOptions options);

// Tasks that come to their end hold a runtime a moment longer; its threads
// should not outlive main(), nor its spool what looks at the folder next.
// Blocking. Two seconds at most.
void AwaitOthers(const std::shared_ptr<Runtime>& runtime);

// The spools at or below a folder: itself, or those in its ".hlsrec-spool".
// kNotFound where there is no such folder.
StatusOr<std::vector<std::string>> FindSpools(const std::string& folder);

// Removes a folder of spools, or that of one of them, where none is in it.
void TidySpools(const std::string& folder);

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_SPOOL_CHOICE_H_
