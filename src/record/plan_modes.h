#ifndef HLSREC_SRC_RECORD_PLAN_MODES_H_
#define HLSREC_SRC_RECORD_PLAN_MODES_H_

#include <chrono>
#include <string>

#include "hlsrec/recorder.h"
#include "src/record/plan.h"

namespace hlsrec::record {

// When and how an output is written to. kInvalidArgument names the field below
// `field`.
Status PlanModes(const OutputOptions& wanted, const std::string& field,
                 deliver::OutputPlan& output);

// Whether the modes of all outputs go together, and with the spool.
Status CheckModes(const RecordingPlan& plan,
                  std::chrono::milliseconds spool_max_age);

// Likewise with the playlists that were found.
Status CheckContinued(const RecordingPlan& plan);

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_PLAN_MODES_H_
