#include "src/media/cutter.h"

#include <vector>

#include "tests/catch.h"

namespace hlsrec::media {
namespace {

constexpr std::int64_t kSecond = 90000;

// Cut positions in seconds for keyframes each `gop` frames.
struct Run {
  std::vector<double> starts;
  std::vector<double> lengths;
  std::vector<CutReason> reasons;
};

Run Simulate(Cutter& cutter, std::int64_t frame, int gop, int frames,
             std::int64_t offset = 0) {
  Run run;
  std::int64_t start = offset;
  for (int i = 0; i < frames; ++i) {
    const std::int64_t pts = offset + i * frame;
    const auto cut = cutter.Before({.pts = pts,
                                    .dts = pts,
                                    .duration = frame,
                                    .keyframe = gop > 0 && i % gop == 0});
    if (!cut) continue;
    run.starts.push_back(static_cast<double>(cut->start - offset) / kSecond);
    run.lengths.push_back(static_cast<double>(cut->end - start) / kSecond);
    run.reasons.push_back(cut->reason);
    start = cut->start;
  }
  return run;
}

TEST_CASE("cutter: cuts at the keyframe on the grid") {
  Cutter cutter({.target = 6 * kSecond, .limit = 12 * kSecond});
  const Run run = Simulate(cutter, 3600, 50, 25 * 31, 123456);
  CHECK(run.starts == std::vector<double>{6, 12, 18, 24, 30});
}

TEST_CASE("cutter: keyframes off the grid are taken at or after it") {
  Cutter cutter({.target = 6 * kSecond, .limit = 12 * kSecond});
  const Run run = Simulate(cutter, 3600, 100, 25 * 33);  // each 4 s
  CHECK(run.starts == std::vector<double>{8, 12, 20, 24, 32});
}

TEST_CASE("cutter: a late cut is not caught up with") {
  Cutter cutter({.target = 2 * kSecond, .limit = 30 * kSecond});
  // 7 s without a keyframe, then one each second.
  std::vector<std::int64_t> starts;
  for (int i = 0; i < 25 * 14; ++i) {
    const bool keyframe = i == 0 || (i >= 175 && i % 25 == 0);
    const auto cut = cutter.Before({.pts = i * 3600,
                                    .dts = i * 3600,
                                    .duration = 3600,
                                    .keyframe = keyframe});
    if (cut) starts.push_back(cut->start / kSecond);
  }
  CHECK(starts == std::vector<std::int64_t>{7, 8, 10, 12});
}

TEST_CASE("cutter: 29.97 fps and millisecond rounding stay on the grid") {
  Cutter ntsc({.target = 2 * kSecond, .limit = 4 * kSecond});
  const Run run = Simulate(ntsc, 3003, 60, 60 * 20);
  REQUIRE(run.lengths.size() == 19);
  for (const double length : run.lengths) CHECK(length == Approx(2.002));

  Cutter early({.target = 2 * kSecond, .limit = 4 * kSecond});
  const Run rounded = Simulate(early, 3598, 50, 50 * 20);  // 1.9989 s GOPs
  REQUIRE(rounded.lengths.size() == 19);
  for (const double length : rounded.lengths) CHECK(length < 2.1);
}

TEST_CASE("cutter: without a keyframe the limit cuts, and nothing is longer") {
  Cutter cutter({.target = 2 * kSecond, .limit = 4 * kSecond});
  const Run run = Simulate(cutter, 3600, 0, 25 * 60);
  REQUIRE(run.reasons.size() >= 14);
  for (const CutReason reason : run.reasons) {
    CHECK(reason == CutReason::kForced);
  }
  for (const double length : run.lengths) CHECK(length <= 4.0);
}

TEST_CASE("cutter: a discontinuity cuts at once and starts the grid anew") {
  Cutter cutter({.target = 6 * kSecond, .limit = 12 * kSecond});
  Simulate(cutter, 3600, 50, 100);  // 4 s
  const std::int64_t after = 4 * kSecond;
  const auto cut = cutter.Before({.pts = after,
                                  .dts = after,
                                  .duration = 3600,
                                  .keyframe = true,
                                  .discontinuity = true});
  REQUIRE(cut);
  CHECK(cut->reason == CutReason::kDiscontinuity);
  CHECK(cut->end == after);
  const auto early = cutter.Before({.pts = 6 * kSecond,
                                    .dts = 6 * kSecond,
                                    .duration = 3600,
                                    .keyframe = true});
  CHECK_FALSE(early);
  const auto next = cutter.Before({.pts = 10 * kSecond,
                                   .dts = 10 * kSecond,
                                   .duration = 3600,
                                   .keyframe = true});
  CHECK(next);
}

TEST_CASE("cutter: missing media at the border is a break, not a duration") {
  Cutter cutter({.target = 2 * kSecond, .limit = 8 * kSecond});
  Simulate(cutter, 3600, 50, 30);  // to 1.2 s
  const auto cut = cutter.Before({.pts = 3 * kSecond,
                                  .dts = 3 * kSecond,
                                  .duration = 3600,
                                  .keyframe = true});
  REQUIRE(cut);
  CHECK(cut->reason == CutReason::kDiscontinuity);
  CHECK(cut->end == 30 * 3600);
  CHECK(cut->start == 3 * kSecond);
}

TEST_CASE("cutter: a requested cut waits for the next keyframe") {
  Cutter cutter({.target = 6 * kSecond, .limit = 12 * kSecond});
  Simulate(cutter, 3600, 25, 10);
  cutter.Request();
  CHECK_FALSE(cutter.Before({.pts = 36000, .dts = 36000, .duration = 3600}));
  const auto cut = cutter.Before(
      {.pts = kSecond, .dts = kSecond, .duration = 3600, .keyframe = true});
  REQUIRE(cut);
  CHECK(cut->reason == CutReason::kRequested);
}

}  // namespace
}  // namespace hlsrec::media
