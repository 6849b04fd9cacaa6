#include <string>
#include <vector>

#include "hlsrec/check.h"
#include "tests/catch.h"
#include "tests/check/live_recording.h"
#include "tests/check/rules_text.h"

namespace hlsrec::check {
namespace {

TEST_CASE("watch: a sound live recording is followed to its end") {
  LiveRecording live;
  live.Step(11);
  const CheckReport report = Watch(live.playlist(), [&] {
    live.Step(11);
    return false;
  });
  INFO(Describe(report.findings));
  CHECK(PlainRulesOf(report.findings).empty());
  CHECK(report.playlists == 1);
  CHECK(report.segments == 12);
}

TEST_CASE("watch: R52: media that breaks off between versions is found") {
  LiveRecording live;
  live.Step(5);
  int steps = 0;
  const CheckReport report = Watch(live.playlist(), [&] {
    if (++steps == 3) live.builder.counters[kVideoPid] += 5;
    live.Step(5);
    return false;
  });
  INFO(Describe(report.findings));
  CHECK(PlainRulesOf(report.findings) == Rules{"R52"});
}

TEST_CASE("watch: R35: what left the list is gone too soon") {
  LiveRecording live;
  live.Step(7);
  int steps = 0;
  const CheckReport report = Watch(live.playlist(), [&] {
    live.Step(7);
    if (++steps == 5) live.Remove("0.ts");
    return false;
  });
  INFO(Describe(report.findings));
  CHECK(PlainRulesOf(report.findings) == Rules{"R35"});
}

TEST_CASE("watch: R31: a segment is there when it is listed") {
  LiveRecording live;
  live.Step(3);
  live.Publish(0, 2, false);
  int steps = 0;
  const CheckReport report = Watch(live.playlist(), [&] {
    if (++steps > 1) live.Publish(0, 2, true);
    return false;
  });
  INFO(Describe(report.findings));
  CHECK(PlainRulesOf(report.findings) == Rules{"R31"});
}

TEST_CASE("watch: R30: a playlist that is not there for a moment") {
  LiveRecording live;
  live.Step(3);
  int steps = 0;
  std::vector<CheckFinding> told;
  const auto report = WatchRecording(
      live.playlist(),
      {.interval = std::chrono::milliseconds(1),
       .stop =
           [&] {
             if (++steps == 2) live.Remove("a.m3u8");
             if (steps == 4) live.Publish(0, 1, true);
             return false;
           },
       .on_finding =
           [&](const CheckFinding& finding) { told.push_back(finding); }});
  REQUIRE(report.ok());
  CHECK(PlainRulesOf(report->findings) == Rules{"R30"});
  CHECK(PlainRulesOf(told) == Rules{"R30"});
}

TEST_CASE("watch: it ends when told to, and after its time") {
  LiveRecording live;
  live.Step(3);
  CHECK(Watch(live.playlist(), [] { return true; }).segments == 1);
  const auto timed = WatchRecording(live.playlist(),
                                    {.interval = std::chrono::milliseconds(1),
                                     .duration = std::chrono::milliseconds(5)});
  REQUIRE(timed.ok());
  CHECK(timed->segments == 1);
}

TEST_CASE("watch: a location that is not there is an error") {
  const auto report = WatchRecording("/nonexistent/a.m3u8");
  REQUIRE_FALSE(report.ok());
  CHECK(report.status().code() == StatusCode::kNotFound);
}

}  // namespace
}  // namespace hlsrec::check
