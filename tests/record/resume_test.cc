#include <filesystem>
#include <set>

#include "hlsrec/recorder.h"
#include "hlsrec/resume.h"
#include "hlsrec/testing.h"
#include "src/base/hash.h"
#include "src/base/runtime_core.h"
#include "src/spool/spool.h"
#include "tests/catch.h"
#include "tests/record/machine.h"
#include "tests/record/synthetic.h"

namespace hlsrec {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// A recording whose process dies and comes again; the sink lives elsewhere.
struct Studio : Machine {
  explicit Studio(std::uint64_t spool_bytes = 0)
      : Machine({.max_bytes = spool_bytes}) {}

  [[nodiscard]] RecordingOptions Options(bool audio = false) const {
    RecordingOptions options = CameraOptions(sink);
    if (audio) options.tracks.push_back(AudioTrack());
    return options;
  }
  [[nodiscard]] playlist::MediaPlaylist Playlist(
      const std::string& key = "index.m3u8") const {
    return ListIn(*sink, key);
  }
  [[nodiscard]] std::vector<std::int64_t> Marks() const {
    return MarksOf(*sink, 'A');
  }
};

// Looks at what is put.
class HashingSink final : public Sink {
 public:
  explicit HashingSink(std::shared_ptr<Sink> inner)
      : inner_(std::move(inner)) {}
  void Put(PutRequest request, Done done) override {
    const auto bytes = ReadBody(*request.body, std::uint64_t{1} << 30);
    REQUIRE(bytes.ok());
    const std::string hash = Sha256Hex(
        {reinterpret_cast<const std::uint8_t*>(bytes->data()), bytes->size()});
    if (request.kind == ObjectKind::kSegment ||
        request.kind == ObjectKind::kInitSection) {
      CHECK(request.sha256 == hash);
      ++hashed;
    } else {
      CHECK((request.sha256.empty() || request.sha256 == hash));
    }
    inner_->Put(std::move(request), std::move(done));
  }
  void Get(std::string key, std::uint64_t max_bytes, GetDone done) override {
    inner_->Get(std::move(key), max_bytes, std::move(done));
  }
  void Remove(std::string key, Done done) override {
    inner_->Remove(std::move(key), std::move(done));
  }
  void List(std::string prefix, ListDone done) override {
    inner_->List(std::move(prefix), std::move(done));
  }
  std::string Describe() const override { return inner_->Describe(); }
  int hashed = 0;

