#include "src/record/leased_output.h"

#include <utility>

#include "src/deliver/chat_work.h"
#include "src/record/vod_work.h"
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
  const auto chat = plan.chat ? deliver::MakeChatWork(plan) : nullptr;
  const auto vod = plan.keeps_media() ? MakeVodWork(core, plan) : nullptr;
  made.output = std::make_shared<deliver::Output>(
      std::move(strand), core.clock(), core.spool().journal(), std::move(plan),
      std::move(emit));
  if (chat != nullptr) made.output->AddEndWork(chat);
  if (vod != nullptr) made.output->AddEndWork(vod);
  return made;
}

void ReleaseLeases(
    const std::vector<std::shared_ptr<deliver::LeaseKeeper>>& keepers,
    const std::vector<OutputResult>& results,
    const std::function<void()>& then) {
  const auto left = std::make_shared<std::size_t>(keepers.size());
  const auto told = [left, then] {
    if (--*left == 0) then();
  };
  if (keepers.empty()) return then();
  for (std::size_t i = 0; i < keepers.size(); ++i) {
    const auto& keeper = keepers[i];
    const bool owes = !results[i].status.ok() || !results[i].missing.empty();
    if (keeper != nullptr && !owes) {
      keeper->Release(told);
      continue;
    }
    // Who owes something comes back for it.
    if (keeper != nullptr) keeper->Stop();
    told();
  }
}

}  // namespace hlsrec::record
