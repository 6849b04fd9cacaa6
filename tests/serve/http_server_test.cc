#include "hlsrec/http_server.h"

#include <fcntl.h>

#include <chrono>
#include <fstream>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "src/base/mutex.h"
#include "src/base/runtime_core.h"
#include "src/serve/body.h"
#include "tests/catch.h"
#include "tests/serve/client.h"
#include "tests/serve/served.h"
#include "tests/temporary_directory.h"

namespace hlsrec {
namespace {

using std::chrono::milliseconds;

// Everything below `prefix`, by a function; it may take bodies, too.
class Function final : public HttpHandler {
 public:
  using Body =
      std::function<std::unique_ptr<HttpBodyReader>(HttpRequest, HttpReply)>;
  Function(std::string prefix, Body body)
      : prefix_(std::move(prefix)), body_(std::move(body)) {}
  bool Wants(const HttpRequest& request) const override {
    return request.target.starts_with(prefix_);
  }
  std::unique_ptr<HttpBodyReader> Handle(HttpRequest request,
                                         HttpReply reply) override {
    return body_(std::move(request), std::move(reply));
  }

 private:
  const std::string prefix_;
  const Body body_;
};

std::shared_ptr<HttpHandler> Saying(const std::string& prefix,
                                    const std::string& text) {
  return std::make_shared<Function>(
      prefix, [text](const HttpRequest&, const HttpReply& reply) {
        reply(serve::PlainResponse(200, text));
        return nullptr;
      });
}

// Gathers a body and answers with what it was.
class Echo final : public HttpBodyReader {
 public:
  explicit Echo(HttpReply reply) : reply_(std::move(reply)) {}
  void OnData(std::span<const std::byte> bytes) override {
    text_.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (text_.find("refuse") != std::string::npos) {
      reply_(serve::PlainResponse(415, "not this"));
    }
  }
  void OnEnd() override { reply_({.body = serve::MakeText(std::move(text_))}); }

