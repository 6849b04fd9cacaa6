#include "tests/catch.h"
#include "tests/deliver/output_bench.h"

namespace hlsrec::deliver {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// How many segments a version lists.
int SegmentsIn(const std::string& list) {
  int count = 0;
  for (std::size_t at = list.find("#EXTINF"); at != std::string::npos;
       at = list.find("#EXTINF", at + 1)) {
    ++count;
  }
  return count;
}

TEST_CASE("output: between two writes of a playlist there is time") {
  OutputBench bench;
  OutputPlan plan = bench.MakePlan();
  plan.rewrite_interval = seconds(1);
  bench.Open(std::move(plan));
  for (int i = 0; i < 10; ++i) {
    bench.Add();
    bench.simulation.Advance(milliseconds(300));
  }
  bench.Finish();
  // Its last version waits like any other, and is written.
  CHECK_FALSE(bench.result);
  bench.simulation.Advance(seconds(1));
  REQUIRE(bench.result);
  CHECK(bench.result->status.ok());
  CHECK(bench.result->missing.empty());

  const auto versions = bench.WritesOf("list.m3u8");
  REQUIRE(versions.size() == 5);
  for (std::size_t i = 1; i < versions.size(); ++i) {
    CHECK(versions[i].time - versions[i - 1].time == seconds(1));
  }
  // The newest of what came meanwhile.
  CHECK(SegmentsIn(versions[0].bytes) == 1);
  CHECK(SegmentsIn(versions[1].bytes) == 4);
  CHECK(SegmentsIn(versions[2].bytes) == 7);
  CHECK(SegmentsIn(versions[3].bytes) == 10);
  CHECK_FALSE(versions[3].bytes.ends_with("#EXT-X-ENDLIST\n"));
  CHECK(versions[4].bytes == versions[3].bytes + "#EXT-X-ENDLIST\n");
  // Segments, each with its own key, do not wait.
  for (const auto& write : bench.writes) {
    if (write.key == "000009.ts") {
      CHECK(write.time - versions[0].time == milliseconds(2700));
    }
  }
}

TEST_CASE("output: the multivariant playlist keeps its distance, too") {
  OutputBench bench;
  OutputPlan plan = bench.MakePlan();
  plan.rewrite_interval = seconds(3);
  plan.multivariant = *PathTemplate::Parse("index.m3u8", {});
  bench.Open(std::move(plan));
  bench.Add();
  bench.simulation.Advance(seconds(1));
  bench.Finish();
  bench.simulation.Advance(seconds(1));
  CHECK_FALSE(bench.result);
  bench.simulation.Advance(seconds(5));
  REQUIRE(bench.result);
  CHECK(bench.result->missing.empty());
  const auto versions = bench.WritesOf("index.m3u8");
  REQUIRE(versions.size() == 2);
  CHECK(versions[1].time - versions[0].time == seconds(3));
}

TEST_CASE("output: who gives up does not wait to write again") {
  OutputBench bench;
  OutputPlan plan = bench.MakePlan();
  plan.rewrite_interval = seconds(60);
  bench.Open(std::move(plan));
  bench.Add();
  bench.Finish();
  CHECK_FALSE(bench.result);
  bench.strand->Post([&] { bench.output->GiveUp(); });
  bench.simulation.RunUntilIdle();
  REQUIRE(bench.result);
  CHECK(bench.result->missing == std::vector<std::string>{"list.m3u8"});
}

}  // namespace
}  // namespace hlsrec::deliver
