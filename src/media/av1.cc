#include "src/media/av1.h"

#include <fmt/format.h>

#include "src/base/status_util.h"
#include "src/media/vui.h"

namespace hlsrec::media {
namespace {

struct SequenceHeader {
  std::uint32_t profile = 0;
  std::uint32_t level = 0;
  std::uint32_t tier = 0;
  int width = 0;
  int height = 0;
  bool high_bit_depth = false;
  bool twelve_bit = false;
  bool monochrome = false;
  bool subsampling_x = true;
  bool subsampling_y = true;
  std::uint32_t sample_position = 0;
  VideoRange video_range = VideoRange::kSdr;
  Rational frame_rate = {.num = 0, .den = 1};
};

void SkipUvlc(BitReader& bits) {
  std::size_t zeros = 0;
  while (bits.ok() && !bits.Flag()) ++zeros;
  if (zeros < 32) bits.Skip(zeros);
}

// Section 5.5.1, the part with operating points.
void ParseOperatingPoints(BitReader& bits, SequenceHeader& header) {
  std::size_t delay_bits = 0;
  bool decoder_model = false;
  if (bits.Flag()) {  // timing_info
    const std::uint32_t units_in_tick = bits.Bits(32);
    const std::uint32_t time_scale = bits.Bits(32);
    if (bits.Flag()) {  // equal_picture_interval
      SkipUvlc(bits);
      header.frame_rate = FrameRateOf(time_scale, units_in_tick);
    }
    decoder_model = bits.Flag();
    if (decoder_model) {
      delay_bits = bits.Bits(5) + 1;
      bits.Skip(32 + 5 + 5);
    }
  }
  const bool display_delay = bits.Flag();
  const std::uint32_t points = bits.Bits(5) + 1;
  for (std::uint32_t i = 0; i < points && bits.ok(); ++i) {
    bits.Skip(12);
    const std::uint32_t level = bits.Bits(5);
    const std::uint32_t tier = level > 7 ? bits.Bit() : 0;
    if (i == 0) {
      header.level = level;
      header.tier = tier;
    }
    if (decoder_model && bits.Flag()) bits.Skip(2 * delay_bits + 1);
    if (display_delay && bits.Flag()) bits.Skip(4);
  }
}

void SkipTools(BitReader& bits, bool reduced) {
  bits.Skip(3);
  if (!reduced) {
    bits.Skip(4);
    const bool order_hint = bits.Flag();
    if (order_hint) bits.Skip(2);
    const bool choose = bits.Flag();
    const bool screen_content = choose || bits.Flag();
    if (screen_content && !bits.Flag()) bits.Skip(1);
    if (order_hint) bits.Skip(3);
  }
  bits.Skip(3);
}

// Section 5.5.2.
void ParseColour(BitReader& bits, SequenceHeader& header) {
  header.high_bit_depth = bits.Flag();
  if (header.profile == 2 && header.high_bit_depth) {
    header.twelve_bit = bits.Flag();
  }
  header.monochrome = header.profile != 1 && bits.Flag();
  std::uint32_t primaries = 2;
  std::uint32_t transfer = 2;
  std::uint32_t matrix = 2;
  if (bits.Flag()) {
    primaries = bits.Bits(8);
    transfer = bits.Bits(8);
    matrix = bits.Bits(8);
  }
  header.video_range = VideoRangeOf(transfer);
  if (header.monochrome) return;
  if (primaries == 1 && transfer == 13 && matrix == 0) {  // sRGB
    header.subsampling_x = header.subsampling_y = false;
    return;
  }
  bits.Skip(1);  // color_range
  if (header.profile == 1) {
    header.subsampling_x = header.subsampling_y = false;
  } else if (header.profile == 2) {
    header.subsampling_x = !header.twelve_bit || bits.Flag();
    header.subsampling_y =
        header.twelve_bit && header.subsampling_x && bits.Flag();
  }
  if (header.subsampling_x && header.subsampling_y) {
    header.sample_position = bits.Bits(2);
  }
}

StatusOr<SequenceHeader> ParseSequenceHeader(ByteSpan payload) {
  BitReader bits(payload);
  SequenceHeader header;
  header.profile = bits.Bits(3);
  bits.Skip(1);
  const bool reduced = bits.Flag();
  if (reduced) {
    header.level = bits.Bits(5);
  } else {
    ParseOperatingPoints(bits, header);
  }
  const int width_bits = static_cast<int>(bits.Bits(4)) + 1;
  const int height_bits = static_cast<int>(bits.Bits(4)) + 1;
  header.width = static_cast<int>(bits.Bits(width_bits)) + 1;
  header.height = static_cast<int>(bits.Bits(height_bits)) + 1;
  if (!reduced && bits.Flag()) bits.Skip(7);
  SkipTools(bits, reduced);
  ParseColour(bits, header);
  if (!bits.ok() || header.profile > 2) {
    return DataLoss("av1: sequence header: cut off or of no known profile");
  }
  return header;
}

Bytes MakeAv1C(const SequenceHeader& header, ByteSpan payload) {
  Bytes out;
  const auto bit = [](bool flag, unsigned shift) {
    return flag ? 1U << shift : 0U;
  };
  AppendU8(out, 0x81);
  AppendU8(out, header.profile << 5U | header.level);
  AppendU8(out, header.tier << 7U | bit(header.high_bit_depth, 6) |
                    bit(header.twelve_bit, 5) | bit(header.monochrome, 4) |
                    bit(header.subsampling_x, 3) |
                    bit(header.subsampling_y, 2) | header.sample_position);
  AppendU8(out, 0);
  AppendU8(out, kAv1SequenceHeader << 3U | 2U);  // has a size
  std::size_t size = payload.size();
  for (; size > 0x7f; size >>= 7U) AppendU8(out, 0x80U | (size & 0x7fU));
  AppendU8(out, size);
  Append(out, payload);
  return out;
}

}  // namespace

std::optional<Av1Obu> ParseAv1Obu(ByteSpan bytes) {
  ByteReader reader(bytes);
  const std::uint8_t first = reader.U8();
  if (!reader.ok() || (first & 0x80) != 0) return std::nullopt;
  if ((first & 4) != 0) reader.Skip(1);
  std::size_t size = reader.remaining();
  if ((first & 2) != 0) {
    size = 0;
    std::uint8_t byte = 0x80;
    for (unsigned shift = 0; shift < 56 && (byte & 0x80) != 0; shift += 7) {
      byte = reader.U8();
      size |= std::size_t{byte & 0x7fU} << shift;
    }
    if ((byte & 0x80) != 0) return std::nullopt;
  }
  Av1Obu obu;
  obu.type = first >> 3 & 0xf;
  obu.payload = reader.Take(size);
  if (!reader.ok()) return std::nullopt;
  obu.whole = bytes.first(reader.position());
  return obu;
}

StatusOr<StreamFormat> DescribeAv1(const Av1Obu& sequence_header) {
  HLSREC_ASSIGN_OR_RETURN(const SequenceHeader header,
                          ParseSequenceHeader(sequence_header.payload));
  StreamFormat format;
  format.codec = Codec::kAv1;
  format.codec_string =
      fmt::format("av01.{}.{:02}{}.{:02}", header.profile, header.level,
                  header.tier == 0 ? 'M' : 'H',
                  header.twelve_bit ? 12 : (header.high_bit_depth ? 10 : 8));
  format.width = header.width;
  format.height = header.height;
  format.frame_rate = header.frame_rate;
  format.video_range = header.video_range;
  format.config = MakeAv1C(header, sequence_header.payload);
  return format;
}

bool IsAv1KeyFrame(const Av1Obu& frame) {
  BitReader bits(frame.payload);
  const bool existing = bits.Flag();
  const bool key = bits.Bits(2) == 0;
  return !existing && key && bits.Flag() && bits.ok();
}

}  // namespace hlsrec::media
