#include "src/deliver/uploader.h"

#include "src/base/hash.h"

#include <optional>

#include "hlsrec/testing.h"
#include "src/base/runtime_core.h"
#include "tests/catch.h"

namespace hlsrec::deliver {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Fault;
using testing::FaultySink;

struct Bench {
  testing::ManualClock clock;
  testing::SimulatedRuntime simulation{clock};
  std::shared_ptr<testing::MemorySink> memory =
      std::make_shared<testing::MemorySink>();
  std::vector<AttemptFailed> failures;
  int recoveries = 0;

  std::shared_ptr<Uploader> Make(FaultySink::Decide decide, int parallel = 4) {
    RuntimeCore& core = simulation.runtime()->core();
    return std::make_shared<Uploader>(
        Strand::Create(core.media()), core.clock(),
        std::make_shared<FaultySink>(memory, std::move(decide)),
        UploaderOptions{
            .parallel = parallel,
            .retry = {.first = milliseconds(100), .max = milliseconds(1000)}},
        [this](const AttemptFailed& failed) { failures.push_back(failed); },
        [this] { ++recoveries; });
  }
  static PutRequest Request(const std::string& key,
                            IfExists if_exists = IfExists::kFail) {
    return {.key = key,
            .body = MakeStringBody("bytes of " + key),
            .kind = ObjectKind::kSegment,
            .if_exists = if_exists,
            .content_type = "video/mp2t"};
  }
};

FaultySink::Decision Fail(StatusCode code) {
  return {Fault::kFail, Status(code, "injected")};
}

TEST_CASE("uploader: a put is tried until it is stored") {
  Bench bench;
  const auto uploader = bench.Make([](std::uint64_t call, const std::string&) {
    return call <= 3 ? Fail(StatusCode::kUnavailable) : FaultySink::Decision();
  });
  std::optional<Status> done;
  uploader->Put(Bench::Request("a.ts"), [&](Status s) { done = s; });
  bench.simulation.RunUntilIdle();
  CHECK_FALSE(done);
  CHECK(uploader->degraded());
  CHECK(uploader->backlog_objects() == 1);
  bench.simulation.Advance(seconds(5));
  REQUIRE(done);
  CHECK(done->ok());
  CHECK(bench.failures.size() == 3);
  CHECK(bench.failures[2].attempt == 3);
  CHECK(bench.recoveries == 1);
  CHECK(uploader->backlog_bytes() == 0);
}

TEST_CASE("uploader: what may be there is looked for, not put") {
  Bench bench;
  const auto uploader = bench.Make([](std::uint64_t call, const std::string&) {
    return call == 1 ? Fail(StatusCode::kUnavailable) : FaultySink::Decision();
  });
  std::optional<Status> same;
  std::optional<Status> missing;
  bench.memory->Put(Bench::Request("a.ts"), [](const Status&) {});
  const std::string sha256 =
      "2fcb83fb6e5b8b8ea9b6cd3e7a2c9b9d";  // of something else
  uploader->Confirm({.key = "a.ts", .size_bytes = 13, .sha256 = sha256},
                    [&](Status s) { same = s; });
  uploader->Confirm({.key = "b.ts", .size_bytes = 13, .sha256 = sha256},
                    [&](Status s) { missing = s; });
  bench.simulation.Advance(seconds(5));
  REQUIRE(same);
  CHECK(same->code() == StatusCode::kNotFound);
  REQUIRE(missing);
  CHECK(missing->code() == StatusCode::kNotFound);
  CHECK(bench.memory->Keys() == std::vector<std::string>{"a.ts"});

  const std::string bytes = "bytes of a.ts";
  uploader->Confirm(
      {.key = "a.ts",
       .size_bytes = 13,
       .sha256 = Sha256Hex({reinterpret_cast<const std::uint8_t*>(bytes.data()),
                            bytes.size()})},
      [&](Status s) { same = s; });
  bench.simulation.Advance(seconds(5));
  CHECK(same->ok());
}

TEST_CASE("uploader: a lost reply is no conflict, a foreign object is one") {
  Bench bench;
  const auto uploader = bench.Make([](std::uint64_t call, const std::string&) {
    FaultySink::Decision decision;
    if (call == 1) decision.fault = Fault::kLoseReply;
    return decision;
  });
  std::optional<Status> done;
  uploader->Put(Bench::Request("a.ts"), [&](Status s) { done = s; });
  bench.simulation.Advance(seconds(1));
  REQUIRE(done);
  CHECK(done->ok());
  uploader->Put(Bench::Request("a.ts"), [&](Status s) { done = s; });
  bench.simulation.Advance(seconds(1));
  CHECK(done->code() == StatusCode::kAlreadyExists);
}

TEST_CASE("uploader: one bad object does not hold the others up") {
  Bench bench;
  const auto uploader = bench.Make(
      [](std::uint64_t, const std::string& key) {
        return key == "bad.ts" ? Fail(StatusCode::kUnavailable)
                               : FaultySink::Decision();
      },
      /*parallel=*/1);
  int stored = 0;
  uploader->Put(Bench::Request("bad.ts"), [](const Status&) {});
  for (int i = 0; i < 20; ++i) {
    uploader->Put(Bench::Request(std::to_string(i) + ".ts"),
                  [&](const Status& s) { stored += s.ok() ? 1 : 0; });
  }
  bench.simulation.RunUntilIdle();
  CHECK(stored == 20);
  CHECK(uploader->backlog_objects() == 1);
}

TEST_CASE("uploader: no more puts are in flight than allowed") {
  Bench bench;
  std::uint64_t calls = 0;
  const auto uploader = bench.Make(
      [&](std::uint64_t, const std::string&) {
        ++calls;
        FaultySink::Decision decision;
        decision.fault = Fault::kStall;
        return decision;
      },
      /*parallel=*/3);
  for (int i = 0; i < 10; ++i) {
    uploader->Put(Bench::Request(std::to_string(i)), [](const Status&) {});
  }
  bench.simulation.RunUntilIdle();
  CHECK(calls == 3);
  uploader->Stop();
}

TEST_CASE("uploader: stopping answers everything that waits, once") {
  Bench bench;
  const auto uploader = bench.Make([](std::uint64_t, const std::string& key) {
    FaultySink::Decision decision = Fail(StatusCode::kUnavailable);
    if (key == "stalled") decision.fault = Fault::kStall;
    return decision;
  });
  int answers = 0;
  std::vector<StatusCode> codes;
  for (const char* key : {"stalled", "failing", "third"}) {
    uploader->Put(Bench::Request(key), [&](const Status& status) {
      ++answers;
      codes.push_back(status.code());
    });
  }
  bench.simulation.RunUntilIdle();
  uploader->Stop();
  bench.simulation.Advance(seconds(60));
  CHECK(answers == 3);
  CHECK(codes[0] == StatusCode::kDeadlineExceeded);
  CHECK(codes[1] == StatusCode::kUnavailable);
  uploader->Put(Bench::Request("late"), [&](const Status& status) {
    ++answers;
    CHECK(status.code() == StatusCode::kCancelled);
  });
  CHECK(answers == 4);
}

}  // namespace
}  // namespace hlsrec::deliver
