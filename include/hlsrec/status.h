#ifndef HLSREC_STATUS_H_
#define HLSREC_STATUS_H_

#include <chrono>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "hlsrec/export.h"

namespace hlsrec {

// How a call ended. A caller decides by code; the message is for people.
enum class StatusCode {
  kOk = 0,
  kCancelled,           // the caller took it back
  kInvalidArgument,     // wrong whatever the state: fix the argument
  kNotFound,            // the object, file or track does not exist
  kAlreadyExists,       // it exists and must not be replaced
  kPermissionDenied,    // refused for who we are; retrying does not help
  kResourceExhausted,   // a limit was met: memory, queue, disk, quota
  kFailedPrecondition,  // wrong in this state (finished, unsupported codec)
  kUnavailable,         // may work later: refused connection, 5xx, reset
  kDeadlineExceeded,    // ran out of time
  kDataLoss,            // what was read is not what was written
  kUnimplemented,       // not offered by this sink, container or build
  kEndOfStream,         // the source ended in good order
  kInternal,            // a defect in hlsrec or an unexplained system error
  kConflict,            // another machine is at work on the same recording
};

// "invalid argument", "not found", ...; static storage.
HLSREC_EXPORT std::string_view StatusCodeName(StatusCode code);

// The outcome of a call that can fail: a code and, unless OK, a message of the
// form `what: which: why`. Messages never hold secrets.
//
// Threads. A value; distinct objects are independent.
// Errors. Ignoring a returned Status is a compiler warning: say
//     `status.Ignore("why")` where dropping it is right.
class [[nodiscard]] HLSREC_EXPORT Status {
 public:
  Status() = default;  // OK
  Status(StatusCode code, std::string message)
      : code_(code), message_(std::move(message)) {}

  [[nodiscard]] bool ok() const { return code_ == StatusCode::kOk; }
  [[nodiscard]] StatusCode code() const { return code_; }
  [[nodiscard]] const std::string& message() const { return message_; }

  // "ok", or "<message> (<code name>)".
  [[nodiscard]] std::string ToString() const;

  // Puts `context: ` before the message; OK stays OK.
  [[nodiscard]] Status WithContext(std::string_view context) const;

  // How long whoever refused asked to be left alone; none where it said
  // nothing. Context keeps it.
  [[nodiscard]] std::optional<std::chrono::milliseconds> retry_after() const {
    return retry_after_;
  }
  [[nodiscard]] Status WithRetryAfter(std::chrono::milliseconds delay) const;

  // Drops the outcome on purpose; `reason` is for the reader.
  void Ignore(std::string_view reason) const { (void)reason; }

  friend bool operator==(const Status& a, const Status& b) = default;

 private:
  StatusCode code_ = StatusCode::kOk;
  std::string message_;
  std::optional<std::chrono::milliseconds> retry_after_;
};

// A value, or the Status that says why there is none.
//
// Errors. Taking the value of a failed StatusOr ends the process: test `ok()`.
template <typename T>
class [[nodiscard]] StatusOr {
 public:
  StatusOr(T value) : value_(std::move(value)) {}  // NOLINT: implicit
  StatusOr(Status status)                          // NOLINT: implicit
      : status_(std::move(status)) {
    if (status_.ok()) {
      status_ = Status(StatusCode::kInternal, "status: ok without a value");
    }
  }

  [[nodiscard]] bool ok() const { return status_.ok(); }
  [[nodiscard]] const Status& status() const { return status_; }

  [[nodiscard]] const T& value() const& {
    Require();
    return *value_;
  }
  [[nodiscard]] T& value() & {
    Require();
    return *value_;
  }
  [[nodiscard]] T&& value() && {
    Require();
    return *std::move(value_);
  }
  [[nodiscard]] const T& operator*() const& { return value(); }
  [[nodiscard]] T& operator*() & { return value(); }
  [[nodiscard]] T&& operator*() && { return std::move(*this).value(); }
  [[nodiscard]] const T* operator->() const { return &value(); }
  [[nodiscard]] T* operator->() { return &value(); }

 private:
  void Require() const {
    if (!value_.has_value()) std::abort();
  }

  Status status_;
  std::optional<T> value_;
};

}  // namespace hlsrec

#endif  // HLSREC_STATUS_H_
