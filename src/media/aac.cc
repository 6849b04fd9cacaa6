#include "src/media/aac.h"

#include <fmt/format.h>

#include "src/base/status_util.h"

namespace hlsrec::media {
namespace {

constexpr std::array<int, 13> kRates = {96000, 88200, 64000, 48000, 44100,
                                        32000, 24000, 22050, 16000, 12000,
                                        11025, 8000,  7350};

int ChannelsOf(int channel_config) {
  switch (channel_config) {
    case 7:
    case 12:
    case 14:
      return 8;
    case 11:
      return 7;
    default:
      return channel_config <= 6 ? channel_config : 0;
  }
}

int ParseObjectType(BitReader& bits) {
  const std::uint32_t type = bits.Bits(5);
  return static_cast<int>(type == 31 ? 32 + bits.Bits(6) : type);
}

int ParseRate(BitReader& bits, int& index) {
  index = static_cast<int>(bits.Bits(4));
  if (index == 15) return static_cast<int>(bits.Bits(24));
  return AacSampleRate(index);
}

// program_config_element, section 4.4.1.1: how many channels it names.
int ParseProgramConfig(BitReader& bits) {
  bits.Skip(4 + 2 + 4);
  const std::uint32_t front = bits.Bits(4);
  const std::uint32_t side = bits.Bits(4);
  const std::uint32_t back = bits.Bits(4);
  const std::uint32_t lfe = bits.Bits(2);
  const std::uint32_t data = bits.Bits(3);
  const std::uint32_t coupled = bits.Bits(4);
  if (bits.Flag()) bits.Skip(4);
  if (bits.Flag()) bits.Skip(4);
  if (bits.Flag()) bits.Skip(3);
  std::uint32_t channels = lfe;
  for (std::uint32_t i = 0; i < front + side + back; ++i) {
    channels += bits.Flag() ? 2 : 1;
    bits.Skip(4);
  }
  bits.Skip(lfe * 4U + data * 4U + coupled * 5U);
  bits.Skip((8 - bits.bit_position() % 8) % 8);
  bits.Skip(std::size_t{bits.Bits(8)} * 8);
  return static_cast<int>(channels);
}

bool IsGeneralAudio(int object_type) {
  switch (object_type) {
    case 1:
    case 2:
    case 3:
    case 4:
    case 6:
    case 7:
    case 17:
    case 19:
    case 20:
    case 21:
    case 22:
    case 23:
      return true;
    default:
      return false;
  }
}

// The backward compatible way to say SBR, after the end of the rest.
void ParseExtension(BitReader& bits, AacConfig& config) {
  if (config.sbr || bits.bits_left() < 16 || bits.Bits(11) != 0x2b7) return;
  if (ParseObjectType(bits) != 5 || !bits.Flag()) return;
  int index = 0;
  const int rate = ParseRate(bits, index);
  if (!bits.ok() || rate == 0) return;
  config.sbr = true;
  config.output_rate = rate;
  if (bits.bits_left() >= 12 && bits.Bits(11) == 0x548) {
    config.ps = bits.Flag();
  }
}

}  // namespace

int AacSampleRate(int rate_index) {
  const auto index = static_cast<std::size_t>(rate_index);
  return index < kRates.size() ? kRates[index] : 0;
}

int AacConfig::frame_samples() const {
  return sbr && output_rate == 2 * sample_rate ? 2 * core_frame_samples
                                               : core_frame_samples;
}

std::string AacConfig::codec_string() const {
  if (ps) return "mp4a.40.29";
  if (sbr) return "mp4a.40.5";
  return fmt::format("mp4a.40.{}", object_type);
}

StatusOr<AacConfig> ParseAacConfig(BitReader& bits, bool may_have_extension) {
  AacConfig config;
  config.object_type = ParseObjectType(bits);
  config.sample_rate = ParseRate(bits, config.rate_index);
  config.channel_config = static_cast<int>(bits.Bits(4));
  config.output_rate = config.sample_rate;
  if (config.object_type == 5 || config.object_type == 29) {
    config.sbr = true;
    config.ps = config.object_type == 29;
    int index = 0;
    config.output_rate = ParseRate(bits, index);
    config.object_type = ParseObjectType(bits);
  }
  if (!bits.ok() || config.sample_rate == 0 || config.output_rate == 0) {
    return DataLoss("aac: configuration: cut off or without a sample rate");
  }
  config.channels = ChannelsOf(config.channel_config);
  if (IsGeneralAudio(config.object_type)) {
    if (bits.Flag()) config.core_frame_samples = 960;
    if (bits.Flag()) bits.Skip(14);
    const bool extension = bits.Flag();
    if (config.channel_config == 0) config.channels = ParseProgramConfig(bits);
    if (config.object_type == 6 || config.object_type == 20) bits.Skip(3);
    if (extension) {
      if (config.object_type == 22) bits.Skip(16);
      if (config.object_type >= 17 && config.object_type != 22) bits.Skip(3);
      bits.Skip(1);
    }
    if (config.object_type == 23) config.core_frame_samples /= 2;
    if (may_have_extension && bits.ok()) ParseExtension(bits, config);
  } else {
    return Unimplemented("aac: audio object type {}: not carried here",
                         config.object_type);
  }
  if (config.ps) config.channels = 2;
  return config;
}

StatusOr<AacConfig> ParseAacConfig(ByteSpan config) {
  BitReader bits(config);
  return ParseAacConfig(bits, true);
}

std::optional<AdtsHeader> ParseAdtsHeader(ByteSpan bytes) {
  if (bytes.size() < kAdtsHeaderSize || bytes[0] != 0xff ||
      (bytes[1] & 0xf6) != 0xf0) {
    return std::nullopt;
  }
  AdtsHeader header;
  header.header_size = (bytes[1] & 1) != 0 ? 7 : 9;
  header.object_type = (bytes[2] >> 6) + 1;
  header.rate_index = bytes[2] >> 2 & 0xf;
  header.channel_config = (bytes[2] & 1) << 2 | bytes[3] >> 6;
  header.frame_size = static_cast<std::size_t>((bytes[3] & 3) << 11 |
                                               bytes[4] << 3 | bytes[5] >> 5);
  header.blocks = (bytes[6] & 3) + 1;
  if (AacSampleRate(header.rate_index) == 0 ||
      header.frame_size <= header.header_size) {
    return std::nullopt;
  }
  return header;
}

Bytes MakeAacConfig(const AdtsHeader& header) {
  Bytes out;
  AppendU16(out, static_cast<unsigned>(header.object_type) << 11U |
                     static_cast<unsigned>(header.rate_index) << 7U |
                     static_cast<unsigned>(header.channel_config) << 3U);
  return out;
}

bool AdtsCanSay(const AacConfig& config) {
  return config.object_type >= 1 && config.object_type <= 4 &&
         config.rate_index < 13 && config.channel_config >= 1 &&
         config.channel_config <= 7 && config.core_frame_samples == 1024;
}

std::array<std::uint8_t, kAdtsHeaderSize> MakeAdtsHeader(
    const AacConfig& config, std::size_t payload_size) {
  const std::size_t size = payload_size + kAdtsHeaderSize;
  const auto byte = [](std::size_t value) {
    return static_cast<std::uint8_t>(value);
  };
  const auto channels = static_cast<std::size_t>(config.channel_config);
  return {
      0xff,
      0xf1,
      byte(static_cast<std::size_t>(config.object_type - 1) << 6 |
           static_cast<std::size_t>(config.rate_index) << 2 | channels >> 2),
      byte((channels & 3) << 6 | size >> 11),
      byte(size >> 3),
      byte((size & 7) << 5 | 0x1f),
      0xfc};
}

}  // namespace hlsrec::media
