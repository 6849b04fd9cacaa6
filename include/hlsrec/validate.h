#ifndef HLSREC_VALIDATE_H_
#define HLSREC_VALIDATE_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/export.h"
#include "hlsrec/runtime.h"
#include "hlsrec/sink.h"
#include "hlsrec/status.h"

// Can a recording be stored there? Tried with one small object, which is
// removed again.
namespace hlsrec {

enum class ValidationOutcome {
  kPassed,
  kNoted,    // a recording works, with less than it could: `message` tells what
  kFailed,   // it would not
  kSkipped,  // it needs a step that failed
};

// "passed", ...; static storage.
HLSREC_EXPORT std::string_view ValidationOutcomeName(ValidationOutcome outcome);

struct ValidationStep {
  // write: an object is stored, which takes name, connection, TLS, credentials
  //     and permission.
  // read: it comes back as it was.
  // conflict: a second object of its name is refused.
  // replace: a new version takes its place, and is what readers get.
  // list: it is found among the objects of its prefix.
  // remove: it goes, and is gone.
  std::string name = {};
  ValidationOutcome outcome = ValidationOutcome::kSkipped;
  // What is wrong and what to do; empty where it passed.
  std::string message = {};
  // Of the failure; OK where it passed.
  Status status = {};
  std::chrono::milliseconds took{0};
};

struct ValidationReport {
  std::string sink = {};  // as it describes itself
  std::string key = {};   // of the object that was tried
  std::vector<ValidationStep> steps = {};

  // No step failed.
  [[nodiscard]] bool usable() const {
    for (const ValidationStep& step : steps) {
      if (step.outcome == ValidationOutcome::kFailed) return false;
    }
    return true;
  }
};

struct ValidateOptions {
  // Keys are tried below it: where the recording's will be. With its last `/`.
  std::string prefix = {};
  // How long a new version may take to be seen before it counts as a failure.
  std::chrono::milliseconds visible_within{10000};
};

// Each step is one attempt: nothing is retried, so that what is wrong shows.
//
// Threads. Any, but none of the runtime's. Blocking. Yes, as long as the sink
//     takes to answer.
// Errors. All in the report.
HLSREC_EXPORT ValidationReport ValidateSink(Runtime& runtime, Sink& sink,
                                            const ValidateOptions& options);

}  // namespace hlsrec

#endif  // HLSREC_VALIDATE_H_
