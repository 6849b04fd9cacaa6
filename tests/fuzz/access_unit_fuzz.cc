#include <algorithm>
#include <array>
#include <vector>

#include "src/media/stream_format.h"
#include "tests/fuzz/fuzz.h"

namespace hlsrec::media {
namespace {

constexpr std::array<Codec, 9> kCodecs = {
    Codec::kH264, Codec::kH265, Codec::kAv1,  Codec::kMpeg2Video, Codec::kAac,
    Codec::kMp3,  Codec::kAc3,  Codec::kEac3, Codec::kOpus};

bool Within(Payload::Span unit, const Payload& payload) {
  return std::ranges::any_of(payload.spans(), [&](Payload::Span whole) {
    return unit.data() >= whole.data() &&
           unit.data() + unit.size() <= whole.data() + whole.size();
  });
}

// Codec; length and bytes of the configuration; then packets, each after its
// length in two bytes.
void Run(fuzz::Input input) {
  Track track;
  track.codec = kCodecs[input.Byte() % kCodecs.size()];
  const auto config = input.Take(input.Byte());
  track.codec_config.assign(config.begin(), config.end());
  track.sample_rate = 48000;
  track.channels = 2;
  const auto reader = AccessUnitReader::Create(track);
  if (!reader.ok()) return;
  while (!input.empty()) {
    const auto bytes = input.Take(input.Number(2));
    const auto unit = (*reader)->Read(Payload::FromCopy(bytes));
    if (!unit.ok()) continue;
    fuzz::Require(!unit->units.empty(), "what was read has units");
    for (const Payload::Span span : unit->units) {
      fuzz::Require(Within(span, unit->payload),
                    "units lie in the payload that keeps them alive");
    }
    fuzz::Require(unit->audio_samples >= 0, "no sound is shorter than none");
  }
}

}  // namespace
}  // namespace hlsrec::media

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data,
                                      std::size_t size) {
  hlsrec::media::Run({data, size});
  return 0;
}
