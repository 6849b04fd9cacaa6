#ifndef HLSREC_SRC_RECORD_CONFIRMED_H_
#define HLSREC_SRC_RECORD_CONFIRMED_H_

#include <functional>
#include <memory>
#include <vector>

#include "src/base/executor.h"
#include "src/deliver/output.h"
#include "src/spool/journal.h"

namespace hlsrec::record {

// Outputs that have ended, and in their order what came of them.
struct EndedOutputs {
  const std::vector<std::shared_ptr<deliver::Output>>& outputs;
  const std::vector<OutputResult>& results;
};

// Removes what those outputs of `recording` hold that are kept only until
// others have everything, where these have, and once the journal knows that
// they have. `done` once, on `strand`: the first failure; what is left then is
// removed by who resumes.
void RemoveConfirmed(const EndedOutputs& ended, spool::RecordingId recording,
                     std::shared_ptr<Strand> strand, spool::Journal& journal,
                     std::function<void(Status)> done);

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_CONFIRMED_H_
