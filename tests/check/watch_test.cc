#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "hlsrec/check.h"
#include "tests/catch.h"
#include "tests/check/rules_text.h"
#include "tests/check/ts_builder.h"
#include "tests/temporary_directory.h"

namespace hlsrec::check {
namespace {

// A live recording whose playlist moves on each time the watch asks whether to
// stop: no time passes between versions.
class Live {
 public:
  void Write(const std::string& name, const Bytes& bytes) const {
    std::ofstream(directory_.Path(name), std::ios::binary)
        << std::string(bytes.begin(), bytes.end());
  }
  void Publish(int first, int count, bool ended) const {
    std::string text =
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXT-X-TARGETDURATION:2\n"
        "#EXT-X-MEDIA-SEQUENCE:" +
        std::to_string(first) + "\n";
    for (int i = first; i < first + count; ++i) {
      text += "#EXTINF:2.000,\n" + std::to_string(i) + ".ts\n";
    }
    if (ended) text += "#EXT-X-ENDLIST\n";
    { std::ofstream(directory_.Path("a.tmp")) << text; }
    REQUIRE(std::rename(directory_.Path("a.tmp").c_str(),
                        directory_.Path("a.m3u8").c_str()) == 0);
  }
  // The next version: four of the segments made so far, ended at `last`.
  void Step(int last) {
    if (made_ > last) return;
    Write(std::to_string(made_) + ".ts", builder.NextBytes());
    ++made_;
    const int count = std::min(made_, 4);
    Publish(made_ - count, count, made_ > last);
  }
  void Remove(const std::string& name) const {
    std::remove(directory_.Path(name).c_str());
  }
  [[nodiscard]] std::string playlist() const {
    return directory_.Path("a.m3u8");
  }

  TsBuilder builder = {};

 private:
  TemporaryDirectory directory_;
  int made_ = 0;
};

CheckReport Watch(const std::string& location, std::function<bool()> stop) {
  const auto report = WatchRecording(
      location,
      {.interval = std::chrono::milliseconds(1), .stop = std::move(stop)});
  REQUIRE(report.ok());
  return *report;
}

TEST_CASE("watch: a sound live recording is followed to its end") {
  Live live;
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
  Live live;
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
  Live live;
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
  Live live;
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
  Live live;
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
  Live live;
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
