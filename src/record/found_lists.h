#ifndef HLSREC_SRC_RECORD_FOUND_LISTS_H_
#define HLSREC_SRC_RECORD_FOUND_LISTS_H_

#include <cstdint>
#include <string>
#include <vector>

#include "src/base/runtime_core.h"
#include "src/deliver/output_plan.h"

namespace hlsrec::record {

// A segment that a playlist of a recording names.
struct ListedBefore {
  std::uint64_t index = 0;  // in the recording
  std::chrono::microseconds duration{0};
  WallTime start = {};
  bool discontinuity = false;
  bool gap = false;
  // Under the names that this recording gives it and its init section: it can
  // be listed elsewhere.
  bool ours = false;
  std::string init_hash = {};
};

// One playlist of a recording, or those of a rotating policy, as their sink
// holds them.
struct ListBefore {
  enum class Kind {
    kFound,    // it goes on behind what it says
    kMissing,  // it has to say all there is to say
    kUntold,   // a window that nobody saw
  } kind = Kind::kUntold;
  std::vector<ListedBefore> segments = {};
  // Of a rotating policy: what the journal would say of them, in order.
  std::vector<spool::PlaylistPublished> versions = {};
};

// Lets `output`'s lists go on from what its sink holds of them: of a recording
// whose journal was lost. Lists that follow each other are found where the sink
// can list; kUntold elsewhere. By rendition, one for each playlist.
//
// Blocking. Asks the sink.
StatusOr<std::vector<std::vector<ListBefore>>> GoOnFromPlaylists(
    RuntimeCore& core, deliver::OutputPlan& output);

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_FOUND_LISTS_H_
