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

// A segment that a playlist of a recording names.
struct ListedBefore {
  std::uint64_t index = 0;  // in the recording
  std::chrono::microseconds duration{0};
  WallTime start = {};
  bool discontinuity = false;
  bool gap = false;
};

// One playlist of a recording, as its sink holds it.
struct ListBefore {
  enum class Kind {
    kFound,    // it goes on behind what it says
    kMissing,  // or is a VOD list: it has to say all there is to say
    kUntold,   // a window that nobody saw, or one of lists that rotate
  } kind = Kind::kUntold;
  std::vector<ListedBefore> segments = {};
};

// Lets `output`'s lists go on from what its sink holds of them: of a recording
// whose journal was lost. A rotating policy begins a new list. By rendition,
// one for each playlist.
//
// Blocking. Asks the sink.
StatusOr<std::vector<std::vector<ListBefore>>> GoOnFromPlaylists(
    RuntimeCore& core, deliver::OutputPlan& output);

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

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_EXISTING_H_
