#include "src/record/plan_chat.h"

#include <utility>

#include "src/base/status_util.h"
#include "src/deliver/chat_work.h"
#include "src/record/existing.h"

namespace hlsrec::record {

StatusOr<std::optional<deliver::ChatPlan>> PlanChat(
    const ChatOptions& wanted, const std::vector<std::string>& user_fields,
    const std::string& field) {
  if (wanted.path.empty() && wanted.captions_path.empty()) {
    return std::optional<deliver::ChatPlan>();
  }
  if (wanted.shown_for < std::chrono::milliseconds(1)) {
    return InvalidArgument("{}.chat.shown_for: {} ms: want 1 ms or more", field,
                           wanted.shown_for.count());
  }
  deliver::ChatPlan plan{.formulas = wanted.formulas,
                         .shown_for = wanted.shown_for};
  const auto parse = [&](std::string_view name, const std::string& text,
                         std::optional<PathTemplate>& path) -> Status {
    if (text.empty()) return {};
    StatusOr<PathTemplate> parsed = PathTemplate::Parse(text, user_fields);
    if (!parsed.ok()) {
      return parsed.status().WithContext(
          fmt::format("{}.chat.{}", field, name));
    }
    path = std::move(parsed).value();
    return {};
  };
  HLSREC_RETURN_IF_ERROR(parse("path", wanted.path, plan.path));
  HLSREC_RETURN_IF_ERROR(
      parse("captions_path", wanted.captions_path, plan.captions_path));
  return std::optional<deliver::ChatPlan>(std::move(plan));
}

std::vector<std::string> ChatKeys(const deliver::OutputPlan& output) {
  if (!output.chat) return {};
  return deliver::MakeChatWork(output)->Owed();
}

Status CheckChatIsNew(RuntimeCore& core, const deliver::OutputPlan& output) {
  for (const std::string& key : ChatKeys(output)) {
    // What can't be asked is found out at the end.
    if (!IsTaken(core, *output.sink, key)) continue;
    return AlreadyExists(
        "output {}: {}: a chat is there already: add {{session}}, {{epoch_ms}} "
        "or another field to its path",
        output.id, key);
  }
  return {};
}

}  // namespace hlsrec::record
