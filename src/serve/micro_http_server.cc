// The server of libmicrohttpd, which micro_*.cc alone know.
#include <microhttpd.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstring>
#include <set>
#include <utility>
#include <vector>

#include "hlsrec/http_server.h"
#include "src/base/file.h"
#include "src/base/mutex.h"
#include "src/base/runtime_core.h"
#include "src/base/status_util.h"
#include "src/serve/address.h"
#include "src/serve/body.h"
#include "src/serve/micro_exchange.h"

namespace hlsrec::serve {
namespace {

// What libmicrohttpd keeps beside a request's headers in a connection's memory.
constexpr std::size_t kHeaderRoom = 8192;
using DaemonPtr = std::unique_ptr<MHD_Daemon, decltype(&MHD_stop_daemon)>;

// ---- what libmicrohttpd calls ----

using ExchangeHolder = std::shared_ptr<Exchange>;

void* OnRequestLine(void* state, const char* target, MHD_Connection*) {
  return new ExchangeHolder(
      std::make_shared<Exchange>(*static_cast<ServerState*>(state), target));
}

MHD_Result OnAccess(void*, MHD_Connection* connection, const char*,
                    const char* method, const char*, const char* data,
                    std::size_t* size, void** exchange) {
  return (*static_cast<ExchangeHolder*>(*exchange))
      ->Access(connection, method, data, size);
}

void OnOver(void*, MHD_Connection*, void** exchange,
            MHD_RequestTerminationCode code) {
  const std::unique_ptr<ExchangeHolder> holder(
      static_cast<ExchangeHolder*>(std::exchange(*exchange, nullptr)));
  if (holder != nullptr) {
    (*holder)->Over(code == MHD_REQUEST_TERMINATED_COMPLETED_OK);
  }
}

MHD_Result OnAccept(void* state, const sockaddr* address, socklen_t) {
  return static_cast<ServerState*>(state)->watch.Admits(PeerName(*address))
             ? MHD_YES
             : MHD_NO;
}

void OnConnection(void* closure, MHD_Connection* connection, void**,
                  MHD_ConnectionNotificationCode code) {
  auto& state = *static_cast<ServerState*>(closure);
  const int socket =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
          ->connect_fd;
  if (code == MHD_CONNECTION_NOTIFY_CLOSED) return state.watch.Closed(socket);
  const auto* address =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  state.watch.Opened(socket, PeerName(*address->client_addr),
                     state.clock.Steady());
}

// Targets stay as they were sent.
std::size_t KeepEscapes(void*, MHD_Connection*, char* text) {
  return std::strlen(text);
}

// ---- the server ----

StatusOr<MHD_Daemon*> StartDaemon(ServerState& state, int socket,
                                  const std::string& certificate,
                                  const std::string& key) {
  const HttpServerOptions& options = state.options;
  const HttpLimits& limits = options.limits;
  unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME;
  std::vector<MHD_OptionItem> tls;
  if (!certificate.empty()) {
    flags |= MHD_USE_TLS;
    tls.push_back(
        {MHD_OPTION_HTTPS_MEM_CERT, 0, const_cast<char*>(certificate.c_str())});
    tls.push_back(
        {MHD_OPTION_HTTPS_MEM_KEY, 0, const_cast<char*>(key.c_str())});
  }
  tls.push_back({MHD_OPTION_END, 0, nullptr});
  const auto threads = static_cast<unsigned>(options.threads);
  // The watch keeps the limit, and counts; libmicrohttpd shares its own out
  // among the threads, of which one may have all connections.
  const unsigned connections = limits.max_connections * threads + threads;
  // New threads inherit what is blocked: signals are the host's.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  MHD_Daemon* daemon = MHD_start_daemon(
      flags, 0, &OnAccept, &state, &OnAccess, &state,  //
      MHD_OPTION_LISTEN_SOCKET, socket,                //
      MHD_OPTION_THREAD_POOL_SIZE, threads > 1 ? threads : 0,
      MHD_OPTION_CONNECTION_LIMIT, connections,  //
      MHD_OPTION_CONNECTION_TIMEOUT,
      static_cast<unsigned>(limits.idle_timeout.count()),
      MHD_OPTION_CONNECTION_MEMORY_LIMIT, limits.max_header_bytes + kHeaderRoom,
      MHD_OPTION_URI_LOG_CALLBACK, &OnRequestLine, &state,
      MHD_OPTION_UNESCAPE_CALLBACK, &KeepEscapes, nullptr,
      MHD_OPTION_NOTIFY_COMPLETED, &OnOver, nullptr,
      MHD_OPTION_NOTIFY_CONNECTION, &OnConnection, &state,  //
      MHD_OPTION_ARRAY, tls.data(), MHD_OPTION_END);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (daemon == nullptr) {
    return InvalidArgument("serve: {}: can't be started{}", options.bind,
                           certificate.empty()
                               ? ""
                               : ": are certificate and key PEM, and a pair?");
  }
  return daemon;
}

class MicroHttpServer final : public HttpServer {
 public:
  MicroHttpServer(std::shared_ptr<Runtime> runtime,
                  std::shared_ptr<ServerState> state, MHD_Daemon* daemon,
                  int port, std::string url)
      : runtime_(std::move(runtime)),
        state_(std::move(state)),
        daemon_(daemon, &MHD_stop_daemon),
        port_(port),
        url_(std::move(url)) {}
  ~MicroHttpServer() override { StopNow(); }

