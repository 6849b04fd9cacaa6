// Machines that freeze, die, lose their way to the store and come back, by
// seeded schedules, all at one recording in one store.
#include <random>
#include <set>

#include "hlsrec/recorder.h"
#include "hlsrec/resume.h"
#include "hlsrec/testing.h"
#include "src/playlist/parse.h"
#include "tests/catch.h"
#include "tests/record/synthetic.h"
#include "tests/temporary_directory.h"

namespace hlsrec {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::MemorySink;
using testing::SimulatedRuntime;

constexpr seconds kLease{6};
constexpr const char* kList = "index.m3u8";
constexpr std::string_view kEnd = "#EXT-X-ENDLIST\n";

// The one store, and what a reader of it may not see.
struct Store {
  std::shared_ptr<MemorySink> memory = std::make_shared<MemorySink>();
  std::string newest;  // version of the list
  std::size_t listed = 0;
  int writer = -1;  // of the newest version
  int writers = 0;  // how often another one came

  void OnPut(int machine, const PutRequest& request) {
    const auto bytes = ReadBody(*request.body, std::uint64_t{1} << 30);
    REQUIRE(bytes.ok());
    if (request.key.ends_with(".ts")) {
      const std::string there = memory->Text(request.key);
      INFO(request.key << ": other bytes under the same name");
      CHECK((there.empty() || there == *bytes));
    }
    if (request.key == kList) OnList(machine, *bytes);
  }
  void OnList(int machine, const std::string& text) {
    INFO("machine " << machine << " behind " << writer << "\nbefore:\n"
                    << newest << "now:\n"
                    << text);
    if (newest.ends_with(kEnd)) newest.resize(newest.size() - kEnd.size());
    REQUIRE(text.starts_with(newest));
    newest = text;
    if (writer != machine) ++writers;
    writer = machine;
    const auto parsed = playlist::ParsePlaylist(text);
    REQUIRE(parsed.ok());
    CHECK(parsed->findings.empty());
    const auto& segments = parsed->media.segments;
    for (; listed < segments.size(); ++listed) {
      if (segments[listed].gap) continue;
      CHECK_FALSE(memory->Text(segments[listed].uri).empty());
    }
  }
  void RequireWhole() const {
    const auto parsed = playlist::ParsePlaylist(memory->Text(kList));
    REQUIRE(parsed.ok());
    CHECK(parsed->media.end_list.present());
    std::set<std::int64_t> marks;
    for (const auto& segment : parsed->media.segments) {
      if (segment.gap) continue;
      for (const std::int64_t mark : MarksIn(memory->Text(segment.uri), 'A')) {
        INFO(mark);
        CHECK(marks.insert(mark).second);
      }
    }
  }
};

enum class Way { kOpen, kNoSegments, kNoLists, kNoLeases, kNone };

// One machine's way to the store.
class WayTo final : public Sink {
 public:
  WayTo(Store& store, int machine, std::function<void()> others)
      : store_(store), machine_(machine), others_(std::move(others)) {}

  void Put(PutRequest request, Done done) override {
    others_();
    if (Closed(request.key)) return done(Away());
    store_.OnPut(machine_, request);
    store_.memory->Put(std::move(request), std::move(done));
  }
  void Get(std::string key, std::uint64_t max_bytes, GetDone done) override {
    others_();
    if (Closed(key)) return done(Away());
    store_.memory->Get(std::move(key), max_bytes, std::move(done));
  }
  void Remove(std::string key, Done done) override {
    FAIL("remove: " << key);
    done({});
  }
  void List(std::string prefix, ListDone done) override {
    store_.memory->List(std::move(prefix), std::move(done));
  }
  std::string Describe() const override { return "memory:"; }

  Way way = Way::kOpen;

 private:
  static Status Away() { return {StatusCode::kUnavailable, "no way"}; }
  [[nodiscard]] bool Closed(const std::string& key) const {
    switch (way) {
      case Way::kOpen:
        return false;
      case Way::kNoSegments:
        return key.ends_with(".ts");
      case Way::kNoLists:
        return key == kList;
      case Way::kNoLeases:
        return key.find(".lease-") != std::string::npos;
      case Way::kNone:
        return true;
    }
    return false;
  }

  Store& store_;
  const int machine_;
  const std::function<void()> others_;
};

struct Machine {
  TemporaryDirectory directory;
  std::shared_ptr<WayTo> way;
  std::unique_ptr<SimulatedRuntime> simulation;
  std::unique_ptr<Recorder> recorder;
  std::int64_t next_picture = 0;
  bool frozen = false;

  [[nodiscard]] bool runs() const { return simulation != nullptr && !frozen; }
};

class Schedule {
 public:
  explicit Schedule(std::uint32_t seed) : random_(seed) {
    for (int i = 0; i < kMachines; ++i) {
      machines_.push_back(std::make_unique<Machine>());
      machines_.back()->way =
          std::make_shared<WayTo>(store_, i, [this] { LetRun(); });
    }
  }

  void Run() {
    for (int step = 0; step < kSteps; ++step) Step();
    // In the end all is well again, and somebody ends the recording.
    for (const auto& machine : machines_) {
      machine->way->way = Way::kOpen;
      machine->frozen = false;
    }
    Machine& last = *machines_[static_cast<std::size_t>(Pick(kMachines))];
    for (const auto& machine : machines_) {
      if (machine.get() != &last) Kill(*machine);
    }
    Push(last, 1);
    Open(last);
    REQUIRE(last.recorder != nullptr);
    Push(last, 3);
    REQUIRE(last.recorder != nullptr);
    last.recorder->Finish();
    const RecordingResult result = last.recorder->Wait();
    INFO(result.status.message());
    CHECK(result.status.ok());
    store_.RequireWhole();
    for (const auto& machine : machines_) Kill(*machine);
  }
  [[nodiscard]] int writers() const { return store_.writers; }

