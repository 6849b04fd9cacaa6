#ifndef HLSREC_SRC_MEDIA_H265_H_
#define HLSREC_SRC_MEDIA_H265_H_

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "hlsrec/media.h"
#include "hlsrec/status.h"
#include "src/base/bytes.h"
#include "src/media/h264.h"
#include "src/media/stream_format.h"

// ITU-T H.265: what of its NAL units and of hvcC (ISO/IEC 14496-15) the
// recording must understand.
namespace hlsrec::media {

enum H265NalType : std::uint8_t {
  kH265Bla = 16,  // first of those a decoder may start at
  kH265Cra = 21,  // last of those
  kH265Vps = 32,  // types below are slices
  kH265Sps = 33,
  kH265Pps = 34,
  kH265Aud = 35,
};
inline int H265TypeOf(ByteSpan nal) { return nal.front() >> 1 & 0x3f; }

struct H265Sps {
  int id = 0;
  int sub_layers = 1;
  bool temporal_id_nesting = false;
  // general_profile_space .. general_level_idc, as they stand in hvcC.
  std::array<std::uint8_t, 12> profile_tier_level = {};
  int chroma_format = 1;
  int bit_depth_luma = 8;
  int bit_depth_chroma = 8;
  int width = 0;  // after the conformance window
  int height = 0;
  Rational frame_rate = {.num = 0, .den = 1};
  VideoRange video_range = VideoRange::kSdr;
};

StatusOr<H265Sps> ParseH265Sps(ByteSpan nal);
StatusOr<int> H265ParameterSetId(ByteSpan nal);
StatusOr<LengthPrefixedConfig> ParseHvcC(ByteSpan config);
Bytes MakeHvcC(const H265Sps& sps, const std::vector<Bytes>& parameter_sets);
// "hvc1.1.6.L93.B0", ISO/IEC 14496-15 annex E.3.
std::string H265CodecString(const H265Sps& sps);

}  // namespace hlsrec::media

#endif  // HLSREC_SRC_MEDIA_H265_H_
