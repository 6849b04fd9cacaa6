#include "src/serve/micro_exchange.h"

#include <algorithm>
#include <cstdlib>
#include <span>
#include <string_view>

#include "src/serve/address.h"
#include "src/serve/body.h"
#include "src/serve/micro_response.h"

namespace hlsrec::serve {
namespace {

// Of a body that nobody wants, before the connection is ended: clients that are
// not told how it went until they have sent all. Also for idle_timeout at most.
constexpr std::uint64_t kThrowAway = std::uint64_t{16} << 20;
// A body of which more is said to come is not waited for.
constexpr std::uint64_t kMuch = std::uint64_t{1} << 20;
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

}  // namespace

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

}  // namespace hlsrec::serve
