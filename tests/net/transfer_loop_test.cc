#include "src/net/transfer_loop.h"

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/catch.h"
#include "tests/net/scripted_server.h"

namespace hlsrec::net {
namespace {

using Reply = ScriptedServer::Reply;
using Request = ScriptedServer::Request;
using std::chrono::milliseconds;

// A transfer whose answer can be waited for.
class Pending {
 public:
  Pending(Transport& transport, TransferRequest request) {
    transport.Start(std::move(request),
                    [state = state_](StatusOr<TransferResponse> result) {
                      state->answers++;
                      state->result = std::move(result);
                      state->latch.Open();
                    });
  }
  StatusOr<TransferResponse> Wait() {
    state_->latch.Wait();
    return *state_->result;
  }
  [[nodiscard]] int answers() const { return state_->answers; }

 private:
  struct State {
    Latch latch;
    std::optional<StatusOr<TransferResponse>> result;
    std::atomic<int> answers = 0;
  };
  std::shared_ptr<State> state_ = std::make_shared<State>();
};

std::shared_ptr<const ConnectionOptions> Impatient() {
  return std::make_shared<ConnectionOptions>(
      ConnectionOptions{.connect_timeout = milliseconds(2000),
                        .low_speed_time = std::chrono::seconds(1)});
}

TransferRequest PutOf(const std::string& url, std::string bytes) {
  return {.method = "PUT",
          .url = url,
          .body = MakeStringBody(std::move(bytes)),
          .connection = Impatient()};
}

std::string Large() {
  std::string bytes(5'000'000, '\0');
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    bytes[i] = static_cast<char>(i * 2654435761U >> 13);
  }
  return bytes;
}

StatusOr<TransferResponse> Fetch(Transport& transport,
                                 TransferRequest request) {
  return Pending(transport, std::move(request)).Wait();
}

TEST_CASE("transfer loop: a body arrives whole, of known length, unannounced") {
  ScriptedServer server;
  TransferLoop loop;
  for (const std::string& url :
       {server.Url("/a/b.ts"), server.UrlV6("/6.ts")}) {
    for (const std::string& bytes : {std::string(), Large()}) {
      TransferRequest request = PutOf(url, bytes);
      request.headers = {{"Content-Type", "video/mp2t"}, {"X-Empty", ""}};
      const auto response = Fetch(loop, std::move(request));
      REQUIRE(response.ok());
      CHECK(response->status / 100 == 2);
      const Request seen = server.requests().back();
      CHECK(seen.Header("content-length") == std::to_string(bytes.size()));
      CHECK(seen.Header("content-type") == "video/mp2t");
      CHECK(seen.Header("user-agent") == "hlsrec");
      CHECK(seen.headers.contains("x-empty"));
      for (const char* absent : {"expect", "accept", "transfer-encoding"}) {
        CHECK_FALSE(seen.headers.contains(absent));
      }
      CHECK(server.objects()[seen.path] == bytes);
    }
  }
}

TEST_CASE("transfer loop: who asks for 100-continue does not wait for ever") {
  ScriptedServer server;  // never says it
  TransferLoop loop;
  TransferRequest request = PutOf(server.Url("/x"), Large());
  request.headers = {{"Expect", "100-continue"}};
  request.connection = nullptr;  // patient
  const auto response = Fetch(loop, std::move(request));
  REQUIRE(response.ok());
  CHECK(response->status == 201);
  CHECK(server.requests().back().Header("expect") == "100-continue");
  CHECK(server.objects()["/x"] == Large());
}

TEST_CASE("transfer loop: the path is sent as it stands") {
  ScriptedServer server;
  TransferLoop loop;
  const std::string path = "/a/./b/../c%2Fd//e%20%7e+=?z=1&a=%2f";
  REQUIRE(Fetch(loop, PutOf(server.Url(path), "x")).ok());
  CHECK(server.requests().back().path == path);
}

TEST_CASE("transfer loop: methods, replies and their headers") {
  ScriptedServer server;
  TransferLoop loop;
  const auto url = server.Url("/x");
  CHECK(Fetch(loop, {.url = url})->status == 404);
  CHECK(Fetch(loop, {.url = url})->body == "nothing here\n");
  REQUIRE(Fetch(loop, PutOf(url, "12345")).ok());
  CHECK(Fetch(loop, {.url = url})->body == "12345");
  const auto head = Fetch(loop, {.method = "HEAD", .url = url});
  REQUIRE(head.ok());
  CHECK(head->body.empty());
  CHECK(head->Header("content-length") == "5");
  CHECK(head->Header("no-such").empty());
  CHECK(Fetch(loop, {.method = "DELETE", .url = url})->status == 204);
  CHECK(server.objects().empty());
  CHECK(Fetch(loop, {.method = "POST", .url = url})->status == 201);
  CHECK(server.requests().back().Header("content-length") == "0");
}

TEST_CASE("transfer loop: a reply larger than asked for is refused") {
  ScriptedServer server;
  TransferLoop loop;
  REQUIRE(Fetch(loop, PutOf(server.Url("/x"), "12345")).ok());
  const auto response =
      Fetch(loop, {.url = server.Url("/x"), .max_response_bytes = 4});
  CHECK(response.status().code() == StatusCode::kResourceExhausted);
  CHECK(Fetch(loop, {.url = server.Url("/x"), .max_response_bytes = 5}).ok());
}

TEST_CASE("transfer loop: redirects are answers") {
  ScriptedServer server([](const Request&) {
    return Reply{.status = 307, .headers = "Location: /elsewhere\r\n"};
  });
  TransferLoop loop;
  const auto response = Fetch(loop, PutOf(server.Url("/x"), "12345"));
  REQUIRE(response.ok());
  CHECK(response->status == 307);
  CHECK(response->Header("Location") == "/elsewhere");
  CHECK(server.requests().size() == 1);
}

TEST_CASE("transfer loop: connections are kept") {
  ScriptedServer server;
  TransferLoop loop;
  for (int i = 0; i < 20; ++i) {
    REQUIRE(Fetch(loop, PutOf(server.Url("/x"), "12345")).ok());
  }
  CHECK(server.connections() == 1);
}

TEST_CASE("transfer loop: many transfers share a few connections") {
  ScriptedServer server;
  TransferLoop loop(TransferLoopOptions{.max_connections_per_host = 3});
  std::vector<Pending> all;
  all.reserve(500);
  for (int i = 0; i < 500; ++i) {
    all.emplace_back(loop, PutOf(server.Url("/" + std::to_string(i)), "abc"));
  }
  for (Pending& each : all) CHECK(each.Wait().ok());
  CHECK(server.objects().size() == 500);
  CHECK(server.most_connections() <= 3);
}

TEST_CASE("transfer loop: who waits for one server holds up no other") {
  ScriptedServer stalls([](const Request&) {
    return Reply{.mischief = Mischief::kStallAfterBody};
  });
  ScriptedServer other;
  TransferLoop loop(TransferLoopOptions{.max_connections_per_host = 1,
                                        .max_transfers_per_host = 1});
  Pending first(loop, PutOf(stalls.Url("/1"), "x"));
  Pending second(loop, PutOf(stalls.Url("/2"), "x"));
  CHECK(Fetch(loop, PutOf(other.Url("/3"), "x")).ok());
  CHECK(first.answers() + second.answers() == 0);
  CHECK(first.Wait().status().code() == StatusCode::kDeadlineExceeded);
  CHECK(second.Wait().status().code() == StatusCode::kDeadlineExceeded);
}

TEST_CASE("transfer loop: waiting for a connection is not being slow") {
  ScriptedServer server([](const Request& request) {
    Reply reply;
    if (request.path == "/stall") reply.mischief = Mischief::kStallAfterBody;
    return reply;
  });
  TransferLoop loop(TransferLoopOptions{.max_connections_per_host = 1});
  Pending first(loop, PutOf(server.Url("/stall"), "x"));
  TransferRequest second_request = PutOf(server.Url("/x"), "x");
  auto hasty = *Impatient();
  hasty.connect_timeout = milliseconds(300);
  second_request.connection = std::make_shared<ConnectionOptions>(hasty);
  Pending second(loop, std::move(second_request));
  CHECK(first.Wait().status().code() == StatusCode::kDeadlineExceeded);
  CHECK(second.Wait().ok());
}

TEST_CASE("transfer loop: faults are told by their codes, and it goes on") {
  struct Case {
    Mischief mischief;
    StatusCode code;
  };
  const Case cases[] = {
      {Mischief::kResetBeforeBody, StatusCode::kUnavailable},
      {Mischief::kResetMidBody, StatusCode::kUnavailable},
      {Mischief::kResetAfterBody, StatusCode::kUnavailable},
      {Mischief::kLoseReply, StatusCode::kUnavailable},
      {Mischief::kStallBeforeBody, StatusCode::kDeadlineExceeded},
      {Mischief::kStallAfterBody, StatusCode::kDeadlineExceeded},
      {Mischief::kCutReply, StatusCode::kDataLoss},
      {Mischief::kGarbage, StatusCode::kUnavailable},
  };
  std::atomic<Mischief> mischief = Mischief::kNone;
  ScriptedServer server([&](const Request&) {
    return Reply{.mischief = mischief,
                 .status = mischief == Mischief::kCutReply ? 200 : 0,
                 .body = mischief == Mischief::kCutReply ? "abc" : ""};
  });
  TransferLoop loop;
  const std::string large = Large();
  for (const Case& c : cases) {
    CAPTURE(static_cast<int>(c.mischief));
    // Over a connection that was used before, and one that was not.
    for (const bool used : {false, true}) {
      if (used) {
        mischief = Mischief::kNone;
        REQUIRE(Fetch(loop, PutOf(server.Url("/warm"), "x")).ok());
      }
      mischief = c.mischief;
      const std::size_t before = server.requests().size();
      TransferRequest request = PutOf(server.Url("/x?token=secret"), large);
      if (c.code == StatusCode::kDeadlineExceeded) {
        // What buffers took counts for some seconds otherwise.
        auto strict = *Impatient();
        strict.low_speed_bytes_per_second = 1'000'000'000;
        request.connection = std::make_shared<ConnectionOptions>(strict);
      }
      const auto response = Fetch(loop, std::move(request));
      REQUIRE_FALSE(response.ok());
      CHECK(response.status().code() == c.code);
      CHECK(
          response.status().message().starts_with("put: " + server.Url("/x")));
      CHECK(response.status().message().find("secret") == std::string::npos);
      // One attempt is one, unless the server never saw the body.
      const std::size_t most =
          used && c.mischief == Mischief::kResetBeforeBody ? 2 : 1;
      CHECK(server.requests().size() <= before + most);
    }
  }
  mischief = Mischief::kReadSlowly;
  CHECK(Fetch(loop, PutOf(server.Url("/x"), large)).ok());
}

TEST_CASE("transfer loop: what has no body is not put twice either") {
  std::atomic<bool> lose = false;
  ScriptedServer server([&](const Request&) {
    return Reply{.mischief = lose ? Mischief::kLoseReply : Mischief::kNone};
  });
  TransferLoop loop;
  REQUIRE(Fetch(loop, PutOf(server.Url("/warm"), "x")).ok());
  lose = true;
  CHECK(Fetch(loop, PutOf(server.Url("/x"), "")).status().code() ==
        StatusCode::kUnavailable);
  CHECK(server.requests().size() == 2);
}

TEST_CASE("transfer loop: a refusal before the end of the body is read") {
  ScriptedServer server([](const Request&) {
    return Reply{
        .mischief = Mischief::kEarlyReply, .status = 413, .body = "too large"};
  });
  TransferLoop loop;
  const auto response = Fetch(loop, PutOf(server.Url("/x"), Large()));
  REQUIRE(response.ok());
  CHECK(response->status == 413);
  CHECK(response->body == "too large");
}

class BrokenBody final : public Body {
 public:
  std::uint64_t size() const override { return 4'000'000; }
  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset + out.size() > 2'000'000) {
      return {StatusCode::kDataLoss, "body: ends early"};
    }
    std::fill(out.begin(), out.end(), std::byte{'x'});
    return {};
  }
};

