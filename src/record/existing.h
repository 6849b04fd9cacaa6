#ifndef HLSREC_SRC_RECORD_EXISTING_H_
#define HLSREC_SRC_RECORD_EXISTING_H_

#include <cstdint>

#include "hlsrec/recorder.h"
#include "src/base/runtime_core.h"
#include "src/deliver/output.h"

namespace hlsrec::record {

// Looks at what the output's sink already holds under the playlists' names.
// kFail: kAlreadyExists where there is one. kAppend: continues them and sets
// the renditions' first numbers after everything that exists. Returns the
// longest segment that may follow, in seconds.
//
// Blocking. Asks the sink.
StatusOr<std::int64_t> TakeOver(RuntimeCore& core, IfPlaylistExists mode,
                                deliver::OutputPlan& output);

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_EXISTING_H_
