#include "src/media/vui.h"

#include <numeric>

namespace hlsrec::media {

VideoRange VideoRangeOf(std::uint32_t transfer) {
  if (transfer == 16) return VideoRange::kPq;
  if (transfer == 18) return VideoRange::kHlg;
  return VideoRange::kSdr;
}

Rational FrameRateOf(std::uint64_t time_scale, std::uint64_t units_in_tick) {
  // Encoders write all kinds of clocks here: what is not a rate of pictures is
  // unknown.
  if (time_scale == 0 || units_in_tick == 0 ||
      time_scale > 1000 * units_in_tick) {
    return {.num = 0, .den = 1};
  }
  const std::uint64_t common = std::gcd(time_scale, units_in_tick);
  return {.num = static_cast<std::int64_t>(time_scale / common),
          .den = static_cast<std::int64_t>(units_in_tick / common)};
}

VideoRange ReadColour(BitReader& bits) {
  VideoRange range = VideoRange::kSdr;
  if (bits.Flag() && bits.Bits(8) == 255) bits.Skip(32);  // aspect ratio
  if (bits.Flag()) bits.Skip(1);                          // overscan
  if (bits.Flag()) {                                      // video signal type
    bits.Skip(4);
    if (bits.Flag()) {
      bits.Skip(8);
      const std::uint32_t transfer = bits.Bits(8);
      bits.Skip(8);
      if (bits.ok()) range = VideoRangeOf(transfer);
    }
  }
  if (bits.Flag()) {  // chroma location
    bits.Ue();
    bits.Ue();
  }
  return range;
}

Rational ReadFrameRate(BitReader& bits, unsigned ticks_per_picture) {
  if (!bits.Flag()) return {.num = 0, .den = 1};
  const std::uint32_t units_in_tick = bits.Bits(32);
  const std::uint32_t time_scale = bits.Bits(32);
  if (!bits.ok()) return {.num = 0, .den = 1};
  return FrameRateOf(time_scale,
                     std::uint64_t{ticks_per_picture} * units_in_tick);
}

}  // namespace hlsrec::media
