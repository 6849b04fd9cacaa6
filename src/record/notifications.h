#ifndef HLSREC_SRC_RECORD_NOTIFICATIONS_H_
#define HLSREC_SRC_RECORD_NOTIFICATIONS_H_

#include "hlsrec/status.h"
#include "src/base/runtime_core.h"
#include "src/record/plan.h"

namespace hlsrec::record {

// Whom `plan.options` names, as `plan.notifiers`. kInvalidArgument names the
// bad one.
Status PlanNotifiers(RecordingPlan& plan);

// They take what is owed to them from now on.
void AttachNotifiers(RuntimeCore& core, const RecordingPlan& plan);

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_NOTIFICATIONS_H_
