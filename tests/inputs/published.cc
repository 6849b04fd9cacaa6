#include "tests/inputs/published.h"

#include <fmt/format.h>

#include <cstdint>
#include <optional>
#include <utility>

#include "src/base/rescale.h"
#include "tests/catch.h"

namespace hlsrec::testing {
namespace {

constexpr Rational kMilliseconds = {.num = 1, .den = 1000};
constexpr std::int64_t kPictureMs = 40;
// Timestamps in whole milliseconds (FLV) or from several clocks (RTP).
constexpr std::int64_t kToleranceMs = 3;

// One track as it arrives.
struct Arrival {
  std::size_t packets = 0;
  std::size_t keyframes = 0;
  std::size_t irregular_steps = 0;
  std::optional<std::int64_t> last_ms = {};
};

void Add(const Track& track, const Packet& packet, std::int64_t step_ms,
         Arrival& arrival) {
  ++arrival.packets;
  if (packet.keyframe) ++arrival.keyframes;
  if (packet.dts == kNoTimestamp) return;
  const std::int64_t ms = Rescale(packet.dts, track.time_base, kMilliseconds);
  if (arrival.last_ms.has_value()) {
    const std::int64_t error = ms - *arrival.last_ms - step_ms;
    if (error > kToleranceMs || error < -kToleranceMs) {
      ++arrival.irregular_steps;
    }
  }
  arrival.last_ms = ms;
}

}  // namespace

std::future<OpenedSource> OpenInBackground(UrlSourceOptions options) {
  return std::async(std::launch::async, [options = std::move(options)] {
    return OpenUrlSource(nullptr, options);
  });
}

std::vector<std::string> Publish(const std::string& file,
                                 const std::vector<std::string>& after,
                                 const std::vector<std::string>& before) {
  std::vector<std::string> arguments = {"ffmpeg", "-nostdin", "-v", "error"};
  arguments.insert(arguments.end(), before.begin(), before.end());
  arguments.insert(arguments.end(), {"-i", MediaFile(file), "-c", "copy"});
  arguments.insert(arguments.end(), after.begin(), after.end());
  return arguments;
}

std::unique_ptr<Source> Require(OpenedSource opened) {
  INFO(opened.status().ToString());
  REQUIRE(opened.ok());
  return std::move(opened).value();
}

Status CheckAndEnd(Source& source, std::size_t lost_pictures,
                   std::size_t copies, std::size_t set_clocks) {
  REQUIRE(source.tracks().size() == 2);
  const Track* video = FindTrack(source, Codec::kH264);
  const Track* audio = FindTrack(source, Codec::kAac);
  REQUIRE(video != nullptr);
  REQUIRE(audio != nullptr);
  CHECK(video->width == 160);
  CHECK(audio->sample_rate == 44100);

  Arrival pictures;
  Arrival frames;
  Status end;
  for (;;) {
    StatusOr<Packet> packet = source.Read();
    if (!packet.ok()) {
      end = packet.status();
      break;
    }
    CHECK_FALSE(source.TracksChanged());
    if (packet->track == video->id) {
      Add(*video, *packet, kPictureMs, pictures);
    } else {
      Add(*audio, *packet, 1024 * 1000 / 44100, frames);
    }
  }
  INFO(end.ToString());
  const std::size_t lost_frames = lost_pictures * 2;
  CHECK(pictures.packets <= copies * kPictures);
  CHECK(pictures.packets + lost_pictures >= copies * kPictures);
  CHECK(pictures.keyframes <= copies * kKeyframes);
  CHECK(pictures.keyframes + (lost_pictures + 24) / 25 >= copies * kKeyframes);
  // The encoder's delay may be cut off at either end.
  CHECK(frames.packets <= copies * kAudioFrames);
  CHECK(frames.packets + lost_frames + 2 * copies >= copies * kAudioFrames);
  // Where one copy follows the other a step is longer.
  CHECK(pictures.irregular_steps <= 2 * (copies - 1 + set_clocks));
  CHECK(frames.irregular_steps <= 2 * (copies - 1 + set_clocks));
  return end;
}

std::string LocalUrl(const std::string& scheme, int port,
                     const std::string& rest) {
  return fmt::format("{}://127.0.0.1:{}{}", scheme, port, rest);
}

}  // namespace hlsrec::testing
