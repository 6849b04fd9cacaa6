#ifndef HLSREC_SRC_RECORD_PLAN_CHAT_H_
#define HLSREC_SRC_RECORD_PLAN_CHAT_H_

#include <optional>
#include <string>
#include <vector>

#include "src/base/runtime_core.h"
#include "src/record/plan.h"

namespace hlsrec::record {

// kInvalidArgument names what can't be, below `field`. None: it is not stored.
StatusOr<std::optional<deliver::ChatPlan>> PlanChat(
    const ChatOptions& wanted, const std::vector<std::string>& user_fields,
    const std::string& field);

// What it will be stored as.
std::vector<std::string> ChatKeys(const deliver::OutputPlan& output);

// kAlreadyExists: an earlier recording's is there, and stays. Better told now
// than at the end.
//
// Blocking. Asks the sink.
Status CheckChatIsNew(RuntimeCore& core, const deliver::OutputPlan& output);

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_PLAN_CHAT_H_
