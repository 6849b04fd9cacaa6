#ifndef HLSREC_SRC_RECORD_PLAN_VOD_H_
#define HLSREC_SRC_RECORD_PLAN_VOD_H_

#include <optional>
#include <string>
#include <vector>

#include "src/base/runtime_core.h"
#include "src/record/plan.h"

namespace hlsrec::record {

// What is made of all media at the end: kInvalidArgument and
// kFailedPrecondition name what can't be, below `field`.
Status PlanVod(RuntimeCore& core, const OutputOptions& wanted,
               const std::vector<std::string>& user_fields,
               const std::string& field, deliver::OutputPlan& output);

// The archive's key.
std::optional<StatusOr<std::string>> ArchiveKey(
    const deliver::OutputPlan& output);
// That of a rendition's movie, described so.
std::optional<StatusOr<std::string>> MovieKey(
    const deliver::OutputPlan& output, const deliver::RenditionInfo& info);
// Of which of these there is a movie.
std::vector<std::size_t> MovieRenditions(
    const std::vector<deliver::RenditionInfo>& infos);

// All keys of what will be made, or what is wrong with a template.
std::vector<StatusOr<std::string>> VodKeys(const deliver::OutputPlan& output);

// kAlreadyExists where one of them is taken.
//
// Blocking. Asks the sink.
Status CheckVodIsNew(RuntimeCore& core, const deliver::OutputPlan& output);

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_PLAN_VOD_H_
