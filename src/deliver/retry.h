#ifndef HLSREC_SRC_DELIVER_RETRY_H_
#define HLSREC_SRC_DELIVER_RETRY_H_

#include <chrono>

#include "hlsrec/status.h"

namespace hlsrec::deliver {

struct RetryOptions {
  std::chrono::milliseconds first{250};
  std::chrono::milliseconds max{10000};
  // Between two looks whether who refused us for who we are still does.
  std::chrono::milliseconds parked{60000};
};

// Whether the same call may succeed later.
bool IsRetryable(StatusCode code);

// How long to wait after failed attempt number `attempt` (from 1): anywhere, by
// `jitter` (0..1), below a limit that doubles from `first` to `max`, so that
// many outputs do not come back at once. Pure.
std::chrono::milliseconds RetryDelay(const RetryOptions& options, int attempt,
                                     double jitter);

}  // namespace hlsrec::deliver

#endif  // HLSREC_SRC_DELIVER_RETRY_H_
