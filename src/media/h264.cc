#include "src/media/h264.h"

#include <algorithm>

#include "src/base/status_util.h"
#include "src/media/nal.h"
#include "src/media/vui.h"

namespace hlsrec::media {
namespace {

constexpr int kMaxSize = 65536;

bool HasChromaInfo(int profile) {
  switch (profile) {
    case 44:
    case 83:
    case 86:
    case 100:
    case 110:
    case 118:
    case 122:
    case 128:
    case 134:
    case 135:
    case 138:
    case 139:
    case 244:
      return true;
    default:
      return false;
  }
}

void SkipScalingList(BitReader& bits, int size) {
  std::int64_t last = 8;
  std::int64_t next = 8;
  for (int i = 0; i < size && bits.ok(); ++i) {
    if (next != 0) next = (last + bits.Se() + 256) % 256;
    if (next != 0) last = next;
  }
}

void ParseChroma(BitReader& bits, H264Sps& sps) {
  sps.chroma_format = static_cast<int>(bits.Ue() & 3U);
  if (sps.chroma_format == 3) bits.Skip(1);  // separate_colour_plane_flag
  sps.bit_depth_luma = 8 + static_cast<int>(bits.Ue() & 7U);
  sps.bit_depth_chroma = 8 + static_cast<int>(bits.Ue() & 7U);
  bits.Skip(1);
  if (!bits.Flag()) return;
  const int lists = sps.chroma_format == 3 ? 12 : 8;
  for (int i = 0; i < lists; ++i) {
    if (bits.Flag()) SkipScalingList(bits, i < 6 ? 16 : 64);
  }
}

void SkipPicOrderCount(BitReader& bits) {
  const std::uint32_t type = bits.Ue();
  if (type == 0) {
    bits.Ue();
  } else if (type == 1) {
    bits.Skip(1);
    bits.Se();
    bits.Se();
    const std::uint32_t cycle = std::min(bits.Ue(), 256U);
    for (std::uint32_t i = 0; i < cycle && bits.ok(); ++i) bits.Se();
  }
}

void ParseSize(BitReader& bits, H264Sps& sps) {
  const std::int64_t width = (std::int64_t{bits.Ue()} + 1) * 16;
  const std::int64_t map_units = std::int64_t{bits.Ue()} + 1;
  const bool frames_only = bits.Flag();
  const std::int64_t height = map_units * 16 * (frames_only ? 1 : 2);
  if (!frames_only) bits.Skip(1);
  bits.Skip(1);  // direct_8x8_inference_flag
  std::int64_t crop_width = 0;
  std::int64_t crop_height = 0;
  if (bits.Flag()) {
    crop_width = std::int64_t{bits.Ue()} + bits.Ue();
    crop_height = std::int64_t{bits.Ue()} + bits.Ue();
    crop_width *= sps.chroma_format == 1 || sps.chroma_format == 2 ? 2 : 1;
    crop_height *= sps.chroma_format == 1 ? 2 : 1;
    crop_height *= frames_only ? 1 : 2;
  }
  if (width > kMaxSize || height > kMaxSize || crop_width >= width ||
      crop_height >= height) {
    return;  // stays 0, which the caller refuses
  }
  sps.width = static_cast<int>(width - crop_width);
  sps.height = static_cast<int>(height - crop_height);
}

}  // namespace

StatusOr<H264Sps> ParseH264Sps(ByteSpan nal) {
  const Bytes rbsp = RemoveEmulationPrevention(nal);
  BitReader bits(rbsp);
  H264Sps sps;
  if ((bits.Bits(8) & 0x1fU) != kH264Sps) {
    return DataLoss("h264: sps: not an sps");
  }
  sps.profile = static_cast<int>(bits.Bits(8));
  sps.constraints = static_cast<int>(bits.Bits(8));
  sps.level = static_cast<int>(bits.Bits(8));
  const std::uint32_t id = bits.Ue();
  if (id > 31) return DataLoss("h264: sps: id {} out of range", id);
  sps.id = static_cast<int>(id);
  if (HasChromaInfo(sps.profile)) ParseChroma(bits, sps);
  bits.Ue();  // log2_max_frame_num_minus4
  SkipPicOrderCount(bits);
  bits.Ue();  // max_num_ref_frames
  bits.Skip(1);
  ParseSize(bits, sps);
  const bool has_vui = bits.Flag();
  if (!bits.ok() || sps.width == 0) {
    return DataLoss("h264: sps: cut off or without a picture size");
  }
  if (has_vui) {
    sps.video_range = ReadColour(bits);
    sps.frame_rate = ReadFrameRate(bits, 2);
  }
  return sps;
}

StatusOr<int> H264ParameterSetId(ByteSpan nal) {
  const Bytes head = RemoveEmulationPrevention(nal, 16);
  BitReader bits(head);
  const std::uint32_t type = bits.Bits(8) & 0x1fU;
  if (type == kH264Sps) bits.Skip(24);
  const std::uint32_t id = bits.Ue();
  if (!bits.ok() || id > (type == kH264Sps ? 31U : 255U)) {
    return DataLoss("h264: parameter set: bad id");
  }
  return static_cast<int>(id);
}

StatusOr<LengthPrefixedConfig> ParseAvcC(ByteSpan config) {
  ByteReader reader(config);
  LengthPrefixedConfig out;
  if (reader.U8() != 1) return InvalidArgument("avcC: unknown version");
  reader.Skip(3);
  out.length_size = (reader.U8() & 3) + 1;
  for (const int mask : {0x1f, 0xff}) {
    const int count = reader.U8() & mask;
    for (int i = 0; i < count && reader.ok(); ++i) {
      const ByteSpan set = reader.Take(reader.U16());
      if (!set.empty()) out.parameter_sets.push_back(set);
    }
  }
  if (!reader.ok()) return InvalidArgument("avcC: cut off");
  return out;
}

Bytes MakeAvcC(const H264Sps& sps, const std::vector<Bytes>& parameter_sets) {
  Bytes out;
  AppendU8(out, 1);
  AppendU8(out, static_cast<std::uint64_t>(sps.profile));
  AppendU8(out, static_cast<std::uint64_t>(sps.constraints));
  AppendU8(out, static_cast<std::uint64_t>(sps.level));
  AppendU8(out, 0xff);
  const auto append = [&](H264NalType type, std::size_t most, unsigned bits) {
    const auto is = [type](const Bytes& set) {
      return (set.front() & 0x1f) == type;
    };
    std::size_t left =
        std::min(most, static_cast<std::size_t>(std::count_if(
                           parameter_sets.begin(), parameter_sets.end(), is)));
    AppendU8(out, bits | left);
    for (const Bytes& set : parameter_sets) {
      if (!is(set) || left == 0) continue;
      --left;
      AppendU16(out, set.size());
      Append(out, ByteSpan(set));
    }
  };
  append(kH264Sps, 31, 0xe0);
  append(kH264Pps, 255, 0);
  if (sps.profile != 66 && sps.profile != 77 && sps.profile != 88) {
    AppendU8(out, 0xfcU | static_cast<unsigned>(sps.chroma_format));
    AppendU8(out, 0xf8U | static_cast<unsigned>(sps.bit_depth_luma - 8));
    AppendU8(out, 0xf8U | static_cast<unsigned>(sps.bit_depth_chroma - 8));
    AppendU8(out, 0);
  }
  return out;
}

}  // namespace hlsrec::media