  int port() const override { return port_; }
  std::string url() const override { return url_; }
  HttpServerStats stats() const override;
  void Stop() override { StopNow(); }

 private:
  void StopNow();

  const std::shared_ptr<Runtime> runtime_;
  const std::shared_ptr<ServerState> state_;
  Mutex mutex_;
  DaemonPtr daemon_ ABSL_GUARDED_BY(mutex_);
  const int port_;
  const std::string url_;
};

HttpServerStats MicroHttpServer::stats() const {
  HttpServerStats stats;
  state_->watch.FillIn(stats);
  for (std::size_t i = 0; i < stats.answers.size(); ++i) {
    stats.answers[i] = state_->answers[i];
  }
  stats.bytes_received = state_->received;
  stats.bytes_sent = state_->sent;
  stats.cut_short = state_->cut_short;
  return stats;
}

void MicroHttpServer::StopNow() {
  MutexLock stop_lock(mutex_);
  if (daemon_ == nullptr) return;
  state_->stopped = true;
  std::set<std::shared_ptr<Exchange>> waiting;
  {
    MutexLock lock(state_->mutex);
    state_->stopping = true;
    waiting.swap(state_->waiting);
  }
  // libmicrohttpd does not stop while a connection sleeps.
  for (const auto& exchange : waiting) {
    exchange->Answer(PlainResponse(503, "the server is stopping"));
  }
  daemon_.reset();
}

// Once in a while, for as long as the server is there.
void EndLateConnections(const std::weak_ptr<ServerState>& weak,
                        const std::shared_ptr<Executor>& executor) {
  const auto state = weak.lock();
  if (state == nullptr || state->stopped) return;
  const SteadyTime now = state->clock.Steady();
  state->watch.EndLate(now);
  const auto pause = std::clamp<std::chrono::milliseconds>(
      state->options.limits.header_timeout / 8, std::chrono::milliseconds(10),
      std::chrono::milliseconds(1000));
  executor->PostAt(now + pause,
                   [weak, executor] { EndLateConnections(weak, executor); });
}

Status CheckOptions(const HttpServerOptions& options) {
  if (options.threads < 1 || options.threads > 64) {
    return InvalidArgument("threads: {}: want 1 to 64", options.threads);
  }
  if (options.tls_certificate_file.empty() != options.tls_key_file.empty()) {
    return InvalidArgument("tls: certificate and key: one of them is missing");
  }
  if (options.limits.max_header_bytes < 1024 ||
      options.limits.max_header_bytes > (std::size_t{1} << 20)) {
    return InvalidArgument("max_header_bytes: {}: want 1024 to 1048576",
                           options.limits.max_header_bytes);
  }
  if (options.limits.max_connections < 1 ||
      options.limits.max_connections > 1'000'000) {
    return InvalidArgument("max_connections: {}: want 1 to 1000000",
                           options.limits.max_connections);
  }
  const auto& all = options.handlers;
  if (std::find(all.begin(), all.end(), nullptr) != all.end()) {
    return InvalidArgument("handlers: one of them is null");
  }
  return {};
}

}  // namespace
}  // namespace hlsrec::serve

namespace hlsrec {

StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(
    std::shared_ptr<Runtime> runtime, HttpServerOptions options) {
  HLSREC_RETURN_IF_ERROR(serve::CheckOptions(options));
  HLSREC_ASSIGN_OR_RETURN(const sockaddr_storage address,
                          serve::ParseAddress(options.bind));
  std::string certificate;
  std::string key;
  if (!options.tls_certificate_file.empty()) {
    constexpr std::uint64_t kMost = std::uint64_t{1} << 20;
    FileSystem& files = PosixFileSystem();
    HLSREC_ASSIGN_OR_RETURN(
        certificate, files.ReadFile(options.tls_certificate_file, kMost));
    HLSREC_ASSIGN_OR_RETURN(key, files.ReadFile(options.tls_key_file, kMost));
  }
  HLSREC_ASSIGN_OR_RETURN(const int socket,
                          serve::Listen(address, options.bind));
  const int port = serve::PortOf(socket);
  const std::string url =
      fmt::format("{}://{}", certificate.empty() ? "http" : "https",
                  serve::Authority(address, port));
  RuntimeCore& core = runtime->core();
  const auto state =
      std::make_shared<serve::ServerState>(std::move(options), core.clock());
  auto daemon = serve::StartDaemon(*state, socket, certificate, key);
  if (!daemon.ok()) {
    ::close(socket);
    return daemon.status();
  }
  const auto executor = core.Io("hlsrec-serve");
  executor->Post([state = std::weak_ptr(state), executor] {
    serve::EndLateConnections(state, executor);
  });
  return std::unique_ptr<HttpServer>(std::make_unique<serve::MicroHttpServer>(
      std::move(runtime), state, *daemon, port, url));
}

}  // namespace hlsrec
