#include <fmt/format.h>

#include "tests/catch.h"
#include "tests/deliver/output_bench.h"

namespace hlsrec::deliver {
namespace {

using std::chrono::seconds;

struct AtEnd : OutputBench {
  explicit AtEnd(std::shared_ptr<const PlaylistPolicy> policy = nullptr) {
    OutputPlan plan = MakePlan(std::move(policy));
    plan.at_end = true;
    plan.multivariant = *PathTemplate::Parse("index.m3u8", {});
    Open(std::move(plan));
  }
};

TEST_CASE("output at the end: nothing is put before, then all in order") {
  constexpr int kSegments = 100;
  for (const auto& policy : {EventList(), VodList()}) {
    AtEnd bench(policy);
    for (int i = 0; i < kSegments; ++i) {
      bench.Add();
      bench.simulation.Advance(seconds(2));
    }
    CHECK(bench.writes.empty());
    CHECK(bench.output->held_objects() == kSegments);
    CHECK(bench.output->held_bytes() == 10 * 9 + 90 * 10);
    CHECK_FALSE(bench.output->owes_now());
    bench.Finish();
    REQUIRE(bench.result);
    CHECK(bench.result->status.ok());
    CHECK(bench.output->held_objects() == 0);
    CHECK(bench.output->held_bytes() == 0);
    CHECK(bench.output->progress_at_end() == kSegments);
    // One version of each playlist, behind what it names.
    REQUIRE(bench.writes.size() == kSegments + 2);
    for (int i = 0; i < kSegments; ++i) {
      CHECK(bench.writes[static_cast<std::size_t>(i)].key ==
            fmt::format("{:06}.ts", i));
    }
    CHECK(bench.writes[kSegments].key == "list.m3u8");
    CHECK(bench.writes[kSegments].bytes.ends_with("#EXT-X-ENDLIST\n"));
    CHECK(bench.writes[kSegments + 1].key == "index.m3u8");
  }
}

TEST_CASE("output at the end: a gap is no reason to begin") {
  AtEnd bench;
  bench.strand->Post([&] {
    bench.output->Add(
        {.index = bench.next++, .duration = seconds(2), .gap = true});
  });
  bench.simulation.RunUntilIdle();
  bench.Add();
  CHECK(bench.writes.empty());
  bench.Finish();
  REQUIRE(bench.result);
  CHECK(bench.result->missing.empty());
  CHECK(bench.writes.size() == 3);
  CHECK(bench.writes[1].bytes.find("#EXT-X-GAP") != std::string::npos);
}

TEST_CASE("output at the end: what is dropped for room is a gap") {
  AtEnd bench;
  for (int i = 0; i < 3; ++i) bench.Add();
  bench.strand->Post([&] { CHECK(bench.output->DropOldest()); });
  bench.simulation.RunUntilIdle();
  CHECK(bench.writes.empty());
  CHECK(bench.output->held_objects() == 2);
  bench.Finish();
  REQUIRE(bench.result);
  CHECK(bench.result->missing.empty());
  const auto lists = bench.WritesOf("list.m3u8");
  REQUIRE(lists.size() == 1);
  const std::string& list = lists[0].bytes;
  CHECK(list.find("#EXT-X-GAP") < list.find("000000.ts"));
  CHECK(bench.WritesOf("000000.ts").empty());
}

TEST_CASE("output at the end: who gives up misses all of it, and its list") {
  OutputBench bench;
  const auto stalled = std::make_shared<testing::FaultySink>(
      bench.memory, [](std::uint64_t, const std::string&) {
        return testing::FaultySink::Decision{.fault = testing::Fault::kStall};
      });
  OutputPlan plan = bench.MakePlan();
  plan.at_end = true;
  plan.sink = stalled;
  bench.Open(std::move(plan));
  for (int i = 0; i < 50; ++i) bench.Add();
  bench.Finish();
  CHECK_FALSE(bench.result);
  bench.strand->Post([&] { bench.output->GiveUp(); });
  bench.simulation.RunUntilIdle();
  REQUIRE(bench.result);
  CHECK(bench.result->missing.size() == 51);
  CHECK_FALSE(bench.result->status.ok());
}

TEST_CASE("output at the end: an init section goes before its segments, once") {
  OutputBench bench;
  OutputPlan plan = bench.MakePlan();
  plan.at_end = true;
  plan.fmp4 = true;
  bench.Open(std::move(plan));
  for (std::uint64_t i = 0; i < 60; ++i) {
    bench.strand->Post([&bench, i] {
      bench.output->Add({.index = i,
                         .duration = seconds(2),
                         .init_hash = std::string(64, i < 30 ? 'a' : 'b'),
                         .init = MakeStringBody("init"),
                         .size_bytes = 5,
                         .body = MakeStringBody("bytes")});
    });
  }
  bench.simulation.RunUntilIdle();
  CHECK(bench.writes.empty());
  bench.Finish();
  REQUIRE(bench.result);
  CHECK(bench.result->missing.empty());
  REQUIRE(bench.writes.size() == 63);
  CHECK(bench.writes[0].key == "init-aaaaaaaaaaaa.mp4");
  CHECK(bench.WritesOf("init-bbbbbbbbbbbb.mp4").size() == 1);
}

}  // namespace
}  // namespace hlsrec::deliver
