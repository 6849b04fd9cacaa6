#ifndef HLSREC_SRC_RECORD_EXISTING_H_
#define HLSREC_SRC_RECORD_EXISTING_H_

#include <cstdint>

#include "hlsrec/recorder.h"
#include "src/base/runtime_core.h"
#include "src/deliver/output_plan.h"

namespace hlsrec::record {

// Looks at what the output's sink already holds under the playlists' names.
// kFail: kAlreadyExists where there is one. kAppend: continues them and sets
// the renditions' first numbers after everything that exists. Returns the
// longest segment that may follow, in seconds.
//
// Blocking. Asks the sink.
StatusOr<std::int64_t> TakeOver(RuntimeCore& core, IfPlaylistExists mode,
                                deliver::OutputPlan& output);

// Behind all that the output's sink holds under the segments' names; one that
// can't list is asked for those from `from` on.
//
// Blocking. Asks the sink.
StatusOr<std::uint64_t> FirstFreeIndex(RuntimeCore& core,
                                       const deliver::OutputPlan& output,
                                       std::uint64_t from);

// The init section of that hash, from the output's sink; empty: not there.
//
// Blocking. Asks the sink.
std::string FindInitSection(RuntimeCore& core,
                            const deliver::OutputPlan& output,
                            std::size_t rendition, const std::string& hash);

// Whether an object has that name; false where nobody can tell now.
//
// Blocking. Asks the sink.
bool IsTaken(RuntimeCore& core, Sink& sink, const std::string& key);

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_EXISTING_H_
