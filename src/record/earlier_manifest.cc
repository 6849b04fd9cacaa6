#include "src/record/earlier_manifest.h"

#include <memory>
#include <string>
#include <utility>

#include "src/base/status_util.h"
#include "src/deliver/ask.h"
#include "src/manifest/read.h"
#include "src/record/subject.h"

namespace hlsrec::record {
namespace {

// One that has not ended has no list: it is small.
constexpr std::uint64_t kMaxBytes = std::uint64_t{1} << 20;

StatusOr<manifest::Head> Earlier(RuntimeCore& core,
                                 const deliver::OutputPlan& output) {
  PathFields fields = output.fields;
  fields.extension = "json";
  HLSREC_ASSIGN_OR_RETURN(const std::string key,
                          output.manifest->path.Expand(fields));
  HLSREC_ASSIGN_OR_RETURN(
      const std::string text,
      deliver::Ask<std::string>(
          core, [&](const std::shared_ptr<Answer<std::string>>& answer) {
            output.sink->Get(key, kMaxBytes,
                             [answer](StatusOr<std::string> got) {
                               answer->Set(std::move(got));
                             });
          }));
  return manifest::Read(text, [](const manifest::Object&) {});
}

}  // namespace

void AdoptIdentity(RuntimeCore& core, RecordingPlan& plan) {
  for (const deliver::OutputPlan& output : plan.outputs) {
    if (!output.manifest || !output.lease) continue;
    const StatusOr<manifest::Head> earlier = Earlier(core, output);
    if (!earlier.ok() || earlier->ended ||
        !DifferingField(earlier->identity, plan.options.identity).empty()) {
      continue;
    }
    plan.id = earlier->id;
    plan.subject = earlier->identity;
    break;
  }
  for (deliver::OutputPlan& output : plan.outputs) {
    output.fields.identity = plan.subject;
    if (output.manifest) output.manifest->id = plan.id;
  }
}

}  // namespace hlsrec::record
