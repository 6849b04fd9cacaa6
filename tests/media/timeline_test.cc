#include "src/media/timeline.h"

#include <vector>

#include "tests/catch.h"

namespace hlsrec::media {
namespace {

constexpr std::int64_t kStart = Timeline::kStartSeconds * 90000;

TimelineTrack Video(int wrap_bits = 33) {
  return {.time_base = {1, 90000},
          .wrap_bits = wrap_bits,
          .timescale = 90000,
          .video = true};
}
TimelineTrack Audio() {
  return {.time_base = {1, 90000}, .wrap_bits = 33, .timescale = 48000};
}
// RTMP: milliseconds.
TimelineTrack RtmpAudio() {
  return {.time_base = {1, 1000}, .wrap_bits = 32, .timescale = 48000};
}

Timeline MakeTimeline(std::vector<TimelineTrack> tracks) {
  return Timeline(TimelineOptions{}, std::move(tracks));
}

SourceTimes At(std::int64_t time, std::int64_t duration = 3600) {
  return {.pts = time, .dts = time, .duration = duration};
}

TEST_CASE("timeline: the first picture is at the start, whatever its time") {
  Timeline timeline = MakeTimeline({Video()});
  const auto placed = timeline.Place(0, At(123456789));
  REQUIRE(placed);
  CHECK(placed->pts == kStart);
  CHECK(placed->duration == 3600);
  CHECK_FALSE(placed->discontinuity);
}

TEST_CASE("timeline: reordering is kept, decoding times come before") {
  Timeline timeline = MakeTimeline({Video()});
  const auto first = timeline.Place(0, {.pts = 7200, .dts = 0});
  const auto second = timeline.Place(0, {.pts = 18000, .dts = 3600});
  REQUIRE(first);
  REQUIRE(second);
  CHECK(first->pts == kStart);
  CHECK(first->dts == kStart - 7200);
  CHECK(second->pts == kStart + 10800);
  CHECK(second->dts == kStart - 3600);
}

TEST_CASE("timeline: a wrap of 33 bits is no event") {
  Timeline timeline = MakeTimeline({Video(), Audio()});
  const std::int64_t period = std::int64_t{1} << 33;
  std::int64_t expected = kStart;
  for (std::int64_t time = period - 5 * 3600; time < period + 5 * 3600;
       time += 3600) {
    const auto video = timeline.Place(0, At(time % period));
    REQUIRE(video);
    CHECK_FALSE(video->discontinuity);
    CHECK(video->pts == expected);
    const auto audio = timeline.Place(1, At(time % period));
    REQUIRE(audio);
    CHECK_FALSE(audio->discontinuity);
    expected += 3600;
  }
}

TEST_CASE("timeline: a presentation time beyond the wrap stays with its dts") {
  Timeline timeline = MakeTimeline({Video()});
  const std::int64_t period = std::int64_t{1} << 33;
  const auto placed = timeline.Place(0, {.pts = 3600, .dts = period - 3600});
  REQUIRE(placed);
  CHECK(placed->pts - placed->dts == 7200);
  CHECK_FALSE(placed->repaired);
}

TEST_CASE("timeline: 32-bit milliseconds wrap after 49.7 days") {
  Timeline timeline = MakeTimeline({RtmpAudio()});
  const std::int64_t period = std::int64_t{1} << 32;
  REQUIRE(timeline.Place(0, {.pts = period - 21, .audio_samples = 1024}));
  const auto placed = timeline.Place(0, {.pts = 0, .audio_samples = 1024});
  REQUIRE(placed);
  CHECK_FALSE(placed->discontinuity);
}

TEST_CASE("timeline: a jump forward is one discontinuity for all tracks") {
  Timeline timeline = MakeTimeline({Video(), Audio()});
  for (int i = 0; i < 50; ++i) {
    timeline.Place(0, At(i * 3600));
    timeline.Place(1, At(i * 3600));
  }
  const std::int64_t frontier = timeline.frontier();
  const std::int64_t jump = 90000 * 3600;
  int discontinuities = 0;
  for (int i = 0; i < 50; ++i) {
    for (const int track : {0, 1}) {
      const auto placed = timeline.Place(track, At(jump + i * 3600));
      REQUIRE(placed);
      if (placed->discontinuity) ++discontinuities;
      if (i == 0 && track == 0) CHECK(placed->pts == frontier);
    }
  }
  CHECK(discontinuities == 1);
}

TEST_CASE(
    "timeline: a restarted encoder is one discontinuity, nothing is lost") {
  Timeline timeline = MakeTimeline({Video(), Audio()});
  for (int i = 0; i < 250; ++i) {
    timeline.Place(0, At(900000 + i * 3600));
    timeline.Place(1, At(900000 + i * 3600));
  }
  int discontinuities = 0;
  std::int64_t last = 0;
  // The audio of the old run arrives after the video of the new one.
  const auto video = timeline.Place(0, At(0));
  const auto late = timeline.Place(1, At(900000 + 250 * 3600));
  const auto audio = timeline.Place(1, At(0));
  for (const auto& placed : {video, late, audio}) {
    REQUIRE(placed);
    if (placed->discontinuity) ++discontinuities;
  }
  CHECK(discontinuities == 1);
  CHECK(audio->dts > late->dts);
  CHECK(std::string(video->reason) == "timestamps jumped back");
  (void)last;
}

TEST_CASE("timeline: small steps back are repaired, not breaks") {
  Timeline timeline = MakeTimeline({Video()});
  timeline.Place(0, At(36000));
  const auto placed = timeline.Place(0, At(32400));
  REQUIRE(placed);
  CHECK(placed->repaired);
  CHECK_FALSE(placed->discontinuity);
  CHECK(placed->dts == kStart + 1);
}

TEST_CASE("timeline: millisecond clocks give exact audio positions") {
  Timeline timeline = MakeTimeline({RtmpAudio()});
  for (int i = 0; i < 1000; ++i) {
    const std::int64_t ms = (i * 1024 * 1000LL + 24000) / 48000;
    const auto placed =
        timeline.Place(0, {.pts = ms, .dts = ms, .audio_samples = 1024});
    REQUIRE(placed);
    CHECK(placed->dts == Timeline::kStartSeconds * 48000 + i * 1024);
    CHECK(placed->duration == 1024);
  }
}

TEST_CASE("timeline: a slow clock drifts along instead of being held") {
  Timeline timeline = MakeTimeline({RtmpAudio()});
  std::int64_t last = 0;
  for (int i = 0; i < 100000; ++i) {
    // 100 ppm fast.
    const auto ms = static_cast<std::int64_t>(i * 1024 * 1000.1 / 48000);
    const auto placed =
        timeline.Place(0, {.pts = ms, .dts = ms, .audio_samples = 1024});
    REQUIRE(placed);
    REQUIRE_FALSE(placed->discontinuity);
    last = placed->dts - Timeline::kStartSeconds * 48000 - ms * 48;
    REQUIRE(std::abs(last) <= 48 * 4);
  }
}

TEST_CASE("timeline: packets without times follow the one before") {
  Timeline timeline = MakeTimeline({Video()});
  CHECK_FALSE(timeline.Place(0, {}));
  timeline.Place(0, At(0));
  const auto placed = timeline.Place(0, {});
  REQUIRE(placed);
  CHECK(placed->pts == kStart + 3600);
  CHECK(placed->repaired);
}

TEST_CASE("timeline: durations that nobody tells come from the times") {
  Timeline timeline = MakeTimeline({Video()});
  timeline.Place(0, At(0, 0));
  timeline.Place(0, At(3003, 0));
  const auto placed = timeline.Place(0, At(6006, 0));
  REQUIRE(placed);
  CHECK(placed->duration == 3003);
}

TEST_CASE("timeline: audio that starts late keeps its place") {
  Timeline timeline = MakeTimeline({Video(), Audio()});
  for (int i = 0; i < 500; ++i) timeline.Place(0, At(i * 3600));
  const auto audio = timeline.Place(1, At(500 * 3600));
  REQUIRE(audio);
  CHECK_FALSE(audio->discontinuity);
  CHECK(audio->dts == (Timeline::kStartSeconds + 20) * 48000);
}

TEST_CASE("timeline: a silent track may come back after a pause of its own") {
  Timeline timeline = MakeTimeline({Video(), Audio()});
  timeline.Place(0, At(0));
  timeline.Place(1, At(0));
  for (int i = 1; i < 500; ++i) timeline.Place(0, At(i * 3600));
  const auto audio = timeline.Place(1, At(499 * 3600));
  REQUIRE(audio);
  CHECK_FALSE(audio->discontinuity);
}

TEST_CASE("timeline: a track on a clock of its own is set beside the others") {
  Timeline timeline = MakeTimeline({Video(), Audio()});
  timeline.Place(0, At(0));
  const auto audio = timeline.Place(1, At(90000 * 5000));
  REQUIRE(audio);
  CHECK_FALSE(audio->discontinuity);
  CHECK(audio->repaired);
  const auto video = timeline.Place(0, At(3600));
  REQUIRE(video);
  CHECK_FALSE(video->discontinuity);
}

TEST_CASE("timeline: after an interruption any time begins a new epoch") {
  Timeline timeline = MakeTimeline({Video()});
  timeline.Place(0, At(0));
  timeline.Break("the source was interrupted");
  const auto placed = timeline.Place(0, At(3600));
  REQUIRE(placed);
  CHECK(placed->discontinuity);
  CHECK(placed->pts == kStart + 3600);
}

TEST_CASE("timeline: absurd times never make time go back") {
  Timeline timeline = MakeTimeline({Video(0), Audio()});
  std::vector<std::int64_t> last = {-1, -1};
  const std::vector<std::int64_t> times = {
      0, 1, INT64_MAX, -INT64_MAX, 5, INT64_MAX / 2, kNoTimestamp, 0, -1, 7};
  for (int round = 0; round < 50; ++round) {
    for (std::size_t i = 0; i < times.size(); ++i) {
      const int track =
          static_cast<int>((i + static_cast<std::size_t>(round)) % 2);
      const auto placed =
          timeline.Place(track, {.pts = times[(i * 7 + 3) % times.size()],
                                 .dts = times[i],
                                 .duration = times[(i * 3) % times.size()]});
      if (!placed) continue;
      const auto index = static_cast<std::size_t>(track);
      CHECK(placed->dts > last[index]);
      CHECK(placed->pts >= placed->dts);
      CHECK(placed->duration > 0);
      last[index] = placed->dts;
    }
  }
}

}  // namespace
}  // namespace hlsrec::media
