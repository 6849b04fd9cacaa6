#include <algorithm>
#include <functional>
#include <string>

#include "hlsrec/recorder.h"
#include "hlsrec/testing.h"
#include "src/playlist/parse.h"
#include "tests/catch.h"
#include "tests/record/synthetic.h"

namespace hlsrec {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::FaultySink;

// Twenty segments of two seconds, pushed as time goes by, onto a sink whose
// mood `fails` tells by key and time.
struct Show {
  using Fails = std::function<StatusCode(const std::string& key, seconds now)>;

  explicit Show(Fails fails, const std::vector<PlaylistOptions>& playlists,
                LateSegments late = LateSegments::kAuto) {
    options.stream = "cam";
    options.session = "s";
    options.tracks = {VideoTrack()};
    options.segment.target_duration = seconds(2);
    options.segment.max_gop = seconds(2);
    options.late_segments = late;
    options.outputs.push_back(
        {.sink = std::make_shared<FaultySink>(
             sink, [this, fails = std::move(fails)](std::uint64_t,
                                                    const std::string& key) {
               const auto now = std::chrono::duration_cast<seconds>(
                   clock.Steady().time_since_epoch());
               FaultySink::Decision decision;
               const StatusCode code = fails(key, now);
               if (code != StatusCode::kOk) {
                 decision = {testing::Fault::kFail, Status(code, "injected")};
               }
               return decision;
             })});
    options.outputs[0].segment_path = "{seq}.{ext}";
    options.outputs[0].playlists = playlists;
    options.outputs[0].expired_segments = ExpiredSegments::kKeep;
  }

  RecordingResult Run() {
    sink->OnChange([this] {
      const std::string text = sink->Text("live.m3u8");
      gap_shown = gap_shown || text.find("#EXT-X-GAP") != std::string::npos;
    });
    auto recorder = Recorder::Open(simulation.runtime(), options);
    REQUIRE(recorder.ok());
    for (const Packet& packet : Stream(40, 50, false)) {
      REQUIRE((*recorder)->Push(packet).ok());
      simulation.Advance(milliseconds(40));
    }
    (*recorder)->Finish();
    return (*recorder)->Wait();
  }
  [[nodiscard]] playlist::MediaPlaylist List(const std::string& key) const {
    const auto parsed = playlist::ParsePlaylist(sink->Text(key));
    REQUIRE(parsed.ok());
    CHECK(parsed->findings.empty());
    return parsed->media;
  }
  [[nodiscard]] int Gaps(const std::string& key) const {
    const auto segments = List(key).segments;
    return static_cast<int>(
        std::count_if(segments.begin(), segments.end(),
                      [](const auto& segment) { return segment.gap; }));
  }

  testing::ManualClock clock;
  testing::SimulatedRuntime simulation{clock};
  std::shared_ptr<testing::MemorySink> sink =
      std::make_shared<testing::MemorySink>();
  RecordingOptions options = {};
  bool gap_shown = false;
};

const std::vector<PlaylistOptions>& LiveAndVod() {
  static const std::vector<PlaylistOptions>& both =
      *new std::vector<PlaylistOptions>{
          {.path = "live.m3u8", .policy = LiveWindow()},
          {.path = "vod.m3u8", .policy = VodList()}};
  return both;
}

TEST_CASE("late segments: live goes on with a gap, VOD is complete") {
  Show show(
      [](const std::string& key, seconds now) {
        return key == "3.ts" && now < seconds(20) ? StatusCode::kUnavailable
                                                  : StatusCode::kOk;
      },
      LiveAndVod());
  const RecordingResult result = show.Run();
  INFO(result.status.message());
  CHECK(result.status.ok());
  CHECK(show.gap_shown);
  CHECK(show.sink->objects().contains("3.ts"));
  const auto vod = show.List("vod.m3u8");
  CHECK(vod.segments.size() == 20);
  CHECK(show.Gaps("vod.m3u8") == 0);
  CHECK(vod.end_list.present());
  CHECK(result.progress.segments_lost == 1);
  CHECK(result.progress.segments_stored == 20);
  CHECK(result.outputs[0].missing.empty());
}

TEST_CASE("late segments: what never gets through is missing and a gap") {
  Show show(
      [](const std::string& key, seconds) {
        return key == "3.ts" ? StatusCode::kUnavailable : StatusCode::kOk;
      },
      LiveAndVod());
  show.options.finish_timeout = seconds(5);
  const RecordingResult result = show.Run();
  CHECK_FALSE(result.status.ok());
  CHECK(show.gap_shown);
  const auto& missing = result.outputs[0].missing;
  CHECK(std::count(missing.begin(), missing.end(), "3.ts") == 1);
  CHECK(show.List("live.m3u8").end_list.present());
}

TEST_CASE("late segments: an outage of all makes no gap, and leaves no trace") {
  const auto shown = [](bool outage) {
    Show show(
        [outage](const std::string&, seconds now) {
          return outage && now >= seconds(7) && now < seconds(31)
                     ? StatusCode::kUnavailable
                     : StatusCode::kOk;
        },
        LiveAndVod());
    CHECK(show.Run().status.ok());
    CHECK_FALSE(show.gap_shown);
    return show.sink->objects();
  };
  CHECK(shown(true) == shown(false));
}

TEST_CASE("late segments: lists that keep a gap for ever wait") {
  for (const bool told : {false, true}) {
    Show show(
        [](const std::string& key, seconds now) {
          return key == "3.ts" && now < seconds(20) ? StatusCode::kUnavailable
                                                    : StatusCode::kOk;
        },
        told ? LiveAndVod()
             : std::vector<PlaylistOptions>{{.path = "live.m3u8"}},
        told ? LateSegments::kWait : LateSegments::kAuto);
    CHECK(show.Run().status.ok());
    CHECK_FALSE(show.gap_shown);
    CHECK(show.Gaps("live.m3u8") == 0);
  }
}

TEST_CASE("late segments: an EVENT list may be told to go on, too") {
  Show show(
      [](const std::string& key, seconds now) {
        return key == "3.ts" && now < seconds(20) ? StatusCode::kUnavailable
                                                  : StatusCode::kOk;
      },
      {{.path = "live.m3u8"}}, LateSegments::kGap);
  CHECK(show.Run().status.ok());
  CHECK(show.Gaps("live.m3u8") == 1);
  CHECK(show.List("live.m3u8").segments.size() == 20);
  CHECK(show.sink->objects().contains("3.ts"));
}

TEST_CASE("late segments: a refusal of who we are loses nothing") {
  Show show(
      [](const std::string&, seconds now) {
        return now >= seconds(7) && now < seconds(31)
                   ? StatusCode::kPermissionDenied
                   : StatusCode::kOk;
      },
      LiveAndVod());
  const RecordingResult result = show.Run();
  CHECK(result.status.ok());
  CHECK(result.progress.segments_lost == 0);
  CHECK(show.List("vod.m3u8").segments.size() == 20);
}

}  // namespace
}  // namespace hlsrec
