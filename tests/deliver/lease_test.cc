#include "src/deliver/lease.h"

#include "hlsrec/testing.h"
#include "src/base/runtime_core.h"
#include "src/deliver/lease_keeper.h"
#include "tests/catch.h"

namespace hlsrec::deliver {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Fault;
using testing::FaultySink;
using Verdict = LeaseWatch::Verdict;

constexpr milliseconds kLease{6000};

LeaseRecord Record(std::uint64_t generation, const std::string& run,
                   std::uint64_t beat = 0) {
  return {.generation = generation, .run = run, .beat = beat, .lease = kLease};
}

TEST_CASE("lease: its text says all of it, and nothing else is one") {
  LeaseRecord record = Record(3, "0a1b2c3d", 17);
  record.released = true;
  CHECK(LeaseKey("a/index.m3u8", 3) == "a/index.m3u8.lease-3");
  CHECK(RenderLease(record) ==
        "{\"hlsrec_lease\":1,\"run\":\"0a1b2c3d\",\"beat\":17,"
        "\"lease_ms\":6000,\"released\":true}\n");
  CHECK(*ParseLease(3, RenderLease(record)) == record);
  for (const char* text :
       {"", "{", "[]", "{\"hlsrec_lease\":1}",
        "{\"hlsrec_lease\":2,\"run\":\"a\",\"beat\":1,\"lease_ms\":6000,"
        "\"released\":true}",
        "{\"hlsrec_lease\":1,\"run\":\"a\",\"beat\":-1,\"lease_ms\":6000,"
        "\"released\":true}",
        "{\"hlsrec_lease\":1,\"run\":\"a\",\"beat\":1,\"lease_ms\":0,"
        "\"released\":true}"}) {
    INFO(text);
    CHECK(ParseLease(3, text).status().code() == StatusCode::kDataLoss);
  }
}

TEST_CASE("lease: who lives is not taken over, who died is after a lease") {
  testing::ManualClock clock;
  const SteadyTime start = clock.Steady();
  const LeaseRecord other = Record(4, "other", 7);

  LeaseWatch nobody("us");
  CHECK(nobody.See(std::nullopt, start) == Verdict::kClaim);

  LeaseWatch living("us");
  CHECK(living.See(other, start) == Verdict::kLookOn);
  CHECK(living.See(Record(4, "other", 8), start + seconds(2)) ==
        Verdict::kRefused);

  LeaseWatch dead("us");
  CHECK(dead.See(other, start) == Verdict::kLookOn);
  CHECK(dead.See(other, start + kLease - milliseconds(1)) == Verdict::kLookOn);
  CHECK(dead.See(other, start + kLease) == Verdict::kClaim);

  LeaseWatch late("us");
  CHECK(late.See(other, start) == Verdict::kLookOn);
  CHECK(late.See(Record(5, "third"), start + kLease) == Verdict::kRefused);

  LeaseRecord released = other;
  released.released = true;
  CHECK(LeaseWatch("us").See(released, start) == Verdict::kClaim);
  // It was restarted, and finds its own.
  CHECK(LeaseWatch("other").See(other, start) == Verdict::kOurs);
  CHECK(LeaseWatch("other").See(released, start) == Verdict::kClaim);
}

TEST_CASE("lease: valid from the start of the last round that succeeded") {
  testing::ManualClock clock;
  const SteadyTime start = clock.Steady();
  Lease lease(Record(2, "us"), start);
  CHECK(lease.ValidAt(start + kLease - milliseconds(1)));
  CHECK_FALSE(lease.ValidAt(start + kLease));
  CHECK(lease.Check(start + kLease).code() == StatusCode::kUnavailable);

  lease.Begin(start + seconds(2));
  REQUIRE(lease.FoundOwn(Record(2, "us")));
  CHECK(lease.Next() == Record(2, "us", 1));
  lease.Put();
  // The put alone says nothing: a claim may be there.
  CHECK_FALSE(lease.ValidAt(start + kLease));
  REQUIRE(lease.FoundNext(std::nullopt));
  CHECK(lease.ValidAt(start + kLease + seconds(2) - milliseconds(1)));
  CHECK_FALSE(lease.ValidAt(start + kLease + seconds(2)));
  CHECK(lease.Release().released);
}

TEST_CASE("lease: another's claim, or another in our place, ends it for good") {
  testing::ManualClock clock;
  const SteadyTime start = clock.Steady();
  Lease claimed(Record(2, "us"), start);
  claimed.Begin(start);
  CHECK_FALSE(claimed.FoundNext(Record(3, "other")));
  CHECK(claimed.lost());
  CHECK_FALSE(claimed.ValidAt(start));
  CHECK(claimed.Check(start).code() == StatusCode::kConflict);
  CHECK(claimed.Check(start).message() ==
        "another machine records here: run other, since lease 3; this one was "
        "run us");

  Lease replaced(Record(2, "us"), start);
  CHECK_FALSE(replaced.FoundOwn(Record(2, "other")));
  CHECK(replaced.Check(start).code() == StatusCode::kConflict);
  Lease removed(Record(2, "us"), start);
  CHECK_FALSE(removed.FoundOwn(std::nullopt));
  CHECK(removed.Check(start).code() == StatusCode::kConflict);
}

// A writer of generation 1 whose sink may fail.
struct Bench {
  testing::ManualClock clock;
  testing::SimulatedRuntime simulation{clock};
  std::shared_ptr<testing::MemorySink> memory =
      std::make_shared<testing::MemorySink>();
  bool away = false;
  std::optional<Status> lost;
  std::shared_ptr<Sink> faulty = std::make_shared<FaultySink>(
      memory, [this](std::uint64_t, const std::string&) {
        return away ? FaultySink::Decision{Fault::kFail}
                    : FaultySink::Decision();
      });
  std::shared_ptr<LeaseKeeper> keeper;
  std::shared_ptr<Sink> leased;

