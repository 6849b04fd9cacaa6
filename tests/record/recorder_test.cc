#include "hlsrec/recorder.h"

#include <algorithm>
#include <map>
#include <set>

#include "hlsrec/testing.h"
#include "src/base/gzip.h"
#include "src/playlist/parse.h"
#include "tests/catch.h"
#include "tests/record/synthetic.h"
#include "tests/temporary_directory.h"

namespace hlsrec {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::MemorySink;

class EventLog final : public Observer {
 public:
  void OnEvent(const Event& event) override { events.push_back(event); }
  [[nodiscard]] std::size_t Count(EventType type) const {
    return static_cast<std::size_t>(
        std::count_if(events.begin(), events.end(),
                      [type](const Event& e) { return e.type == type; }));
  }
  std::vector<Event> events;
};

// A recording in a simulated runtime onto a sink in memory.
struct Studio {
  testing::ManualClock clock;
  testing::SimulatedRuntime simulation{clock};
  std::shared_ptr<MemorySink> sink = std::make_shared<MemorySink>();
  std::shared_ptr<EventLog> log = std::make_shared<EventLog>();

  RecordingOptions Options(bool audio = true) {
    RecordingOptions options{.stream = "cam", .session = "s"};
    options.tracks = {VideoTrack()};
    if (audio) options.tracks.push_back(AudioTrack());
    options.segment.target_duration = seconds(2);
    options.segment.max_gop = seconds(2);
    options.observer = log;
    options.outputs.push_back({.sink = sink});
    options.outputs[0].segment_path = "{rendition}/{seq}.{ext}";
    options.outputs[0].init_path = "{rendition}/init-{hash}.mp4";
    options.outputs[0].playlists = {{.path = "{rendition}/index.m3u8"}};
    return options;
  }

  std::unique_ptr<Recorder> Open(RecordingOptions options) {
    auto recorder = Recorder::Open(simulation.runtime(), std::move(options));
    INFO(recorder.status().message());
    REQUIRE(recorder.ok());
    return std::move(recorder).value();
  }

  void Push(Recorder& recorder, const std::vector<Packet>& packets) {
    for (const Packet& packet : packets) {
      REQUIRE(recorder.Push(packet).ok());
      simulation.RunUntilIdle();
    }
  }

  RecordingResult Finish(Recorder& recorder) {
    recorder.Finish();
    return recorder.Wait();
  }

  [[nodiscard]] playlist::MediaPlaylist Playlist(
      const std::string& key = "index.m3u8") const {
    const auto parsed = playlist::ParsePlaylist(sink->Text(key));
    REQUIRE(parsed.ok());
    CHECK(parsed->findings.empty());
    return parsed->media;
  }

