#ifndef HLSREC_SRC_RECORD_HOLD_H_
#define HLSREC_SRC_RECORD_HOLD_H_

#include "hlsrec/status.h"
#include "src/base/runtime_core.h"
#include "src/record/plan.h"

namespace hlsrec::record {

// Keeps the first playlist of each output to this recording while plan.claim
// lives: the journal keeps out whoever has the same spool only. Outputs with a
// lease keep theirs by it. kFailedPrecondition, with who it is, where another
// recording writes there.
//
// Blocking. Asks the sinks, for a second or two where somebody just ends there.
Status HoldOutputs(RuntimeCore& core, RecordingPlan& plan);

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_HOLD_H_