TEST_CASE("transfer loop: a body that can't be read is never stored") {
  ScriptedServer server;
  TransferLoop loop;
  TransferRequest request = PutOf(server.Url("/x"), "");
  request.body = std::make_shared<BrokenBody>();
  const auto response = Fetch(loop, std::move(request));
  CHECK(response.status() ==
        Status(StatusCode::kDataLoss,
               "put: " + server.Url("/x") + ": body: ends early"));
  CHECK(Fetch(loop, PutOf(server.Url("/y"), "y")).ok());
  CHECK_FALSE(server.objects().contains("/x"));
}

TEST_CASE("transfer loop: what can't be asked for is refused") {
  TransferLoop loop;
  CHECK(Fetch(loop, {.url = "file:///etc/passwd"}).status().code() ==
        StatusCode::kInvalidArgument);
  CHECK(Fetch(loop, {.url = "http://127.0.0.1:1/",
                     .headers = {{"X", "a\r\nHost: b"}}})
            .status()
            .code() == StatusCode::kInvalidArgument);
  CHECK(Fetch(loop, {.method = "A B", .url = "http://127.0.0.1:1/"})
            .status()
            .code() == StatusCode::kInvalidArgument);
  // Nobody listens there.
  CHECK(Fetch(loop, {.url = "http://127.0.0.1:1/"}).status().code() ==
        StatusCode::kUnavailable);
}

