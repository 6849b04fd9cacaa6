#ifndef HLSREC_SRC_RECORD_REBUILD_H_
#define HLSREC_SRC_RECORD_REBUILD_H_

#include <cstdint>
#include <map>

#include "hlsrec/status.h"
#include "src/base/runtime_core.h"
#include "src/record/plan.h"
#include "src/spool/journal.h"

namespace hlsrec::record {

// Segments of one rendition in one packaging, by index.
using Series = std::map<std::uint64_t, spool::SegmentSealed>;

// What stands where there is nothing to list, told by the others.
struct Known {
  Series segments = {};  // without holes, once it is complete
  // No series begins after it.
  std::uint64_t from = UINT64_MAX;
};

// Of a recording whose journal was lost, or went back: puts what the sinks of
// its outputs tell into `plan`, which goes on behind all that they list or
// hold, and into `journaled` what they have and it did not know. Outputs
// without a sink are left out.
//
// Blocking. Asks the sinks.
StatusOr<Known> GoOnFromSinks(RuntimeCore& core, RecordingPlan& plan,
                              spool::JournaledRecording& journaled);

// A gap of one index behind `before`, of `parts` that end at `end`.
spool::SegmentSealed GapBehind(const spool::SegmentSealed& before, WallTime end,
                               std::uint64_t parts,
                               std::chrono::microseconds longest);

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_REBUILD_H_
