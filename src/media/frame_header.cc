#include "src/media/frame_header.h"

#include <array>
#include <cstdint>

namespace hlsrec::media {
namespace {

// kbit/s by index 1..14, ISO/IEC 11172-3 and 13818-3.
constexpr std::array<std::array<int, 14>, 5> kMpegRates = {{
    {32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
    {32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
    {32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
    {32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
    {8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160},
}};

// ETSI TS 102 366 table 4.13.
constexpr std::array<int, 19> kAc3Rates = {32,  40,  48,  56,  64,  80,  96,
                                           112, 128, 160, 192, 224, 256, 320,
                                           384, 448, 512, 576, 640};
constexpr std::array<int, 3> kAc3SampleRates = {48000, 44100, 32000};
constexpr std::array<int, 8> kAc3Channels = {2, 1, 2, 3, 3, 4, 4, 5};
constexpr std::array<int, 4> kEac3Blocks = {1, 2, 3, 6};

}  // namespace

std::optional<FrameHeader> ParseMpegAudioHeader(ByteSpan bytes) {
  if (bytes.size() < 4 || bytes[0] != 0xff || (bytes[1] & 0xe0) != 0xe0) {
    return std::nullopt;
  }
  const int version = bytes[1] >> 3 & 3;  // 3: MPEG-1, 2: MPEG-2, 0: 2.5
  const int layer = 4 - (bytes[1] >> 1 & 3);
  const int rate_index = bytes[2] >> 4;
  const int sample_rate_index = bytes[2] >> 2 & 3;
  if (version == 1 || layer == 4 || rate_index == 0 || rate_index == 15 ||
      sample_rate_index == 3) {
    return std::nullopt;
  }
  const bool mpeg1 = version == 3;
  const std::size_t row =
      static_cast<std::size_t>(mpeg1 ? layer - 1 : (layer == 1 ? 3 : 4));
  const int rate = kMpegRates[row][static_cast<std::size_t>(rate_index - 1)];
  constexpr std::array<int, 3> kSampleRates = {44100, 48000, 32000};
  FrameHeader header;
  header.sample_rate =
      kSampleRates[static_cast<std::size_t>(sample_rate_index)] >>
      (mpeg1          ? 0
       : version == 2 ? 1
                      : 2);
  header.channels = bytes[3] >> 6 == 3 ? 1 : 2;
  const int padding = bytes[2] >> 1 & 1;
  int size = 0;
  if (layer == 1) {
    header.samples = 384;
    size = (12 * rate * 1000 / header.sample_rate + padding) * 4;
  } else {
    header.samples = layer == 3 && !mpeg1 ? 576 : 1152;
    size = header.samples / 8 * rate * 1000 / header.sample_rate + padding;
  }
  header.size = static_cast<std::size_t>(size);
  return header;
}

std::optional<FrameHeader> ParseAc3Header(ByteSpan bytes) {
  if (bytes.size() < 8 || bytes[0] != 0x0b || bytes[1] != 0x77) {
    return std::nullopt;
  }
  const auto rate_code = static_cast<std::size_t>(bytes[4] >> 6);
  const int size_code = bytes[4] & 0x3f;
  const int bsid = bytes[5] >> 3;
  if (rate_code == 3 || size_code >= 38 || bsid > 10) return std::nullopt;
  const int rate = kAc3Rates[static_cast<std::size_t>(size_code / 2)];
  FrameHeader header;
  header.samples = 1536;
  int words = 0;
  if (rate_code == 0) {
    words = rate * 2;
  } else if (rate_code == 1) {
    words = 320 * rate / 147 + size_code % 2;
  } else {
    words = rate * 3;
  }
  header.size = static_cast<std::size_t>(words) * 2;
  // Annex E's half and quarter rates.
  header.sample_rate = kAc3SampleRates[rate_code] >> (bsid > 8 ? bsid - 8 : 0);
  BitReader bits(bytes.subspan(6));
  const std::uint32_t mode = bits.Bits(3);
  if (mode == 2) {
    bits.Skip(2);
  } else {
    if ((mode & 1U) != 0 && mode != 1) bits.Skip(2);
    if ((mode & 4U) != 0) bits.Skip(2);
  }
  header.channels = kAc3Channels[mode] + static_cast<int>(bits.Bit());
  return header;
}

std::optional<FrameHeader> ParseEac3Header(ByteSpan bytes) {
  if (bytes.size() < 8 || bytes[0] != 0x0b || bytes[1] != 0x77) {
    return std::nullopt;
  }
  // Streams announced as E-AC-3 may hold plain AC-3 frames.
  if (bytes[5] >> 3 <= 10) return ParseAc3Header(bytes);
  if (bytes[5] >> 3 > 16) return std::nullopt;
  BitReader bits(bytes.subspan(2));
  const std::uint32_t type = bits.Bits(2);
  const std::uint32_t substream = bits.Bits(3);
  FrameHeader header;
  header.size = (std::size_t{bits.Bits(11)} + 1) * 2;
  const std::uint32_t rate_code = bits.Bits(2);
  const std::uint32_t second = bits.Bits(2);
  if (type == 3 || (rate_code == 3 && second == 3)) return std::nullopt;
  if (rate_code == 3) {
    header.sample_rate = kAc3SampleRates[second] / 2;
    header.samples = 1536;
  } else {
    header.sample_rate = kAc3SampleRates[rate_code];
    header.samples = kEac3Blocks[second] * 256;
  }
  header.channels = kAc3Channels[bits.Bits(3)];
  header.channels += static_cast<int>(bits.Bit());
  header.dependent = type == 1 || substream != 0;
  return header;
}

}  // namespace hlsrec::media