 private:
  const std::shared_ptr<Sink> inner_;
};

TEST_CASE("resume: segments come with their hash, in both lives") {
  Studio studio;
  const auto hashing = std::make_shared<HashingSink>(studio.sink);
  const auto open = [&] {
    RecordingOptions options = studio.Options();
    options.outputs[0].sink = hashing;
    options.outputs[0].container = Container::kFmp4;
    return studio.Open(std::move(options));
  };
  auto recorder = open();
  studio.Push(*recorder, Stream(7, 25, false));
  CHECK(hashing->hashed == 4);  // with the init section
  studio.Kill(recorder);

  studio.Start();
  recorder = open();
  studio.simulation->RunUntilIdle();
  CHECK(hashing->hashed >= 5);  // what was open
}

TEST_CASE("resume: a killed recording goes on where it was") {
  Studio studio;
  auto recorder = studio.Open(studio.Options());
  studio.Push(*recorder, Stream(7, 25, false));
  const std::string before = studio.sink->Text("index.m3u8");
  CHECK(studio.Playlist().segments.size() == 3);
  studio.Kill(recorder);

  studio.Start();
  recorder = studio.Open(studio.Options());
  studio.simulation->RunUntilIdle();
  // What was open is adopted.
  CHECK(studio.Playlist().segments.size() == 4);
  CHECK(studio.sink->Text("index.m3u8").starts_with(before));
  studio.Push(*recorder, Stream(4, 25, false, 250));
  recorder->Finish();
  const RecordingResult result = recorder->Wait();
  INFO(result.status.message());
  CHECK(result.status.ok());
  const auto list = studio.Playlist();
  CHECK(studio.sink->Text("index.m3u8").starts_with(before));
  CHECK(list.end_list.present());
  REQUIRE(list.segments.size() == 6);
  CHECK(list.segments[4].discontinuity);
  CHECK_FALSE(list.segments[3].discontinuity);
  CHECK(list.segments[4].uri == "4.ts");
  // 7 s, less what had not been flushed, and 4 s.
  const auto marks = studio.Marks();
  CHECK(std::set<std::int64_t>(marks.begin(), marks.end()).size() ==
        marks.size());
  CHECK(marks.size() >= 175 - 25 + 100);
  recorder = nullptr;
  studio.simulation = nullptr;
  // Nothing is owed, nothing is left.
  CHECK_FALSE(std::filesystem::exists(studio.directory.Path("spool")));
}

TEST_CASE("resume: gaps stand for the pause, if asked") {
  Studio studio;
  auto recorder = studio.Open(studio.Options());
  studio.Push(*recorder, Stream(5, 25, false));
  studio.Kill(recorder);
  studio.Start();
  studio.simulation->Advance(seconds(7));
  RecordingOptions options = studio.Options();
  options.pause = Pause::kGaps;
  recorder = studio.Open(std::move(options));
  studio.Push(*recorder, Stream(4, 25, false, 300));
  recorder->Finish();
  CHECK(recorder->Wait().status.ok());
  const auto list = studio.Playlist();
  std::chrono::microseconds all{0};
  std::size_t gaps = 0;
  for (const auto& segment : list.segments) {
    all += segment.duration.value;
    if (segment.gap) ++gaps;
  }
  CHECK(gaps >= 4);
  // The dates and the durations say the same (R34, R89).
  const auto first = list.segments.front().date_time->time;
  const auto& last = list.segments.back();
  CHECK(last.date_time->time + last.duration.value - first == all);
  // 5 s, 7 s and 4 s, less what was not flushed.
  CHECK(all > seconds(15));
  CHECK(all <= milliseconds(16100));
}

TEST_CASE("resume: gaps stand for a pause that begins later than the run") {
  Studio studio;
  auto recorder = studio.Open(studio.Options());
  // Ahead of its time: 5 s of media at once.
  for (const Packet& packet : Stream(5, 25, false)) {
    REQUIRE(recorder->Push(packet).ok());
  }
  studio.simulation->Advance(seconds(2));
  studio.Kill(recorder);
  studio.Start();
  RecordingOptions options = studio.Options();
  options.pause = Pause::kGaps;
  recorder = studio.Open(std::move(options));
  studio.simulation->Advance(seconds(8));
  studio.Push(*recorder, Stream(4, 25, false, 300));
  recorder->Finish();
  CHECK(recorder->Wait().status.ok());
  const auto list = studio.Playlist();
  std::chrono::microseconds all{0};
  std::chrono::microseconds gaps{0};
  for (const auto& segment : list.segments) {
    all += segment.duration.value;
    if (segment.gap) gaps += segment.duration.value;
  }
  // Silent from the second to the tenth second, of which three were there.
  CHECK(gaps >= seconds(5));
  CHECK(gaps <= seconds(6));
  const auto first = list.segments.front().date_time->time;
  const auto& last = list.segments.back();
  CHECK(last.date_time->time + last.duration.value - first == all);
}

TEST_CASE("resume: an interrupted recording is listed, delivered and ended") {
  Studio studio;
  auto stalled = std::make_shared<testing::FaultySink>(
      studio.sink, [](std::uint64_t, const std::string& key) {
        testing::FaultySink::Decision decision;
        if (key == "2.ts") decision.fault = testing::Fault::kStall;
        return decision;
      });
  RecordingOptions options = studio.Options();
  options.outputs[0].sink = stalled;
  auto recorder = studio.Open(std::move(options));
  studio.Push(*recorder, Stream(9, 25, false));
  CHECK(studio.Playlist().segments.size() == 2);
  // Nobody resumes what is being recorded.
  const auto& runtime = studio.simulation->runtime();
  CHECK(ListInterrupted(runtime)->empty());
  CHECK(Resume(runtime, 1).status().code() == StatusCode::kFailedPrecondition);
  studio.Kill(recorder);

  studio.Start();
  const auto listed = ListInterrupted(studio.simulation->runtime());
  REQUIRE(listed.ok());
  REQUIRE(listed->size() == 1);
  const InterruptedRecording& left = listed->front();
  CHECK(left.stream == "cam");
  CHECK_FALSE(left.ending);
  CHECK(left.playlists == std::vector<std::string>{"index.m3u8"});
  CHECK(left.segments == 5);
  // The stalled one, and the open one; 3.ts was stored before.
  CHECK(left.segments_owed == 2);
  CHECK(left.bytes_owed > 0);
  CHECK(Resume(studio.simulation->runtime(), left.id).status().code() ==
        StatusCode::kFailedPrecondition);  // memory can't be made again
  const auto result = Resume(
      studio.simulation->runtime(), left.id,
      {.open_sink =
           [&](const std::string& name) -> StatusOr<std::shared_ptr<Sink>> {
        CHECK(name == stalled->Describe());
        return std::shared_ptr<Sink>(studio.sink);
      }});
  REQUIRE(result.ok());
  CHECK(result->status.ok());
  const auto list = studio.Playlist();
  CHECK(list.segments.size() == 5);
  CHECK(list.end_list.present());
  CHECK(ListInterrupted(studio.simulation->runtime())->empty());
}

// What becomes of a recording whose sink stands still until `Release()`.
struct Stalled {
  Studio studio{200000};
  bool stalls = false;
  std::shared_ptr<testing::FaultySink> sink =
      std::make_shared<testing::FaultySink>(
          studio.sink, [this](std::uint64_t, const std::string&) {
            testing::FaultySink::Decision decision;
            if (stalls) decision.fault = testing::Fault::kStall;
            return decision;
          });

