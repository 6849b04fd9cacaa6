#ifndef HLSREC_SRC_RECORD_PLAN_OUTPUT_H_
#define HLSREC_SRC_RECORD_PLAN_OUTPUT_H_

#include <cstddef>
#include <vector>

#include "src/base/runtime_core.h"
#include "src/record/plan.h"

namespace hlsrec::record {

// Everything about the output of this number in `plan.options` that does not
// depend on what is stored there. `infos`: of the renditions. kInvalidArgument
// and kFailedPrecondition name the field.
StatusOr<deliver::OutputPlan> PlanOutput(
    RuntimeCore& core, const RecordingPlan& plan, std::size_t number,
    const std::vector<deliver::RenditionInfo>& infos);

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_PLAN_OUTPUT_H_
