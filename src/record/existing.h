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

// Where one playlist of a recording ends: the last segment it lists.
struct ListEnd {
  std::uint64_t index = 0;  // in the recording
  std::chrono::microseconds duration{0};
  WallTime start = {};
};

// Lets `output`'s lists go on from what its sink holds of them: of a recording
// whose journal was lost. A rotating policy begins a new list.
//
// Blocking. Asks the sink.
StatusOr<std::vector<ListEnd>> GoOnFromPlaylists(RuntimeCore& core,
                                                 deliver::OutputPlan& output);

// Behind all that the output's sink holds under the segments' names.
//
// Blocking. Asks the sink.
StatusOr<std::uint64_t> FirstFreeIndex(RuntimeCore& core,
                                       const deliver::OutputPlan& output);

// The init section of that hash, from the output's sink; empty: not there.
//
// Blocking. Asks the sink.
std::string FindInitSection(RuntimeCore& core,
                            const deliver::OutputPlan& output,
                            std::size_t rendition, const std::string& hash);

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_EXISTING_H_