  // All marks of one kind over the playlist's segments, in order.
  [[nodiscard]] std::vector<std::int64_t> Marks(
      char kind, const std::string& key = "index.m3u8") const {
    const std::size_t slash = key.find_last_of('/');
    const std::string folder =
        slash == std::string::npos ? "" : key.substr(0, slash + 1);
    std::vector<std::int64_t> marks;
    for (const auto& segment : Playlist(key).segments) {
      if (segment.gap) continue;
      const auto in = MarksIn(sink->Text(folder + segment.uri), kind);
      marks.insert(marks.end(), in.begin(), in.end());
    }
    return marks;
  }
};

std::vector<std::int64_t> Numbers(std::int64_t first, std::int64_t end) {
  std::vector<std::int64_t> numbers;
  for (std::int64_t i = first; i < end; ++i) numbers.push_back(i);
  return numbers;
}

TEST_CASE("runtime: a spool too small for segments is refused") {
  const auto runtime = Runtime::Create({.spool_max_bytes = 1000});
  CHECK(runtime.status() ==
        Status(StatusCode::kInvalidArgument,
               "runtime: spool_max_bytes: 1000: want at least 16 MiB"));
}

TEST_CASE("recorder: the playlist of a plain recording, whole") {
  Studio studio;
  auto recorder = studio.Open(studio.Options(/*audio=*/false));
  studio.Push(*recorder, Stream(5, 50, false));
  const RecordingResult result = studio.Finish(*recorder);
  CHECK(result.status.ok());
  CHECK(studio.sink->Text("index.m3u8") ==
        "#EXTM3U\n"
        "#EXT-X-VERSION:3\n"
        "#EXT-X-TARGETDURATION:4\n"
        "#EXT-X-PLAYLIST-TYPE:EVENT\n"
        "#EXT-X-MEDIA-SEQUENCE:0\n"
        "#EXT-X-DISCONTINUITY-SEQUENCE:0\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:00.000Z\n"
        "#EXTINF:2.000000,\n0.ts\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:02.000Z\n"
        "#EXTINF:2.000000,\n1.ts\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:04.000Z\n"
        "#EXTINF:1.000000,\n2.ts\n"
        "#EXT-X-ENDLIST\n");
}

TEST_CASE("recorder: every packet is in exactly one segment, in order") {
  for (const Container container : {Container::kMpegTs, Container::kFmp4}) {
    Studio studio;
    RecordingOptions options = studio.Options();
    options.outputs[0].container = container;
    auto recorder = studio.Open(options);
    const auto packets = Stream(21, 50, true);
    studio.Push(*recorder, packets);
    const RecordingResult result = studio.Finish(*recorder);
    CHECK(result.status.ok());
    CHECK(studio.Marks('A') == Numbers(0, 525));
    const auto frames = static_cast<std::int64_t>(packets.size()) - 525;
    CHECK(studio.Marks('B') == Numbers(0, frames));
    CHECK(result.progress.packets_accepted == packets.size());
    CHECK(result.progress.packets_written == packets.size());
    CHECK(result.progress.packets_dropped == 0);
  }
}

TEST_CASE("recorder: at every moment what is listed is stored") {
  Studio studio;
  RecordingOptions options = studio.Options();
  options.outputs[0].container = Container::kFmp4;
  options.outputs[0].playlists.push_back(
      {.path = "live.m3u8", .policy = LiveWindow({.segments = 3})});
  int versions = 0;
  studio.sink->OnChange([&] {
    const auto objects = studio.sink->objects();
    for (const std::string key : {"index.m3u8", "live.m3u8"}) {
      if (!objects.contains(key)) continue;
      const auto parsed = playlist::ParsePlaylist(objects.at(key));
      REQUIRE(parsed.ok());
      REQUIRE(parsed->findings.empty());
      ++versions;
      for (const auto& segment : parsed->media.segments) {
        CHECK(objects.contains(segment.uri));
        REQUIRE(segment.map.has_value());
        CHECK(objects.contains(parsed->media.maps[*segment.map].uri));
      }
    }
  });
  auto recorder = studio.Open(options);
  studio.Push(*recorder, Stream(30, 50, true));
  CHECK(studio.Finish(*recorder).status.ok());
  CHECK(versions > 30);
}

TEST_CASE("recorder: a failing sink loses nothing and delays nothing") {
  // Each call in turn fails once, in each way.
  for (const testing::Fault fault :
       {testing::Fault::kFail, testing::Fault::kLoseReply}) {
    for (std::uint64_t bad = 1; bad <= 30; ++bad) {
      Studio studio;
      RecordingOptions options = studio.Options(false);
      options.outputs[0].container = Container::kFmp4;
      auto faulty = std::make_shared<testing::FaultySink>(
          studio.sink, [bad, fault](std::uint64_t call, const std::string&) {
            testing::FaultySink::Decision decision;
            // The first calls are Open()'s questions.
            if (call == bad + 2) decision.fault = fault;
            return decision;
          });
      options.outputs[0].sink = faulty;
      auto recorder = studio.Open(options);
      studio.Push(*recorder, Stream(15, 50, false));
      const RecordingResult result = studio.Finish(*recorder);
      INFO("call " << bad << ": " << result.status.message());
      CHECK(result.status.ok());
      CHECK(studio.Marks('A') == Numbers(0, 375));
      CHECK(studio.Playlist().end_list.value);
      for (const auto& segment : studio.Playlist().segments) {
        CHECK_FALSE(segment.gap);
      }
    }
  }
}

TEST_CASE("recorder: a stalled output holds up neither input nor the others") {
  Studio studio;
  auto other = std::make_shared<MemorySink>();
  RecordingOptions options = studio.Options(false);
  auto stalled = std::make_shared<testing::FaultySink>(
      studio.sink, [](std::uint64_t call, const std::string&) {
        testing::FaultySink::Decision decision;
        // The first two are Open()'s questions.
        if (call > 2) decision.fault = testing::Fault::kStall;
        return decision;
      });
  options.outputs[0].sink = stalled;
  options.outputs.push_back(options.outputs[0]);
  options.outputs[1].sink = other;
  auto recorder = studio.Open(options);
  studio.Push(*recorder, Stream(20, 50, false));
  CHECK(other->Keys().size() == 10);  // nine segments and their playlist
  CHECK(studio.sink->Keys().empty());
  recorder->Finish();
  studio.simulation.RunUntilIdle();
  const RecordingResult result = recorder->Wait();
  CHECK_FALSE(result.status.ok());
  CHECK(result.outputs[1].status.ok());
  CHECK(result.outputs[0].missing.size() >= 10);
  CHECK(other->Text("index.m3u8").ends_with("#EXT-X-ENDLIST\n"));
}

TEST_CASE("recorder: a segment that is refused for ever is a declared gap") {
  Studio studio;
  RecordingOptions options = studio.Options(false);
  options.outputs[0].sink = std::make_shared<testing::FaultySink>(
      studio.sink, [](std::uint64_t, const std::string& key) {
        testing::FaultySink::Decision decision;
        if (key == "1.ts") {
          decision = {testing::Fault::kFail,
                      Status(StatusCode::kInvalidArgument, "put: refused")};
        }
        return decision;
      });
  auto recorder = studio.Open(options);
  studio.Push(*recorder, Stream(8, 50, false));
  const RecordingResult result = studio.Finish(*recorder);
  CHECK_FALSE(result.status.ok());
  CHECK(result.outputs[0].missing == std::vector<std::string>{"1.ts"});
  const auto list = studio.Playlist();
  REQUIRE(list.segments.size() == 4);
  CHECK(list.segments[1].gap);
  CHECK(list.segments[2].sequence == 2);
  CHECK(studio.log->Count(EventType::kSegmentLost) == 1);
}

TEST_CASE("recorder: an encoder restart is one discontinuity") {
  Studio studio;
  auto recorder = studio.Open(studio.Options());
  studio.Push(*recorder, Stream(5, 50, true, 100000));
  studio.Push(*recorder, Stream(5, 50, true));
  const RecordingResult result = studio.Finish(*recorder);
  CHECK(result.status.ok());
  CHECK(result.progress.discontinuities == 1);
  const auto list = studio.Playlist();
  int discontinuities = 0;
  std::chrono::microseconds total{0};
  for (const auto& segment : list.segments) {
    if (segment.discontinuity) ++discontinuities;
    total += segment.duration.value;
    CHECK(segment.duration.value <= seconds(4));
  }
  CHECK(discontinuities == 1);
  CHECK(total >= milliseconds(9960));
  CHECK(total <= milliseconds(10080));
  auto expected = Numbers(100000, 100125);
  const auto second = Numbers(0, 125);
  expected.insert(expected.end(), second.begin(), second.end());
  CHECK(studio.Marks('A') == expected);
}

TEST_CASE("recorder: new parameters are one discontinuity and a new MAP") {
  Studio studio;
  RecordingOptions options = studio.Options(false);
  options.outputs[0].container = Container::kFmp4;
  auto recorder = studio.Open(options);
  for (int i = 0; i < 150; ++i) {
    REQUIRE(recorder->Push(VideoPacket(i, i % 50 == 0, 0, i < 100 ? 320 : 640))
                .ok());
  }
  CHECK(studio.Finish(*recorder).status.ok());
  const auto list = studio.Playlist();
  REQUIRE(list.segments.size() == 3);
  REQUIRE(list.maps.size() == 2);
  CHECK(list.maps[0].uri != list.maps[1].uri);
  CHECK_FALSE(list.segments[1].discontinuity);
  CHECK(list.segments[2].discontinuity);
  CHECK(studio.Marks('A') == Numbers(0, 150));
}

TEST_CASE(
    "recorder: what comes before the first keyframe is dropped and told") {
  Studio studio;
  auto recorder = studio.Open(studio.Options());
  for (int i = 0; i < 20; ++i) {
    REQUIRE(recorder->Push(VideoPacket(i, false)).ok());
    REQUIRE(recorder->Push(AudioPacket(i * 1920 / 1024)).ok());
  }
  studio.Push(*recorder, Stream(4, 50, true, 20));
  const RecordingResult result = studio.Finish(*recorder);
  CHECK(result.status.ok());
  CHECK(studio.Marks('A') == Numbers(20, 120));
  CHECK(result.progress.packets_dropped + result.progress.packets_written ==
        result.progress.packets_accepted);
  std::uint64_t told = 0;
  for (const Event& event : studio.log->events) {
    if (event.type == EventType::kPacketsDropped) told += event.count;
  }
  CHECK(told == result.progress.packets_dropped);
}

TEST_CASE("recorder: without any keyframe audio is recorded alone") {
  Studio studio;
  RecordingOptions options = studio.Options();
  options.timeline.wait_for_keyframe = seconds(3);
  auto recorder = studio.Open(options);
  for (int i = 0; i < 400; ++i) {
    REQUIRE(recorder->Push(AudioPacket(i)).ok());
  }
  CHECK(studio.Finish(*recorder).status.ok());
  CHECK(studio.Marks('B') == Numbers(0, 400));
}

TEST_CASE("recorder: ended before any keyframe, the audio is kept") {
  Studio studio;
  auto recorder = studio.Open(studio.Options());
  for (int i = 0; i < 100; ++i) {
    REQUIRE(recorder->Push(AudioPacket(i)).ok());
    REQUIRE(recorder->Push(VideoPacket(i / 2, false)).ok());
  }
  CHECK(studio.Finish(*recorder).status.ok());
  CHECK(studio.Marks('B') == Numbers(0, 100));
  std::chrono::microseconds total{0};
  for (const auto& segment : studio.Playlist().segments) {
    total += segment.duration.value;
  }
  CHECK(total == milliseconds(2133) + std::chrono::microseconds(333));
}

TEST_CASE("recorder: a playlist that is refused for good ends the wait") {
  Studio studio;
  RecordingOptions options = studio.Options(false);
  std::uint64_t puts = 0;
  options.outputs[0].sink = std::make_shared<testing::FaultySink>(
      studio.sink, [&puts](std::uint64_t call, const std::string& key) {
        testing::FaultySink::Decision decision;
        if (call > 2 && key == "index.m3u8") {
          ++puts;
          decision = {testing::Fault::kFail,
                      Status(StatusCode::kFailedPrecondition, "is a folder")};
        }
        return decision;
      });
  auto recorder = studio.Open(options);
  studio.Push(*recorder, Stream(10, 50, false));
  const RecordingResult result = studio.Finish(*recorder);
  CHECK(result.status.code() == StatusCode::kFailedPrecondition);
  CHECK(result.outputs[0].missing == std::vector<std::string>{"index.m3u8"});
  CHECK(puts <= 6);
}

TEST_CASE("recorder: a silent source's last samples reach the spool") {
  Studio studio;
  RecordingOptions options = studio.Options(false);
  options.outputs[0].container = Container::kFmp4;
  auto recorder = studio.Open(options);
  studio.Push(*recorder, Stream(1, 50, false));
  const std::uint64_t before = recorder->progress().bytes_written;
  studio.simulation.Advance(seconds(2));
  REQUIRE(recorder->CutSegment().ok());
  studio.simulation.RunUntilIdle();
  CHECK(recorder->progress().bytes_written > before);
  recorder->Abort();
}

TEST_CASE("recorder: audio only and video only") {
  Studio studio;
  RecordingOptions options = studio.Options();
  options.tracks = {AudioTrack()};
  auto recorder = studio.Open(options);
  for (int i = 0; i < 468; ++i) REQUIRE(recorder->Push(AudioPacket(i)).ok());
  CHECK(studio.Finish(*recorder).status.ok());
  const auto list = studio.Playlist();
  CHECK(list.segments.size() == 5);
  CHECK(studio.Marks('B') == Numbers(0, 468));
}

TEST_CASE("recorder: audio that starts late joins at a keyframe") {
  Studio studio;
  auto recorder = studio.Open(studio.Options());
  const auto video = Stream(12, 25, false);
  std::int64_t frame = 5 * 48000 / 1024;
  for (const Packet& packet : video) {
    REQUIRE(recorder->Push(packet).ok());
    const std::int64_t number = packet.pts / 3600;
    while (number >= 125 && frame * 1024 < (number + 1) * 1920) {
      REQUIRE(recorder->Push(AudioPacket(frame++)).ok());
    }
  }
  const RecordingResult result = studio.Finish(*recorder);
  CHECK(result.status.ok());
  CHECK(studio.Marks('A') == Numbers(0, 300));
  // Its format was known from the start: nothing is lost.
  CHECK(studio.Marks('B') == Numbers(5 * 48000 / 1024, frame));
}

TEST_CASE("recorder: no keyframe for long is cut at the target duration") {
  Studio studio;
  auto recorder = studio.Open(studio.Options(false));
  studio.Push(*recorder, Stream(20, 100000, false));
  CHECK(studio.Finish(*recorder).status.ok());
  for (const auto& segment : studio.Playlist().segments) {
    CHECK(segment.duration.value <= seconds(4));
  }
  CHECK(studio.Marks('A') == Numbers(0, 500));
  CHECK(studio.log->Count(EventType::kForcedCut) >= 4);
}

TEST_CASE("recorder: promised keyframes make such segments gaps") {
  Studio studio;
  RecordingOptions options = studio.Options(false);
  options.segment.missing_keyframe = MissingKeyframe::kGap;
  auto recorder = studio.Open(options);
  studio.Push(*recorder, Stream(20, 300, false));  // 12 s GOPs
  CHECK(studio.Finish(*recorder).status.ok());
  const auto list = studio.Playlist();
  CHECK(list.independent_segments.value);
  int gaps = 0;
  for (const auto& segment : list.segments) {
    if (segment.gap) {
      ++gaps;
      continue;
    }
    const auto marks = MarksIn(studio.sink->Text(segment.uri), 'A');
    REQUIRE_FALSE(marks.empty());
    CHECK(marks.front() % 300 == 0);
  }
  CHECK(gaps >= 2);
  CHECK(studio.log->Count(EventType::kPacketsDropped) >= 2);
}

TEST_CASE("recorder: or they end the recording, by option") {
  Studio studio;
  RecordingOptions options = studio.Options(false);
  options.segment.missing_keyframe = MissingKeyframe::kFail;
  auto recorder = studio.Open(options);
  Status status;
  for (const Packet& packet : Stream(20, 300, false)) {
    status = recorder->Push(packet);
    studio.simulation.RunUntilIdle();
    if (!status.ok()) break;
  }
  CHECK(status.code() == StatusCode::kFailedPrecondition);
  const RecordingResult result = recorder->Wait();
  CHECK(result.status.message().find("no keyframe") != std::string::npos);
  CHECK(studio.Playlist().end_list.value);
}

TEST_CASE("recorder: two videos are cut at the same instants") {
  Studio studio;
  RecordingOptions options = studio.Options();
  options.tracks = {VideoTrack(0), VideoTrack(1, 640), AudioTrack(2)};
  options.renditions = {{.name = "low", .tracks = {0, 2}},
                        {.name = "high", .tracks = {1, 2}}};
  options.outputs[0].multivariant_path = "multivariant.m3u8";
  auto recorder = studio.Open(options);
  std::int64_t frame = 0;
  for (int i = 0; i < 500; ++i) {
    REQUIRE(recorder->Push(VideoPacket(i, i % 50 == 0, 0)).ok());
    REQUIRE(recorder->Push(VideoPacket(i, i % 50 == 0, 1, 640)).ok());
    while (frame * 1024 < (i + 1) * 1920) {
      REQUIRE(recorder->Push(AudioPacket(frame++, 2)).ok());
    }
  }
  CHECK(studio.Finish(*recorder).status.ok());
  const auto low = studio.Playlist("low/index.m3u8");
  const auto high = studio.Playlist("high/index.m3u8");
  REQUIRE(low.segments.size() == high.segments.size());
  for (std::size_t i = 0; i < low.segments.size(); ++i) {
    CHECK(low.segments[i].duration.text == high.segments[i].duration.text);
  }
  CHECK(studio.Marks('A', "low/index.m3u8") == Numbers(0, 500));
  CHECK(studio.Marks('B', "high/index.m3u8") == Numbers(0, 500));
  CHECK(studio.Marks('C', "low/index.m3u8") == Numbers(0, frame));
  CHECK(studio.Marks('C', "high/index.m3u8") == Numbers(0, frame));
  const std::string multivariant = studio.sink->Text("multivariant.m3u8");
  INFO(multivariant);
  CHECK(multivariant.find("RESOLUTION=320x180") != std::string::npos);
  CHECK(multivariant.find("RESOLUTION=640x360") != std::string::npos);
  CHECK(multivariant.find("low/index.m3u8") != std::string::npos);
}

TEST_CASE("recorder: languages are alternative renditions, cut alike") {
  Studio studio;
  RecordingOptions options = studio.Options();
  options.tracks = {VideoTrack(0), AudioTrack(1, "en"), AudioTrack(2, "de")};
  options.renditions = {{.name = "video", .tracks = {0}},
                        {.name = "en", .tracks = {1}},
                        {.name = "de", .tracks = {2}}};
  options.outputs[0].multivariant_path = "multivariant.m3u8";
  auto recorder = studio.Open(options);
  std::int64_t frame = 0;
  for (int i = 0; i < 500; ++i) {
    REQUIRE(recorder->Push(VideoPacket(i, i % 50 == 0, 0)).ok());
    for (; frame * 1024 < (i + 1) * 1920; ++frame) {
      REQUIRE(recorder->Push(AudioPacket(frame, 1)).ok());
      REQUIRE(recorder->Push(AudioPacket(frame, 2)).ok());
    }
  }
  CHECK(studio.Finish(*recorder).status.ok());
  const auto video = studio.Playlist("video/index.m3u8");
  for (const std::string key : {"en/index.m3u8", "de/index.m3u8"}) {
    const auto audio = studio.Playlist(key);
    REQUIRE(audio.segments.size() == video.segments.size());
    for (std::size_t i = 0; i < audio.segments.size(); ++i) {
      CHECK(audio.segments[i].duration.text == video.segments[i].duration.text);
    }
  }
  CHECK(studio.Marks('B', "en/index.m3u8") == Numbers(0, frame));
  CHECK(studio.Marks('C', "de/index.m3u8") == Numbers(0, frame));
  const std::string multivariant = studio.sink->Text("multivariant.m3u8");
  INFO(multivariant);
  CHECK(multivariant.find("LANGUAGE=\"de\"") != std::string::npos);
  CHECK(multivariant.find("AUDIO=\"audio\"") != std::string::npos);
}

TEST_CASE("recorder: who joins while another is late costs it no segment") {
  Studio studio;
  RecordingOptions options = studio.Options();
  options.tracks = {VideoTrack(0), AudioTrack(1), VideoTrack(2)};
  options.renditions = {{.name = "video", .tracks = {0}},
                        {.name = "sound", .tracks = {1}},
                        {.name = "small", .tracks = {2}}};
  auto recorder = studio.Open(options);
  std::int64_t frame = 0;
  for (int i = 0; i < 500; ++i) {
    REQUIRE(recorder->Push(VideoPacket(i, i % 50 == 0, 0)).ok());
    if (i >= 250) REQUIRE(recorder->Push(VideoPacket(i, i % 50 == 0, 2)).ok());
    // Away for more than two segments around the instant of the joining.
    if (i >= 125 && i < 375) continue;
    for (frame = std::max(frame, i * std::int64_t{1920} / 1024);
         frame * 1024 < (i + 1) * 1920; ++frame) {
      REQUIRE(recorder->Push(AudioPacket(frame, 1)).ok());
    }
    studio.simulation.RunUntilIdle();
  }
  CHECK(studio.Finish(*recorder).status.ok());
  const auto video = studio.Playlist("video/index.m3u8");
  const auto sound = studio.Playlist("sound/index.m3u8");
  REQUIRE(video.segments.size() >= 10);
  REQUIRE(sound.segments.size() == video.segments.size());
  for (std::size_t i = 0; i < video.segments.size(); ++i) {
    CHECK(sound.segments[i].uri == video.segments[i].uri);
    CHECK(sound.segments[i].duration.text == video.segments[i].duration.text);
  }
  CHECK(studio.Playlist("small/index.m3u8").segments.size() ==
        video.segments.size());
}

TEST_CASE("recorder: several policies and containers beside each other") {
  Studio studio;
  RecordingOptions options = studio.Options();
  auto other = std::make_shared<MemorySink>();
  options.outputs[0].playlists.push_back(
      {.path = "live.m3u8", .policy = LiveWindow({.segments = 3})});
  options.outputs[0].playlists.push_back(
      {.path = "vod.m3u8", .policy = VodList()});
  options.outputs.push_back(
      {.sink = other,
       .container = Container::kFmp4,
       .segment_path = "{seq}.{ext}",
       .init_path = "{hash}.mp4",
       .playlists = {{.path = "live.m3u8", .policy = LiveWindow()}}});
  auto recorder = studio.Open(options);
  studio.Push(*recorder, Stream(30, 50, true));
  CHECK(studio.sink->Text("vod.m3u8").empty());
  CHECK(studio.Finish(*recorder).status.ok());
  CHECK(studio.Playlist("index.m3u8").segments.size() == 15);
  // Three target durations stay listed.
  CHECK(studio.Playlist("live.m3u8").segments.size() == 6);
  CHECK(studio.Playlist("live.m3u8").media_sequence.value == 9);
  CHECK(studio.Playlist("vod.m3u8").type.value == playlist::ListType::kVod);
  CHECK(studio.Playlist("vod.m3u8").end_list.value);
  CHECK(other->Text("live.m3u8").find("EXT-X-MAP") != std::string::npos);
  int vod_versions = 0;
  for (const auto& operation : studio.sink->log()) {
    if (operation.key == "vod.m3u8") ++vod_versions;
  }
  CHECK(vod_versions == 1);
}

TEST_CASE("recorder: expired segments stay as long as readers may need them") {
  Studio studio;
  RecordingOptions options = studio.Options(false);
  options.outputs[0].playlists = {
      {.path = "live.m3u8", .policy = LiveWindow({.segments = 6})}};
  auto recorder = studio.Open(options);
  for (int i = 0; i < 100; ++i) {
    // Two seconds at a time, in real time.
    for (const Packet& packet : Stream(2, 50, false, i * 50)) {
      REQUIRE(recorder->Push(packet).ok());
    }
    studio.simulation.Advance(seconds(2));
    if (i < 30) continue;
    const auto first = studio.Playlist("live.m3u8").media_sequence.value;
    // Its own duration and that of the longest list that held it, 14 s, after
    // it left.
    CHECK(studio.sink->Text(std::to_string(first - 7) + ".ts") != "");
    CHECK(studio.sink->Text(std::to_string(first - 9) + ".ts") == "");
  }
  CHECK(studio.Finish(*recorder).status.ok());
  CHECK(studio.sink->Keys().size() < 20);
}

TEST_CASE("recorder: what expires after the end stays") {
  Studio studio;
  RecordingOptions options = studio.Options(false);
  options.outputs[0].playlists = {
      {.path = "live.m3u8", .policy = LiveWindow({.segments = 6})}};
  auto recorder = studio.Open(options);
  for (int i = 0; i < 30; ++i) {
    for (const Packet& packet : Stream(2, 50, false, i * 50)) {
      REQUIRE(recorder->Push(packet).ok());
    }
    studio.simulation.Advance(seconds(2));
  }
  CHECK(studio.Finish(*recorder).status.ok());
  recorder = nullptr;
  const auto keys = studio.sink->Keys();
  studio.simulation.Advance(std::chrono::hours(1));
  CHECK(studio.sink->Keys() == keys);
  // The list, what it names, and what left it within 14 s.
  CHECK(keys.size() > 7);
  CHECK(keys.size() <= 1 + 6 + 8);
}

TEST_CASE("recorder: deleting at the end leaves nothing after the grace") {
  Studio studio;
  RecordingOptions options = studio.Options();
  options.outputs[0].container = Container::kFmp4;
  options.outputs[0].delete_after_end = seconds(30);
  auto recorder = studio.Open(options);
  studio.Push(*recorder, Stream(10, 50, true));
  CHECK(studio.Finish(*recorder).status.ok());
  studio.simulation.Advance(seconds(29));
  CHECK(studio.sink->Keys().size() == 7);
  studio.simulation.Advance(seconds(2));
  CHECK(studio.sink->Keys().empty());
  CHECK(studio.log->Count(EventType::kRecordingDeleted) == 1);
}

TEST_CASE("recorder: rotating lists end and start by the clock") {
  Studio studio;
  RecordingOptions options = studio.Options(false);
  options.outputs[0].playlists = {
      {.path = "{segment_time:%H%M%S}.m3u8",
       .policy = RotatingList({.period = seconds(10)})}};
  auto recorder = studio.Open(options);
  studio.Push(*recorder, Stream(30, 50, false));
  CHECK(studio.Finish(*recorder).status.ok());
  for (const std::string key : {"000000.m3u8", "000010.m3u8", "000020.m3u8"}) {
    const auto list = studio.Playlist(key);
    CHECK(list.segments.size() == 5);
    CHECK(list.end_list.value);
  }
}

TEST_CASE("recorder: what exists is never overwritten") {
  Studio studio;
  auto first = studio.Open(studio.Options());
  studio.Push(*first, Stream(4, 50, true));
  CHECK(studio.Finish(*first).status.ok());
  const auto second =
      Recorder::Open(studio.simulation.runtime(), studio.Options());
  CHECK(second.status().code() == StatusCode::kAlreadyExists);
  CHECK(second.status().message().find("append") != std::string::npos);
}

TEST_CASE("recorder: a playlist that is stored as gzip is appended to") {
  Studio studio;
  RecordingOptions options = studio.Options(false);
  options.outputs[0].playlist_encoding = PlaylistEncoding::kGzip;
  options.outputs[0].if_exists = IfPlaylistExists::kAppend;
  std::string before;
  for (int run = 0; run < 2; ++run) {
    auto recorder = studio.Open(options);
    studio.Push(*recorder, Stream(4, 50, false));
    CHECK(studio.Finish(*recorder).status.ok());
    const std::string stored = studio.sink->Text("index.m3u8");
    CHECK(IsGzip(stored));
    const auto text = Gunzip(stored, 100000);
    REQUIRE(text.ok());
    const std::string open = text->substr(0, text->find("#EXT-X-ENDLIST"));
    CHECK(open.starts_with(before));
    before = open;
  }
  const auto parsed = playlist::ParsePlaylist(before);
  REQUIRE(parsed.ok());
  REQUIRE(parsed->media.segments.size() == 4);
  CHECK(parsed->media.segments[2].discontinuity);
}

TEST_CASE("recorder: a sink that keeps no encoding takes no gzip") {
  Studio studio;
  TemporaryDirectory directory;
  RecordingOptions options = studio.Options(false);
  const auto sink =
      OpenFileSink(studio.simulation.runtime(), {.root = directory.path()});
  REQUIRE(sink.ok());
  options.outputs[0].sink = *sink;
  options.outputs[0].playlist_encoding = PlaylistEncoding::kGzip;
  const auto recorder =
      Recorder::Open(studio.simulation.runtime(), std::move(options));
  CHECK(recorder.status().code() == StatusCode::kInvalidArgument);
  CHECK(recorder.status().message() ==
        "outputs[0].playlist_encoding: file:" + directory.path() +
            ": keeps no Content-Encoding, so that players would take gzip for "
            "text: use identity");
}

TEST_CASE("recorder: stored segments that nobody lists keep their names") {
  Studio studio;
  for (const char* key : {"0.ts", "2.ts"}) {
    studio.sink->Put({.key = key,
                      .body = MakeStringBody("orphan"),
                      .content_type = "video/mp2t"},
                     [](const Status& status) { CHECK(status.ok()); });
  }
  RecordingOptions options = studio.Options(false);
  CHECK(Recorder::Open(studio.simulation.runtime(), options).status().code() ==
        StatusCode::kAlreadyExists);
  options.outputs[0].if_exists = IfPlaylistExists::kAppend;
  auto recorder = studio.Open(options);
  studio.Push(*recorder, Stream(4, 50, false));
  CHECK(studio.Finish(*recorder).status.ok());
  CHECK(studio.Playlist().segments[0].uri == "3.ts");
  CHECK(studio.sink->Text("0.ts") == "orphan");
}

TEST_CASE("recorder: a name with more digits is another stream's") {
  Studio studio;
  studio.sink->Put({.key = "cam2000000007.ts",
                    .body = MakeStringBody("cam2's"),
                    .content_type = "video/mp2t"},
                   [](const Status& status) { CHECK(status.ok()); });
  RecordingOptions options = studio.Options(false);
  options.outputs[0].segment_path = "{stream}{seq:09}.{ext}";
  auto recorder = studio.Open(options);
  studio.Push(*recorder, Stream(4, 50, false));
  CHECK(studio.Finish(*recorder).status.ok());
  CHECK(studio.Playlist().segments[0].uri == "cam000000000.ts");
}

TEST_CASE("recorder: a multivariant playlist replaces no media playlist") {
  Studio studio;
  RecordingOptions options = studio.Options();
  options.outputs[0].playlists = {{.path = "x{_rendition}.m3u8"}};
  auto first = studio.Open(options);
  studio.Push(*first, Stream(4, 50, true));
  CHECK(studio.Finish(*first).status.ok());
  const std::string before = studio.sink->Text("x.m3u8");
  options.renditions = {{.name = "v", .tracks = {0}},
                        {.name = "a", .tracks = {1}}};
  options.outputs[0].multivariant_path = "x.m3u8";
  for (const IfPlaylistExists mode :
       {IfPlaylistExists::kFail, IfPlaylistExists::kAppend}) {
    options.outputs[0].if_exists = mode;
    CHECK_FALSE(Recorder::Open(studio.simulation.runtime(), options).ok());
  }
  CHECK(studio.sink->Text("x.m3u8") == before);
}

TEST_CASE("recorder: as many segments as were asked for, and no more") {
  Studio studio;
  RecordingOptions options = studio.Options(false);
  options.max_segments = 3;
  auto recorder = studio.Open(options);
  for (const Packet& packet : Stream(30, 50, false)) {
    if (!recorder->Push(packet).ok()) break;
  }
  const RecordingResult result = recorder->Wait();
  CHECK(result.status.ok());
  CHECK(result.progress.segments == 3);
  CHECK(studio.Marks('A') == Numbers(0, 150));
  CHECK(studio.Playlist().end_list.value);
  CHECK(result.progress.packets_dropped + result.progress.packets_written ==
        result.progress.packets_accepted);
}

TEST_CASE("recorder: what waited behind the last segment is counted") {
  Studio studio;
  RecordingOptions options = studio.Options();
  options.max_segments = 1;
  auto recorder = studio.Open(options);
  // No keyframe comes: ten seconds wait, of which one segment is recorded.
  for (int i = 0; i < 600; ++i) REQUIRE(recorder->Push(AudioPacket(i)).ok());
  const RecordingResult result = studio.Finish(*recorder);
  CHECK(result.status.ok());
  CHECK(result.progress.packets_accepted == 600);
  CHECK(result.progress.packets_written < 200);
  CHECK(result.progress.packets_written + result.progress.packets_dropped ==
        600);
}

TEST_CASE("recorder: a sink may answer when everything else is gone") {
  auto memory = std::make_shared<MemorySink>();
  auto stalled = std::make_shared<testing::FaultySink>(
      memory, [](std::uint64_t call, const std::string&) {
        testing::FaultySink::Decision decision;
        if (call > 2) decision.fault = testing::Fault::kStall;
        return decision;
      });
  {
    Studio studio;
    RecordingOptions options = studio.Options(false);
    options.outputs[0].sink = stalled;
    auto recorder = studio.Open(options);
    studio.Push(*recorder, Stream(10, 50, false));
    recorder->Finish();
    studio.simulation.RunUntilIdle();
    recorder->Abort();
    studio.simulation.RunUntilIdle();
  }
  stalled->Release();
  CHECK_FALSE(memory->Keys().empty());
}

TEST_CASE("recorder: appending continues numbers, durations and dates") {
  for (const Container container : {Container::kMpegTs, Container::kFmp4}) {
    Studio studio;
    RecordingOptions options = studio.Options();
    options.outputs[0].container = container;
    auto first = studio.Open(options);
    studio.Push(*first, Stream(6, 50, true));
    CHECK(studio.Finish(*first).status.ok());
    const std::string old = studio.sink->Text("index.m3u8");
    // A segment nobody lists, left behind by a crash.
    const std::string orphan = container == Container::kFmp4 ? "3.m4s" : "3.ts";
    studio.sink->Put({.key = orphan,
                      .body = MakeStringBody("orphan"),
                      .content_type = "video/mp2t"},
                     [](const Status& status) { CHECK(status.ok()); });
    studio.simulation.Advance(seconds(60));
    options.outputs[0].if_exists = IfPlaylistExists::kAppend;
    // Longer segments are cut to the old TARGETDURATION.
    options.segment.target_duration = seconds(20);
    auto second = studio.Open(options);
    studio.Push(*second, Stream(6, 50, true));
    CHECK(studio.Finish(*second).status.ok());
    const std::string text = studio.sink->Text("index.m3u8");
    CHECK(text.starts_with(old.substr(0, old.find("#EXT-X-ENDLIST"))));
    const auto list = studio.Playlist();
    CHECK(list.target_duration.value == 4);
    REQUIRE(list.segments.size() > 4);
    CHECK(list.segments[3].discontinuity);
    CHECK(studio.sink->Text(orphan) == "orphan");
    std::set<std::string> uris;
    for (const auto& segment : list.segments) {
      CHECK(uris.insert(segment.uri).second);
      CHECK(segment.uri != orphan);
      CHECK(segment.duration.value <= seconds(4));
    }
    REQUIRE(list.segments[3].date_time.has_value());
    CHECK(list.segments[3].date_time->time >=
          list.segments[2].date_time->time + seconds(56));
    CHECK(list.end_list.value);
  }
}

TEST_CASE("recorder: appended dates never overlap, even if the clock does") {
  Studio studio;
  RecordingOptions options = studio.Options(false);
  auto first = studio.Open(options);
  studio.Push(*first, Stream(20, 50, false));  // faster than time
  CHECK(studio.Finish(*first).status.ok());
  options.outputs[0].if_exists = IfPlaylistExists::kAppend;
  auto second = studio.Open(options);
  studio.Push(*second, Stream(4, 50, false));
  CHECK(studio.Finish(*second).status.ok());
  const auto list = studio.Playlist();
  REQUIRE(list.segments.size() == 12);
  CHECK(list.segments[10].date_time->time ==
        list.segments[9].date_time->time + seconds(2));
}

TEST_CASE("recorder: an interruption can stand as gaps that sum to it") {
  Studio studio;
  auto recorder = studio.Open(studio.Options(false));
  studio.Push(*recorder, Stream(4, 50, false));
  REQUIRE(recorder->Interrupt(milliseconds(5500)).ok());
  studio.Push(*recorder, Stream(4, 50, false, 5000));
  CHECK(studio.Finish(*recorder).status.ok());
  const auto list = studio.Playlist();
  std::chrono::microseconds gaps{0};
  for (const auto& segment : list.segments) {
    if (segment.gap) gaps += segment.duration.value;
  }
  CHECK(gaps == milliseconds(5500));
  REQUIRE(list.segments.size() == 7);
  CHECK(list.segments[5].discontinuity);
  CHECK(list.segments[5].date_time->time ==
        list.segments[1].date_time->time + milliseconds(7500));
}

TEST_CASE("recorder: the wait for a keyframe is part of a declared absence") {
  Studio studio;
  const milliseconds missing(GENERATE(0, 5500));
  auto recorder = studio.Open(studio.Options(false));
  studio.Push(*recorder, Stream(4, 50, false));
  REQUIRE(recorder->Interrupt(missing).ok());
  studio.simulation.Advance(milliseconds(700));
  // These can't be decoded.
  for (int i = 1; i < 25; ++i) {
    REQUIRE(recorder->Push(VideoPacket(5000 + i, false)).ok());
    studio.simulation.Advance(milliseconds(40));
  }
  // Away once more, before anything was recorded.
  const auto again = missing.count() > 0 ? milliseconds(300) : milliseconds(0);
  studio.simulation.Advance(milliseconds(300));
  REQUIRE(recorder->Interrupt(again).ok());
  studio.simulation.Advance(milliseconds(40));
  studio.Push(*recorder, Stream(4, 50, false, 9000));
  CHECK(studio.Finish(*recorder).status.ok());
  const auto list = studio.Playlist();
  std::chrono::microseconds gaps{0};
  for (const auto& segment : list.segments) {
    if (segment.gap) gaps += segment.duration.value;
  }
  if (missing.count() == 0) {
    CHECK(gaps.count() == 0);
  } else {
    CHECK(gaps == milliseconds(5500 + 700 + 24 * 40 + 300 + 40));
  }
}

TEST_CASE("recorder: aborting publishes nothing more and no ENDLIST") {
  Studio studio;
  auto recorder = studio.Open(studio.Options());
  studio.Push(*recorder, Stream(7, 50, true));
  const std::string before = studio.sink->Text("index.m3u8");
  recorder->Abort();
  CHECK(recorder->Wait().status.code() == StatusCode::kCancelled);
  CHECK(studio.sink->Text("index.m3u8") == before);
  CHECK(recorder->Push(VideoPacket(0, true)).code() ==
        StatusCode::kFailedPrecondition);
}

TEST_CASE(
    "recorder: observers are told of the start on the strand, and first") {
  Studio studio;
  auto recorder = studio.Open(studio.Options());
  CHECK(studio.log->events.empty());  // nothing ran yet but the caller
  studio.Push(*recorder, Stream(4, 50, true));
  CHECK(studio.Finish(*recorder).status.ok());
  REQUIRE_FALSE(studio.log->events.empty());
  CHECK(studio.log->events.front().type == EventType::kRecordingStarted);
  CHECK(studio.log->events.front().message == "s");
}

TEST_CASE("recorder: a destroyed recorder aborts") {
  Studio studio;
  std::string before;
  {
    auto recorder = studio.Open(studio.Options());
    studio.Push(*recorder, Stream(7, 50, true));
    before = studio.sink->Text("index.m3u8");
  }
  studio.simulation.Advance(seconds(60));
  CHECK(studio.sink->Text("index.m3u8") == before);
}

TEST_CASE("recorder: bad options are named") {
  Studio studio;
  const auto fail = [&](auto change) {
    RecordingOptions options = studio.Options();
    change(options);
    const auto recorder =
        Recorder::Open(studio.simulation.runtime(), std::move(options));
    REQUIRE_FALSE(recorder.ok());
    return recorder.status().message();
  };
  using O = RecordingOptions;
  CHECK(fail([](O& o) { o.stream = ""; }).starts_with("stream:"));
  CHECK(fail([](O& o) { o.tracks.clear(); }).starts_with("tracks:"));
  CHECK(fail([](O& o) { o.tracks[1].id = 0; }).starts_with("tracks[1].id:"));
  CHECK(fail([](O& o) { o.outputs.clear(); }).starts_with("outputs:"));
  CHECK(fail([](O& o) {
          o.outputs[0].sink = nullptr;
        }).starts_with("outputs[0].sink:"));
  CHECK(fail([](O& o) { o.outputs[0].segment_path = "a.ts"; }).find("{seq}") !=
        std::string::npos);
  CHECK(fail([](O& o) { o.outputs[0].init_path = "a.mp4"; }).find("{hash}") !=
        std::string::npos);
  CHECK(fail([](O& o) {
          o.outputs[0].playlists[0].path = "{sream}.m3u8";
        }).find("playlists[0].path") != std::string::npos);
  CHECK(fail([](O& o) {
          o.segment.target_duration = milliseconds(0);
        }).starts_with("segment.target_duration:"));
  CHECK(fail([](O& o) {
          o.renditions = {{.name = "a", .tracks = {7}}};
        }).find("no such track") != std::string::npos);
  CHECK(fail([](O& o) {
          o.renditions = {{.name = "a", .tracks = {0}},
                          {.name = "b", .tracks = {1}}};
          o.outputs[0].segment_path = "{seq}.ts";
        }).find("{rendition}") != std::string::npos);
  CHECK(fail([](O& o) {
          o.tracks[1].codec = Codec::kOpus;
          o.tracks[1].codec_config = {};
          o.outputs[0].container = Container::kMpegTs;
        }).find("fmp4") != std::string::npos);
}

TEST_CASE("recorder: pushes are refused when the budget is spent, not lost") {
  Studio studio;
  RecordingOptions options = studio.Options(false);
  options.max_pending_bytes = 2000;
  auto recorder = studio.Open(options);
  std::vector<Packet> taken;
  std::uint64_t refused = 0;
  for (const Packet& packet : Stream(4, 50, false)) {
    // Nothing runs meanwhile: the queue fills.
    Status status = recorder->Push(packet);
    if (status.code() == StatusCode::kResourceExhausted) {
      ++refused;
      studio.simulation.RunUntilIdle();
      status = recorder->Push(packet);
    }
    CHECK(status.ok());
  }
  CHECK(refused > 5);
  CHECK(studio.Finish(*recorder).status.ok());
  CHECK(studio.Marks('A') == Numbers(0, 100));
}

TEST_CASE("recorder: the caller may do a packet's work himself") {
  Studio studio;
  auto recorder = studio.Open(studio.Options(false));
  studio.simulation.RunUntilIdle();
  for (const Packet& packet : Stream(4, 50, false)) {
    REQUIRE(recorder->Push(packet, PushWork::kCaller).ok());
  }
  // Nothing else ran, until the first segment was left to others to seal.
  CHECK(recorder->progress().packets_accepted == 51);
  CHECK(studio.Finish(*recorder).status.ok());
  CHECK(studio.Marks('A') == Numbers(0, 100));
}

TEST_CASE("recorder: the caller may write to the spool himself") {
  Studio studio;
  auto recorder = studio.Open(studio.Options(false));
  // Whatever else is to be done is waited for.
  for (const Packet& packet : Stream(4, 50, false)) {
    REQUIRE(recorder->Push(packet, PushWork::kCallerWithDisk).ok());
  }
  CHECK(recorder->progress().packets_accepted == 100);
  CHECK(studio.Finish(*recorder).status.ok());
  CHECK(studio.Marks('A') == Numbers(0, 100));
}

TEST_CASE("recorder: nonsense is refused or dropped, never fatal") {
  Studio studio;
  auto recorder = studio.Open(studio.Options());
  CHECK(recorder->Push({.track = 9, .payload = Payload::FromVector({1})})
            .code() == StatusCode::kInvalidArgument);
  CHECK(recorder->Push({.track = 0}).code() == StatusCode::kInvalidArgument);
  for (int i = 0; i < 100; ++i) {
    REQUIRE(
        recorder
            ->Push({.track = i % 2,
                    .pts = i % 3 == 0 ? kNoTimestamp : i * 1000000000000,
                    .payload = Payload::FromVector(std::vector<std::uint8_t>(
                        static_cast<std::size_t>(i + 1),
                        static_cast<std::uint8_t>(i * 37)))})
            .ok());
  }
  studio.Push(*recorder, Stream(4, 50, false));
  const RecordingResult result = studio.Finish(*recorder);
  CHECK(result.status.ok());
  CHECK(result.progress.packets_dropped + result.progress.packets_written ==
        result.progress.packets_accepted);
}

TEST_CASE("recorder: the same packets and faults give the same calls") {
  std::vector<std::vector<std::string>> runs;
  for (int run = 0; run < 2; ++run) {
    Studio studio;
    RecordingOptions options = studio.Options();
    options.outputs[0].sink = std::make_shared<testing::FaultySink>(
        studio.sink, [](std::uint64_t call, const std::string&) {
          testing::FaultySink::Decision decision;
          if (call % 5 == 0) decision.fault = testing::Fault::kFail;
          return decision;
        });
    auto recorder = studio.Open(options);
    studio.Push(*recorder, Stream(20, 50, true));
    CHECK(studio.Finish(*recorder).status.ok());
    std::vector<std::string> calls;
    for (const auto& operation : studio.sink->log()) {
      calls.push_back(operation.key + " " +
                      std::to_string(operation.size_bytes));
    }
    runs.push_back(std::move(calls));
  }
  CHECK(runs[0] == runs[1]);
}

}  // namespace
}  // namespace hlsrec
