#ifndef HLSREC_TESTS_FAKE_TRANSPORT_H_
#define HLSREC_TESTS_FAKE_TRANSPORT_H_

#include <deque>
#include <functional>
#include <utility>
#include <vector>

#include "src/net/transfer.h"

namespace hlsrec {

// A network whose other end is a function. Answers come when told.
//
// Threads. One.
class FakeTransport final : public net::Transport {
 public:
  using Server = std::function<StatusOr<net::TransferResponse>(
      const net::TransferRequest&)>;
  explicit FakeTransport(Server server) : server_(std::move(server)) {}

  void Start(net::TransferRequest request, Done done) override {
    requests_.push_back(request);
    waiting_.emplace_back(std::move(request), std::move(done));
  }
  // Answers what waits, and what that makes.
  void Run() {
    while (!waiting_.empty()) {
      auto [request, done] = std::move(waiting_.front());
      waiting_.pop_front();
      done(server_(request));
    }
  }
  // All there were, in order.
  [[nodiscard]] const std::vector<net::TransferRequest>& requests() const {
    return requests_;
  }

 private:
  const Server server_;
  std::vector<net::TransferRequest> requests_;
  std::deque<std::pair<net::TransferRequest, Done>> waiting_;
};

}  // namespace hlsrec

#endif  // HLSREC_TESTS_FAKE_TRANSPORT_H_
