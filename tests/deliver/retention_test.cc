#include "src/deliver/retention.h"

#include <functional>

#include "src/base/hash.h"
#include "tests/catch.h"
#include "tests/deliver/output_bench.h"

namespace hlsrec::deliver {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using Names = std::vector<std::string>;

// Recordings of one stream after each other, on one sink.
struct Archive {
  std::shared_ptr<testing::MemorySink> sink =
      std::make_shared<testing::MemorySink>();
  std::chrono::milliseconds passed{0};

  // Records some segments below `folder`, `after` a time in which nothing is.
  OutputResult Record(const std::string& folder, std::chrono::seconds after,
                      const std::function<void(OutputPlan&)>& change = {}) {
    passed += after;
    OutputBench bench;
    bench.simulation.Advance(passed);
    const auto parse = [&](const std::string& name) {
      return *PathTemplate::Parse(folder + "/" + name, {});
    };
    OutputPlan plan = bench.MakePlan();
    plan.sink = sink;
    plan.retain = hours(24);
    plan.segment = parse("{seq}.ts");
    plan.init = parse("{session}-{hash}.mp4");
    plan.fields.session = "s";
    plan.multivariant = parse("main.m3u8");
    plan.renditions[0].playlists[0].path = parse("list.m3u8");
    if (change) change(plan);
    bench.Open(std::move(plan));
    for (int i = 0; i < 2; ++i) bench.Add();
    bench.Finish();
    REQUIRE(bench.result);
    return *bench.result;
  }
  void Put(const std::string& key, const std::string& bytes) const {
    sink->Put(
        {.key = key, .body = MakeStringBody(bytes), .content_type = "a/b"},
        [](const Status& status) { REQUIRE(status.ok()); });
  }
  // All but notes.
  [[nodiscard]] Names Objects() const {
    Names names;
    for (const std::string& key : sink->Keys()) {
      if (!key.starts_with(".hlsrec-recordings/")) names.push_back(key);
    }
    return names;
  }
  [[nodiscard]] Names Notes() const {
    Names names;
    for (const std::string& key : sink->Keys()) {
      if (key.starts_with(".hlsrec-recordings/")) names.push_back(key);
    }
    return names;
  }
};

const Names kFirst = {"a/0.ts", "a/1.ts", "a/list.m3u8", "a/main.m3u8"};
const Names kSecond = {"b/0.ts", "b/1.ts", "b/list.m3u8", "b/main.m3u8"};
Names Both() {
  Names both = kFirst;
  both.insert(both.end(), kSecond.begin(), kSecond.end());
  return both;
}

TEST_CASE("retention: a recording goes when its time has come, lists first") {
  Archive archive;
  CHECK(archive.Record("a", seconds(0)).status.ok());
  CHECK(archive.Notes().size() == 1);
  CHECK(archive.Record("b", hours(23)).status.ok());
  CHECK(archive.Objects() == Both());
  CHECK(archive.Notes().size() == 2);
  Names removed;
  CHECK(archive.Record("c", hours(2)).status.ok());
  for (const auto& operation : archive.sink->log()) {
    if (operation.kind != testing::MemorySink::Operation::Kind::kRemove) {
      continue;
    }
    removed.push_back(operation.key);
  }
  REQUIRE(removed.size() == 5);
  CHECK(Names(removed.begin(), removed.end() - 1) ==
        Names{"a/main.m3u8", "a/list.m3u8", "a/0.ts", "a/1.ts"});
  CHECK(removed.back().starts_with(".hlsrec-recordings/"));
  CHECK(archive.Notes().size() == 2);
  for (const std::string& key : archive.Objects()) {
    CHECK_FALSE(key.starts_with("a/"));
  }
}

TEST_CASE("retention: what hlsrec did not write stays") {
  Archive archive;
  const Names foreign = {"a/2.ts", "a/notes.txt", "old/0.ts", "old/list.m3u8"};
  for (const std::string& key : foreign) archive.Put(key, "not ours");
  // A segment that had its name before: in the way, and not ours.
  archive.Put("a/1.ts", "not ours");
  CHECK_FALSE(archive.Record("a", seconds(0)).status.ok());
  // Recorded without the option: no note tells of it.
  CHECK(archive
            .Record("kept", seconds(0),
                    [](OutputPlan& plan) { plan.retain.reset(); })
            .status.ok());
  // Like a note, but none.
  RetentionNote lie{.ended = seconds(1),
                    .lists = {{.key = "old/list.m3u8"}},
                    .objects = {"old/0.ts"}};
  const std::string true_name = NoteKey("cam", lie);
  lie.objects.push_back("a/2.ts");
  archive.Put(true_name, RenderNote(lie));
  archive.Put(NoteFolder("cam") + "000000000001-0123456789abcdef.txt",
              "object a/2.ts\n");
  archive.Put(NoteFolder("cam") + "readme.txt", "hello");
  // Another stream's is for that stream.
  archive.Put(NoteKey("other", lie), RenderNote(lie));

  CHECK(archive.Record("b", hours(48)).status.ok());
  const Names left = archive.Objects();
  for (const std::string& key : foreign) {
    CHECK(archive.sink->Text(key) == "not ours");
  }
  CHECK(archive.sink->Text("a/1.ts") == "not ours");
  CHECK_FALSE(archive.sink->Text("kept/0.ts").empty());
  CHECK_FALSE(archive.sink->Text("kept/list.m3u8").empty());
  CHECK(archive.sink->Text(NoteFolder("cam") + "readme.txt") == "hello");
  // What it did write is gone.
  CHECK(archive.sink->Text("a/0.ts").empty());
  CHECK(archive.sink->Text("a/list.m3u8").empty());
}

TEST_CASE("retention: a playlist that somebody went on with keeps all") {
  Archive archive;
  CHECK(archive.Record("a", seconds(0)).status.ok());
  archive.Put("a/list.m3u8", archive.sink->Text("a/list.m3u8") + "# more\n");
  CHECK(archive.Record("b", hours(48)).status.ok());
  CHECK(archive.Objects() == Both());
}

TEST_CASE("retention: a gzip list is as it was left") {
  Archive archive;
  CHECK(archive
            .Record("a", seconds(0),
                    [](OutputPlan& plan) { plan.gzip_playlists = true; })
            .status.ok());
  CHECK(archive.Record("b", hours(48)).status.ok());
  CHECK(archive.Objects() == kSecond);
}

TEST_CASE("retention: who was interrupted while removing goes on") {
  for (int fail = 1; fail <= 5; ++fail) {
    Archive archive;
    CHECK(archive.Record("a", seconds(0)).status.ok());
    int removals = 0;
    const auto broken = [&](OutputPlan& plan) {
      plan.sink = std::make_shared<testing::FaultySink>(
          archive.sink, [&](std::uint64_t, const std::string& key) {
            testing::FaultySink::Decision decision;
            const bool note = key.starts_with(".hlsrec-recordings/");
            const bool old = key.starts_with("a/") || note;
            // Lists are read before they are removed.
            if (old && !archive.sink->Text(key).empty() && ++removals > fail) {
              decision.fault = testing::Fault::kFail;
            }
            return decision;
          });
      plan.retry = {.first = std::chrono::milliseconds(10)};
    };
    archive.passed += hours(48);
    archive.Record("b", seconds(0), broken);
    CHECK(archive.Record("c", hours(1)).status.ok());
    for (const std::string& key : archive.Objects()) {
      CHECK_FALSE(key.starts_with("a/"));
    }
  }
}

TEST_CASE("retention: a note is what it says, whole") {
  const RetentionNote note{
      .ended = seconds(1767225600),
      .lists = {{.key = "x/main.m3u8"}, {.key = "x/a b.m3u8", .sha256 = "0f"}},
      .objects = {"x/0.ts", "x/1.ts"}};
  const std::string text = RenderNote(note);
  CHECK(text ==
        "#HLSREC-RECORDING:1\n"
        "ended 1767225600\n"
        "list - x/main.m3u8\n"
        "list 0f x/a b.m3u8\n"
        "object x/0.ts\n"
        "object x/1.ts\n"
        "end\n");
  const auto parsed = ParseNote(text);
  REQUIRE(parsed.ok());
  CHECK(RenderNote(*parsed) == text);
  for (std::size_t length = 0; length < text.size(); ++length) {
    CHECK_FALSE(ParseNote(text.substr(0, length)).ok());
  }
  CHECK_FALSE(ParseNote("#HLSREC-RECORDING:1\nobject ../x\nend\n").ok());
  CHECK_FALSE(ParseNote("#HLSREC-RECORDING:1\nobject /x\nend\n").ok());
  CHECK_FALSE(ParseNote("#HLSREC-RECORDING:1\nthing x\nend\n").ok());
  CHECK_FALSE(ParseNote("#HLSREC-RECORDING:1\nended -5\nend\n").ok());

  const std::string key = NoteKey("cam", note);
  CHECK(NoteTime("cam", key) == note.ended);
  CHECK_FALSE(NoteTime("cam2", key));
  CHECK_FALSE(NoteTime("cam", key + "x"));
}

}  // namespace
}  // namespace hlsrec::deliver
