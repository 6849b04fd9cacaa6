#ifndef HLSREC_SRC_RECORD_SUBJECT_H_
#define HLSREC_SRC_RECORD_SUBJECT_H_

#include <string>

#include "hlsrec/recorder.h"
#include "src/base/clock.h"

// Who and what is recorded: the identity that a recording's names are made of.
namespace hlsrec::record {

// Fields that have the name of one of the identity's are taken there.
// kInvalidArgument where both say something else, or a value can't be.
Status TakeIdentity(RecordingOptions& options);

// `given`, with what it leaves out and a start tells.
RecordingIdentity SubjectOf(const RecordingIdentity& given, WallTime started);

// The first field that is given and not what was recorded; empty: none.
std::string DifferingField(const RecordingIdentity& recorded,
                           const RecordingIdentity& given);

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_SUBJECT_H_
