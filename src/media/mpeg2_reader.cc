#include <array>
#include <cstring>
#include <utility>

#include "src/base/status_util.h"
#include "src/media/readers.h"
#include "src/media/vui.h"

namespace hlsrec::media {
namespace {

constexpr std::uint8_t kPicture = 0x00;
constexpr std::uint8_t kSlice = 0x01;
constexpr std::uint8_t kSequence = 0xb3;
constexpr std::uint8_t kExtension = 0xb5;

// frame_rate_code, ISO/IEC 13818-2 table 6-4.
constexpr std::array<Rational, 9> kRates = {{{0, 1},
                                             {24000, 1001},
                                             {24, 1},
                                             {25, 1},
                                             {30000, 1001},
                                             {30, 1},
                                             {50, 1},
                                             {60000, 1001},
                                             {60, 1}}};

// MPEG-2 video (and MPEG-1, its subset): the unit is the packet as it is.
class Mpeg2VideoReader : public AccessUnitReader {
 public:
  StatusOr<AccessUnit> Read(const Payload& payload) override;
  [[nodiscard]] const std::optional<StreamFormat>& format() const override {
    return format_;
  }

 private:
  struct Headers {
    bool sequence = false;
    bool picture = false;
    bool intra = false;
    StreamFormat format = {};
  };
  static Headers Parse(ByteSpan bytes);
  static void ParseExtension(ByteSpan at, StreamFormat& format);

  std::optional<StreamFormat> format_;
};

void Mpeg2VideoReader::ParseExtension(ByteSpan at, StreamFormat& format) {
  BitReader bits(at);
  const std::uint32_t id = bits.Bits(4);
  if (id == 1) {  // sequence extension
    bits.Skip(8 + 1 + 2);
    const auto width = static_cast<int>(bits.Bits(2) << 12);
    const auto height = static_cast<int>(bits.Bits(2) << 12);
    bits.Skip(12 + 1 + 8 + 1);
    const std::uint32_t num = bits.Bits(2) + 1;
    const std::uint32_t den = bits.Bits(5) + 1;
    if (!bits.ok()) return;
    format.width |= width;
    format.height |= height;
    if (format.frame_rate.num > 0) {
      format.frame_rate =
          FrameRateOf(static_cast<std::uint64_t>(format.frame_rate.num) * num,
                      static_cast<std::uint64_t>(format.frame_rate.den) * den);
    }
  } else if (id == 2) {  // sequence display extension
    bits.Skip(3);
    if (!bits.Flag()) return;
    bits.Skip(8);
    const std::uint32_t transfer = bits.Bits(8);
    if (bits.ok()) format.video_range = VideoRangeOf(transfer);
  }
}

Mpeg2VideoReader::Headers Mpeg2VideoReader::Parse(ByteSpan bytes) {
  Headers headers;
  std::size_t at = 2;
  while (at + 1 < bytes.size()) {
    const void* found =
        std::memchr(bytes.data() + at, 1, bytes.size() - 1 - at);
    if (found == nullptr) break;
    at = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) -
                                  bytes.data());
    if (bytes[at - 1] != 0 || bytes[at - 2] != 0) {
      ++at;
      continue;
    }
    const std::uint8_t code = bytes[at + 1];
    const ByteSpan body = bytes.subspan(at + 2);
    BitReader bits(body);
    if (code == kSequence) {
      headers.sequence = true;
      headers.format.width = static_cast<int>(bits.Bits(12));
      headers.format.height = static_cast<int>(bits.Bits(12));
      bits.Skip(4);
      const std::uint32_t rate = bits.Bits(4);
      if (rate < kRates.size()) headers.format.frame_rate = kRates[rate];
    } else if (code == kExtension && headers.sequence && !headers.picture) {
      ParseExtension(body, headers.format);
    } else if (code == kPicture && !headers.picture) {
      headers.picture = true;
      bits.Skip(10);
      headers.intra = bits.Bits(3) == 1;
    } else if (code == kSlice) {
      break;
    }
    at += 2;
  }
  return headers;
}

StatusOr<AccessUnit> Mpeg2VideoReader::Read(const Payload& payload) {
  AccessUnit unit;
  unit.payload = payload.Contiguous();
  if (unit.payload.empty()) return DataLoss("mpeg2video: empty");
  const ByteSpan bytes = unit.payload.spans().front();
  Headers headers = Parse(bytes);
  if (!headers.picture) return DataLoss("mpeg2video: no picture");
  unit.units.push_back(bytes);
  if (headers.sequence && headers.format.width > 0 &&
      headers.format.height > 0) {
    unit.random_access = headers.intra;
    headers.format.codec = Codec::kMpeg2Video;
    if (format_ != headers.format) {
      unit.format_changed = true;
      format_ = std::move(headers.format);
    }
  }
  return unit;
}

}  // namespace

StatusOr<AccessUnitReaderPtr> MakeMpeg2VideoReader(const Track&) {
  return AccessUnitReaderPtr(std::make_unique<Mpeg2VideoReader>());
}

}  // namespace hlsrec::media
