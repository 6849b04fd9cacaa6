#include "src/deliver/retry.h"

#include <algorithm>
#include <cmath>

namespace hlsrec::deliver {

bool IsRetryable(StatusCode code) {
  switch (code) {
    case StatusCode::kUnavailable:
    case StatusCode::kDeadlineExceeded:
    case StatusCode::kResourceExhausted:  // a full disk may be emptied
    case StatusCode::kPermissionDenied:   // rights and keys are mended
    case StatusCode::kNotFound:           // a mount may come back
    case StatusCode::kDataLoss:
    case StatusCode::kInternal:
      return true;
    default:
      return false;
  }
}

std::chrono::milliseconds RetryDelay(const RetryOptions& options, int attempt,
                                     double jitter) {
  std::chrono::milliseconds delay = options.first;
  for (int i = 1; i < attempt && delay < options.max; ++i) delay *= 2;
  delay = std::min(delay, options.max);
  const double share = std::clamp(jitter, 0.0, 1.0);
  return std::max(std::chrono::milliseconds(1),
                  std::chrono::milliseconds(std::llround(
                      static_cast<double>(delay.count()) * share)));
}

}  // namespace hlsrec::deliver
