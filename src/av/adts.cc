#include "src/av/adts.h"

#include <array>
#include <cstddef>

#include "src/base/bytes.h"

namespace hlsrec::av {
namespace {

constexpr std::array<int, 13> kSampleRates = {96000, 88200, 64000, 48000, 44100,
                                              32000, 24000, 22050, 16000, 12000,
                                              11025, 8000,  7350};
constexpr int kSamplesPerBlock = 1024;

}  // namespace

std::optional<AdtsHeader> ParseAdts(Payload::Span frame) {
  BitReader bits(frame);
  if (bits.Bits(12) != 0xfff) return std::nullopt;
  bits.Skip(1);                                // ID
  if (bits.Bits(2) != 0) return std::nullopt;  // layer
  bits.Skip(1 + 2);                            // protection_absent, profile
  const std::size_t rate = bits.Bits(4);
  bits.Skip(1);  // private_bit
  const std::uint32_t channels = bits.Bits(3);
  bits.Skip(4 + 13 + 11);  // flags, length, fullness
  const std::uint32_t blocks = bits.Bits(2) + 1;
  if (!bits.ok() || rate >= kSampleRates.size()) return std::nullopt;
  return AdtsHeader{.sample_rate = kSampleRates[rate],
                    .channels = channels == 7 ? 8 : static_cast<int>(channels),
                    .samples = static_cast<int>(blocks) * kSamplesPerBlock};
}

}  // namespace hlsrec::av
