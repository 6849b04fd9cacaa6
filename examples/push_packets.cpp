// A program with media of its own pushes it: push_packets FOLDER
//
// Here the media is five seconds of silence: AAC frames made by hand.
#include <cstdint>
#include <cstdio>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "hlsrec/recorder.h"
#include "hlsrec/runtime.h"
#include "hlsrec/sink.h"

namespace {

constexpr int kSampleRate = 48000;
constexpr int kSamplesPerFrame = 1024;

int Fail(const hlsrec::Status& status) {
  std::fprintf(stderr, "push_packets: %s\n", status.ToString().c_str());
  return 1;
}

hlsrec::Track SilentTrack() {
  hlsrec::Track track;
  track.id = 0;
  track.codec = hlsrec::Codec::kAac;
  track.time_base = {.num = 1, .den = kSampleRate};
  // AudioSpecificConfig: AAC-LC, 48 kHz, mono. Payloads are then raw frames.
  track.codec_config = {0x11, 0x88};
  track.sample_rate = kSampleRate;
  track.channels = 1;
  return track;
}

// Runs on a thread of the program's own. Push() never waits on I/O.
void PushSilence(hlsrec::Recorder& recorder) {
  const std::vector<std::uint8_t> silence = {0x00, 0xc8, 0x00,
                                             0x80, 0x23, 0x80};
  for (std::int64_t frame = 0; frame < 5 * kSampleRate / kSamplesPerFrame;
       ++frame) {
    hlsrec::Packet packet;
    packet.track = 0;
    packet.pts = packet.dts = frame * kSamplesPerFrame;
    packet.duration = kSamplesPerFrame;
    packet.keyframe = true;
    packet.payload = hlsrec::Payload::FromVector(silence);
    // A refused packet was not taken: a live program counts it and goes on.
    if (const auto status = recorder.Push(std::move(packet)); !status.ok()) {
      std::fprintf(stderr, "not taken: %s\n", status.ToString().c_str());
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 1;
  auto runtime = hlsrec::Runtime::Create();  // the spool is in memory
  if (!runtime.ok()) return Fail(runtime.status());
  auto sink = hlsrec::OpenFileSink(*runtime, {.root = argv[1]});
  if (!sink.ok()) return Fail(sink.status());

  hlsrec::RecordingOptions options{.stream = "silence"};
  options.tracks = {SilentTrack()};
  options.outputs.push_back({.sink = *sink});
  options.segment.target_duration = std::chrono::milliseconds(2000);
  auto recorder = hlsrec::Recorder::Open(*runtime, std::move(options));
  if (!recorder.ok()) return Fail(recorder.status());

  std::thread pusher([&] { PushSilence(**recorder); });
  pusher.join();
  (*recorder)->Finish();
  const hlsrec::RecordingResult result = (*recorder)->Wait();
  return result.status.ok() ? 0 : Fail(result.status);
}