 private:
  static constexpr int kMachines = 3;
  static constexpr int kSteps = 40;

  int Pick(int count) {
    return std::uniform_int_distribution<int>(0, count - 1)(random_);
  }

  // Time has passed: all that live take their turn.
  void LetRun() {
    if (std::exchange(letting_run_, true)) return;
    for (const auto& machine : machines_) {
      if (machine->runs() && machine.get() != running_) {
        machine->simulation->RunUntilIdle();
      }
    }
    letting_run_ = false;
  }

  void Step() {
    Machine& machine = *machines_[static_cast<std::size_t>(Pick(kMachines))];
    switch (Pick(12)) {
      case 0:
        return Kill(machine);
      case 1:
      case 2:
        machine.frozen = !machine.frozen;
        return;
      case 3:
        machine.way->way = static_cast<Way>(Pick(5));
        return;
      case 4:
        machine.way->way = Way::kOpen;
        return;
      case 5:
        if (Pick(3) == 0) return Finish(machine);
        [[fallthrough]];
      default:
        if (machine.frozen) return Pass(seconds(1));
        Open(machine);
        return Push(machine, 1 + Pick(3));
    }
  }

  void Pass(milliseconds time) {
    for (const auto& machine : machines_) {
      if (!machine->runs()) continue;
      running_ = machine.get();
      machine->simulation->Advance(time);
      running_ = nullptr;
      return LetRun();
    }
  }

  void Kill(Machine& machine) {
    if (machine.simulation != nullptr) machine.simulation->Kill();
    machine.recorder = nullptr;
    machine.simulation = nullptr;
    machine.frozen = false;
  }

  void Open(Machine& machine) {
    if (machine.recorder != nullptr) return;
    if (machine.simulation == nullptr) {
      auto created =
          SimulatedRuntime::Create(clock_, machine.directory.Path("spool"));
      REQUIRE(created.ok());
      machine.simulation = std::move(created).value();
    }
    RecordingOptions options{.stream = "cam"};
    options.tracks = {VideoTrack()};
    options.segment.target_duration = seconds(1);
    options.segment.max_gop = seconds(1);
    options.finish_timeout = seconds(10);
    options.outputs.push_back({.sink = machine.way,
                               .segment_path = "{run}-{seq:06}.{ext}",
                               .playlists = {{.path = kList}},
                               .if_exists = IfPlaylistExists::kTakeOver,
                               .lease = kLease});
    running_ = &machine;
    auto opened =
        Recorder::Open(machine.simulation->runtime(), std::move(options));
    running_ = nullptr;
    if (opened.ok()) {
      machine.recorder = std::move(opened).value();
      machine.next_picture = 100000 * ++lives_;
      return;
    }
    const Status& status = opened.status();
    INFO(status.ToString());
    CHECK((status.code() == StatusCode::kConflict ||
           status.code() == StatusCode::kUnavailable ||
           status.message().find("resume it first") != std::string::npos));
    if (status.code() == StatusCode::kFailedPrecondition) Resume(machine);
  }

  void Resume(Machine& machine) {
    const auto left = ListInterrupted(machine.simulation->runtime());
    REQUIRE(left.ok());
    for (const InterruptedRecording& recording : *left) {
      running_ = &machine;
      hlsrec::Resume(machine.simulation->runtime(), recording.id,
                     {.open_sink =
                          [&](const std::string&) {
                            return std::shared_ptr<Sink>(machine.way);
                          },
                      .finish_timeout = seconds(10)})
          .status()
          .Ignore("the next schedule step finds what it came to");
      running_ = nullptr;
    }
  }

  void Push(Machine& machine, int how_many) {
    for (const Packet& packet :
         Stream(how_many, 25, false, machine.next_picture)) {
      if (machine.recorder == nullptr) return;
      const Status pushed = machine.recorder->Push(packet);
      if (!pushed.ok()) return Conclude(machine);
      ++machine.next_picture;
      running_ = &machine;
      machine.simulation->Advance(milliseconds(40));
      running_ = nullptr;
      LetRun();
    }
  }

  void Finish(Machine& machine) {
    if (machine.recorder == nullptr || machine.frozen) return;
    machine.recorder->Finish();
    Conclude(machine);
  }

  void Conclude(Machine& machine) {
    running_ = &machine;
    const RecordingResult result = machine.recorder->Wait();
    running_ = nullptr;
    INFO(result.status.ToString());
    const bool closed = machine.way->way != Way::kOpen;
    CHECK((result.status.ok() || closed ||
           result.status.code() == StatusCode::kConflict));
    Kill(machine);
  }

  std::mt19937 random_;
  testing::ManualClock clock_;
  Store store_;
  std::vector<std::unique_ptr<Machine>> machines_;
  Machine* running_ = nullptr;
  bool letting_run_ = false;
  std::int64_t lives_ = 0;
};

TEST_CASE("takeover: by any schedule one list grows, and nothing is replaced") {
  int writers = 0;
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    INFO("seed " << seed);
    Schedule schedule(seed);
    schedule.Run();
    writers += schedule.writers();
  }
  // They do take over.
  CHECK(writers > 120);
}

}  // namespace
}  // namespace hlsrec
