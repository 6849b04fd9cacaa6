#ifndef HLSREC_SRC_MEDIA_AAC_H_
#define HLSREC_SRC_MEDIA_AAC_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "hlsrec/status.h"
#include "src/base/bytes.h"

// AAC's configurations and frame headers, ISO/IEC 14496-3.
namespace hlsrec::media {

// AudioSpecificConfig.
struct AacConfig {
  int object_type = 2;  // of the core: 2 = AAC LC
  int sample_rate = 0;  // of the core
  int rate_index = 0;   // 15: none of the table's
  int channel_config = 0;
  int channels = 0;  // what it decodes to; 0: unknown
  bool sbr = false;  // HE-AAC: twice the rate comes out
  bool ps = false;   // HE-AAC v2: stereo comes out
  int output_rate = 0;
  int core_frame_samples = 1024;

  // Samples per channel of a frame at `output_rate`.
  [[nodiscard]] int frame_samples() const;
  [[nodiscard]] std::string codec_string() const;
};

// Reads it from where `bits` stands; `end_bits`: how many bits it has, where
// that is known, for the extension after its end.
StatusOr<AacConfig> ParseAacConfig(BitReader& bits, bool may_have_extension);
StatusOr<AacConfig> ParseAacConfig(ByteSpan config);

struct AdtsHeader {
  std::size_t header_size = 7;
  std::size_t frame_size = 0;  // with the header
  int object_type = 2;
  int rate_index = 0;
  int channel_config = 0;
  int blocks = 1;  // raw_data_blocks

  [[nodiscard]] bool SameStream(const AdtsHeader& other) const {
    return object_type == other.object_type && rate_index == other.rate_index &&
           channel_config == other.channel_config;
  }
};
// None where `bytes` does not begin with a sane ADTS header.
std::optional<AdtsHeader> ParseAdtsHeader(ByteSpan bytes);
// The AudioSpecificConfig that says the same.
Bytes MakeAacConfig(const AdtsHeader& header);

inline constexpr std::size_t kAdtsHeaderSize = 7;
inline constexpr std::size_t kMaxAdtsPayload = (1U << 13) - 1 - kAdtsHeaderSize;
// The header of one frame; the configuration must be one that ADTS can say.
std::array<std::uint8_t, kAdtsHeaderSize> MakeAdtsHeader(
    const AacConfig& config, std::size_t payload_size);
bool AdtsCanSay(const AacConfig& config);

int AacSampleRate(int rate_index);  // 0 for reserved ones

}  // namespace hlsrec::media

#endif  // HLSREC_SRC_MEDIA_AAC_H_
