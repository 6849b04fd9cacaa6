#ifndef HLSREC_SRC_RECORD_LEASED_OUTPUT_H_
#define HLSREC_SRC_RECORD_LEASED_OUTPUT_H_

#include <functional>
#include <memory>
#include <vector>

#include "hlsrec/events.h"
#include "src/base/runtime_core.h"
#include "src/deliver/lease_keeper.h"
#include "src/deliver/output.h"

namespace hlsrec::record {

// An output, and who keeps its lease where it has one: else null.
struct LeasedOutput {
  std::shared_ptr<deliver::Output> output = {};
  std::shared_ptr<deliver::LeaseKeeper> keeper = {};
};

// `lost`: the lease is another machine's; at most once, on the strand. The
// caller starts the keeper.
LeasedOutput OpenOutput(RuntimeCore& core, std::shared_ptr<Strand> strand,
                        deliver::OutputPlan plan,
                        std::function<void(Event)> emit,
                        std::function<void(Status)> lost);

// The outputs have ended as `results` say, in their order, and write nothing
// any more; `then` once the next writers know, or can't be told.
void ReleaseLeases(
    const std::vector<std::shared_ptr<deliver::LeaseKeeper>>& keepers,
    const std::vector<OutputResult>& results,
    const std::function<void()>& then);

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_LEASED_OUTPUT_H_