TEST_CASE("transfer loop: the environment's proxies are not used") {
  ScriptedServer server;
  ::setenv("http_proxy", "http://127.0.0.1:1", 1);
  TransferLoop loop;
  CHECK(Fetch(loop, PutOf(server.Url("/x"), "x")).ok());
  ::unsetenv("http_proxy");
  // One that was named is.
  auto proxied = *Impatient();
  proxied.proxy = server.Url("");
  TransferRequest request = PutOf("http://no.such.host.invalid/y", "y");
  request.connection = std::make_shared<ConnectionOptions>(proxied);
  CHECK(Fetch(loop, std::move(request)).ok());
  CHECK(server.requests().back().path == "http://no.such.host.invalid/y");
}

TEST_CASE("transfer loop: its end answers everything, once") {
  ScriptedServer server([](const Request&) {
    return Reply{.mischief = Mischief::kStallAfterBody};
  });
  std::vector<Pending> all;
  all.reserve(50);
  {
    TransferLoop loop(TransferLoopOptions{.max_connections_per_host = 2,
                                          .max_transfers_per_host = 4});
    for (int i = 0; i < 50; ++i) {
      all.emplace_back(loop, PutOf(server.Url("/x"), "x"));
    }
  }
  for (Pending& each : all) {
    CHECK(each.Wait().status().code() == StatusCode::kCancelled);
    CHECK(each.answers() == 1);
  }
}

