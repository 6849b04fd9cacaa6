#ifndef HLSREC_TOOLS_HLSREC_EVENT_HOOK_H_
#define HLSREC_TOOLS_HLSREC_EVENT_HOOK_H_

#include <memory>
#include <string>

#include "hlsrec/notification.h"

namespace hlsrec::tools {

// Runs a program for each notification: `PROGRAM TYPE`, with its JSON as
// standard input and our standard error as its output. No shell is between.
// Exit code 0 takes it; all else, and more than a minute, is tried again.
//
// Errors. kInvalidArgument where there is no such program.
StatusOr<std::shared_ptr<Notifier>> OpenEventHook(const std::string& program);

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_EVENT_HOOK_H_
