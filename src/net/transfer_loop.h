#ifndef HLSREC_SRC_NET_TRANSFER_LOOP_H_
#define HLSREC_SRC_NET_TRANSFER_LOOP_H_

#include <memory>

#include "src/base/runtime_core.h"
#include "src/base/thread.h"
#include "src/net/transfer.h"

namespace hlsrec::net {

struct TransferLoopOptions {
  // Open at a time to one server; what is beyond waits its turn, and no time
  // limit runs meanwhile. Over HTTP/2 one connection carries many requests.
  // Hundreds of recordings may share a server: at two requests in six seconds
  // each and 50 ms a request, this is enough for a thousand.
  int max_connections_per_host = 32;
  // Handed over to libcurl at a time, for one server; what is beyond waits in
  // turn here. libcurl goes through all it has whenever one ends: the backlog
  // of a thousand recordings would cost more to look through than to send.
  // Enough for the streams of an HTTP/2 connection.
  int max_transfers_per_host = 256;
  // Kept open for the next request, all servers together.
  int max_idle_connections = 256;
};

// All transfers of a runtime on one thread, over connections that are kept.
// HTTP/2 where a TLS server offers it. Certificates are verified; the
// environment's proxies are not used.
//
// Threads. See Transport; `done` runs on the loop's own thread.
// Lifetime. Destroying it answers what is in flight with kCancelled and waits
//     for that; from a `done` of its own it does not wait.
class TransferLoop final : public Transport {
 public:
  explicit TransferLoop(const TransferLoopOptions& options = {});
  ~TransferLoop() override;
  TransferLoop(const TransferLoop&) = delete;
  TransferLoop& operator=(const TransferLoop&) = delete;

  void Start(TransferRequest request, Done done) override;

 private:
  class State;
  const std::shared_ptr<State> state_;
  Thread thread_;
};

// The runtime's own transport, made when first asked for. The runtime owns it:
// what waits for an answer holds it weakly, or a runtime could not end before
// its transfers. A simulated runtime needs one that was put there before
// (`core.services().Set<Transport>(...)`): its executors are of one thread.
std::shared_ptr<Transport> SharedTransport(RuntimeCore& core);

}  // namespace hlsrec::net

#endif  // HLSREC_SRC_NET_TRANSFER_LOOP_H_
