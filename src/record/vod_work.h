#ifndef HLSREC_SRC_RECORD_VOD_WORK_H_
#define HLSREC_SRC_RECORD_VOD_WORK_H_

#include <memory>

#include "src/base/runtime_core.h"
#include "src/deliver/end_work.h"
#include "src/deliver/output_plan.h"

namespace hlsrec::record {

// Makes `plan.archive` and `plan.movie` of what the spool keeps, one after the
// other: on a thread of the runtime that works for the ends of recordings
// alone. Nothing of a recording that has no media.
std::shared_ptr<deliver::EndWork> MakeVodWork(RuntimeCore& core,
                                              const deliver::OutputPlan& plan);

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_VOD_WORK_H_
