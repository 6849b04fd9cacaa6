#include "src/record/leased_output.h"

#include <utility>

#include "src/spool/spool.h"

namespace hlsrec::record {

LeasedOutput OpenOutput(RuntimeCore& core, std::shared_ptr<Strand> strand,
                        deliver::OutputPlan plan,
                        std::function<void(Event)> emit,
                        std::function<void(Status)> lost) {
  LeasedOutput made;
  if (plan.lease && plan.lease->held) {
    made.keeper = std::make_shared<deliver::LeaseKeeper>(
        strand, core.clock(), plan.sink, plan.lease->playlist,
        *plan.lease->held, std::move(lost));
    plan.sink = deliver::MakeLeasedSink(plan.sink, made.keeper);
  }
  made.output = std::make_shared<deliver::Output>(
      std::move(strand), core.clock(), core.spool().journal(), std::move(plan),
      std::move(emit));
  return made;
}

void ReleaseLease(const std::shared_ptr<deliver::LeaseKeeper>& keeper,
                  const OutputResult& result, std::function<void()> then) {
  if (keeper == nullptr) return then();
  // Who owes something comes back for it.
  if (!result.status.ok() || !result.missing.empty()) {
    keeper->Stop();
    return then();
  }
  keeper->Release(std::move(then));
}

}  // namespace hlsrec::record
