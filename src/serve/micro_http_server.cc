// The one file that knows libmicrohttpd.
#include <fcntl.h>
#include <microhttpd.h>
#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstring>
#include <set>
#include <utility>

#include "hlsrec/http_server.h"
#include "src/base/file.h"
#include "src/base/mutex.h"
#include "src/base/runtime_core.h"
#include "src/base/status_util.h"
#include "src/serve/address.h"
#include "src/serve/body.h"
#include "src/serve/connection_watch.h"

namespace hlsrec::serve {
namespace {

// Of a body that nobody wants, before the connection is ended: clients that are
// not told how it went until they have sent all. Also for idle_timeout at most.
constexpr std::uint64_t kThrowAway = std::uint64_t{16} << 20;
// A body of which more is said to come is not waited for.
constexpr std::uint64_t kMuch = std::uint64_t{1} << 20;
// What libmicrohttpd keeps beside a request's headers in a connection's memory.
constexpr std::size_t kHeaderRoom = 8192;
// Files are read in pieces of this size where sendfile can't be used.
constexpr std::size_t kBlock = 65536;

using DaemonPtr = std::unique_ptr<MHD_Daemon, decltype(&MHD_stop_daemon)>;
using ResponsePtr =
    std::unique_ptr<MHD_Response, decltype(&MHD_destroy_response)>;

class Exchange;

// What the server's threads and late answers share.
struct State {
  State(HttpServerOptions server_options, const Clock& server_clock)
      : options(std::move(server_options)),
        clock(server_clock),
        watch(options.limits) {}

  const HttpServerOptions options;
  const Clock& clock;
  ConnectionWatch watch;
  std::array<std::atomic<std::uint64_t>, 6> answers = {};
  std::atomic<std::uint64_t> received = 0;
  std::atomic<std::uint64_t> sent = 0;
  std::atomic<std::uint64_t> cut_short = 0;
  std::atomic<bool> stopped = false;

  Mutex mutex;
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  // Those whose connections sleep until they are answered.
  std::set<std::shared_ptr<Exchange>> waiting ABSL_GUARDED_BY(mutex);
};

// One request with its answer. The server's thread drives it; the answer may
// come from any.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(State& state, std::string target)
      : state_(state), target_(std::move(target)) {}

  // As libmicrohttpd calls it, again and again for one request.
  MHD_Result Access(MHD_Connection* connection, const char* method,
                    const char* data, std::size_t* size);
  // The request is over, one way or the other.
  void Over(bool completed);
  // Wakes the connection where it sleeps. Any thread.
  void Answer(HttpResponse response);

 private:
  MHD_Result Begin(MHD_Connection* connection, const char* method);
  MHD_Result Take(const char* data, std::size_t size);
  MHD_Result End(MHD_Connection* connection);
  MHD_Result Queue(MHD_Connection* connection, HttpResponse response);
  static bool MuchIsComing(MHD_Connection* connection);
  HttpRequest MakeRequest(MHD_Connection* connection, const char* method);
  [[nodiscard]] bool Answered() {
    MutexLock lock(mutex_);
    return response_.has_value();
  }

  State& state_;  // outlives the connection, but not late answers
  const std::string target_;
  int socket_ = -1;
  bool begun_ = false;
  bool throwing_away_ = false;
  bool ended_ = false;
  bool queued_ = false;
  SteadyTime body_began_ = {};
  std::uint64_t body_bytes_ = 0;
  std::uint64_t sending_bytes_ = 0;
  std::unique_ptr<HttpBodyReader> reader_;

  Mutex mutex_;
  MHD_Connection* asleep_ ABSL_GUARDED_BY(mutex_) = nullptr;
  std::optional<HttpResponse> response_ ABSL_GUARDED_BY(mutex_);
};

// Whoever holds the last of a request's replies owes its answer.
class Debt {
 public:
  explicit Debt(std::shared_ptr<Exchange> exchange)
      : exchange_(std::move(exchange)) {}
  ~Debt() { exchange_->Answer(PlainResponse(500, "nobody answered")); }
  Debt(const Debt&) = delete;
  Debt& operator=(const Debt&) = delete;
  void Pay(HttpResponse response) { exchange_->Answer(std::move(response)); }

