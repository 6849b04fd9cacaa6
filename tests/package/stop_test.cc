// Long work is stopped between two objects, and leaves nothing.
#include <fmt/format.h>

#include "hlsrec/clip.h"
#include "hlsrec/package.h"
#include "hlsrec/runtime.h"
#include "hlsrec/testing.h"
#include "tests/catch.h"

namespace hlsrec {
namespace {

constexpr int kSegments = 20;

std::shared_ptr<testing::MemorySink> Recorded() {
  auto sink = std::make_shared<testing::MemorySink>();
  const auto put = [&](const std::string& key, std::string text) {
    sink->Put({.key = key,
               .body = MakeStringBody(std::move(text)),
               .content_type = "video/mp2t"},
              [](const Status& status) { REQUIRE(status.ok()); });
  };
  std::string list =
      "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n"
      "#EXT-X-PLAYLIST-TYPE:VOD\n";
  for (int i = 0; i < kSegments; ++i) {
    put(fmt::format("{}.ts", i), std::string(188, 'G'));
    list += fmt::format("#EXTINF:2.000,\n{}.ts\n", i);
  }
  put("index.m3u8", list + "#EXT-X-ENDLIST\n");
  return sink;
}

TEST_CASE("package: is stopped, and stores no part of an archive") {
  const auto source = Recorded();
  const auto reading = Runtime::Create({}).value();
  const auto writing = Runtime::Create({}).value();
  const auto target = std::make_shared<testing::MemorySink>();
  int asked = 0;
  const PackageOptions options{.stop = [&asked] { return ++asked > 5; }};
  const auto report = PackageRecording(
      {.runtime = *reading, .sink = *source, .key = "index.m3u8"},
      {.runtime = *writing, .sink = *target, .key = "a.zip"}, options);
  CHECK(report.status().code() == StatusCode::kCancelled);
  CHECK(target->Keys().empty());
}

TEST_CASE("clip: is stopped, and lists nothing") {
  const auto source = Recorded();
  const auto before = source->Keys();
  const auto runtime = Runtime::Create({}).value();
  std::uint64_t done = 0;
  ClipOptions options{.parallel = 1};
  options.on_progress = [&](std::uint64_t segments, std::uint64_t) {
    done = segments;
  };
  options.stop = [&] { return done == 5; };
  const auto report =
      ClipRecording(*runtime, *source, "index.m3u8", "clip.m3u8", options);
  CHECK(report.status().code() == StatusCode::kCancelled);
  CHECK(done == 5);
  CHECK(source->Keys() == before);
}

}  // namespace
}  // namespace hlsrec