  std::unique_ptr<Recorder> Open(WhenSpoolFull when) {
    RecordingOptions options = studio.Options();
    options.outputs[0].sink = sink;
    options.spool_full = when;
    options.max_pending_bytes = 100000;
    auto recorder = studio.Open(std::move(options));
    stalls = true;
    return recorder;
  }
  // How many of them were taken.
  std::size_t PushWhatIsTaken(Recorder& recorder,
                              const std::vector<Packet>& packets) {
    for (std::size_t i = 0; i < packets.size(); ++i) {
      if (!recorder.Push(packets[i]).ok()) return i;
      studio.simulation->Advance(milliseconds(40));
    }
    return packets.size();
  }
};

TEST_CASE("spool full: a recording waits, and goes on when there is room") {
  Stalled stalled;
  auto recorder = stalled.Open(WhenSpoolFull::kWait);
  const auto packets = Stream(600, 25, false);
  const std::size_t taken = stalled.PushWhatIsTaken(*recorder, packets);
  INFO(taken);
  REQUIRE(taken < packets.size());
  stalled.stalls = false;
  stalled.sink->Release();
  stalled.studio.simulation->Advance(seconds(2));
  CHECK(recorder->Push(packets[taken]).ok());
  recorder->Finish();
  const RecordingResult result = recorder->Wait();
  INFO(result.status.message());
  CHECK(result.status.ok());
  CHECK(result.progress.packets_dropped == 0);
  CHECK(stalled.studio.Marks().size() == taken + 1);
}

TEST_CASE("spool full: the oldest make room, as gaps") {
  Stalled stalled;
  auto recorder = stalled.Open(WhenSpoolFull::kDropOldest);
  const auto packets = Stream(600, 25, false);
  CHECK(stalled.PushWhatIsTaken(*recorder, packets) == packets.size());
  stalled.stalls = false;
  stalled.sink->Release();
  recorder->Finish();
  const RecordingResult result = recorder->Wait();
  INFO(result.status.message());
  CHECK(result.status.ok());
  CHECK(result.progress.segments_lost > 0);
  const auto list = stalled.studio.Playlist();
  CHECK(list.segments.size() == 300);
  std::size_t gaps = 0;
  for (const auto& segment : list.segments) {
    if (segment.gap) ++gaps;
  }
  CHECK(gaps == result.progress.segments_lost);
  // What is kept is the newest.
  CHECK_FALSE(list.segments.back().gap);
  CHECK(stalled.studio.Marks().back() == 14999);
}

TEST_CASE("resume: a format that comes back keeps its init section") {
  Studio studio;
  RecordingOptions options = studio.Options();
  options.outputs[0].container = Container::kFmp4;
  options.outputs[0].playlists[0].policy = LiveWindow({.segments = 3});
  auto recorder = studio.Open(options);
  std::int64_t next = 0;
  const auto push = [&](int pictures, int width) {
    std::vector<Packet> packets;
    for (int i = 0; i < pictures; ++i, ++next) {
      packets.push_back(VideoPacket(next, i % 25 == 0, 0, width));
    }
    studio.Push(*recorder, packets);
  };
  push(75, 320);
  // Long enough for the first segments to be forgotten, and their init section.
  push(1500, 640);
  push(125, 320);
  studio.Kill(recorder);

  studio.Start();
  recorder = studio.Open(options);
  recorder->Finish();
  const RecordingResult result = recorder->Wait();
  INFO(result.status.message());
  CHECK(result.status.ok());
  for (const auto& segment : studio.Playlist().segments) {
    CHECK_FALSE(segment.gap);
  }
}

TEST_CASE("resume: nothing comes behind an end that was stored") {
  Studio studio;
  auto recorder = studio.Open(studio.Options());
  studio.Push(*recorder, Stream(5, 25, false));
  recorder->Finish();
  // Killed when the list has its end, and before all is forgotten.
  while (!studio.Playlist().end_list.present()) {
    studio.simulation->RunTasks(1);
  }
  studio.Kill(recorder);
  const std::string ended = studio.sink->Text("index.m3u8");
  studio.Start();
  auto left = ListInterrupted(studio.simulation->runtime());
  REQUIRE(left.ok());
  REQUIRE(left->size() == 1);
  // As if one more had been found on the disk now.
  spool::Journal& journal =
      studio.simulation->runtime()->core().spool().journal();
  const spool::RecordingId id = left->front().id;
  journal.Add(spool::PlaylistPublished{.recording = id,
                                       .output = "0",
                                       .key = "index.m3u8",
                                       .newest_sequence = 2,
                                       .ended = true},
              {});
  journal.Add(spool::SegmentSealed{.id = {.recording = id, .index = 3},
                                   .duration = seconds(1)},
              {});
  studio.simulation->RunUntilIdle();
  const auto result =
      Resume(studio.simulation->runtime(), left->front().id,
             {.open_sink = [&](const std::string&) {
               return StatusOr<std::shared_ptr<Sink>>(studio.sink);
             }});
  REQUIRE(result.ok());
  CHECK(studio.sink->Text("index.m3u8") == ended);
}

TEST_CASE("resume: no playlist says less than before, wherever it was killed") {
  for (int tasks = 0; tasks < 40; ++tasks) {
    INFO(tasks);
    Studio studio;
    auto recorder = studio.Open(studio.Options());
    studio.Push(*recorder, Stream(6, 25, false));
    const auto more = Stream(1, 25, false, 150);
    REQUIRE(recorder->Push(more.front()).ok());
    REQUIRE(recorder->CutSegment().ok());
    studio.simulation->RunTasks(tasks);
    const std::string before = studio.sink->Text("index.m3u8");
    studio.Kill(recorder);
    studio.Start();
    bool shrank = false;
    studio.sink->OnChange([&] {
      shrank = shrank || !studio.sink->Text("index.m3u8").starts_with(before);
    });
    recorder = studio.Open(studio.Options());
    studio.simulation->RunUntilIdle();
    CHECK_FALSE(shrank);
    studio.sink->OnChange({});
    studio.Kill(recorder);
  }
}

}  // namespace
}  // namespace hlsrec
