#include "src/deliver/retry.h"

#include "tests/catch.h"

namespace hlsrec::deliver {
namespace {

using std::chrono::milliseconds;

TEST_CASE("retry: the wait doubles up to its limit, anywhere below it") {
  const RetryOptions options{.first = milliseconds(250),
                             .max = milliseconds(10000)};
  CHECK(RetryDelay(options, 1, 1) == milliseconds(250));
  CHECK(RetryDelay(options, 2, 1) == milliseconds(500));
  CHECK(RetryDelay(options, 6, 1) == milliseconds(8000));
  CHECK(RetryDelay(options, 7, 1) == milliseconds(10000));
  CHECK(RetryDelay(options, 1000000, 1) == milliseconds(10000));
  CHECK(RetryDelay(options, 7, 0.5) == milliseconds(5000));
  CHECK(RetryDelay(options, 7, 0) == milliseconds(1));
  CHECK(RetryDelay(options, 7, -3) == milliseconds(1));
}

TEST_CASE("retry: what can't get better is not tried again") {
  for (const StatusCode code :
       {StatusCode::kUnavailable, StatusCode::kDeadlineExceeded,
        StatusCode::kResourceExhausted, StatusCode::kPermissionDenied}) {
    CHECK(IsRetryable(code));
  }
  for (const StatusCode code :
       {StatusCode::kInvalidArgument, StatusCode::kAlreadyExists,
        StatusCode::kFailedPrecondition, StatusCode::kCancelled,
        StatusCode::kUnimplemented}) {
    CHECK_FALSE(IsRetryable(code));
  }
}

}  // namespace
}  // namespace hlsrec::deliver
