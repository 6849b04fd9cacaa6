#include "src/media/h265.h"

#include <fmt/format.h>

#include <algorithm>

#include "src/base/status_util.h"
#include "src/media/nal.h"
#include "src/media/vui.h"

namespace hlsrec::media {
namespace {

constexpr std::uint32_t kMaxSize = 65536;

// Section 7.3.3: the general part is kept, the sub-layers' is skipped.
void ParseProfileTierLevel(BitReader& bits, H265Sps& sps) {
  for (std::uint8_t& byte : sps.profile_tier_level) {
    byte = static_cast<std::uint8_t>(bits.Bits(8));
  }
  const int further = sps.sub_layers - 1;
  std::array<bool, 8> has_profile = {};
  std::array<bool, 8> has_level = {};
  for (std::size_t i = 0; i < static_cast<std::size_t>(further); ++i) {
    has_profile[i] = bits.Flag();
    has_level[i] = bits.Flag();
  }
  if (further > 0) bits.Skip(static_cast<std::size_t>(8 - further) * 2);
  for (std::size_t i = 0; i < static_cast<std::size_t>(further); ++i) {
    if (has_profile[i]) bits.Skip(88);
    if (has_level[i]) bits.Skip(8);
  }
}

void ParseSize(BitReader& bits, H265Sps& sps) {
  sps.chroma_format = static_cast<int>(bits.Ue() & 3U);
  if (sps.chroma_format == 3) bits.Skip(1);
  const std::uint32_t width = bits.Ue();
  const std::uint32_t height = bits.Ue();
  std::uint64_t crop_width = 0;
  std::uint64_t crop_height = 0;
  if (bits.Flag()) {
    crop_width = std::uint64_t{bits.Ue()} + bits.Ue();
    crop_height = std::uint64_t{bits.Ue()} + bits.Ue();
    crop_width *= sps.chroma_format == 1 || sps.chroma_format == 2 ? 2 : 1;
    crop_height *= sps.chroma_format == 1 ? 2 : 1;
  }
  if (width > kMaxSize || height > kMaxSize || crop_width >= width ||
      crop_height >= height) {
    return;  // stays 0, which the caller refuses
  }
  sps.width = static_cast<int>(width - crop_width);
  sps.height = static_cast<int>(height - crop_height);
}

// Section 7.3.4.
void SkipScalingLists(BitReader& bits) {
  for (int size = 0; size < 4; ++size) {
    for (int matrix = 0; matrix < 6; matrix += size == 3 ? 3 : 1) {
      if (!bits.Flag()) {
        bits.Ue();
        continue;
      }
      const int coefficients = std::min(64, 1 << (4 + size * 2));
      if (size > 1) bits.Se();
      for (int i = 0; i < coefficients && bits.ok(); ++i) bits.Se();
    }
  }
}

// Section 7.3.7. `deltas` holds NumDeltaPocs of the sets so far.
bool SkipShortTermRefPicSet(BitReader& bits,
                            std::vector<std::uint32_t>& deltas) {
  const std::size_t index = deltas.size();
  if (index > 0 && bits.Flag()) {  // inter_ref_pic_set_prediction_flag
    bits.Skip(1);
    bits.Ue();
    std::uint32_t count = 0;
    for (std::uint32_t i = 0; i <= deltas[index - 1] && bits.ok(); ++i) {
      const bool used = bits.Flag();
      const bool use_delta = used || bits.Flag();
      if (use_delta) ++count;
    }
    deltas.push_back(count);
    return bits.ok();
  }
  const std::uint32_t negative = bits.Ue();
  const std::uint32_t positive = bits.Ue();
  if (negative > 16 || positive > 16) return false;
  for (std::uint32_t i = 0; i < negative + positive && bits.ok(); ++i) {
    bits.Ue();
    bits.Skip(1);
  }
  deltas.push_back(negative + positive);
  return bits.ok();
}

// From log2_max_pic_order_cnt to the reference picture sets; false where the
// SPS ends before, or makes no sense.
bool SkipToVui(BitReader& bits, const H265Sps& sps) {
  const std::uint32_t log2_max_poc = bits.Ue() + 4;
  const bool all_layers = bits.Flag();
  for (int i = all_layers ? 0 : sps.sub_layers - 1; i < sps.sub_layers; ++i) {
    bits.Ue();
    bits.Ue();
    bits.Ue();
  }
  for (int i = 0; i < 6; ++i) bits.Ue();  // block and transform sizes
  if (bits.Flag() && bits.Flag()) SkipScalingLists(bits);
  bits.Skip(2);
  if (bits.Flag()) {  // pcm
    bits.Skip(8);
    bits.Ue();
    bits.Ue();
    bits.Skip(1);
  }
  const std::uint32_t sets = bits.Ue();
  if (!bits.ok() || sets > 64 || log2_max_poc > 16) return false;
  std::vector<std::uint32_t> deltas;
  for (std::uint32_t i = 0; i < sets; ++i) {
    if (!SkipShortTermRefPicSet(bits, deltas)) return false;
  }
  if (bits.Flag()) {  // long-term reference pictures
    const std::uint32_t count = bits.Ue();
    if (count > 32) return false;
    bits.Skip(std::size_t{count} * (log2_max_poc + 1));
  }
  bits.Skip(2);
  return bits.ok();
}

// Annex E.2.1, up to the timing information.
void ParseVui(BitReader& bits, H265Sps& sps) {
  sps.video_range = ReadColour(bits);
  bits.Skip(3);
  if (bits.Flag()) {  // default display window
    for (int i = 0; i < 4; ++i) bits.Ue();
  }
  sps.frame_rate = ReadFrameRate(bits, 1);
}

}  // namespace

StatusOr<H265Sps> ParseH265Sps(ByteSpan nal) {
  if (nal.size() < 3 || H265TypeOf(nal) != kH265Sps) {
    return DataLoss("h265: sps: not an sps");
  }
  const Bytes rbsp = RemoveEmulationPrevention(nal.subspan(2));
  BitReader bits(rbsp);
  H265Sps sps;
  bits.Skip(4);
  sps.sub_layers = static_cast<int>(bits.Bits(3)) + 1;
  sps.temporal_id_nesting = bits.Flag();
  ParseProfileTierLevel(bits, sps);
  const std::uint32_t id = bits.Ue();
  if (!bits.ok() || id > 15 || sps.sub_layers > 7) {
    return DataLoss("h265: sps: bad id or layers");
  }
  sps.id = static_cast<int>(id);
  ParseSize(bits, sps);
  sps.bit_depth_luma = 8 + static_cast<int>(bits.Ue() & 7U);
  sps.bit_depth_chroma = 8 + static_cast<int>(bits.Ue() & 7U);
  if (!bits.ok() || sps.width == 0) {
    return DataLoss("h265: sps: cut off or without a picture size");
  }
  if (SkipToVui(bits, sps) && bits.Flag()) ParseVui(bits, sps);
  return sps;
}

StatusOr<int> H265ParameterSetId(ByteSpan nal) {
  if (nal.size() < 3) return DataLoss("h265: parameter set: cut off");
  const int type = H265TypeOf(nal);
  if (type == kH265Vps) return nal[2] >> 4;
  if (type == kH265Sps) {
    HLSREC_ASSIGN_OR_RETURN(const H265Sps sps, ParseH265Sps(nal));
    return sps.id;
  }
  const Bytes head = RemoveEmulationPrevention(nal.subspan(2), 16);
  BitReader bits(head);
  const std::uint32_t id = bits.Ue();
  if (!bits.ok() || id > 63) return DataLoss("h265: parameter set: bad id");
  return static_cast<int>(id);
}

StatusOr<LengthPrefixedConfig> ParseHvcC(ByteSpan config) {
  ByteReader reader(config);
  LengthPrefixedConfig out;
  if (reader.U8() != 1) return InvalidArgument("hvcC: unknown version");
  reader.Skip(20);
  out.length_size = (reader.U8() & 3) + 1;
  const int arrays = reader.U8();
  for (int i = 0; i < arrays && reader.ok(); ++i) {
    const int type = reader.U8() & 0x3f;
    const int count = reader.U16();
    for (int j = 0; j < count && reader.ok(); ++j) {
      const ByteSpan set = reader.Take(reader.U16());
      if (!set.empty() && type >= kH265Vps && type <= kH265Pps) {
        out.parameter_sets.push_back(set);
      }
    }
  }
  if (!reader.ok()) return InvalidArgument("hvcC: cut off");
  return out;
}

Bytes MakeHvcC(const H265Sps& sps, const std::vector<Bytes>& parameter_sets) {
  Bytes out;
  AppendU8(out, 1);
  Append(out, ByteSpan(sps.profile_tier_level));
  AppendU16(out, 0xf000);  // min_spatial_segmentation_idc: unknown
  AppendU8(out, 0xfc);     // parallelismType: unknown
  AppendU8(out, 0xfcU | static_cast<unsigned>(sps.chroma_format));
  AppendU8(out, 0xf8U | static_cast<unsigned>(sps.bit_depth_luma - 8));
  AppendU8(out, 0xf8U | static_cast<unsigned>(sps.bit_depth_chroma - 8));
  AppendU16(out, 0);  // avgFrameRate: unspecified
  AppendU8(out, static_cast<unsigned>(sps.sub_layers) << 3U |
                    (sps.temporal_id_nesting ? 4U : 0U) | 3U);
  AppendU8(out, 3);
  for (const int type : {kH265Vps, kH265Sps, kH265Pps}) {
    const auto is = [type](const Bytes& set) {
      return H265TypeOf(set) == type;
    };
    AppendU8(out, 0x80U | static_cast<unsigned>(type));  // array is complete
    AppendU16(out, static_cast<std::uint64_t>(std::count_if(
                       parameter_sets.begin(), parameter_sets.end(), is)));
    for (const Bytes& set : parameter_sets) {
      if (!is(set)) continue;
      AppendU16(out, set.size());
      Append(out, ByteSpan(set));
    }
  }
  return out;
}

std::string H265CodecString(const H265Sps& sps) {
  const auto& ptl = sps.profile_tier_level;
  std::string out = "hvc1.";
  const int space = ptl[0] >> 6;
  if (space > 0) out += static_cast<char>('A' + space - 1);
  std::uint32_t reversed = 0;
  for (std::size_t i = 0; i < 32; ++i) {
    const std::uint32_t bit = ptl[1 + i / 8] >> (7 - i % 8) & 1U;
    reversed |= bit << i;
  }
  out += fmt::format("{}.{:X}.{}{}", ptl[0] & 0x1f, reversed,
                     (ptl[0] & 0x20) != 0 ? 'H' : 'L', ptl[11]);
  std::size_t last = 11;
  while (last > 5 && ptl[last - 1] == 0) --last;
  for (std::size_t i = 5; i < last; ++i) out += fmt::format(".{:X}", ptl[i]);
  return out;
}

}  // namespace hlsrec::media
