#ifndef HLSREC_SRC_NET_TRANSFER_H_
#define HLSREC_SRC_NET_TRANSFER_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/sink.h"
#include "hlsrec/status.h"

namespace hlsrec::net {

struct HttpHeader {
  std::string name = {};
  std::string value = {};
};

// How to reach a server; shared by all requests of a sink.
struct ConnectionOptions {
  // Trust these instead of the system's: PEM file.
  std::string ca_file = {};
  // Client certificate and key: PEM files.
  std::string client_certificate_file = {};
  std::string client_key_file = {};
  // http://, https:// or socks5h:// URL; empty: none.
  std::string proxy = {};
  std::chrono::milliseconds connect_timeout{10'000};
  // A transfer slower than this for `low_speed_time` is given up. There is no
  // limit on the whole: a large object may take long on a thin line.
  std::uint64_t low_speed_bytes_per_second = 100;
  std::chrono::seconds low_speed_time{15};
};

// One request, one attempt: no redirect is followed, nothing is repeated that a
// server may have acted on. (Over a kept connection that turns out dead, GET,
// HEAD and DELETE may be, and a request of whose body no byte was sent.)
struct TransferRequest {
  std::string method = "GET";
  // Sent byte for byte as it stands here: what was signed is what is asked for.
  std::string url = {};
  // Content-Length is made from `body`; `Expect` and `Accept` are not sent
  // unless named here.
  std::vector<HttpHeader> headers = {};
  std::shared_ptr<const Body> body = {};  // empty: none
  std::uint64_t max_response_bytes = std::uint64_t{1} << 20;
  std::shared_ptr<const ConnectionOptions> connection = {};
};

// What the server answered, whatever its status.
struct TransferResponse {
  int status = 0;
  std::vector<HttpHeader> headers = {};  // of the final response, in order
  std::string body = {};
  // The value of the first header of this name, without regard to case; empty
  // where there is none.
  [[nodiscard]] std::string_view Header(std::string_view name) const;
};

// Makes requests. What the sinks above ask of the network, so that they can be
// tested without one.
//
// Threads. Any; `done` runs exactly once, on a thread of the transport that it
// must not block, never inside Start().
class Transport {
 public:
  using Done = std::function<void(StatusOr<TransferResponse>)>;
  virtual ~Transport() = default;
  // A Status where no whole answer came: kUnavailable (refused, reset, DNS),
  // kDeadlineExceeded (too slow), kDataLoss (cut short), kPermissionDenied
  // (TLS: who they are, or who we are), kResourceExhausted (a body longer than
  // asked for).
  virtual void Start(TransferRequest request, Done done) = 0;
};

}  // namespace hlsrec::net

#endif  // HLSREC_SRC_NET_TRANSFER_H_
