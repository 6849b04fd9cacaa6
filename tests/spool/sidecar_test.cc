#include "src/spool/sidecar.h"

#include "tests/catch.h"

namespace hlsrec::spool {
namespace {

using std::chrono::microseconds;

SegmentStart Start() {
  return {.id = {.recording = 7, .rendition = 2, .packaging = 1, .index = 42},
          .start = WallTime(microseconds(1700000000123456)),
          .discontinuity = true,
          .init_hash = "abcdef"};
}

std::string Text() {
  return RenderSidecarHeader(Start()) +
         RenderSidecarChunk({.end = 1000,
                             .duration = microseconds(500000),
                             .sha256_prefix = "0123456789abcdef"}) +
         RenderSidecarChunk({.end = 2500,
                             .duration = microseconds(1000000),
                             .sha256_prefix = "fedcba9876543210"});
}

TEST_CASE("sidecar: is lines of text") {
  CHECK(Text() ==
        "hlsrec-open 1 7 2 1 42 1700000000123456 1 abcdef 73163c78\n"
        "1000 500000 0123456789abcdef 81adddeb\n"
        "2500 1000000 fedcba9876543210 db1938ca\n");
}

TEST_CASE("sidecar: what was written is read") {
  const auto sidecar = ParseSidecar(Text());
  REQUIRE(sidecar.ok());
  CHECK(sidecar->start.id == Start().id);
  CHECK(sidecar->start.start == Start().start);
  CHECK(sidecar->start.discontinuity);
  CHECK(sidecar->start.init_hash == "abcdef");
  REQUIRE(sidecar->chunks.size() == 2);
  CHECK(sidecar->chunks[1].end == 2500);
  CHECK(sidecar->chunks[1].duration == microseconds(1000000));
  CHECK(sidecar->chunks[1].sha256_prefix == "fedcba9876543210");

  const auto plain = ParseSidecar(RenderSidecarHeader({.id = {.index = 1}}));
  REQUIRE(plain.ok());
  CHECK(plain->start.init_hash.empty());
  CHECK(!plain->start.discontinuity);
  CHECK(plain->chunks.empty());
}

TEST_CASE("sidecar: torn anywhere, the whole lines before count") {
  const std::string text = Text();
  const std::size_t header = text.find('\n') + 1;
  const std::size_t first = text.find('\n', header) + 1;
  for (std::size_t size = 0; size <= text.size(); ++size) {
    const auto sidecar = ParseSidecar(text.substr(0, size));
    INFO(size);
    REQUIRE(sidecar.ok() == (size >= header));
    if (!sidecar.ok()) continue;
    CHECK(sidecar->chunks.size() == (size == text.size() ? 2
                                     : size >= first     ? 1
                                                         : 0));
  }
}

TEST_CASE("sidecar: a damaged line does not count") {
  const std::string text = Text();
  const std::size_t header = text.find('\n') + 1;
  const std::size_t first = text.find('\n', header) + 1;
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string damaged = text;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    const auto sidecar = ParseSidecar(damaged);
    INFO(i);
    REQUIRE(sidecar.ok() == (i >= header));
    if (!sidecar.ok()) continue;
    // Without its newline a line takes the next one with it.
    CHECK(sidecar->chunks.size() == (i == first - 1 ? 0 : 1));
    if (i > first) CHECK(sidecar->chunks.front().end == 1000);
  }
}

TEST_CASE("sidecar: another version is not understood") {
  CHECK(!ParseSidecar("").ok());
  CHECK(!ParseSidecar("\n\n\n").ok());
  CHECK(!ParseSidecar("hlsrec-open 2 7 2 1 42 17 1 abcdef 00000000\n").ok());
}

}  // namespace
}  // namespace hlsrec::spool
