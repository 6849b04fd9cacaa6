#ifndef HLSREC_HTTP_SERVER_H_
#define HLSREC_HTTP_SERVER_H_

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/export.h"
#include "hlsrec/runtime.h"
#include "hlsrec/sink.h"
#include "hlsrec/status.h"

// Requests and what answers them, apart from who takes them off the network:
// the handlers of hlsrec/playback.h and others work behind HttpServer, or
// behind a server of your own.
namespace hlsrec {

struct HttpField {
  std::string name = {};
  std::string value = {};
};

struct HLSREC_EXPORT HttpRequest {
  std::string method = {};  // "GET"
  // As it was sent, still encoded: "/a%20b.ts?start=1".
  std::string target = {};
  std::vector<HttpField> headers = {};
  std::string peer = {};  // its address: "127.0.0.1", "::1"
  bool over_tls = false;
  // Of the body; none: it is not known, or there is no body.
  std::optional<std::uint64_t> content_length = {};

  // Of the target, both encoded: before the first `?`, and behind it.
  [[nodiscard]] std::string_view path() const;
  [[nodiscard]] std::string_view query() const;
  // The first header of this name, without regard to case; empty where there is
  // none.
  [[nodiscard]] std::string_view Header(std::string_view name) const;
};

struct HttpResponse {
  int status = 200;
  // Content-Length, Date and Connection are the server's to write.
  std::vector<HttpField> headers = {};
  // Sent in answer to GET; in answer to HEAD, and with 304, its size is told.
  // Read on a thread of the server, so that it may not wait for the network.
  // Empty: no body.
  std::shared_ptr<const Body> body = {};
  // The part of it that is sent.
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length = {};  // none: all from `offset` on
};

// Answers a request, now or later.
//
// Threads. Any. The first call counts; a request whose last copy goes without
// one is answered with 500.
using HttpReply = std::function<void(HttpResponse)>;

// Takes a request's body, piece by piece.
//
// Threads. One call at a time, on a thread of the server, which other requests
//     wait for.
// Lifetime. Destroyed without OnEnd(): the client went away or was cut off, and
//     what came so far is not the whole.
class HLSREC_EXPORT HttpBodyReader {
 public:
  virtual ~HttpBodyReader();
  // After an answer nothing more is handed in.
  virtual void OnData(std::span<const std::byte> bytes) = 0;
  // It came whole. The answer may be given here, or later.
  virtual void OnEnd() = 0;
};

// Answers some requests.
//
// Threads. Any, several at once.
// Blocking. Not for the network: other requests wait meanwhile. What takes time
//     answers later.
class HLSREC_EXPORT HttpHandler {
 public:
  virtual ~HttpHandler();
  // Whether it is this one that answers.
  [[nodiscard]] virtual bool Wants(const HttpRequest& request) const = 0;
  // Called when the headers are there. Returns who takes the body, or null: a
  // body is thrown away then. To refuse a body before it is sent, answer before
  // returning.
  virtual std::unique_ptr<HttpBodyReader> Handle(HttpRequest request,
                                                 HttpReply reply) = 0;
};

struct HttpLimits {
  // Of the request line and all headers; beyond it 431 or 414.
  std::size_t max_header_bytes = 16384;
  // Of a request's body; beyond it 413. Handlers have limits of their own.
  std::uint64_t max_body_bytes = std::uint64_t{1} << 30;
  // Those above are closed when they come.
  unsigned max_connections = 1000;
  unsigned max_connections_per_address = 200;
  // For the headers of a request to come, and between two requests: a client
  // that sends a byte now and then does not keep its connection.
  std::chrono::milliseconds header_timeout{15'000};
  // Without a byte in either direction.
  std::chrono::seconds idle_timeout{30};
  // Beyond `idle_timeout`, bodies have to move at this speed, in both
  // directions.
  std::uint64_t min_bytes_per_second = 1024;
};

struct HttpServerOptions {
  // Numeric address and port: "127.0.0.1:8080", "[::]:443", "0.0.0.0:80". Port
  // 0: any that is free. Nobody else's machine unless it is asked for.
  std::string bind = "127.0.0.1:8080";
  // PEM files; both or none. With them the server speaks TLS only.
  std::string tls_certificate_file = {};
  std::string tls_key_file = {};
  // Each serves many connections.
  int threads = 2;
  HttpLimits limits = {};
  // The first that wants a request gets it; 404 where none does.
  std::vector<std::shared_ptr<HttpHandler>> handlers = {};
};

// Since the server began.
struct HttpServerStats {
  std::uint64_t connections = 0;          // accepted
  std::uint64_t connections_open = 0;     // now
  std::uint64_t connections_refused = 0;  // over the limits
  std::uint64_t connections_too_slow = 0;
  // By the first digit of the status, 1 to 5.
  std::array<std::uint64_t, 6> answers = {};
  std::uint64_t bytes_received = 0;  // of bodies
  std::uint64_t bytes_sent = 0;      // of bodies that were sent whole
  std::uint64_t cut_short = 0;       // answers whose client went away
};

// An HTTP/1.1 server on threads of its own, which take no signals.
//
// Threads. All methods from any thread, but not from a handler's.
// Lifetime. Destroying it stops it. Handlers may answer later than that: it
//     goes nowhere.
class HLSREC_EXPORT HttpServer {
 public:
  // Errors. kInvalidArgument names the bad option, kUnavailable an address that
  //     is taken, kPermissionDenied a port that we may not have, kUnimplemented
  //     where hlsrec was built without its server.
  // Blocking. Reads the files.
  static StatusOr<std::unique_ptr<HttpServer>> Start(
      std::shared_ptr<Runtime> runtime, HttpServerOptions options);
  virtual ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] virtual int port() const = 0;
  // "http://127.0.0.1:8080", without a path.
  [[nodiscard]] virtual std::string url() const = 0;
  [[nodiscard]] virtual HttpServerStats stats() const = 0;
  // Takes no more connections, answers with 503 what waits, ends what is being
  // sent. Blocking. Until its threads have ended.
  virtual void Stop() = 0;

 protected:
  HttpServer() = default;
};

}  // namespace hlsrec

#endif  // HLSREC_HTTP_SERVER_H_