TEST_CASE("transfer loop: it may end in an answer of its own") {
  ScriptedServer server;
  Latch latch;
  auto loop = std::make_shared<TransferLoop>();
  TransferLoop& transport = *loop;
  std::weak_ptr<TransferLoop> watch = loop;
  auto own = std::make_shared<std::shared_ptr<TransferLoop>>(std::move(loop));
  transport.Start(PutOf(server.Url("/x"), "x"),
                  [own, &latch](const StatusOr<TransferResponse>& result) {
                    CHECK(result.ok());
                    *own = nullptr;
                    latch.Open();
                  });
  latch.Wait();
  CHECK(watch.expired());
}

TEST_CASE("transfer loop: who waits costs no CPU") {
  ScriptedServer server([](const Request& request) {
    Reply reply;
    if (request.path == "/stall") reply.mischief = Mischief::kStallAfterBody;
    return reply;
  });
  TransferLoop loop;
  REQUIRE(Fetch(loop, PutOf(server.Url("/x"), "x")).ok());
  const std::clock_t before = std::clock();
  // A second in which nothing happens, with a connection that idles.
  CHECK_FALSE(Fetch(loop, PutOf(server.Url("/stall"), "x")).ok());
  const double spent = static_cast<double>(std::clock() - before) /
                       static_cast<double>(CLOCKS_PER_SEC);
  CHECK(spent < 0.2);
}

TEST_CASE("transfer loop: a runtime has one, and may be given another") {
  class NoTransport final : public Transport {
   public:
    void Start(TransferRequest, Done) override {}
  };
  Services services;
  const auto given = std::make_shared<NoTransport>();
  services.Set<Transport>(given);
  const auto got =
      services.Get<Transport>([] { return std::make_shared<TransferLoop>(); });
  CHECK(got == given);
}

}  // namespace
}  // namespace hlsrec::net
