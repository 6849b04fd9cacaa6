#ifndef HLSREC_SRC_DELIVER_ASK_H_
#define HLSREC_SRC_DELIVER_ASK_H_

#include <algorithm>
#include <chrono>
#include <functional>
#include <memory>

#include "src/base/answer.h"
#include "src/base/runtime_core.h"

namespace hlsrec::deliver {

// Asks a sink for what has to be known before anything is put there, and again
// for a second or two where it can't be reached just now.
//
// Blocking. Yes; the caller is on none of the runtime's threads.
template <typename T>
StatusOr<T> Ask(
    RuntimeCore& core,
    const std::function<void(const std::shared_ptr<Answer<T>>&)>& question) {
  constexpr int kMostAttempts = 4;
  constexpr std::chrono::milliseconds kLongestWait{5000};
  std::chrono::milliseconds wait{250};
  for (int attempt = 1;; ++attempt, wait *= 2) {
    const auto answer = std::make_shared<Answer<T>>();
    question(answer);
    StatusOr<T> result = answer->Take(core);
    if (result.status().code() != StatusCode::kUnavailable ||
        attempt == kMostAttempts) {
      return result;
    }
    const auto asked_for =
        result.status().retry_after().value_or(std::chrono::milliseconds(0));
    const auto over = std::make_shared<Latch>();
    core.media()->PostAt(core.clock().Steady() +
                             std::min(std::max(wait, asked_for), kLongestWait),
                         [over] { over->Open(); });
    core.Await(*over);
  }
}

}  // namespace hlsrec::deliver

#endif  // HLSREC_SRC_DELIVER_ASK_H_
