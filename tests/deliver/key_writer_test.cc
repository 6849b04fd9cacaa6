#include "src/deliver/key_writer.h"

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "hlsrec/testing.h"
#include "src/base/runtime_core.h"
#include "tests/catch.h"

namespace hlsrec::deliver {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Fault;

// A store that wants to be left alone between two writes of a key.
class SlowStore final : public Sink {
 public:
  void Put(PutRequest request, Done done) override {
    memory.Put(std::move(request), std::move(done));
  }
  void Get(std::string key, std::uint64_t max_bytes, GetDone done) override {
    memory.Get(std::move(key), max_bytes, std::move(done));
  }
  void Remove(std::string key, Done done) override {
    memory.Remove(std::move(key), std::move(done));
  }
  void List(std::string prefix, ListDone done) override {
    memory.List(std::move(prefix), std::move(done));
  }
  std::string Describe() const override { return "slow:"; }
  milliseconds rewrite_interval() const override { return milliseconds(1000); }

  testing::MemorySink memory;
};

struct Bench {
  testing::ManualClock clock;
  testing::SimulatedRuntime simulation{clock};
  std::vector<std::string> told;  // "1: ok"

  std::shared_ptr<KeyWriter> Make(std::shared_ptr<Sink> sink) {
    RuntimeCore& core = simulation.runtime()->core();
    return std::make_shared<KeyWriter>(
        Strand::Create(core.media()), core.clock(), std::move(sink),
        KeyWriterOptions{.patience = seconds(5)});
  }
  KeyWriter::Done Told(const std::string& who) {
    return [this, who](const Status& status) {
      told.push_back(who + ": " + std::string(StatusCodeName(status.code())));
    };
  }
  static PutRequest Version(const std::string& bytes,
                            IfExists if_exists = IfExists::kReplace) {
    return {.key = "a",
            .body = MakeStringBody(bytes),
            .if_exists = if_exists,
            .content_type = "text/plain"};
  }
};

TEST_CASE("key writer: a store's pause is kept, and the newest is written") {
  Bench bench;
  const auto store = std::make_shared<SlowStore>();
  const auto writer = bench.Make(store);
  writer->Put(Bench::Version("1"), bench.Told("1"));
  bench.simulation.RunUntilIdle();
  writer->Put(Bench::Version("2"), bench.Told("2"));
  bench.simulation.Advance(milliseconds(900));
  writer->Put(Bench::Version("3"), bench.Told("3"));
  bench.simulation.RunUntilIdle();
  CHECK(store->memory.Text("a") == "1");
  bench.simulation.Advance(milliseconds(200));
  CHECK(store->memory.Text("a") == "3");
  CHECK(store->memory.log().size() == 2);
  CHECK(bench.told == std::vector<std::string>{"1: ok", "2: ok", "3: ok"});
}

TEST_CASE("key writer: while a call is in flight no other begins") {
  Bench bench;
  const auto memory = std::make_shared<testing::MemorySink>();
  const auto sink = std::make_shared<testing::FaultySink>(
      memory, [](std::uint64_t call, const std::string&) {
        return testing::FaultySink::Decision{.fault = call == 1 ? Fault::kStall
                                                                : Fault::kNone};
      });
  const auto writer = bench.Make(sink);
  writer->Put(Bench::Version("1"), bench.Told("1"));
  bench.simulation.Advance(seconds(6));
  CHECK(bench.told == std::vector<std::string>{"1: deadline exceeded"});
  writer->Put(Bench::Version("2"), bench.Told("2"));
  writer->Remove("a", bench.Told("3"));
  bench.simulation.RunUntilIdle();
  CHECK(sink->calls() == 1);
  // The late first version does not replace what came behind it.
  sink->Release();
  bench.simulation.RunUntilIdle();
  CHECK(memory->Keys().empty());
  CHECK(bench.told == std::vector<std::string>{"1: deadline exceeded",
                                               "2: conflict", "3: ok"});
}

// The first call fails; the second comes while it waits to be tried again, or
// before it has failed.
std::vector<std::string> ToldOfTwo(
    bool in_flight, const std::function<void(Bench&, KeyWriter&)>& first,
    const std::function<void(Bench&, KeyWriter&)>& second) {
  Bench bench;
  const auto memory = std::make_shared<testing::MemorySink>();
  const auto sink = std::make_shared<testing::FaultySink>(
      memory, [](std::uint64_t call, const std::string&) {
        return testing::FaultySink::Decision{.fault = call == 1 ? Fault::kFail
                                                                : Fault::kNone};
      });
  const auto writer = bench.Make(sink);
  first(bench, *writer);
  if (!in_flight) bench.simulation.RunUntilIdle();
  second(bench, *writer);
  bench.simulation.Advance(seconds(4));
  std::sort(bench.told.begin(), bench.told.end());
  return bench.told;
}

TEST_CASE("key writer: only a put's outcome is that of a put before it") {
  using Told = std::vector<std::string>;
  using Call = std::function<void(Bench&, KeyWriter&)>;
  const auto put = [](const std::string& who, IfExists if_exists) -> Call {
    return [=](Bench& bench, KeyWriter& writer) {
      writer.Put(Bench::Version(who, if_exists), bench.Told(who));
    };
  };
  const auto remove = [](const std::string& who) -> Call {
    return [=](Bench& bench, KeyWriter& writer) {
      writer.Remove("a", bench.Told(who));
    };
  };
  const Call replace1 = put("1", IfExists::kReplace);
  const Call replace2 = put("2", IfExists::kReplace);
  const Call create1 = put("1", IfExists::kFail);
  const Call create2 = put("2", IfExists::kFail);
  const Call remove1 = remove("1");
  const Call remove2 = remove("2");
  CHECK(ToldOfTwo(false, replace1, replace2) == Told{"1: ok", "2: ok"});
  CHECK(ToldOfTwo(true, replace1, replace2) == Told{"1: ok", "2: ok"});
  CHECK(ToldOfTwo(false, remove1, remove2) == Told{"1: ok", "2: ok"});
  CHECK(ToldOfTwo(false, replace1, remove2) == Told{"1: conflict", "2: ok"});
  CHECK(ToldOfTwo(true, replace1, remove2) == Told{"1: unavailable", "2: ok"});
  CHECK(ToldOfTwo(false, remove1, replace2) == Told{"1: conflict", "2: ok"});
  CHECK(ToldOfTwo(true, remove1, replace2) == Told{"1: unavailable", "2: ok"});
  CHECK(ToldOfTwo(false, create1, create2) == Told{"1: unavailable", "2: ok"});
  CHECK(ToldOfTwo(true, create1, create2) == Told{"1: unavailable", "2: ok"});
  CHECK(ToldOfTwo(false, replace1, create2) == Told{"1: unavailable", "2: ok"});
}

TEST_CASE("key writer: a lost reply is no conflict, another's object is") {
  Bench bench;
  const auto memory = std::make_shared<testing::MemorySink>();
  const auto sink = std::make_shared<testing::FaultySink>(
      memory, [](std::uint64_t call, const std::string&) {
        return testing::FaultySink::Decision{
            .fault = call == 1 ? Fault::kLoseReply : Fault::kNone};
      });
  const auto writer = bench.Make(sink);
  writer->Put(Bench::Version("1", IfExists::kFail), bench.Told("ours"));
  bench.simulation.Advance(seconds(2));
  writer->Put(Bench::Version("2", IfExists::kFail), bench.Told("other"));
  bench.simulation.Advance(seconds(2));
  CHECK(bench.told ==
        std::vector<std::string>{"ours: ok", "other: already exists"});
  CHECK(memory->Text("a") == "1");
}

}  // namespace
}  // namespace hlsrec::deliver
