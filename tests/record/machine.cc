#include "tests/record/machine.h"

#include <chrono>
#include <utility>

#include "hlsrec/resume.h"
#include "src/base/file.h"
#include "src/base/runtime_core.h"
#include "src/playlist/parse.h"
#include "tests/catch.h"
#include "tests/record/synthetic.h"

namespace hlsrec {
namespace {

using testing::FaultySink;

std::shared_ptr<Sink> FaultyOver(Machine& machine) {
  return std::make_shared<FaultySink>(
      machine.sink, [&machine](std::uint64_t, const std::string& key) {
        return FaultySink::Decision{.fault = machine.fails && machine.fails(key)
                                                 ? testing::Fault::kFail
                                                 : testing::Fault::kNone};
      });
}

}  // namespace

Machine::Machine(spool::FileSpoolOptions options)
    : clock(own_clock), faulty(FaultyOver(*this)), spool(std::move(options)) {
  spool.directory = directory.Path("spool");
  Start();
}

Machine::Machine(testing::ManualClock& shared)
    : clock(shared), faulty(FaultyOver(*this)) {
  spool.directory = directory.Path("spool");
  Start();
}

void Machine::Start() {
  auto created = testing::SimulatedRuntime::Create(
      clock, [this](RuntimeCore& core, std::unique_ptr<spool::Spool>& out) {
        auto opened = spool::OpenFileSpool(core, PosixFileSystem(), spool);
        if (opened.ok()) out = std::move(opened).value();
        return opened.status();
      });
  INFO(created.status().message());
  REQUIRE(created.ok());
  simulation = std::move(created).value();
}

void Machine::Kill(std::unique_ptr<Recorder>& recorder) {
  simulation->Kill();
  recorder = nullptr;
  simulation = nullptr;
}

std::unique_ptr<Recorder> Machine::Open(RecordingOptions options) const {
  auto recorder = Recorder::Open(simulation->runtime(), std::move(options));
  INFO(recorder.status().message());
  REQUIRE(recorder.ok());
  return std::move(recorder).value();
}

void Machine::Push(Recorder& recorder,
                   const std::vector<Packet>& packets) const {
  for (const Packet& packet : packets) {
    REQUIRE(recorder.Push(packet).ok());
    simulation->Advance(std::chrono::milliseconds(40));
  }
}

RecordingResult ResumeOnly(Machine& machine) {
  const auto owed = ListInterrupted(machine.simulation->runtime());
  REQUIRE(owed.ok());
  REQUIRE(owed->size() == 1);
  auto result = Resume(
      machine.simulation->runtime(), owed->front().id,
      {.open_sink = [&machine](const std::string&) { return machine.faulty; },
       .finish_timeout = std::chrono::seconds(5)});
  INFO(result.status().message());
  REQUIRE(result.ok());
  return *std::move(result);
}

RecordingOptions CameraOptions(std::shared_ptr<Sink> sink) {
  RecordingOptions options{.stream = "cam", .session = "s"};
  options.tracks = {VideoTrack()};
  options.segment.target_duration = std::chrono::seconds(2);
  options.segment.max_gop = std::chrono::seconds(2);
  options.outputs.push_back({.sink = std::move(sink)});
  options.outputs[0].segment_path = "{seq}.{ext}";
  options.outputs[0].init_path = "init-{hash}.mp4";
  options.outputs[0].playlists = {{.path = "index.m3u8"}};
  return options;
}

playlist::MediaPlaylist ListIn(const testing::MemorySink& sink,
                               const std::string& key) {
  const auto parsed = playlist::ParsePlaylist(sink.Text(key));
  REQUIRE(parsed.ok());
  CHECK(parsed->findings.empty());
  return parsed->media;
}

std::vector<std::int64_t> MarksOf(const testing::MemorySink& sink, char kind,
                                  const std::string& key) {
  const std::string folder = key.substr(0, key.find_last_of('/') + 1);
  std::vector<std::int64_t> marks;
  for (const auto& segment : ListIn(sink, key).segments) {
    if (segment.gap) continue;
    const auto in = MarksIn(sink.Text(folder + segment.uri), kind);
    marks.insert(marks.end(), in.begin(), in.end());
  }
  return marks;
}

}  // namespace hlsrec
