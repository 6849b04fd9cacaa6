#include <filesystem>

#include "hlsrec/recorder.h"
#include "hlsrec/runtime.h"
#include "src/base/runtime_core.h"
#include "tests/catch.h"
#include "tests/record/synthetic.h"
#include "tests/temporary_directory.h"

namespace hlsrec {
namespace {

namespace fs = std::filesystem;

// A process of its own would have its own spool.
struct Process {
  explicit Process(const TemporaryDirectory& directory,
                   const std::string& spool)
      : runtime(Runtime::Create({.spool_directory = directory.Path(spool)})
                    .value()),
        root(directory.Path("recordings")) {}

  [[nodiscard]] StatusOr<std::unique_ptr<Recorder>> Open(
      const std::string& playlist = "index.m3u8",
      IfPlaylistExists if_exists = IfPlaylistExists::kFail) const {
    RecordingOptions options{.stream = "cam", .tracks = {VideoTrack()}};
    OutputOptions output{.sink = OpenFileSink(runtime, {.root = root}).value(),
                         .if_exists = if_exists};
    output.segment_path = playlist + "-{seq}.ts";
    output.playlists = {{.path = playlist}};
    options.outputs.push_back(std::move(output));
    return Recorder::Open(runtime, options);
  }

  std::shared_ptr<Runtime> runtime;
  std::string root;
};

void Record(Recorder& recorder) {
  for (Packet& packet : Stream(4, 50, false)) {
    REQUIRE(recorder.Push(std::move(packet)).ok());
  }
}

TEST_CASE("hold: a playlist is one recording's, whatever the spools") {
  const TemporaryDirectory directory;
  const Process one(directory, "one");
  const Process other(directory, "other");
  auto first = one.Open().value();
  for (const auto mode : {IfPlaylistExists::kFail, IfPlaylistExists::kAppend}) {
    const auto second = other.Open("index.m3u8", mode);
    CHECK(second.status().code() == StatusCode::kFailedPrecondition);
    CHECK(second.status().message().find(one.root + "/index.m3u8: ") !=
          std::string::npos);
    CHECK(second.status().message().find("process ") != std::string::npos);
  }
  // Beside it there is room.
  auto beside = other.Open("other.m3u8").value();
  Record(*beside);
  beside->Finish();
  CHECK(beside->Wait().status.ok());
  Record(*first);
  first->Finish();
  CHECK(first->Wait().status.ok());
  // It ended: whoever comes next may go on.
  auto next = other.Open("index.m3u8", IfPlaylistExists::kAppend).value();
  Record(*next);
  next->Finish();
  CHECK(next->Wait().status.ok());
}

TEST_CASE(
    "hold: who is refused leaves nothing, and nothing is left at the end") {
  const TemporaryDirectory directory;
  const Process one(directory, "one");
  auto first = one.Open("{stream}/index.m3u8").value();
  REQUIRE_FALSE(one.Open("{stream}/index.m3u8").ok());
  CHECK(fs::exists(one.root + "/cam"));
  first->Abort();
  first->Wait();
  // What is asked next comes after it was let go of.
  Latch asked;
  const auto sink = OpenFileSink(one.runtime, {.root = one.root}).value();
  Latch held;
  sink->Hold("cam/index.m3u8",
             [&](const StatusOr<std::shared_ptr<void>>& token) {
               CHECK((token.ok() && *token != nullptr));
               held.Open();
             });
  held.Wait();
  sink->List("", [&](const auto&) { asked.Open(); });
  asked.Wait();
  CHECK(fs::is_empty(one.root));
}

}  // namespace
}  // namespace hlsrec
