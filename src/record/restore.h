#ifndef HLSREC_SRC_RECORD_RESTORE_H_
#define HLSREC_SRC_RECORD_RESTORE_H_

#include <string>

#include "hlsrec/status.h"
#include "src/base/runtime_core.h"
#include "src/record/plan.h"

namespace hlsrec::record {

// What makes two runs one recording: they would write the same playlists.
std::string IdentityOf(const RecordingPlan& plan);

// Nobody else works on it while plan.claim lives: two recordings that write the
// same playlists would spoil each other. kFailedPrecondition where somebody
// does.
Status ClaimPlan(RuntimeCore& core, RecordingPlan& plan);

// Puts what the journal knows of `recording` into `plan`, whose outputs are
// those it was opened with: names and numbers go on, segments are owed, stored
// or lost as before, and what one rendition lacks at the end is a gap.
//
// Blocking. Waits for the journal, and looks for owed segments on the disk.
Status RestorePlan(RuntimeCore& core, spool::RecordingId recording,
                   RecordingPlan& plan);

// Lets `plan` go on with an interrupted run of the same recording, if there is
// one: true. kFailedPrecondition where it was to write other objects, or has
// ended and is still to be delivered.
StatusOr<bool> TakeUp(RuntimeCore& core, RecordingPlan& plan);

// Writes down that the recording begins or goes on, before it does.
//
// Blocking. Waits for the journal.
Status JournalOpening(RuntimeCore& core, const RecordingPlan& plan);

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_RESTORE_H_
