// One recording, two folders: everything in one, a sliding window in the other.
// two_outputs URL ARCHIVE_FOLDER LIVE_FOLDER
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include "hlsrec/pump.h"
#include "hlsrec/recorder.h"
#include "hlsrec/runtime.h"
#include "hlsrec/sink.h"
#include "hlsrec/source.h"

namespace {

int Fail(const hlsrec::Status& status) {
  std::fprintf(stderr, "two_outputs: %s\n", status.ToString().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 1;
  auto runtime = hlsrec::Runtime::Create();
  if (!runtime.ok()) return Fail(runtime.status());
  auto archive = hlsrec::OpenFileSink(*runtime, {.root = argv[2]});
  if (!archive.ok()) return Fail(archive.status());
  auto live = hlsrec::OpenFileSink(*runtime, {.root = argv[3]});
  if (!live.ok()) return Fail(live.status());
  auto source = hlsrec::OpenUrlSource(*runtime, {.url = argv[1]});
  if (!source.ok()) return Fail(source.status());

  // Outputs are independent: when one is slow or full, the other goes on.
  hlsrec::OutputOptions everything{.id = "archive", .sink = *archive};
  everything.container = hlsrec::Container::kFmp4;
  everything.playlists.push_back(
      {.path = "index.m3u8", .policy = hlsrec::EventList()});
  everything.segment_path = "{seq:06}.{ext}";
  everything.init_path = "init-{hash}.{ext}";

  // Here segments go away some time after the window has dropped them.
  hlsrec::OutputOptions window{.id = "live", .sink = *live};
  window.playlists.push_back(
      {.path = "live.m3u8", .policy = hlsrec::LiveWindow({.segments = 6})});
  window.segment_path = "{session}/{seq}.{ext}";
  window.init_path = "{session}/init-{hash}.{ext}";

  hlsrec::RecordingOptions options{.stream = "example"};
  options.tracks = (*source)->tracks();
  options.segment.target_duration = std::chrono::milliseconds(2000);
  options.outputs = {std::move(everything), std::move(window)};
  auto recorder = hlsrec::Recorder::Open(*runtime, std::move(options));
  if (!recorder.ok()) return Fail(recorder.status());

  const hlsrec::PumpResult pumped =
      hlsrec::Pump(std::move(source).value(), **recorder, {});
  (*recorder)->Finish();
  const hlsrec::RecordingResult result = (*recorder)->Wait();
  for (const hlsrec::OutputResult& output : result.outputs) {
    std::printf("%s: %s\n", output.id.c_str(),
                output.status.ToString().c_str());
  }
  if (!pumped.status.ok()) return Fail(pumped.status);
  return result.status.ok() ? 0 : 1;
}
