#ifndef HLSREC_SRC_RECORD_PLAN_TEXT_H_
#define HLSREC_SRC_RECORD_PLAN_TEXT_H_

#include <string>
#include <string_view>

#include "hlsrec/status.h"
#include "src/record/plan.h"

namespace hlsrec::record {

// A plan as JSON, in the journal: all that another process needs to deliver
// and to end the recording. Without tracks, sinks (their names are there) and
// what is the run's own (observer, timeouts).
std::string SavePlan(const RecordingPlan& plan);
// kDataLoss where `text` is not what SavePlan() makes.
StatusOr<RecordingPlan> LoadPlan(std::string_view text);

// The first setting by which two plans would write other objects, as a JSON
// pointer; empty where there is none.
std::string DifferingSetting(const RecordingPlan& saved,
                             const RecordingPlan& wanted);

// What the bitstream said of a rendition, likewise.
std::string SaveInfo(const deliver::RenditionInfo& info);
Status LoadInfo(std::string_view text, deliver::RenditionInfo& info);

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_PLAN_TEXT_H_
