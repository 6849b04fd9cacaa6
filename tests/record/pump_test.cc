#include "hlsrec/pump.h"

#include <deque>

#include "hlsrec/testing.h"
#include "src/playlist/parse.h"
#include "tests/catch.h"
#include "tests/record/synthetic.h"

namespace hlsrec {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Packets from a list, then an end of the kind given.
class ListSource final : public Source {
 public:
  ListSource(std::vector<Track> tracks, std::vector<Packet> packets,
             Status end = {StatusCode::kEndOfStream, "end"})
      : tracks_(std::move(tracks)), end_(std::move(end)) {
    for (Packet& packet : packets) packets_.push_back(std::move(packet));
  }
  const std::vector<Track>& tracks() const override { return tracks_; }
  const std::vector<SourceProgram>& programs() const override {
    return programs_;
  }
  const std::vector<SkippedTrack>& skipped() const override { return skipped_; }
  StatusOr<Packet> Read() override {
    if (change_at_ && read_ == *change_at_) {
      tracks_ = new_tracks_;
      changed_ = true;
      change_at_.reset();
    }
    if (packets_.empty()) return end_;
    ++read_;
    Packet packet = std::move(packets_.front());
    packets_.pop_front();
    return packet;
  }
  bool TracksChanged() override { return std::exchange(changed_, false); }
  void Cancel() override {}
  SourceCounters counters() const override {
    return read_ > missed_at_ ? missed_ : SourceCounters();
  }
  // Tells of that from the packet's number on.
  void MissAt(std::size_t packet, SourceCounters missed) {
    missed_at_ = packet;
    missed_ = missed;
  }

  void ChangeAt(std::size_t packet, std::vector<Track> tracks) {
    change_at_ = packet;
    new_tracks_ = std::move(tracks);
  }
  void SetPrograms(std::vector<SourceProgram> programs) {
    programs_ = std::move(programs);
  }

 private:
  std::vector<Track> tracks_;
  std::vector<SourceProgram> programs_;
  std::vector<SkippedTrack> skipped_;
  std::deque<Packet> packets_;
  Status end_;
  std::size_t read_ = 0;
  std::optional<std::size_t> change_at_;
  std::vector<Track> new_tracks_;
  bool changed_ = false;
  std::size_t missed_at_ = SIZE_MAX;
  SourceCounters missed_;
};

struct Studio {
  std::shared_ptr<Runtime> runtime = Runtime::Create().value();
  std::shared_ptr<testing::MemorySink> sink =
      std::make_shared<testing::MemorySink>();

