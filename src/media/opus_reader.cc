#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "src/base/status_util.h"
#include "src/media/readers.h"

namespace hlsrec::media {
namespace {

constexpr int kOpusRate = 48000;
constexpr int kMaxPacketSamples = kOpusRate * 120 / 1000;

// Samples at 48 kHz of a packet, RFC 6716 section 3.1; 0: not a packet.
int PacketSamples(ByteSpan packet) {
  if (packet.empty()) return 0;
  const int config = packet[0] >> 3;
  int frame = 0;
  if (config < 12) {
    constexpr std::array<int, 4> kSilk = {480, 960, 1920, 2880};
    frame = kSilk[static_cast<std::size_t>(config % 4)];
  } else if (config < 16) {
    frame = config % 2 == 0 ? 480 : 960;
  } else {
    frame = 120 << (config % 4);
  }
  int count = 1;
  switch (packet[0] & 3) {
    case 0:
      break;
    case 3:
      if (packet.size() < 2) return 0;
      count = packet[1] & 0x3f;
      break;
    default:
      count = 2;
  }
  const int samples = frame * count;
  return samples <= kMaxPacketSamples ? samples : 0;
}

class OpusReader : public AccessUnitReader {
 public:
  Status Configure(const Track& track);
  StatusOr<AccessUnit> Read(const Payload& payload) override;
  [[nodiscard]] const std::optional<StreamFormat>& format() const override {
    return format_;
  }

 private:
  std::optional<StreamFormat> format_;
};

// RFC 7845 section 5.1, for sources that say no more than the channels.
Bytes MakeOpusHead(int channels) {
  Bytes head;
  Append(head, std::string_view("OpusHead"));
  AppendU8(head, 1);
  AppendU8(head, static_cast<std::uint64_t>(channels));
  Append(head, ByteSpan(std::array<std::uint8_t, 9>{0, 0, 0x80, 0xbb, 0, 0, 0,
                                                    0, 0}));
  return head;
}

Status OpusReader::Configure(const Track& track) {
  StreamFormat format;
  format.codec = Codec::kOpus;
  format.codec_string = "opus";
  format.sample_rate = kOpusRate;
  format.config.assign(track.codec_config.begin(), track.codec_config.end());
  if (format.config.empty()) {
    format.config = MakeOpusHead(track.channels == 1 ? 1 : 2);
  }
  constexpr std::string_view kMagic = "OpusHead";
  const Bytes& head = format.config;
  if (head.size() < 19 ||
      !std::equal(kMagic.begin(), kMagic.end(), head.begin()) || head[9] == 0) {
    return InvalidArgument("codec_config: not an OpusHead");
  }
  format.channels = head[9];
  const std::size_t mapping = head[18] == 0 ? 0U : 2U + head[9];
  if (head.size() < 19 + mapping) {
    return InvalidArgument("codec_config: OpusHead is cut off");
  }
  format_ = std::move(format);
  return {};
}

StatusOr<AccessUnit> OpusReader::Read(const Payload& payload) {
  AccessUnit unit;
  unit.payload = payload.Contiguous();
  if (unit.payload.empty()) return DataLoss("opus: empty");
  const ByteSpan packet = unit.payload.spans().front();
  unit.audio_samples = PacketSamples(packet);
  if (unit.audio_samples == 0) return DataLoss("opus: bad packet");
  unit.units.push_back(packet);
  unit.random_access = true;
  return unit;
}

}  // namespace

StatusOr<AccessUnitReaderPtr> MakeOpusReader(const Track& track) {
  auto reader = std::make_unique<OpusReader>();
  HLSREC_RETURN_IF_ERROR(reader->Configure(track));
  return AccessUnitReaderPtr(std::move(reader));
}

}  // namespace hlsrec::media
