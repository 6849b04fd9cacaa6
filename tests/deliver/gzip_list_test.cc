#include "src/deliver/gzip_list.h"

#include <fmt/format.h>

#include <algorithm>

#include "src/base/gzip.h"
#include "tests/catch.h"
#include "tests/deliver/output_bench.h"

namespace hlsrec::deliver {
namespace {

using std::chrono::seconds;

std::string Joined(const GzipList::Parts& parts) {
  std::string all;
  for (const auto& part : parts) all += *part;
  return all;
}

playlist::MediaList EventOf(std::uint64_t segments) {
  playlist::MediaList list({.policy = EventList(), .target_duration = 2});
  for (std::uint64_t i = 0; i < segments; ++i) {
    list.Append({.sequence = i,
                 .duration = seconds(2),
                 .start = WallTime(seconds(2 * static_cast<int>(i))),
                 .uri = fmt::format("{:06}.ts", i)});
  }
  return list;
}

TEST_CASE("gzip list: R112: each version decodes to its text") {
  GzipList gzip;
  for (const std::uint64_t segments :
       {0U, 1U, 255U, 256U, 257U, 511U, 512U, 1300U, 1301U}) {
    // A list of its own each time has no block of the last one.
    const auto text = EventOf(segments).Render(segments == 1301);
    const auto member = gzip.Encode(text);
    REQUIRE(member.ok());
    const std::string whole = Joined(text);
    CHECK(Gunzip(Joined(*member), whole.size()).value() == whole);
  }
}

TEST_CASE("gzip list: what versions share is compressed once") {
  GzipList gzip;
  playlist::MediaList list = EventOf(10000);
  const auto before = gzip.Encode(list.Render(false));
  REQUIRE(before.ok());
  list.Append({.sequence = 10000, .duration = seconds(2), .uri = "10000.ts"});
  const auto after = gzip.Encode(list.Render(false));
  REQUIRE(after.ok());
  REQUIRE(after->size() == before->size());
  // The very same bytes, but for the header and the open block.
  REQUIRE(after->size() > 30);
  CHECK(std::equal(after->begin() + 1, after->end() - 1, before->begin() + 1));
  CHECK(after->back()->size() < 4000);
}

TEST_CASE("gzip list: an entry of a long list takes less than ten bytes") {
  GzipList gzip;
  constexpr std::uint64_t kSegments = 43200;  // a day of two seconds each
  const auto member = gzip.Encode(EventOf(kSegments).Render(true));
  REQUIRE(member.ok());
  CHECK(Joined(*member).size() < 10 * kSegments);
}

TEST_CASE("output: playlists go as gzip, segments as they are") {
  OutputBench bench;
  OutputPlan plan = bench.MakePlan();
  plan.gzip_playlists = true;
  plan.multivariant = *PathTemplate::Parse("index.m3u8", {});
  bench.Open(std::move(plan));
  OutputBench plain;
  OutputPlan same = plain.MakePlan();
  same.multivariant = *PathTemplate::Parse("index.m3u8", {});
  plain.Open(std::move(same));
  for (OutputBench* each : {&bench, &plain}) {
    for (int i = 0; i < 600; ++i) each->Add();
    each->Finish();
    REQUIRE(each->result);
    CHECK(each->result->missing.empty());
  }
  for (const char* key : {"list.m3u8", "index.m3u8"}) {
    const auto coded = bench.WritesOf(key);
    const auto text = plain.WritesOf(key);
    REQUIRE(coded.size() == text.size());
    for (std::size_t i = 0; i < coded.size(); ++i) {
      const auto decoded = Gunzip(coded[i].bytes, text[i].bytes.size());
      REQUIRE(decoded.ok());
      CHECK(*decoded == text[i].bytes);
    }
  }
  for (const auto& operation : bench.memory->log()) {
    const bool playlist = operation.object == ObjectKind::kMediaPlaylist ||
                          operation.object == ObjectKind::kMultivariantPlaylist;
    CHECK(operation.content_encoding == (playlist ? "gzip" : ""));
  }
}

}  // namespace
}  // namespace hlsrec::deliver
