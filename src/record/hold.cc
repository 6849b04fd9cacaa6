#include "src/record/hold.h"

#include <memory>
#include <utility>
#include <vector>

#include "src/base/status_util.h"
#include "src/deliver/ask.h"
#include "src/record/stored.h"

namespace hlsrec::record {
namespace {

using Token = std::shared_ptr<void>;

StatusOr<Token> Hold(RuntimeCore& core, const deliver::OutputPlan& output) {
  const deliver::RenditionPlan& rendition = output.renditions.front();
  PathFields fields = NameFields(output, rendition);
  fields.extension = "m3u8";
  HLSREC_ASSIGN_OR_RETURN(const std::string key,
                          rendition.playlists.front().path.Expand(fields));
  StatusOr<Token> held = deliver::Ask<Token>(
      core, [&](const std::shared_ptr<Answer<Token>>& answer) {
        output.sink->Hold(key, [answer](StatusOr<Token> token) {
          answer->Set(std::move(token));
        });
      });
  if (held.status().code() == StatusCode::kUnavailable) {
    return FailedPrecondition(
        "{}: another recording writes there: end it, or choose another name or "
        "session",
        held.status().message());
  }
  return held;
}

}  // namespace

Status HoldOutputs(RuntimeCore& core, RecordingPlan& plan) {
  std::vector<Token> tokens = {plan.claim};
  for (const deliver::OutputPlan& output : plan.outputs) {
    if (output.lease) continue;
    HLSREC_ASSIGN_OR_RETURN(Token token, Hold(core, output));
    tokens.push_back(std::move(token));
  }
  plan.claim = std::make_shared<std::vector<Token>>(std::move(tokens));
  return {};
}

}  // namespace hlsrec::record