 private:
  const std::shared_ptr<Exchange> exchange_;
};

MHD_Result Exchange::Access(MHD_Connection* connection, const char* method,
                            const char* data, std::size_t* size) {
  if (!begun_) {
    begun_ = true;
    return Begin(connection, method);
  }
  if (*size > 0) return Take(data, std::exchange(*size, 0));
  return End(connection);
}

HttpRequest Exchange::MakeRequest(MHD_Connection* connection,
                                  const char* method) {
  HttpRequest request{.method = method, .target = target_};
  MHD_get_connection_values(
      connection, MHD_HEADER_KIND,
      [](void* out, MHD_ValueKind, const char* key, const char* value) {
        static_cast<HttpRequest*>(out)->headers.push_back(
            {.name = key, .value = value == nullptr ? "" : value});
        return MHD_YES;
      },
      &request);
  const auto* address =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
  if (address != nullptr) request.peer = PeerName(*address->client_addr);
  request.over_tls = !state_.options.tls_certificate_file.empty();
  const std::string_view length = request.Header("Content-Length");
  if (!length.empty()) {
    // libmicrohttpd has refused what is no number.
    request.content_length = std::strtoull(length.data(), nullptr, 10);
  }
  return request;
}

// An answer now means to libmicrohttpd that the connection ends with it. Worth
// it where much would be sent in vain, or the client waits to be told; another
// one would lose the answer over what it goes on to send.
bool Exchange::MuchIsComing(MHD_Connection* connection) {
  const auto header = [connection](const char* name) {
    return MHD_lookup_connection_value(connection, MHD_HEADER_KIND, name);
  };
  const char* length = header(MHD_HTTP_HEADER_CONTENT_LENGTH);
  if (header(MHD_HTTP_HEADER_EXPECT) != nullptr) return true;
  return length != nullptr && std::strtoull(length, nullptr, 10) > kMuch;
}

MHD_Result Exchange::Begin(MHD_Connection* connection, const char* method) {
  socket_ =
      MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)
          ->connect_fd;
  body_began_ = state_.clock.Steady();
  state_.watch.AwaitBytes(socket_, body_began_, 0);
  HttpRequest request = MakeRequest(connection, method);
  const auto& handlers = state_.options.handlers;
  const auto handler =
      std::find_if(handlers.begin(), handlers.end(),
                   [&](const auto& one) { return one->Wants(request); });
  if (!target_.starts_with("/") && target_ != "*") {
    Answer(PlainResponse(400, "bad request target"));
  } else if (request.content_length.value_or(0) >
             state_.options.limits.max_body_bytes) {
    Answer(PlainResponse(413, "body too large"));
  } else if (handler == handlers.end()) {
    Answer(PlainResponse(404, "not found"));
  } else {
    auto debt = std::make_shared<Debt>(shared_from_this());
    reader_ = (*handler)->Handle(
        std::move(request), [debt = std::move(debt)](HttpResponse response) {
          debt->Pay(std::move(response));
        });
  }
  return Answered() && MuchIsComing(connection) ? End(connection) : MHD_YES;
}

MHD_Result Exchange::Take(const char* data, std::size_t size) {
  state_.received += size;
  body_bytes_ += size;
  if (throwing_away_) return body_bytes_ > kThrowAway ? MHD_NO : MHD_YES;
  if (body_bytes_ > state_.options.limits.max_body_bytes) {
    Answer(PlainResponse(413, "body too large"));
  }
  if (reader_ != nullptr && !Answered()) {
    reader_->OnData(std::as_bytes(std::span(data, size)));
  }
  if (reader_ != nullptr && !Answered()) {
    state_.watch.AwaitBytes(socket_, body_began_, body_bytes_);
    return MHD_YES;
  }
  reader_ = nullptr;
  throwing_away_ = true;
  body_bytes_ = 0;
  state_.watch.AwaitBytes(socket_, state_.clock.Steady(), 0);
  return MHD_YES;
}

MHD_Result Exchange::End(MHD_Connection* connection) {
  if (!std::exchange(ended_, true) && !Answered() && reader_ != nullptr) {
    reader_->OnEnd();
  }
  std::optional<HttpResponse> response;
  {
    MutexLock server_lock(state_.mutex);
    MutexLock lock(mutex_);
    response = response_;
    if (!response && state_.stopping) {
      response = PlainResponse(503, "the server is stopping");
    }
    if (!response) {
      state_.watch.AwaitNothing(socket_);
      MHD_suspend_connection(connection);
      asleep_ = connection;
      state_.waiting.insert(shared_from_this());
      return MHD_YES;
    }
  }
  return Queue(connection, *std::move(response));
}

void Exchange::Answer(HttpResponse response) {
  MutexLock lock(mutex_);
  if (response_) return;
  response_ = std::move(response);
  // Under the lock: whoever stops the server comes by here for each connection
  // that sleeps, and must not find one answered that is not awake yet.
  if (MHD_Connection* connection = std::exchange(asleep_, nullptr)) {
    MHD_resume_connection(connection);
  }
}