  Bench() {
    RuntimeCore& core = simulation.runtime()->core();
    Store(Record(1, "us"));
    keeper = std::make_shared<LeaseKeeper>(
        Strand::Create(core.media()), core.clock(), faulty, "index.m3u8",
        Lease(Record(1, "us"), core.clock().Steady()),
        [this](Status status) { lost = std::move(status); });
    leased = MakeLeasedSink(memory, keeper);
    keeper->Start();
  }
  ~Bench() { keeper->Stop(); }
  void Store(const LeaseRecord& record) const {
    memory->Put(LeasePut("index.m3u8", record, IfExists::kReplace),
                [](const Status& status) { REQUIRE(status.ok()); });
  }
  [[nodiscard]] LeaseRecord Stored() const {
    return *ParseLease(1, memory->Text("index.m3u8.lease-1"));
  }
  StatusCode Put(ObjectKind kind) const {
    StatusCode code = StatusCode::kOk;
    leased->Put({.key = "key",
                 .body = MakeStringBody("1"),
                 .kind = kind,
                 .content_type = "text/plain"},
                [&](const Status& status) { code = status.code(); });
    return code;
  }
  StatusCode Remove() const {
    StatusCode code = StatusCode::kOk;
    leased->Remove("key", [&](const Status& status) { code = status.code(); });
    return code;
  }
};

TEST_CASE("lease keeper: beats each third of the lease, and may put lists") {
  Bench bench;
  bench.simulation.Advance(seconds(61));
  CHECK(bench.Stored() == Record(1, "us", 30));
  CHECK(bench.Put(ObjectKind::kMediaPlaylist) == StatusCode::kOk);
  CHECK(bench.Remove() == StatusCode::kOk);
  CHECK_FALSE(bench.lost);
}

TEST_CASE("lease keeper: while it can't renew lists wait, segments go on") {
  Bench bench;
  bench.simulation.Advance(seconds(5));
  bench.away = true;
  bench.simulation.Advance(seconds(4));
  CHECK(bench.Put(ObjectKind::kMediaPlaylist) == StatusCode::kOk);
  bench.simulation.Advance(seconds(2));
  CHECK(bench.Put(ObjectKind::kMediaPlaylist) == StatusCode::kUnavailable);
  CHECK(bench.Put(ObjectKind::kMultivariantPlaylist) ==
        StatusCode::kUnavailable);
  CHECK(bench.Put(ObjectKind::kOther) == StatusCode::kUnavailable);
  CHECK(bench.Remove() == StatusCode::kUnavailable);
  CHECK(bench.Put(ObjectKind::kSegment) == StatusCode::kOk);
  bench.away = false;
  bench.simulation.Advance(seconds(1));
  CHECK(bench.Put(ObjectKind::kMediaPlaylist) == StatusCode::kOk);
  CHECK_FALSE(bench.lost);
}

TEST_CASE("lease keeper: another's claim is found in a third of the lease") {
  Bench bench;
  bench.Store(Record(2, "other"));
  bench.simulation.Advance(seconds(2));
  REQUIRE(bench.lost);
  CHECK(bench.lost->code() == StatusCode::kConflict);
  // Retryable: who is stopped owes it still.
  for (const ObjectKind kind :
       {ObjectKind::kSegment, ObjectKind::kInitSection,
        ObjectKind::kMediaPlaylist, ObjectKind::kMultivariantPlaylist}) {
    CHECK(bench.Put(kind) == StatusCode::kUnavailable);
  }
  const auto before = bench.memory->objects();
  bench.simulation.Advance(seconds(60));
  CHECK(bench.memory->objects() == before);
}

TEST_CASE("lease keeper: is released once, and not in another's place") {
  Bench bench;
  int released = 0;
  bench.keeper->Release([&] { ++released; });
  bench.simulation.Advance(seconds(30));
  CHECK(released == 1);
  CHECK(bench.Stored().released);

  Bench replaced;
  replaced.Store(Record(1, "other"));
  replaced.keeper->Release([&] { ++released; });
  replaced.simulation.RunUntilIdle();
  CHECK(released == 2);
  CHECK(replaced.Stored() == Record(1, "other"));
}

}  // namespace
}  // namespace hlsrec::deliver
