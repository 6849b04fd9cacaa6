#include "tests/receive/receiving.h"

namespace hlsrec::receive {
namespace {

using std::chrono::seconds;
using testing::Fault;

TEST_CASE("uploads: a segment is stored, then answered with 201") {
  Receiving receiving;
  Request request = receiving.Begin("PUT", "cam%201/0.ts", {}, 6);
  request.Send("abc");
  receiving.simulation.RunUntilIdle();
  CHECK(receiving.memory->Keys().empty());
  request.Send("def");
  request.End();
  CHECK(request.status() == -1);
  receiving.simulation.RunUntilIdle();
  CHECK(request.status() == 201);
  CHECK(receiving.memory->Text("cam 1/0.ts") == "abcdef");
  CHECK(receiving.memory->log().at(0).content_type == "video/mp2t");
  CHECK(receiving.receiver->stats().stored == 1);
  CHECK(receiving.receiver->stats().stored_bytes == 6);
}

TEST_CASE("uploads: what breaks off is never seen") {
  Receiving receiving;
  {
    const Request request = receiving.Begin("PUT", "a.ts");
    request.Send("abc");
  }
  Request shorter = receiving.Begin("PUT", "b.ts", {}, 7);
  shorter.Send("abc");
  shorter.End();
  receiving.simulation.RunUntilIdle();
  CHECK(shorter.status() == 400);
  CHECK(receiving.memory->Keys().empty());
  CHECK(receiving.receiver->stats().broken_off == 2);
  shorter = {};
  CHECK(receiving.receiver->stats().under_way == 0);
}

TEST_CASE("uploads: the answer waits for the sink") {
  Receiving receiving;
  receiving.decide = [](std::uint64_t, const std::string&) {
    return testing::FaultySink::Decision{.fault = Fault::kStall};
  };
  const Request request = receiving.Put("a.ts", "abc");
  receiving.simulation.Advance(seconds(5));
  CHECK(request.status() == -1);
  receiving.sink->Release();
  receiving.simulation.RunUntilIdle();
  CHECK(request.status() == 201);
}

TEST_CASE("uploads: a sink that fails is tried again") {
  for (const Fault fault : {Fault::kFail, Fault::kLoseReply}) {
    Receiving receiving;
    receiving.decide = [fault](std::uint64_t call, const std::string&) {
      return testing::FaultySink::Decision{.fault = call <= 3 ? fault
                                                              : Fault::kNone};
    };
    const Request request =
        receiving.Put("a.ts", "abc", {{"If-None-Match", "*"}});
    receiving.simulation.Advance(seconds(10));
    CHECK(request.status() == 201);
    CHECK(receiving.memory->Text("a.ts") == "abc");
  }
}

TEST_CASE("uploads: after its patience the sender is told to come again") {
  Receiving receiving({.patience = seconds(4)});
  for (const Fault fault : {Fault::kFail, Fault::kStall}) {
    receiving.decide = [fault](std::uint64_t, const std::string&) {
      return testing::FaultySink::Decision{.fault = fault};
    };
    const std::string path = fault == Fault::kFail ? "a.ts" : "b.ts";
    const Request request = receiving.Put(path, "abc");
    receiving.simulation.Advance(seconds(3));
    CHECK(request.status() == -1);
    receiving.simulation.Advance(seconds(2));
    CHECK(request.status() == 503);
    CHECK(request.Header("Retry-After") == "2");
    CHECK(request.Text() == "not stored: try again later\n");
  }
  CHECK(receiving.events.size() == 2);
  CHECK(receiving.receiver->stats().not_stored == 2);
  receiving.decide = nullptr;
  CHECK(receiving.Put("a.ts", "abc").status() == 201);
}

TEST_CASE("uploads: of one name the newest version wins, in order") {
  Receiving receiving;
  receiving.decide = [](std::uint64_t call, const std::string&) {
    return testing::FaultySink::Decision{.fault = call == 1 ? Fault::kStall
                                                            : Fault::kNone};
  };
  const Request first = receiving.Put("a.ts", "1");
  const Request second = receiving.Put("a.ts", "2");
  const Request third = receiving.Put("a.ts", "3");
  CHECK(third.status() == -1);
  receiving.sink->Release();
  receiving.simulation.RunUntilIdle();
  CHECK(first.status() == 201);
  CHECK(second.status() == 201);
  CHECK(third.status() == 201);
  CHECK(receiving.memory->Text("a.ts") == "3");
  CHECK(receiving.Log() == std::vector<std::string>{"put a.ts", "put a.ts"});
}

TEST_CASE("uploads: a put that a delete overtakes is not answered with 201") {
  Receiving receiving;
  receiving.decide = [](std::uint64_t call, const std::string&) {
    return testing::FaultySink::Decision{.fault = call == 1 ? Fault::kFail
                                                            : Fault::kNone};
  };
  const Request put = receiving.Put("a.ts", "1");
  const Request gone = receiving.Send("DELETE", "a.ts");
  CHECK(put.status() == 409);
  CHECK(put.Text() == "a.ts: was deleted meanwhile\n");
  CHECK(gone.status() == 204);
  CHECK(receiving.memory->Keys().empty());
}

TEST_CASE("uploads: of two that must be new one is answered with 201") {
  Receiving receiving;
  receiving.decide = [](std::uint64_t call, const std::string&) {
    return testing::FaultySink::Decision{.fault = call == 1 ? Fault::kFail
                                                            : Fault::kNone};
  };
  const Request first = receiving.Put("a.ts", "1", {{"If-None-Match", "*"}});
  const Request second = receiving.Put("a.ts", "2", {{"If-None-Match", "*"}});
  receiving.simulation.Advance(seconds(5));
  CHECK(first.status() == 503);
  CHECK(second.status() == 201);
  CHECK(receiving.memory->Text("a.ts") == "2");
}

TEST_CASE("uploads: what can't be is refused before its body comes") {
  Receiving receiving({.max_object_bytes = 1000, .max_playlist_bytes = 100});
  const auto status = [&](const std::string& method, const std::string& path,
                          std::vector<HttpField> headers = {},
                          std::optional<std::uint64_t> length = {}) {
    return receiving.Begin(method, path, std::move(headers), length).status();
  };
  CHECK(status("PUT", "..%2fa.ts") == 400);
  CHECK(status("PUT", "a/%2e%2e/b.ts") == 400);
  CHECK(status("PUT", "a//b.ts") == 400);
  CHECK(status("PUT", "a%00.ts") == 400);
  CHECK(status("PUT", "a%5cb.ts") == 400);
  CHECK(status("PUT", "a%0a.ts") == 400);
  CHECK(status("PUT", "a%ff.ts") == 400);
  CHECK(status("PUT", "a%2.ts") == 400);
  CHECK(status("PUT", "a.exe") == 415);
  CHECK(status("PUT", "a") == 415);
  CHECK(status("PUT", "") == 400);
  CHECK(status("PUT", "a.ts", {{"Content-Type", "text/html"}}) == 415);
  CHECK(status("PUT", "a.ts", {{"Content-Encoding", "gzip"}}) == 415);
  CHECK(status("PUT", "a.ts", {{"content-type", "video/MP2T; x=1"}}) == -1);
  CHECK(status("PUT", "a.m3u8", {{"Content-Type", "application/x-mpegURL"}}) ==
        -1);
  CHECK(status("PUT", "a.ts", {}, 1001) == 413);
  CHECK(status("PUT", "a.ts", {}, 1000) == -1);
  CHECK(status("PUT", "a.m3u8", {}, 101) == 413);
  CHECK(status("PATCH", "a.ts") == 405);
  CHECK(status("GET", "a.exe") == 404);
}

TEST_CASE("uploads: a form is refused, and its sender told what to do") {
  Receiving receiving;
  for (const char* type : {"application/x-www-form-urlencoded",
                           "Application/X-WWW-Form-Urlencoded ; charset=x"}) {
    const Request form =
        receiving.Begin("POST", "a.ts", {{"Content-Type", type}});
    CHECK(form.status() == 415);
    CHECK(form.Text().find("curl -T FILE") != std::string::npos);
  }
  CHECK(receiving.memory->Keys().empty());
  // No form can put; curl -X PUT --data-binary says it of media.
  CHECK(receiving
            .Put("a.ts", "x",
                 {{"Content-Type", "application/x-www-form-urlencoded"}})
            .status() == 201);
  // Commands are not media: curl -d is good for them.
  Request command = receiving.Begin(
      "POST", "", {{"Content-Type", "application/x-www-form-urlencoded"}});
  command.Send(R"({"command":"publish_finished","streamId":"a"})");
  command.End();
  CHECK(command.status() == 200);
}

TEST_CASE("uploads: a body of unknown length has a limit, too") {
  Receiving receiving({.max_object_bytes = 5});
  Request request = receiving.Begin("POST", "a.ts");
  request.Send("abc");
  CHECK(request.status() == -1);
  request.Send("def");
  CHECK(request.status() == 413);
  request = {};
  receiving.simulation.RunUntilIdle();
  CHECK(receiving.memory->Keys().empty());
}

TEST_CASE("uploads: more than it can hold is told to come again") {
  Receiving receiving({.max_uploads = 2, .max_pending_bytes = 10});
  const Request first = receiving.Begin("PUT", "a.ts");
  Request second = receiving.Begin("PUT", "b.ts");
  const Request third = receiving.Begin("PUT", "c.ts");
  CHECK(third.status() == 503);
  first.Send("12345678");
  second.Send("1234");
  CHECK(second.status() == 503);
  second = {};
  CHECK(receiving.Put("d.ts", "12").status() == 201);
}

TEST_CASE("uploads: only who has the token may") {
  Receiving receiving(
      {.authorization = [] { return StatusOr<std::string>("Bearer geheim"); }});
  const Request nobody = receiving.Begin("PUT", "a.ts");
  CHECK(nobody.status() == 401);
  CHECK(nobody.Header("WWW-Authenticate") == "Bearer");
  CHECK(receiving.Begin("GET", "a.ts", {{"Authorization", "Bearer geheiM"}})
            .status() == 401);
  CHECK(receiving.Put("a.ts", "x", {{"authorization", "Bearer geheim"}})
            .status() == 201);
}

TEST_CASE("uploads: what is there is read, and told to be there") {
  Receiving receiving;
  CHECK(receiving.Send("HEAD", "a.ts").status() == 404);
  CHECK(receiving.Send("GET", "a.ts").status() == 404);
  receiving.Put("a.ts", "abc");
  const Request get = receiving.Send("GET", "a.ts");
  CHECK(get.status() == 200);
  CHECK(get.Text() == "abc");
  CHECK(get.Header("Content-Type") == "video/mp2t");
  const Request head = receiving.Send("HEAD", "a.ts");
  CHECK(head.status() == 200);
  CHECK((*head.response)->body->size() == 3);
  CHECK(receiving.Put("a.ts", "x", {{"If-None-Match", "*"}}).status() == 412);
  CHECK(receiving.memory->Text("a.ts") == "abc");
  CHECK(receiving.Send("DELETE", "a.ts").status() == 204);
  CHECK(receiving.Send("GET", "a.ts").status() == 404);
}

TEST_CASE("uploads: what is read counts until it is sent") {
  Receiving receiving({.max_uploads = 2, .max_pending_bytes = 10});
  receiving.Put("a.ts", "abcdef");
  Request slow = receiving.Send("GET", "a.ts");
  CHECK(slow.status() == 200);
  CHECK(receiving.receiver->stats().under_way == 1);
  const Request refused = receiving.Send("GET", "a.ts");
  CHECK(refused.status() == 503);
  CHECK(refused.Header("Retry-After") == "2");
  slow = {};
  slow = receiving.Send("GET", "a.ts");
  CHECK(slow.Text() == "abcdef");
  Request head = receiving.Send("HEAD", "a.ts");
  CHECK(receiving.Send("HEAD", "a.ts").status() == 503);
  head = {};
  slow = {};
  CHECK(receiving.receiver->stats().under_way == 0);
}

TEST_CASE("uploads: bad options are named") {
  testing::ManualClock clock;
  const testing::SimulatedRuntime simulation(clock);
  const auto message = [&](UploadReceiverOptions options) {
    return UploadReceiver::Create(simulation.runtime(), std::move(options))
        .status()
        .message();
  };
  CHECK(message({}) == "uploads: sink: is missing");
  CHECK(message({.sink = std::make_shared<testing::MemorySink>(),
                 .path_prefix = "up"}) ==
        "uploads: path_prefix: up: must begin and end with /");
}

}  // namespace
}  // namespace hlsrec::receive