  std::unique_ptr<Recorder> Open(std::vector<Track> tracks) {
    RecordingOptions options{.stream = "cam", .session = "s"};
    options.tracks = std::move(tracks);
    options.segment.target_duration = seconds(2);
    options.outputs.push_back({.sink = sink,
                               .segment_path = "{seq}.{ext}",
                               .playlists = {{.path = "index.m3u8"}}});
    auto recorder = Recorder::Open(runtime, std::move(options));
    REQUIRE(recorder.ok());
    return std::move(recorder).value();
  }
  std::vector<std::int64_t> Marks(char kind) {
    const auto parsed = playlist::ParsePlaylist(sink->Text("index.m3u8"));
    REQUIRE(parsed.ok());
    std::vector<std::int64_t> marks;
    for (const auto& segment : parsed->media.segments) {
      const auto in = MarksIn(sink->Text(segment.uri), kind);
      marks.insert(marks.end(), in.begin(), in.end());
    }
    return marks;
  }
  int Discontinuities() {
    const auto parsed = playlist::ParsePlaylist(sink->Text("index.m3u8"));
    REQUIRE(parsed.ok());
    int count = 0;
    for (const auto& segment : parsed->media.segments) {
      count += segment.discontinuity ? 1 : 0;
    }
    return count;
  }
};

TEST_CASE("pump: moves everything to the end of the stream") {
  Studio studio;
  auto recorder = studio.Open({VideoTrack(), AudioTrack()});
  const auto packets = Stream(10, 50, true);
  const PumpResult result =
      Pump(std::make_unique<ListSource>(
               std::vector<Track>{VideoTrack(), AudioTrack()}, packets),
           *recorder, {});
  CHECK(result.end == PumpEnd::kEndOfStream);
  CHECK(result.packets == packets.size());
  recorder->Finish();
  CHECK(recorder->Wait().status.ok());
  CHECK(studio.Marks('A').size() == 250);
}

TEST_CASE("pump: stops after the duration, in media time") {
  Studio studio;
  auto recorder = studio.Open({VideoTrack()});
  const PumpResult result =
      Pump(std::make_unique<ListSource>(std::vector<Track>{VideoTrack()},
                                        Stream(60, 50, false)),
           *recorder, {.duration = seconds(8)});
  CHECK(result.end == PumpEnd::kLimit);
  recorder->Finish();
  CHECK(recorder->Wait().status.ok());
  CHECK(studio.Marks('A').size() == 200);
}

TEST_CASE("pump: stops when it is told to") {
  Studio studio;
  auto recorder = studio.Open({VideoTrack()});
  int calls = 0;
  const PumpResult result =
      Pump(std::make_unique<ListSource>(std::vector<Track>{VideoTrack()},
                                        Stream(60, 50, false)),
           *recorder, {.stop = [&calls] { return ++calls > 100; }});
  CHECK(result.end == PumpEnd::kStopped);
  CHECK(result.packets < 110);
}

TEST_CASE("pump: a lost source goes on in the same recording") {
  Studio studio;
  auto recorder = studio.Open({VideoTrack()});
  int opened = 0;
  std::vector<EventType> events;
  PumpOptions options;
  options.reconnect_window = seconds(20);
  options.reconnect_first = milliseconds(1);
  options.reopen = [&]() -> StatusOr<std::unique_ptr<Source>> {
    // Not there yet, twice; then with another id for the same track.
    if (++opened <= 2) return Status(StatusCode::kUnavailable, "refused");
    auto packets = Stream(4, 50, false, 700);
    for (Packet& packet : packets) packet.track = 5;
    Track track = VideoTrack();
    track.id = 5;
    return std::unique_ptr<Source>(
        std::make_unique<ListSource>(std::vector<Track>{track}, packets));
  };
  options.on_event = [&](const Event& event) { events.push_back(event.type); };
  const PumpResult result =
      Pump(std::make_unique<ListSource>(
               std::vector<Track>{VideoTrack()}, Stream(4, 50, false),
               Status(StatusCode::kUnavailable, "reset")),
           *recorder, options);
  CHECK(result.end == PumpEnd::kEndOfStream);
  CHECK(result.reconnects == 1);
  CHECK(events == std::vector<EventType>{EventType::kSourceLost,
                                         EventType::kSourceRestored});
  recorder->Finish();
  CHECK(recorder->Wait().status.ok());
  CHECK(studio.Marks('A').size() == 200);
  CHECK(studio.Discontinuities() == 1);
}

TEST_CASE("pump: segments that sources missed are told and summed up") {
  Studio studio;
  auto recorder = studio.Open({VideoTrack()});
  const auto source = [](std::int64_t offset, Status end) {
    auto list = std::make_unique<ListSource>(std::vector<Track>{VideoTrack()},
                                             Stream(4, 50, false, offset), end);
    list->MissAt(20, {.segments_missed = 2, .segments_cut_short = 1});
    return list;
  };
  std::vector<std::uint64_t> missed;
  PumpOptions options;
  options.reconnect_window = seconds(20);
  options.reconnect_first = milliseconds(1);
  options.reopen = [&]() -> StatusOr<std::unique_ptr<Source>> {
    return std::unique_ptr<Source>(
        source(700, {StatusCode::kEndOfStream, "end"}));
  };
  options.on_event = [&](const Event& event) {
    if (event.type == EventType::kSourceSegmentsMissed) {
      missed.push_back(event.count);
    }
  };
  const PumpResult result =
      Pump(source(0, {StatusCode::kUnavailable, "reset"}), *recorder, options);
  CHECK(result.reconnects == 1);
  CHECK(result.source_segments_missed == 6);
  CHECK(missed == std::vector<std::uint64_t>{3, 3});
}

TEST_CASE("pump: a source that stays away ends with its reason") {
  Studio studio;
  auto recorder = studio.Open({VideoTrack()});
  PumpOptions options;
  options.reconnect_window = milliseconds(50);
  options.reconnect_first = milliseconds(5);
  options.reopen = []() -> StatusOr<std::unique_ptr<Source>> {
    return Status(StatusCode::kUnavailable, "connection refused");
  };
  const PumpResult result =
      Pump(std::make_unique<ListSource>(
               std::vector<Track>{VideoTrack()}, Stream(4, 50, false),
               Status(StatusCode::kDeadlineExceeded, "silent")),
           *recorder, options);
  CHECK(result.end == PumpEnd::kSourceFailed);
  CHECK(result.status.message().find("connection refused") !=
        std::string::npos);
  recorder->Finish();
  CHECK(recorder->Wait().status.ok());
}

TEST_CASE("pump: a track that appears later is taken in") {
  Studio studio;
  auto recorder = studio.Open({VideoTrack()});
  auto packets = Stream(4, 50, false);
  const std::size_t change = packets.size();
  for (Packet& packet : Stream(4, 50, true, 100)) {
    packets.push_back(std::move(packet));
  }
  auto source =
      std::make_unique<ListSource>(std::vector<Track>{VideoTrack()}, packets);
  source->ChangeAt(change, {VideoTrack(), AudioTrack()});
  const PumpResult result = Pump(std::move(source), *recorder, {});
  CHECK(result.end == PumpEnd::kEndOfStream);
  recorder->Finish();
  CHECK(recorder->Wait().status.ok());
  CHECK(studio.Marks('A').size() == 200);
  CHECK(studio.Marks('B').size() > 180);
  CHECK(studio.Discontinuities() == 1);
}

TEST_CASE("renditions: what belongs together is recorded together") {
  const auto renditions = [](std::vector<Track> tracks,
                             std::vector<SourceProgram> programs = {}) {
    ListSource source(std::move(tracks), {});
    source.SetPrograms(std::move(programs));
    std::vector<std::pair<std::string, std::vector<int>>> result;
    for (const RenditionOptions& r : DefaultRenditions(source)) {
      result.emplace_back(r.name, r.tracks);
    }
    return result;
  };
  using Result = std::vector<std::pair<std::string, std::vector<int>>>;
  CHECK(renditions({VideoTrack(), AudioTrack()}) == Result{});
  CHECK(renditions({VideoTrack(0), AudioTrack(1, "en"), AudioTrack(2, "de"),
                    AudioTrack(3, "de")}) == Result{{"video", {0}},
                                                    {"audio-en", {1}},
                                                    {"audio-de", {2}},
                                                    {"audio-de-2", {3}}});
  CHECK(renditions({VideoTrack(0), VideoTrack(1), AudioTrack(2)}) ==
        Result{{"v0", {0, 2}}, {"v1", {1, 2}}});
  CHECK(renditions({VideoTrack(0), VideoTrack(1), AudioTrack(2)},
                   {{.name = "720p/..", .tracks = {0, 2}},
                    {.name = "", .tracks = {1, 2}}}) ==
        Result{{"720p", {0, 2}}, {"v1", {1, 2}}});
}

TEST_CASE("urls: files have an end of their own") {
  CHECK(IsFileUrl("a/b.ts"));
  CHECK(IsFileUrl("-"));
  CHECK(IsFileUrl("file:a.ts"));
  CHECK_FALSE(IsFileUrl("rtmp://h/a"));
  CHECK_FALSE(IsFileUrl("stream.sdp"));
}

}  // namespace
}  // namespace hlsrec
