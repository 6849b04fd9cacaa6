#ifndef HLSREC_SRC_RECORD_EARLIER_MANIFEST_H_
#define HLSREC_SRC_RECORD_EARLIER_MANIFEST_H_

#include "src/record/plan.h"

namespace hlsrec::record {

// Where another machine's recording is taken over its manifest tells what it
// is: id and identity go on, as far as this machine was not given another.
//
// Blocking. Reads from the sinks.
void AdoptIdentity(RuntimeCore& core, RecordingPlan& plan);

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_EARLIER_MANIFEST_H_