// libmicrohttpd sends it and lets go of what it was made of.
ResponsePtr MakeResponse(const HttpResponse& response, std::uint64_t length) {
  MHD_Response* made = nullptr;
  if (response.body == nullptr || length == 0) {
    made = MHD_create_response_from_buffer(0, nullptr, MHD_RESPMEM_PERSISTENT);
  } else if (const auto* file =
                 dynamic_cast<const DescriptorBody*>(response.body.get())) {
    const int copy = ::fcntl(file->descriptor(), F_DUPFD_CLOEXEC, 0);
    if (copy >= 0) {
      made = MHD_create_response_from_fd_at_offset64(length, copy,
                                                     response.offset);
      if (made == nullptr) ::close(copy);
    }
  } else if (const auto* text =
                 dynamic_cast<const TextBody*>(response.body.get())) {
    const auto bytes = text->text().substr(response.offset, length);
    made = MHD_create_response_from_buffer_with_free_callback_cls(
        bytes.size(), const_cast<char*>(bytes.data()),
        [](void* body) {
          delete static_cast<std::shared_ptr<const Body>*>(body);
        },
        new std::shared_ptr<const Body>(response.body));
  } else {
    struct Part {
      std::shared_ptr<const Body> body;
      std::uint64_t offset;
    };
    made = MHD_create_response_from_callback(
        length, kBlock,
        [](void* closure, std::uint64_t position, char* out,
           std::size_t size) -> ssize_t {
          const auto& part = *static_cast<Part*>(closure);
          const Status read =
              part.body->ReadAt(part.offset + position,
                                std::as_writable_bytes(std::span(out, size)));
          return read.ok()
                     ? static_cast<ssize_t>(size)
                     : static_cast<ssize_t>(MHD_CONTENT_READER_END_WITH_ERROR);
        },
        new Part{.body = response.body, .offset = response.offset},
        [](void* closure) { delete static_cast<Part*>(closure); });
  }
  return {made, &MHD_destroy_response};
}

MHD_Result Exchange::Queue(MHD_Connection* connection, HttpResponse response) {
  // Asked again by mistake, it has nothing more to say.
  if (std::exchange(queued_, true)) return MHD_NO;
  reader_ = nullptr;
  const std::uint64_t all = response.body ? response.body->size() : 0;
  response.offset = std::min(response.offset, all);
  const std::uint64_t length =
      std::min(response.length.value_or(all), all - response.offset);
  sending_bytes_ = response.status == 304 ? 0 : length;
  const ResponsePtr made = MakeResponse(response, length);
  if (made == nullptr) return MHD_NO;
  for (const HttpField& field : response.headers) {
    MHD_add_response_header(made.get(), field.name.c_str(),
                            field.value.c_str());
  }
  state_.watch.AwaitBytes(socket_, state_.clock.Steady(), sending_bytes_);
  const auto digit = static_cast<std::size_t>(response.status / 100);
  if (digit < state_.answers.size()) ++state_.answers[digit];
  return MHD_queue_response(connection, static_cast<unsigned>(response.status),
                            made.get());
}

void Exchange::Over(bool completed) {
  reader_ = nullptr;
  {
    MutexLock server_lock(state_.mutex);
    state_.waiting.erase(shared_from_this());
  }
  {
    MutexLock lock(mutex_);
    if (!response_) response_.emplace();  // a late answer goes nowhere
  }
  if (queued_) {
    if (completed) {
      state_.sent += sending_bytes_;
    } else {
      ++state_.cut_short;
    }
  }
  if (socket_ >= 0) state_.watch.AwaitHeaders(socket_, state_.clock.Steady());
}

// ---- what libmicrohttpd calls ----

using ExchangeHolder = std::shared_ptr<Exchange>;

void* OnRequestLine(void* state, const char* target, MHD_Connection*) {
  return new ExchangeHolder(
      std::make_shared<Exchange>(*static_cast<State*>(state), target));
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
  return static_cast<State*>(state)->watch.Admits(PeerName(*address)) ? MHD_YES
                                                                      : MHD_NO;
}

void OnConnection(void* closure, MHD_Connection* connection, void**,
                  MHD_ConnectionNotificationCode code) {
  auto& state = *static_cast<State*>(closure);
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

StatusOr<MHD_Daemon*> StartDaemon(State& state, int socket,
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
                  std::shared_ptr<State> state, MHD_Daemon* daemon, int port,
                  std::string url)
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
  const std::shared_ptr<State> state_;
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
void EndLateConnections(const std::weak_ptr<State>& weak,
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
      std::make_shared<serve::State>(std::move(options), core.clock());
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
