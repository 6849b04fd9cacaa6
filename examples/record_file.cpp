// Records what a URL delivers into a folder: record_file URL FOLDER
#include <cstdio>
#include <string>
#include <utility>

#include "hlsrec/pump.h"
#include "hlsrec/recorder.h"
#include "hlsrec/runtime.h"
#include "hlsrec/sink.h"
#include "hlsrec/source.h"

namespace {

int Fail(const hlsrec::Status& status) {
  std::fprintf(stderr, "record_file: %s\n", status.ToString().c_str());
  return 1;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: record_file URL FOLDER\n");
    return 1;
  }
  const std::string folder = argv[2];

  // Segments wait in the spool until they are stored. On the folder's own file
  // system they are linked into place, not copied.
  auto runtime =
      hlsrec::Runtime::Create({.spool_directory = folder + "/.spool"});
  if (!runtime.ok()) return Fail(runtime.status());
  auto sink = hlsrec::OpenFileSink(*runtime, {.root = folder});
  if (!sink.ok()) return Fail(sink.status());

  // Blocks until the input's tracks are known.
  auto source = hlsrec::OpenUrlSource(*runtime, {.url = argv[1]});
  if (!source.ok()) return Fail(source.status());

  hlsrec::RecordingOptions options{.stream = "example"};
  options.tracks = (*source)->tracks();
  options.renditions = hlsrec::DefaultRenditions(**source);
  options.outputs.push_back({.sink = *sink});
  auto recorder = hlsrec::Recorder::Open(*runtime, std::move(options));
  if (!recorder.ok()) return Fail(recorder.status());

  const hlsrec::PumpResult pumped =
      hlsrec::Pump(std::move(source).value(), **recorder, {});
  (*recorder)->Finish();
  const hlsrec::RecordingResult result = (*recorder)->Wait();

  for (const hlsrec::OutputResult& output : result.outputs) {
    for (const std::string& key : output.playlists) {
      std::printf("%s/%s\n", folder.c_str(), key.c_str());
    }
  }
  if (!pumped.status.ok()) return Fail(pumped.status);
  return result.status.ok() ? 0 : Fail(result.status);
}
