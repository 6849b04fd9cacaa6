#include "hlsrec/status.h"

#include <cerrno>
#include <string>
#include <system_error>

#include "src/base/status_util.h"

namespace hlsrec {

std::string_view StatusCodeName(StatusCode code) {
  switch (code) {
    case StatusCode::kOk:
      return "ok";
    case StatusCode::kCancelled:
      return "cancelled";
    case StatusCode::kInvalidArgument:
      return "invalid argument";
    case StatusCode::kNotFound:
      return "not found";
    case StatusCode::kAlreadyExists:
      return "already exists";
    case StatusCode::kPermissionDenied:
      return "permission denied";
    case StatusCode::kResourceExhausted:
      return "resource exhausted";
    case StatusCode::kFailedPrecondition:
      return "failed precondition";
    case StatusCode::kUnavailable:
      return "unavailable";
    case StatusCode::kDeadlineExceeded:
      return "deadline exceeded";
    case StatusCode::kDataLoss:
      return "data loss";
    case StatusCode::kUnimplemented:
      return "unimplemented";
    case StatusCode::kEndOfStream:
      return "end of stream";
    case StatusCode::kInternal:
      return "internal";
    case StatusCode::kConflict:
      return "conflict";
  }
  return "unknown";
}

std::string Status::ToString() const {
  if (ok()) return "ok";
  return fmt::format("{} ({})", message_, StatusCodeName(code_));
}

Status Status::WithContext(std::string_view context) const {
  if (ok()) return *this;
  Status status(code_, fmt::format("{}: {}", context, message_));
  status.retry_after_ = retry_after_;
  return status;
}

Status Status::WithRetryAfter(std::chrono::milliseconds delay) const {
  Status status = *this;
  if (!ok()) status.retry_after_ = delay;
  return status;
}

Status ErrnoStatus(int error, std::string_view context) {
  StatusCode code = StatusCode::kInternal;
  switch (error) {
    case ENOENT:
      code = StatusCode::kNotFound;
      break;
    case EEXIST:
      code = StatusCode::kAlreadyExists;
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      code = StatusCode::kPermissionDenied;
      break;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      code = StatusCode::kResourceExhausted;
      break;
    case EIO:
    case ESTALE:
    case EAGAIN:
    case EBUSY:
      code = StatusCode::kUnavailable;
      break;
    case ENOTDIR:
    case EISDIR:
    case ENOTEMPTY:
    case ELOOP:
      code = StatusCode::kFailedPrecondition;
      break;
    case ENAMETOOLONG:
    case EINVAL:
      code = StatusCode::kInvalidArgument;
      break;
    default:
      break;
  }
  return MakeStatus(code, "{}: {}", context,
                    std::generic_category().message(error));
}

}  // namespace hlsrec
