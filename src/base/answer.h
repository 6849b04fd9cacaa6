#ifndef HLSREC_SRC_BASE_ANSWER_H_
#define HLSREC_SRC_BASE_ANSWER_H_

#include <optional>
#include <utility>

#include "src/base/runtime_core.h"
#include "src/base/status_util.h"

namespace hlsrec {

// Waits for an asynchronous answer on the caller's thread.
//
// Lifetime. Shared with the callback: the answer may come too late.
template <typename T>
class Answer {
 public:
  void Set(StatusOr<T> value) {
    value_ = std::move(value);
    latch_.Open();
  }
  StatusOr<T> Take(RuntimeCore& core) {
    core.Await(latch_);
    // A simulation has nothing left to do, and no answer.
    if (!value_) return DeadlineExceeded("nobody answers");
    return *std::move(value_);
  }

 private:
  Latch latch_;
  std::optional<StatusOr<T>> value_;
};

}  // namespace hlsrec

#endif  // HLSREC_SRC_BASE_ANSWER_H_