 private:
  const HttpReply reply_;
  std::string text_;
};

std::shared_ptr<HttpHandler> Echoing(const std::string& prefix) {
  return std::make_shared<Function>(
      prefix, [](const HttpRequest&, HttpReply reply) {
        return std::make_unique<Echo>(std::move(reply));
      });
}

TEST_CASE("http server: the first handler that wants a request answers it") {
  const Served served({Saying("/a", "first"), Saying("/", "second")});
  CHECK(Ask(*served.server, "GET", "/a/b").body == "first\n");
  CHECK(Ask(*served.server, "GET", "/b").body == "second\n");
  CHECK(served.server->stats().answers[2] == 2);
}

TEST_CASE("http server: what no handler wants is not found") {
  const Served served({Saying("/a", "first")});
  CHECK(Ask(*served.server, "GET", "/b").status == 404);
  CHECK(Ask(*served.server, "GET", "http://elsewhere/a").status == 400);
}

TEST_CASE("http server: handlers see requests as they were sent") {
  HttpRequest seen;
  const Served served({std::make_shared<Function>(
      "/", [&seen](HttpRequest request, const HttpReply& reply) {
        seen = std::move(request);
        reply({.status = 204});
        return nullptr;
      })});
  const auto answer = Ask(*served.server, "PROPFIND",
                          "/a%20b/%2e%2e/c+d?x=%41&y", "X-Some: thing\r\n");
  CHECK(answer.status == 204);
  CHECK(seen.method == "PROPFIND");
  CHECK(seen.target == "/a%20b/%2e%2e/c+d?x=%41&y");
  CHECK(seen.path() == "/a%20b/%2e%2e/c+d");
  CHECK(seen.query() == "x=%41&y");
  CHECK(seen.Header("x-SOME") == "thing");
  CHECK(seen.peer == "127.0.0.1");
}

TEST_CASE("http server: a part of a file goes out, and its size to HEAD") {
  const TemporaryDirectory folder;
  std::ofstream(folder.Path("a")) << "0123456789";
  const Served served({std::make_shared<Function>(
      "/", [&folder](const HttpRequest&, const HttpReply& reply) {
        const int file = ::open(folder.Path("a").c_str(), O_RDONLY | O_CLOEXEC);
        reply({.status = 206,
               .body = std::make_shared<serve::DescriptorBody>(file, 10),
               .offset = 3,
               .length = 4});
        return nullptr;
      })});
  Client client(served.server->port());
  CHECK(client.Ask("GET", "/").body == "3456");
  const auto head = client.Ask("HEAD", "/");
  CHECK(head.status == 206);
  CHECK(head.Header("content-length") == "4");
  // The connection is where it should be.
  CHECK(client.Ask("GET", "/").body == "3456");
  CHECK(served.server->stats().connections == 1);
}

TEST_CASE("http server: any body goes out") {
  const Served served({std::make_shared<Function>(
      "/", [](const HttpRequest&, const HttpReply& reply) {
        reply({.body = ConcatBodies({MakeStringBody(std::string(100'000, 'a')),
                                     MakeStringBody("end")}),
               .offset = 99'999});
        return nullptr;
      })});
  CHECK(Ask(*served.server, "GET", "/").body == "aend");
}

TEST_CASE("http server: a handler may answer later, from any thread") {
  std::vector<std::thread> threads;
  const Served served({std::make_shared<Function>(
                           "/late",
                           [&threads](const HttpRequest&, HttpReply reply) {
                             threads.emplace_back([reply = std::move(reply)] {
                               reply(serve::PlainResponse(200, "late"));
                             });
                             return nullptr;
                           }),
                       Saying("/", "now")});
  Client client(served.server->port());
  CHECK(client.Ask("GET", "/late").body == "late\n");
  CHECK(client.Ask("GET", "/").body == "now\n");
  CHECK(client.Ask("PUT", "/late", "", "thrown away").body == "late\n");
  for (std::thread& thread : threads) thread.join();
}

TEST_CASE("http server: a request that waits keeps nobody else waiting") {
  Mutex mutex;
  std::vector<HttpReply> waiting;
  Latch there;
  const Served served(
      {std::make_shared<Function>("/late",
                                  [&](const HttpRequest&, HttpReply reply) {
                                    MutexLock lock(mutex);
                                    waiting.push_back(std::move(reply));
                                    if (waiting.size() == 8) there.Open();
                                    return nullptr;
                                  }),
       Saying("/", "now")});
  std::vector<std::unique_ptr<Client>> clients;
  for (int i = 0; i < 8; ++i) {
    clients.push_back(std::make_unique<Client>(served.server->port()));
    clients.back()->Send("GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
  }
  there.Wait();
  CHECK(Ask(*served.server, "GET", "/").body == "now\n");
  {
    MutexLock lock(mutex);
    for (const HttpReply& reply : waiting) {
      reply(serve::PlainResponse(200, "late"));
      reply(serve::PlainResponse(200, "again"));  // the first one counts
    }
  }
  for (auto& client : clients) CHECK(client->Read().body == "late\n");
}

TEST_CASE("http server: a reply that is let go of is an error") {
  const Served served({std::make_shared<Function>(
      "/", [](const HttpRequest&, const HttpReply&) { return nullptr; })});
  CHECK(Ask(*served.server, "GET", "/").status == 500);
}

TEST_CASE("http server: bodies come whole, however they are sent") {
  const Served served({Echoing("/")});
  const std::string large(300'000, 'x');
  CHECK(Ask(*served.server, "PUT", "/", "", large).body == large);
  CHECK(Ask(*served.server, "POST", "/", "Expect: 100-continue\r\n", "abc")
            .body == "abc");
  Client client(served.server->port());
  client.Send(
      "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n");
  client.Send("4\r\ndefg\r\n0\r\n\r\n");
  CHECK(client.Read().body == "abcdefg");
  CHECK(served.server->stats().bytes_received == large.size() + 10);
}

TEST_CASE("http server: a body may be refused before it came, and within") {
  HttpLimits limits;
  limits.max_body_bytes = 1000;
  const Served served({Echoing("/")}, limits);
  CHECK(Ask(*served.server, "PUT", "/", "", std::string(1001, 'x')).status ==
        413);
  CHECK(Ask(*served.server, "PUT", "/", "", "so refuse it").status == 415);
  Client client(served.server->port());
  client.Send(
      "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "400\r\n" +
      std::string(1024, 'x') + "\r\n0\r\n\r\n");
  CHECK(client.Read().status == 413);
  CHECK(Ask(*served.server, "PUT", "/", "", "fine").body == "fine");
}

TEST_CASE("http server: of a long body, too, it is told that it is too large") {
  HttpLimits limits;
  limits.max_body_bytes = std::uint64_t{2} << 20;
  const Served served({Echoing("/")}, limits);
  const auto chunk = [](std::size_t megabytes) {
    return std::to_string(megabytes) + "00000\r\n" +
           std::string(megabytes << 20, 'x') + "\r\n";
  };
  const std::string head =
      "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  Client client(served.server->port());
  client.Send(head + chunk(8) + "0\r\n\r\n");
  CHECK(client.Read().status == 413);
  // But it has an end.
  Client endless(served.server->port());
  bool sent = endless.Send(head);
  for (int i = 0; i < 10 && sent; ++i) sent = endless.Send(chunk(8));
  CHECK_FALSE(sent);
}

TEST_CASE("http server: who goes away in mid-body is not taken for whole") {
  struct Trace {
    Latch begun;
    Latch gone;
    bool ended = false;
  };
  class Reader final : public HttpBodyReader {
   public:
    Reader(Trace& trace, HttpReply reply)
        : trace_(trace), reply_(std::move(reply)) {}
    ~Reader() override { trace_.gone.Open(); }
    void OnData(std::span<const std::byte>) override { trace_.begun.Open(); }
    void OnEnd() override { trace_.ended = true; }

   private:
    Trace& trace_;
    const HttpReply reply_;  // without it there would be an answer
  };
  Trace trace;
  const Served served({std::make_shared<Function>(
      "/", [&trace](const HttpRequest&, HttpReply reply) {
        return std::make_unique<Reader>(trace, std::move(reply));
      })});
  {
    Client client(served.server->port());
    client.Send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc");
    trace.begun.Wait();
  }
  trace.gone.Wait();
  CHECK_FALSE(trace.ended);
}

TEST_CASE("http server: oversized headers are refused, and nobody else is") {
  const Served served({Saying("/", "ok")});
  const std::string much(40'000, 'x');
  const int header =
      Ask(*served.server, "GET", "/", "X-Much: " + much + "\r\n").status;
  CHECK((header == 431 || header == 413));
  const int target = Ask(*served.server, "GET", "/" + much).status;
  CHECK((target == 414 || target == 431));
  CHECK(Ask(*served.server, "GET", "/",
            "X-Some: " + std::string(8000, 'x') + "\r\n")
            .body == "ok\n");
}

TEST_CASE("http server: who sends headers a byte at a time is cut off") {
  HttpLimits limits;
  limits.header_timeout = milliseconds(100);
  limits.max_header_bytes = std::size_t{1} << 20;
  const Served served({Saying("/", "ok")}, limits);
  Client slow(served.server->port());
  REQUIRE(slow.Send("GET / HTTP/1.1\r\n"));
  // It never stops by itself.
  while (slow.Send("a: b\r\n")) {
    CHECK(Ask(*served.server, "GET", "/").body == "ok\n");
  }
  CHECK(served.server->stats().connections_too_slow >= 1);
}

TEST_CASE("http server: a connection that is idle is closed") {
  HttpLimits limits;
  limits.header_timeout = milliseconds(100);
  const Served served({Saying("/", "ok")}, limits);
  Client client(served.server->port());
  CHECK(client.Ask("GET", "/").body == "ok\n");
  CHECK(client.AtEnd());
}

TEST_CASE("http server: one address has no more connections than its share") {
  HttpLimits limits;
  limits.max_connections_per_address = 2;
  const Served served({Saying("/", "ok")}, limits);
  Client first(served.server->port());
  Client second(served.server->port());
  CHECK(first.Ask("GET", "/").body == "ok\n");
  CHECK(second.Ask("GET", "/").body == "ok\n");
  CHECK(Ask(*served.server, "GET", "/").status == 0);
  CHECK(served.server->stats().connections_refused == 1);
  CHECK(first.Ask("GET", "/").body == "ok\n");
}

TEST_CASE(
    "http server: it ends while requests wait, and late answers go "
    "nowhere") {
  HttpReply late;
  Latch there;
  Served served({std::make_shared<Function>(
      "/", [&](const HttpRequest&, HttpReply reply) {
        late = std::move(reply);
        there.Open();
        return nullptr;
      })});
  Client client(served.server->port());
  client.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  there.Wait();
  served.server->Stop();
  served.server = nullptr;
  late(serve::PlainResponse(200, "late"));
  CHECK(client.Read().body != "late\n");
}

TEST_CASE("http server: what can't be is refused by name") {
  const auto runtime = *Runtime::Create();
  const auto fails = [&](const HttpServerOptions& options) {
    const auto server = HttpServer::Start(runtime, options);
    REQUIRE_FALSE(server.ok());
    return server.status();
  };
  for (const char* bind : {"8080", "localhost:80", "127.0.0.1:", "::1:80",
                           "127.0.0.1:65536", "1.2.3.4:5x"}) {
    const Status status = fails({.bind = bind});
    CHECK(status.code() == StatusCode::kInvalidArgument);
    CHECK(status.message().starts_with("bind: "));
  }
  CHECK(fails({.threads = 0}).message().starts_with("threads: "));
  CHECK(fails({.tls_key_file = "a"}).message().starts_with("tls: "));
  CHECK(fails({.tls_certificate_file = "/none", .tls_key_file = "/none"})
            .code() == StatusCode::kNotFound);
  const auto first = HttpServer::Start(runtime, {.bind = "127.0.0.1:0"});
  REQUIRE(first.ok());
  CHECK(
      fails({.bind = "127.0.0.1:" + std::to_string((*first)->port())}).code() ==
      StatusCode::kUnavailable);
}

TEST_CASE("http server: it speaks on IPv6, too") {
  const auto runtime = *Runtime::Create();
  const auto server = HttpServer::Start(
      runtime, {.bind = "[::]:0", .handlers = {Saying("/", "ok")}});
  REQUIRE(server.ok());
  CHECK((*server)->url().starts_with("http://[::]:"));
  CHECK(Ask(**server, "GET", "/").body == "ok\n");  // over IPv4
}

}  // namespace
}  // namespace hlsrec
