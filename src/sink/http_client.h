#ifndef HLSREC_SRC_SINK_HTTP_CLIENT_H_
#define HLSREC_SRC_SINK_HTTP_CLIENT_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hlsrec/http_sink.h"
#include "src/base/executor.h"
#include "src/net/transfer.h"

namespace hlsrec::sink {

// Requests to one server, with its headers and authorization, and on to where
// that one redirects.
//
// Threads. Any; answers come on the transport's thread, or the authorization's.
// Lifetime. Held by its calls in flight; holds the transport weakly, which the
//     runtime owns.
class HttpClient : public std::enable_shared_from_this<HttpClient> {
 public:
  struct Call {
    std::string method = "GET";
    std::string url = {};
    std::vector<net::HttpHeader> headers = {};
    std::shared_ptr<const Body> body = {};
    std::uint64_t max_response_bytes = std::uint64_t{1} << 20;
  };
  using Done = std::function<void(StatusOr<net::TransferResponse>)>;

  // `io` is where the authorization may block.
  HttpClient(const std::shared_ptr<net::Transport>& transport,
             std::shared_ptr<Executor> io, const HttpSinkOptions& options);

  // One attempt. Any status but a redirect is an answer. Never answers before
  // it returns.
  void Send(Call call, Done done);

 private:
  struct Attempt {
    Call call;
    Done done;
    int redirects = 0;
  };

  void Begin(Attempt attempt);
  void Start(Attempt attempt, const std::string& authorization);
  void OnAnswer(Attempt attempt, const std::string& authorization,
                StatusOr<net::TransferResponse> answer);
  static StatusOr<std::string> NextUrl(const Attempt& attempt,
                                       const net::TransferResponse& response);

  const std::weak_ptr<net::Transport> transport_;
  const std::shared_ptr<Executor> io_;
  const std::function<StatusOr<std::string>()> authorization_;
  const std::vector<std::pair<std::string, std::string>> headers_;
  const std::string origin_;
  const std::shared_ptr<const net::ConnectionOptions> connection_;
};

}  // namespace hlsrec::sink

#endif  // HLSREC_SRC_SINK_HTTP_CLIENT_H_
