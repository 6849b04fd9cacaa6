#include "src/deliver/uploader.h"

#include <fmt/format.h>

#include <optional>
#include <vector>

#include "hlsrec/testing.h"
#include "src/base/hash.h"
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
        UploaderOptions{.parallel = parallel,
                        .retry = {.first = milliseconds(100),
                                  .max = milliseconds(1000),
                                  .parked = seconds(60)}},
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

TEST_CASE("uploader: a store that says when to come again means all") {
  Bench bench;
  std::vector<SteadyTime> attempts;
  const auto uploader = bench.Make(
      [&](std::uint64_t call, const std::string&) {
        attempts.push_back(bench.clock.Steady());
        if (call > 1) return FaultySink::Decision();
        return FaultySink::Decision{Fault::kFail,
                                    Status(StatusCode::kUnavailable, "injected")
                                        .WithRetryAfter(seconds(7))};
      },
      /*parallel=*/1);
  int stored = 0;
  for (const char* key : {"a.ts", "b.ts", "c.ts"}) {
    uploader->Put(Bench::Request(key),
                  [&](const Status& status) { stored += status.ok() ? 1 : 0; });
  }
  bench.simulation.Advance(milliseconds(6999));
  CHECK(attempts.size() == 1);
  bench.simulation.Advance(seconds(1));
  CHECK(stored == 3);
  REQUIRE(attempts.size() == 4);
  CHECK(attempts[1] - attempts[0] == seconds(7));
}

TEST_CASE("uploader: a key is not written again before its time") {
  Bench bench;
  RuntimeCore& core = bench.simulation.runtime()->core();
  std::vector<SteadyTime> writes;
  const auto sink = std::make_shared<FaultySink>(
      bench.memory, [&](std::uint64_t, const std::string& key) {
        if (key != "list.m3u8") return FaultySink::Decision();
        writes.push_back(bench.clock.Steady());
        return writes.size() < 3 ? Fail(StatusCode::kUnavailable)
                                 : FaultySink::Decision();
      });
  const auto uploader = std::make_shared<Uploader>(
      Strand::Create(core.media()), core.clock(), sink,
      UploaderOptions{.retry = {.first = milliseconds(10)},
                      .rewrite_interval = seconds(5)},
      [](const AttemptFailed&) {}, [] {});
  std::optional<Status> done;
  uploader->Put(Bench::Request("list.m3u8", IfExists::kReplace),
                [&](Status s) { done = s; });
  // What gets through makes others hurry, but not this one.
  for (int i = 0; i < 30; ++i) {
    uploader->Put(Bench::Request(fmt::format("{}.ts", i)), [](Status) {});
    bench.simulation.Advance(milliseconds(500));
  }
  REQUIRE(done);
  REQUIRE(writes.size() == 3);
  CHECK(writes[1] - writes[0] == seconds(5));
  CHECK(writes[2] - writes[1] == seconds(5));
}

TEST_CASE("uploader: what is there is known by its hash") {
  // The spool's copy was damaged after it had been stored.
  Bench bench;
  const auto uploader = bench.Make(
      [](std::uint64_t, const std::string&) { return FaultySink::Decision(); });
  const std::string stored = "bytes of a.ts";
  bench.memory->Put(Bench::Request("a.ts"), [](const auto&) {});
  PutRequest request = Bench::Request("a.ts");
  request.body = MakeStringBody("bytes.of.a.ts");
  request.sha256 = Sha256Hex(
      {reinterpret_cast<const std::uint8_t*>(stored.data()), stored.size()});
  std::optional<Status> same;
  uploader->Put(
      request, [&](Status s) { same = s; }, Uploader::Earlier::kMaybeStored);
  request.sha256[0] = request.sha256[0] == '0' ? '1' : '0';
  std::optional<Status> other;
  uploader->Put(
      request, [&](Status s) { other = s; }, Uploader::Earlier::kMaybeStored);
  bench.simulation.RunUntilIdle();
  REQUIRE(same);
  CHECK(same->ok());
  REQUIRE(other);
  CHECK(other->code() == StatusCode::kAlreadyExists);
}

