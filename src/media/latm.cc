#include "src/media/latm.h"

#include <utility>

#include "src/base/status_util.h"

namespace hlsrec::media {
namespace {

// `count` bits as bytes, the last one padded with zeros.
Bytes CopyBits(BitReader& bits, std::size_t count) {
  Bytes out;
  out.reserve((count + 7) / 8);
  while (count > 0 && bits.ok()) {
    const int take = count < 8 ? static_cast<int>(count) : 8;
    out.push_back(static_cast<std::uint8_t>(bits.Bits(take) << (8 - take)));
    count -= static_cast<std::size_t>(take);
  }
  return out;
}

}  // namespace

bool IsLoas(ByteSpan bytes) {
  if (bytes.empty()) return false;
  while (!bytes.empty()) {
    if (bytes.size() < 3 || bytes[0] != 0x56 || (bytes[1] & 0xe0) != 0xe0) {
      return false;
    }
    const std::size_t size =
        3 + static_cast<std::size_t>((bytes[1] & 0x1f) << 8 | bytes[2]);
    if (size > bytes.size()) return false;
    bytes = bytes.subspan(size);
  }
  return true;
}

Status LatmReader::Read(ByteSpan payload, std::vector<Bytes>& frames) {
  while (!payload.empty()) {
    if (payload.size() < 3 || payload[0] != 0x56 ||
        (payload[1] & 0xe0) != 0xe0) {
      return DataLoss("latm: no sync word");
    }
    const std::size_t size =
        static_cast<std::size_t>((payload[1] & 0x1f) << 8 | payload[2]);
    if (size + 3 > payload.size()) return DataLoss("latm: frame cut off");
    HLSREC_RETURN_IF_ERROR(ReadMuxElement(payload.subspan(3, size), frames));
    payload = payload.subspan(3 + size);
  }
  return {};
}

Status LatmReader::ReadMuxElement(ByteSpan element,
                                  std::vector<Bytes>& frames) {
  BitReader bits(element);
  const bool same_config = bits.Flag();
  if (!same_config) HLSREC_RETURN_IF_ERROR(ReadMuxConfig(element, bits));
  if (!config_.has_value()) return DataLoss("latm: no configuration yet");
  for (int i = 0; i < sub_frames_; ++i) {
    std::size_t size = 0;
    std::uint32_t part = 0;
    do {
      part = bits.Bits(8);
      size += part;
    } while (part == 255 && bits.ok());
    if (!bits.ok() || size * 8 > bits.bits_left()) {
      return DataLoss("latm: payload cut off");
    }
    if (size > 0) frames.push_back(CopyBits(bits, size * 8));
  }
  return {};
}

Status LatmReader::ReadMuxConfig(ByteSpan element, BitReader& bits) {
  config_.reset();
  if (bits.Flag()) return Unimplemented("latm: audioMuxVersion 1");
  bits.Skip(1);  // allStreamsSameTimeFraming
  sub_frames_ = static_cast<int>(bits.Bits(6)) + 1;
  if (bits.Bits(4) != 0 || bits.Bits(3) != 0) {
    return Unimplemented("latm: several programs or layers");
  }
  const std::size_t start = bits.bit_position();
  HLSREC_ASSIGN_OR_RETURN(const AacConfig config, ParseAacConfig(bits, false));
  const std::size_t size = bits.bit_position() - start;
  if (bits.Bits(3) != 0) return Unimplemented("latm: frame length type");
  bits.Skip(8);  // latmBufferFullness
  if (bits.Flag()) {
    bool more = true;
    while (more && bits.ok()) {
      more = bits.Flag();
      bits.Skip(8);
    }
  }
  if (bits.Flag()) bits.Skip(8);  // crc
  if (!bits.ok()) return DataLoss("latm: configuration cut off");
  BitReader again(element);
  again.Skip(start);
  asc_ = CopyBits(again, size);
  config_ = config;
  return {};
}

}  // namespace hlsrec::media
