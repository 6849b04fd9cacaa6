// What an interrupted recording owes, dropped by who knows that nobody wants
// it.
#include <filesystem>

#include "hlsrec/notification.h"
#include "hlsrec/recorder.h"
#include "hlsrec/resume.h"
#include "hlsrec/testing.h"
#include "tests/catch.h"
#include "tests/record/synthetic.h"
#include "tests/temporary_directory.h"

namespace hlsrec {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::FaultySink;
using testing::SimulatedRuntime;

// What it was told, by name, and the data of the last.
class Receiver final : public Notifier {
 public:
  void Notify(Notification notification, Done done) override {
    names.emplace_back(NotificationTypeName(notification.type));
    data = notification.data;
    done({});
  }
  std::string Describe() const override { return "receiver"; }
  std::vector<std::string> names;
  std::string data;
};

struct Machine {
  TemporaryDirectory directory;
  testing::ManualClock clock;
  std::shared_ptr<testing::MemorySink> store =
      std::make_shared<testing::MemorySink>();
  bool away = false;
  std::shared_ptr<Sink> sink = std::make_shared<FaultySink>(
      store, [this](std::uint64_t, const std::string&) {
        return FaultySink::Decision{.fault = away ? testing::Fault::kFail
                                                  : testing::Fault::kNone};
      });
  std::unique_ptr<SimulatedRuntime> simulation;
  std::shared_ptr<Receiver> receiver;

  Machine() { Start(); }
  void Start() {
    auto created = SimulatedRuntime::Create(clock, directory.Path("spool"));
    REQUIRE(created.ok());
    simulation = std::move(created).value();
  }
  std::unique_ptr<Recorder> Open() {
    RecordingOptions options{.stream = "cam", .session = "s"};
    options.tracks = {VideoTrack()};
    options.segment.target_duration = seconds(2);
    options.outputs.push_back({.sink = sink});
    options.outputs[0].segment_path = "{seq}.{ext}";
    options.outputs[0].playlists = {{.path = "index.m3u8"}};
    if (receiver != nullptr) options.notifiers = {{.notifier = receiver}};
    auto recorder = Recorder::Open(simulation->runtime(), std::move(options));
    INFO(recorder.status().message());
    REQUIRE(recorder.ok());
    return std::move(recorder).value();
  }
  void Push(Recorder& recorder, double length, std::int64_t first) {
    for (const Packet& packet : Stream(length, 50, false, first)) {
      REQUIRE(recorder.Push(packet).ok());
      simulation->Advance(milliseconds(40));
    }
  }
  [[nodiscard]] std::size_t SpooledSegments() const {
    std::size_t count = 0;
    for (const auto& entry :
         std::filesystem::directory_iterator(directory.Path("spool"))) {
      if (entry.path().extension() == ".ts") ++count;
    }
    return count;
  }
};

TEST_CASE("discard: what is owed goes, what is stored stays") {
  Machine machine;
  auto recorder = machine.Open();
  machine.Push(*recorder, 6, 0);
  machine.away = true;
  machine.Push(*recorder, 6, 150);
  const auto stored = machine.store->objects();
  // Alive: nobody else may.
  const auto& runtime = machine.simulation->runtime();
  CHECK(Discard(runtime, 1).status().code() == StatusCode::kFailedPrecondition);
  CHECK(machine.SpooledSegments() > 0);
  machine.simulation->Kill();
  recorder = nullptr;
  machine.simulation = nullptr;

  machine.Start();
  const auto owed = ListInterrupted(machine.simulation->runtime());
  REQUIRE(owed.ok());
  REQUIRE(owed->size() == 1);
  REQUIRE(owed->front().segments_owed >= 2);
  const auto dropped = Discard(machine.simulation->runtime(), owed->front().id);
  REQUIRE(dropped.ok());
  CHECK(dropped->stream == "cam");
  CHECK(dropped->segments_owed == owed->front().segments_owed);
  CHECK(dropped->bytes_owed == owed->front().bytes_owed);
  machine.simulation->RunUntilIdle();
  CHECK(machine.SpooledSegments() == 0);
  CHECK(ListInterrupted(machine.simulation->runtime())->empty());
  CHECK(Discard(machine.simulation->runtime(), owed->front().id)
            .status()
            .code() == StatusCode::kNotFound);
  CHECK((machine.store->objects() == stored));

  // Nor does the next run know of it.
  machine.simulation = nullptr;
  machine.Start();
  CHECK(ListInterrupted(machine.simulation->runtime())->empty());
  CHECK(machine.SpooledSegments() == 0);
}

TEST_CASE("discard: who is told of the recording hears that it is over") {
  Machine machine;
  machine.receiver = std::make_shared<Receiver>();
  auto recorder = machine.Open();
  machine.Push(*recorder, 6, 0);
  machine.simulation->Kill();
  recorder = nullptr;
  machine.simulation = nullptr;
  machine.receiver->names.clear();

  machine.Start();
  const auto& runtime = machine.simulation->runtime();
  const auto owed = ListInterrupted(runtime);
  REQUIRE(owed.ok());
  REQUIRE(owed->size() == 1);
  REQUIRE(AttachNotifier(runtime, machine.receiver).ok());
  REQUIRE(Discard(runtime, owed->front().id).ok());
  CHECK(*WaitForNotifications(runtime, seconds(1)) == 0);
  CHECK(machine.receiver->names.back() == "recording.failed");
  const std::string& data = machine.receiver->data;
  CHECK(data.find("\"resumable\":false") != std::string::npos);
  CHECK(data.find("\"message\":\"discarded\"") != std::string::npos);
}

}  // namespace
}  // namespace hlsrec
