#ifndef HLSREC_SRC_NET_HTTP_STATUS_H_
#define HLSREC_SRC_NET_HTTP_STATUS_H_

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "src/base/clock.h"
#include "src/net/transfer.h"

namespace hlsrec::net {

// What a store's answer means for whoever wants something put, fetched or
// removed: OK for 2xx, else "context: http 403: what the server says" with the
// code that decides on retries (hlsrec/sink.h) and Retry-After.
Status ResponseStatus(const TransferResponse& response,
                      std::string_view context, WallTime now);

// Retry-After in seconds or as a date, which is taken against the server's own
// Date; five minutes at most.
std::optional<std::chrono::milliseconds> RetryAfter(
    const TransferResponse& response, WallTime now);

// The first line of a text that was written for people, short and without
// anything that could hide a secret or upset a terminal; empty for HTML.
std::string FirstLine(std::string_view body);

}  // namespace hlsrec::net

#endif  // HLSREC_SRC_NET_HTTP_STATUS_H_
