#ifndef HLSREC_SRC_RECORD_TAKEOVER_H_
#define HLSREC_SRC_RECORD_TAKEOVER_H_

#include <string>

#include "hlsrec/recorder.h"
#include "src/base/runtime_core.h"
#include "src/deliver/lease.h"
#include "src/deliver/output_plan.h"
#include "src/record/plan.h"

namespace hlsrec::record {

// Of {run}.
inline constexpr int kRunDigits = 8;
inline constexpr int kIdDigits = 32;

// How another machine's recording is taken over: the edge to the store of what
// src/deliver/lease.h decides, and what its lists need to go on.

// Plans the lease of an output that was opened with kTakeOver.
// kInvalidArgument names the field of `wanted` that two machines can't share,
// with the remedy.
Status PlanLease(const RecordingOptions& options, const OutputOptions& wanted,
                 const std::string& field, deliver::OutputPlan& output);

// Waits until the output's lease is `run`'s. kConflict where another machine
// records there.
//
// Blocking. Asks the sink, for more than a lease's time where its last writer
// died.
Status AcquireLease(RuntimeCore& core, const std::string& run,
                    deliver::OutputPlan& output);
// Of all outputs of `plan` that have one.
Status AcquireLeases(RuntimeCore& core, RecordingPlan& plan);

// kConflict where an output of `plan` was taken over from the run that is in
// the journal as `run`.
//
// Blocking. Asks the sinks.
Status CheckNotTakenOver(RuntimeCore& core, const std::string& run,
                         const std::vector<deliver::OutputPlan>& outputs);

// What a recording that was taken over owes stays in the spool, under another
// identity, so that this one is free.
//
// Blocking. Waits for the journal.
Status SetAside(RuntimeCore& core, const spool::RecordingSummary& summary,
                const std::string& run);

// The old writer may have died between the lists of one output: those that end
// before `first` are brought there by gaps, as the longest list has them.
Status MakeEven(std::uint64_t first, deliver::OutputPlan& output);

// What may stand for {run} in `uri`, a name that the segment template made with
// `fields`, but for its number and run.
std::vector<std::string> RunsIn(const deliver::OutputPlan& output,
                                PathFields fields, const std::string& playlist,
                                const std::string& uri);

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_TAKEOVER_H_
