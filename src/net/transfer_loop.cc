#include "src/net/transfer_loop.h"

#include <deque>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "src/base/mutex.h"
#include "src/base/status_util.h"
#include "src/net/curl_transfer.h"
#include "src/net/url.h"

namespace hlsrec::net {

class TransferLoop::State {
 public:
  explicit State(const TransferLoopOptions& options)
      : max_handed_over_(options.max_transfers_per_host),
        multi_(curl_multi_init()) {
    curl_multi_setopt(multi_.get(), CURLMOPT_MAX_HOST_CONNECTIONS,
                      static_cast<long>(options.max_connections_per_host));
    curl_multi_setopt(multi_.get(), CURLMOPT_MAXCONNECTS,
                      static_cast<long>(options.max_idle_connections));
    curl_multi_setopt(multi_.get(), CURLMOPT_PIPELINING,
                      static_cast<long>(CURLPIPE_MULTIPLEX));
  }

  void Add(TransferRequest request, Done done) {
    auto transfer =
        std::make_unique<CurlTransfer>(std::move(request), std::move(done));
    {
      MutexLock lock(mutex_);
      incoming_.push_back(std::move(transfer));
    }
    curl_multi_wakeup(multi_.get());
  }
  void Stop() {
    {
      MutexLock lock(mutex_);
      stopping_ = true;
    }
    curl_multi_wakeup(multi_.get());
  }
  void Run();

 private:
  using TransferPtr = std::unique_ptr<CurlTransfer>;
  struct Server {
    int running = 0;  // handed over to libcurl
    std::deque<TransferPtr> waiting = {};
  };
  struct Running {
    TransferPtr transfer;
    std::string origin;
  };

  // What came since the last time; false: it is time to end.
  bool Take(std::vector<TransferPtr>& incoming) {
    MutexLock lock(mutex_);
    incoming.swap(incoming_);
    return !stopping_;
  }
  void Begin(TransferPtr transfer);
  void HandOver(TransferPtr transfer, const std::string& origin,
                Server& server);
  void BeginNext(const std::string& origin);
  void ConcludeFinished();
  static void Answer(CurlTransfer& transfer, StatusOr<TransferResponse> result);

  Mutex mutex_;
  std::vector<TransferPtr> incoming_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;

  // The loop's thread alone, but for the wake-up. Handles go before the multi.
  const int max_handed_over_;
  CurlMultiPtr multi_;
  std::map<CURL*, Running> running_;
  std::map<std::string, Server> servers_;  // by origin, those with transfers
};

void TransferLoop::State::Answer(CurlTransfer& transfer,
                                 StatusOr<TransferResponse> result) {
  transfer.TakeDone()(std::move(result));
}

void TransferLoop::State::Begin(TransferPtr transfer) {
  const std::string origin = OriginOf(transfer->url());
  Server& server = servers_[origin];
  // Each in its turn.
  if (server.running >= max_handed_over_ || !server.waiting.empty()) {
    server.waiting.push_back(std::move(transfer));
    return;
  }
  HandOver(std::move(transfer), origin, server);
}

void TransferLoop::State::HandOver(TransferPtr transfer,
                                   const std::string& origin, Server& server) {
  if (Status status = transfer->SetUp(); !status.ok()) {
    return Answer(*transfer, std::move(status));
  }
  const CURLMcode code = curl_multi_add_handle(multi_.get(), transfer->easy());
  if (code != CURLM_OK) {
    return Answer(*transfer, ResourceExhausted("{}: {}", transfer->Context(),
                                               curl_multi_strerror(code)));
  }
  ++server.running;
  CURL* easy = transfer->easy();
  running_.emplace(easy,
                   Running{.transfer = std::move(transfer), .origin = origin});
}

void TransferLoop::State::BeginNext(const std::string& origin) {
  const auto found = servers_.find(origin);
  Server& server = found->second;
  while (server.running < max_handed_over_ && !server.waiting.empty()) {
    TransferPtr next = std::move(server.waiting.front());
    server.waiting.pop_front();
    HandOver(std::move(next), origin, server);
  }
  if (server.running == 0) servers_.erase(found);
}

void TransferLoop::State::ConcludeFinished() {
  int left = 0;
  while (const CURLMsg* message = curl_multi_info_read(multi_.get(), &left)) {
    if (message->msg != CURLMSG_DONE) continue;
    const CURLcode code = message->data.result;
    auto node = running_.extract(message->easy_handle);
    if (node.empty()) continue;
    const auto& [transfer, origin] = node.mapped();
    StatusOr<TransferResponse> result = transfer->Conclude(code);
    curl_multi_remove_handle(multi_.get(), node.key());
    --servers_.at(origin).running;
    BeginNext(origin);
    Answer(*transfer, std::move(result));
  }
}

void TransferLoop::State::Run() {
  // libcurl's own timers end a wait earlier.
  constexpr int kLongestWaitMs = 3'600'000;
  std::vector<TransferPtr> incoming;
  while (Take(incoming)) {
    for (TransferPtr& transfer : std::exchange(incoming, {})) {
      Begin(std::move(transfer));
    }
    int running = 0;
    curl_multi_perform(multi_.get(), &running);
    ConcludeFinished();
    curl_multi_poll(multi_.get(), nullptr, 0, kLongestWaitMs, nullptr);
  }
  for (auto& [easy, running] : std::exchange(running_, {})) {
    curl_multi_remove_handle(multi_.get(), easy);
    incoming.push_back(std::move(running.transfer));
  }
  for (auto& [origin, server] : std::exchange(servers_, {})) {
    for (TransferPtr& transfer : server.waiting) {
      incoming.push_back(std::move(transfer));
    }
  }
  // An answer may ask for more.
  do {
    for (const TransferPtr& transfer : std::exchange(incoming, {})) {
      Answer(*transfer,
             Cancelled("{}: the runtime has ended", transfer->Context()));
    }
    Take(incoming);
  } while (!incoming.empty());
}

TransferLoop::TransferLoop(const TransferLoopOptions& options)
    : state_(std::make_shared<State>(options)),
      thread_("hlsrec-net", [state = state_] { state->Run(); }) {}

TransferLoop::~TransferLoop() {
  state_->Stop();
  // The last owner may let go inside an answer: Thread copes.
  thread_.Join();
}

void TransferLoop::Start(TransferRequest request, Done done) {
  state_->Add(std::move(request), std::move(done));
}

std::shared_ptr<Transport> SharedTransport(RuntimeCore& core) {
  return core.services().Get<Transport>(
      [] { return std::make_shared<TransferLoop>(); });
}

}  // namespace hlsrec::net
