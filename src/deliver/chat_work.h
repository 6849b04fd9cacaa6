#ifndef HLSREC_SRC_DELIVER_CHAT_WORK_H_
#define HLSREC_SRC_DELIVER_CHAT_WORK_H_

#include <memory>

#include "src/deliver/end_work.h"
#include "src/deliver/output_plan.h"

namespace hlsrec::deliver {

// Stores what the journal has of the recording's chat as `plan.chat` says:
// nothing, where nobody said anything.
std::shared_ptr<EndWork> MakeChatWork(const OutputPlan& plan);

}  // namespace hlsrec::deliver

#endif  // HLSREC_SRC_DELIVER_CHAT_WORK_H_
