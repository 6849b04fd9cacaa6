#include "src/net/http_status.h"

#include <curl/curl.h>

#include <algorithm>
#include <charconv>

#include "src/base/status_util.h"
#include "src/net/header_text.h"

namespace hlsrec::net {
namespace {

constexpr std::chrono::minutes kLongestWait{5};

StatusCode CodeOf(int status) {
  switch (status) {
    case 400:
    case 414:
    case 431:
      return StatusCode::kInvalidArgument;
    case 401:
    case 402:
    case 403:
    case 407:
      return StatusCode::kPermissionDenied;
    case 404:
    case 410:
    case 409:  // no such folder yet
      return StatusCode::kNotFound;
    case 405:
    case 501:
      return StatusCode::kUnimplemented;
    case 412:
      return StatusCode::kAlreadyExists;
    case 413:
    case 507:
      return StatusCode::kResourceExhausted;
    case 408:
    case 421:
    case 423:
    case 425:
    case 429:
      return StatusCode::kUnavailable;
    default:
      return status >= 500 ? StatusCode::kUnavailable
                           : StatusCode::kFailedPrecondition;
  }
}

std::string_view Remedy(int status) {
  switch (status) {
    case 405:
    case 501:
      return ": the server does not take this method here";
    case 409:
      return ": the folder may have to be made first";
    case 411:
      return ": something on the way took the length away";
    case 413:
      return ": larger than the server takes";
    default:
      return {};
  }
}

}  // namespace

std::string FirstLine(std::string_view body) {
  constexpr std::size_t kLongest = 120;
  body = Trim(body.substr(0, 4096));
  // Tags are not for people, and a query may hold a token.
  if (body.starts_with('<')) return {};
  body = body.substr(0, body.find_first_of("\r\n?"));
  std::string line(body.substr(0, kLongest));
  std::replace_if(
      line.begin(), line.end(), [](char c) { return c < 0x20 || c >= 0x7f; },
      ' ');
  return std::string(Trim(line));
}

std::optional<std::chrono::milliseconds> RetryAfter(
    const TransferResponse& response, WallTime now) {
  const std::string value(response.Header("Retry-After"));
  if (value.empty()) return std::nullopt;
  std::int64_t seconds = 0;
  const auto [end, error] =
      std::from_chars(value.data(), value.data() + value.size(), seconds);
  if (error == std::errc::result_out_of_range) {
    seconds = kLongestWait / std::chrono::seconds(1);
  } else if (error != std::errc() || end != value.data() + value.size()) {
    const std::int64_t then = curl_getdate(value.c_str(), nullptr);
    if (then < 0) return std::nullopt;
    const std::string date(response.Header("Date"));
    std::int64_t here = date.empty() ? -1 : curl_getdate(date.c_str(), nullptr);
    if (here < 0) {
      here = std::chrono::duration_cast<std::chrono::seconds>(
                 now.time_since_epoch())
                 .count();
    }
    seconds = then - here;
  }
  seconds = std::clamp<std::int64_t>(seconds, 0,
                                     kLongestWait / std::chrono::seconds(1));
  return std::chrono::seconds(seconds);
}

Status ResponseStatus(const TransferResponse& response,
                      std::string_view context, WallTime now) {
  if (response.status >= 200 && response.status < 300) return {};
  const std::string said = FirstLine(response.body);
  Status status = MakeStatus(CodeOf(response.status), "{}: http {}{}{}{}",
                             context, response.status, said.empty() ? "" : ": ",
                             said, Remedy(response.status));
  const auto wait = RetryAfter(response, now);
  return wait ? status.WithRetryAfter(*wait) : status;
}

}  // namespace hlsrec::net
