#include "src/media/timeline.h"

#include <array>
#include <utility>
#include <vector>

#include "src/media/cutter.h"
#include "tests/fuzz/fuzz.h"

namespace hlsrec::media {
namespace {

using fuzz::Input;
using fuzz::Require;

std::vector<TimelineTrack> Tracks(Input& input) {
  constexpr std::array<Rational, 4> kBases = {
      Rational{1, 90000}, Rational{1, 1000}, Rational{1, 48000},
      Rational{1001, 30000}};
  constexpr std::array<int, 3> kWraps = {0, 32, 33};
  std::vector<TimelineTrack> tracks;
  const int count = 1 + input.Byte() % 3;
  for (int i = 0; i < count; ++i) {
    const std::uint8_t kind = input.Byte();
    const bool video = i == 0 && kind % 2 == 0;
    tracks.push_back({.time_base = kBases[kind / 2 % 4],
                      .wrap_bits = kWraps[kind / 8 % 3],
                      .timescale = video ? 90000 : 48000,
                      .video = video});
  }
  return tracks;
}

// Mostly what goes on from the packet before, sometimes anything at all; beyond
// the last number comes the first.
std::int64_t Time(Input& input, std::int64_t last) {
  const auto before = static_cast<std::uint64_t>(last);
  switch (input.Byte() % 8) {
    case 0:
      return kNoTimestamp;
    case 1:
      return static_cast<std::int64_t>(input.Number(8));
    case 2:
      return static_cast<std::int64_t>(input.Number(5));
    case 3:
      return static_cast<std::int64_t>(before - input.Number(2));
    default:
      return static_cast<std::int64_t>(before + input.Number(2));
  }
}

// What a cutter may be asked, it must answer within its promises.
void Follow(Cutter& cutter, const Placed& placed, bool keyframe) {
  const std::int64_t open_since = cutter.start();
  const bool was_open = cutter.open();
  const auto cut = cutter.Before({.pts = placed.pts,
                                  .dts = placed.dts,
                                  .duration = placed.duration,
                                  .keyframe = keyframe,
                                  .discontinuity = placed.discontinuity});
  Require(cutter.open(), "a sample opens a segment");
  if (cut.has_value() && was_open) {
    Require(cut->end >= open_since, "no segment ends before it began");
  }
}

void Run(Input input) {
  std::vector<TimelineTrack> tracks = Tracks(input);
  const std::size_t count = tracks.size();
  Timeline timeline(TimelineOptions{}, std::move(tracks));
  Cutter cutter({.target = 6 * 90000, .limit = 12 * 90000});
  std::array<std::int64_t, 3> last_source = {};
  std::array<std::int64_t, 3> last_dts = {-1, -1, -1};
  while (!input.empty()) {
    const std::uint8_t what = input.Byte();
    if (what == 255) {
      timeline.Break("fuzz");
      continue;
    }
    const auto track = static_cast<int>(what % count);
    const auto index = static_cast<std::size_t>(track);
    SourceTimes times;
    times.dts = Time(input, last_source[index]);
    times.pts = Time(input, last_source[index]);
    times.duration = static_cast<std::int64_t>(input.Number(2));
    times.audio_samples = what & 64 ? 1024 : 0;
    if (times.dts != kNoTimestamp) last_source[index] = times.dts;
    const auto placed = timeline.Place(track, times);
    if (!placed.has_value()) continue;
    Require(placed->duration >= 0, "no duration is negative");
    Require(placed->pts >= placed->dts,
            "nothing is shown before it is decoded");
    Require(placed->dts > last_dts[index], "decoding times increase");
    last_dts[index] = placed->dts;
    if (track == 0) Follow(cutter, *placed, (what & 128) != 0);
  }
}

}  // namespace
}  // namespace hlsrec::media

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  hlsrec::media::Run({data, size});
  return 0;
}