TEST_CASE("uploader: what is too large to be read is known by its size") {
  Bench bench;
  RuntimeCore& core = bench.simulation.runtime()->core();
  const auto uploader = std::make_shared<Uploader>(
      Strand::Create(core.media()), core.clock(), bench.memory,
      UploaderOptions{.max_read_bytes = 4}, [](const AttemptFailed&) {}, [] {});
  bench.memory->Put(Bench::Request("a.zip"), [](const auto&) {});
  const auto put = [&](const std::string& bytes) {
    PutRequest request = Bench::Request("a.zip");
    request.body = MakeStringBody(bytes);
    std::optional<Status> done;
    uploader->Put(
        std::move(request), [&](Status s) { done = s; },
        Uploader::Earlier::kMaybeStored);
    bench.simulation.RunUntilIdle();
    REQUIRE(done);
    return done->code();
  };
  // Who read it would see another one.
  CHECK(put("BYTES of a.zip") == StatusCode::kOk);
  CHECK(put("bytes of b.zips") == StatusCode::kAlreadyExists);
  CHECK(bench.memory->Text("a.zip") == "bytes of a.zip");
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

TEST_CASE("uploader: a sink that asks for time is left alone, whole") {
  Bench bench;
  int calls = 0;
  const auto uploader = bench.Make([&](std::uint64_t call, const std::string&) {
    ++calls;
    FaultySink::Decision decision;
    if (call == 1) {
      decision = Fail(StatusCode::kUnavailable);
      decision.status = decision.status.WithRetryAfter(seconds(30));
    }
    return decision;
  });
  int stored = 0;
  const auto done = [&](const Status& s) { stored += s.ok() ? 1 : 0; };
  uploader->Put(Bench::Request("a"), done);
  bench.simulation.RunUntilIdle();
  uploader->Put(Bench::Request("b"), done);
  bench.simulation.Advance(seconds(29));
  CHECK(calls == 1);
  bench.simulation.Advance(seconds(2));
  CHECK(stored == 2);
}

TEST_CASE("uploader: who is refused for who he is asks once a minute") {
  Bench bench;
  int calls = 0;
  bool denied = true;
  const auto uploader = bench.Make([&](std::uint64_t, const std::string&) {
    ++calls;
    return denied ? Fail(StatusCode::kPermissionDenied)
                  : FaultySink::Decision();
  });
  std::vector<std::string> stored;
  for (int i = 0; i < 40; ++i) {
    const std::string key = std::to_string(i);
    uploader->Put(Bench::Request(key), [&stored, key](const Status& s) {
      REQUIRE(s.ok());
      stored.push_back(key);
    });
  }
  bench.simulation.RunUntilIdle();
  CHECK(calls == 5);  // until two of them were answered
  bench.simulation.Advance(seconds(601));
  CHECK(calls <= 5 + 11);
  CHECK(calls >= 5 + 9);
  denied = false;
  bench.simulation.Advance(seconds(61));
  CHECK(stored.size() == 40);
  CHECK(bench.recoveries == 1);
}

TEST_CASE("uploader: one object that is refused does not park the others") {
  Bench bench;
  int refused = 0;
  const auto uploader = bench.Make([&](std::uint64_t, const std::string& key) {
    if (key != "bad") return FaultySink::Decision();
    ++refused;
    return Fail(StatusCode::kPermissionDenied);
  });
  int stored = 0;
  uploader->Put(Bench::Request("bad"), [](const Status&) {});
  for (int i = 0; i < 300; ++i) {
    uploader->Put(Bench::Request(std::to_string(i)),
                  [&](const Status& s) { stored += s.ok() ? 1 : 0; });
    bench.simulation.Advance(seconds(1));
    CHECK(stored == i + 1);
  }
  CHECK(refused <= 6);
}

TEST_CASE("uploader: a parked sink is tried at once when time is short") {
  Bench bench;
  bool denied = true;
  const auto uploader = bench.Make([&](std::uint64_t, const std::string&) {
    return denied ? Fail(StatusCode::kPermissionDenied)
                  : FaultySink::Decision();
  });
  int stored = 0;
  for (int i = 0; i < 10; ++i) {
    uploader->Put(Bench::Request(std::to_string(i)),
                  [&](const Status& s) { stored += s.ok() ? 1 : 0; });
  }
  bench.simulation.Advance(seconds(5));
  denied = false;
  uploader->Hurry();
  bench.simulation.RunUntilIdle();
  CHECK(stored == 10);
}

TEST_CASE("uploader: one that was refused is tried when time is short") {
  Bench bench;
  bool denied = true;
  const auto uploader = bench.Make([&](std::uint64_t, const std::string& key) {
    return denied && key == "late" ? Fail(StatusCode::kPermissionDenied)
                                   : FaultySink::Decision();
  });
  int stored = 0;
  for (const char* key : {"late", "other"}) {
    uploader->Put(Bench::Request(key),
                  [&](const Status& s) { stored += s.ok() ? 1 : 0; });
    bench.simulation.Advance(seconds(1));
  }
  CHECK(stored == 1);
  denied = false;
  uploader->Hurry();
  bench.simulation.RunUntilIdle();
  CHECK(stored == 2);
}

TEST_CASE("uploader: when one gets through the others wait no longer") {
  Bench bench;
  bool down = true;
  const auto uploader = bench.Make([&](std::uint64_t, const std::string&) {
    return down ? Fail(StatusCode::kUnavailable) : FaultySink::Decision();
  });
  std::vector<std::string> stored;
  const auto put = [&](const std::string& key) {
    uploader->Put(Bench::Request(key), [&stored, key](const Status& s) {
      if (s.ok()) stored.push_back(key);
    });
  };
  for (const char* key : {"a", "b", "c", "d", "e", "f"}) put(key);
  bench.simulation.Advance(seconds(60));
  down = false;
  put("new");
  bench.simulation.RunUntilIdle();
  CHECK(stored.size() >= 6);  // one may have failed just now
}

TEST_CASE("uploader: outputs that fail together come back apart") {
  const auto times = [](std::uint32_t seed) {
    Bench bench;
    std::vector<SteadyTime> attempts;
    RuntimeCore& core = bench.simulation.runtime()->core();
    const auto uploader = std::make_shared<Uploader>(
        Strand::Create(core.media()), core.clock(),
        std::make_shared<FaultySink>(bench.memory,
                                     [&](std::uint64_t, const std::string&) {
                                       attempts.push_back(
                                           core.clock().Steady());
                                       return Fail(StatusCode::kUnavailable);
                                     }),
        UploaderOptions{.seed = seed}, [](const AttemptFailed&) {}, [] {});
    uploader->Put(Bench::Request("a"), [](const Status&) {});
    bench.simulation.Advance(seconds(60));
    uploader->Stop();
    return attempts;
  };
  CHECK(times(1) == times(1));
  CHECK(times(1) != times(2));
}

TEST_CASE("uploader: a larger object of that name is another's") {
  Bench bench;
  const auto uploader = bench.Make([](std::uint64_t call, const std::string&) {
    return call == 1 ? Fail(StatusCode::kUnavailable) : FaultySink::Decision();
  });
  PutRequest larger = Bench::Request("a");
  larger.body = MakeStringBody("much longer than what we have");
  bench.memory->Put(larger, [](const Status&) {});
  std::optional<Status> done;
  uploader->Put(Bench::Request("a"), [&](Status s) { done = s; });
  bench.simulation.Advance(seconds(5));
  REQUIRE(done);
  CHECK(done->code() == StatusCode::kAlreadyExists);
}

}  // namespace
}  // namespace hlsrec::deliver
