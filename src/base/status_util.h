#ifndef HLSREC_SRC_BASE_STATUS_UTIL_H_
#define HLSREC_SRC_BASE_STATUS_UTIL_H_

#include <fmt/format.h>

#include <string>
#include <utility>

#include "hlsrec/status.h"

// Formats a message and returns a Status: InvalidArgument("field: {}", x).
namespace hlsrec {

template <typename... Args>
Status MakeStatus(StatusCode code, fmt::format_string<Args...> format,
                  Args&&... args) {
  return {code, fmt::format(format, std::forward<Args>(args)...)};
}

#define HLSREC_DEFINE_STATUS_MAKER_(Name, kCode)                               \
  template <typename... Args>                                                  \
  Status Name(fmt::format_string<Args...> format, Args&&... args) {            \
    return MakeStatus(StatusCode::kCode, format, std::forward<Args>(args)...); \
  }
HLSREC_DEFINE_STATUS_MAKER_(Cancelled, kCancelled)
HLSREC_DEFINE_STATUS_MAKER_(InvalidArgument, kInvalidArgument)
HLSREC_DEFINE_STATUS_MAKER_(NotFound, kNotFound)
HLSREC_DEFINE_STATUS_MAKER_(AlreadyExists, kAlreadyExists)
HLSREC_DEFINE_STATUS_MAKER_(PermissionDenied, kPermissionDenied)
HLSREC_DEFINE_STATUS_MAKER_(ResourceExhausted, kResourceExhausted)
HLSREC_DEFINE_STATUS_MAKER_(FailedPrecondition, kFailedPrecondition)
HLSREC_DEFINE_STATUS_MAKER_(Unavailable, kUnavailable)
HLSREC_DEFINE_STATUS_MAKER_(DeadlineExceeded, kDeadlineExceeded)
HLSREC_DEFINE_STATUS_MAKER_(DataLoss, kDataLoss)
HLSREC_DEFINE_STATUS_MAKER_(Unimplemented, kUnimplemented)
HLSREC_DEFINE_STATUS_MAKER_(EndOfStream, kEndOfStream)
HLSREC_DEFINE_STATUS_MAKER_(Internal, kInternal)
HLSREC_DEFINE_STATUS_MAKER_(Conflict, kConflict)
#undef HLSREC_DEFINE_STATUS_MAKER_

// The one place where errno becomes a Status: "context: No space left ...".
Status ErrnoStatus(int error, std::string_view context);

}  // namespace hlsrec

#define HLSREC_RETURN_IF_ERROR(expression)                      \
  do {                                                          \
    if (::hlsrec::Status status_ = (expression); !status_.ok()) \
      return status_;                                           \
  } while (false)

#define HLSREC_CONCAT_INNER_(a, b) a##b
#define HLSREC_CONCAT_(a, b) HLSREC_CONCAT_INNER_(a, b)
#define HLSREC_ASSIGN_OR_RETURN(declaration, expression)                   \
  HLSREC_ASSIGN_OR_RETURN_(HLSREC_CONCAT_(result_, __LINE__), declaration, \
                           expression)
#define HLSREC_ASSIGN_OR_RETURN_(result, declaration, expression) \
  auto result = (expression);                                     \
  if (!result.ok()) return result.status();                       \
  declaration = std::move(result).value()

#endif  // HLSREC_SRC_BASE_STATUS_UTIL_H_
