#ifndef HLSREC_SRC_MEDIA_H264_H_
#define HLSREC_SRC_MEDIA_H264_H_

#include <cstdint>
#include <string>
#include <vector>

#include "hlsrec/media.h"
#include "hlsrec/status.h"
#include "src/base/bytes.h"
#include "src/media/stream_format.h"

// ITU-T H.264: what of its NAL units and of avcC (ISO/IEC 14496-15) the
// recording must understand.
namespace hlsrec::media {

enum H264NalType : std::uint8_t {
  kH264Slice = 1,
  kH264Idr = 5,
  kH264Sps = 7,
  kH264Pps = 8,
  kH264Aud = 9,
};

struct H264Sps {
  int id = 0;
  int profile = 0;
  int constraints = 0;  // the byte of flags after profile_idc
  int level = 0;
  int chroma_format = 1;
  int bit_depth_luma = 8;
  int bit_depth_chroma = 8;
  int width = 0;  // after cropping
  int height = 0;
  Rational frame_rate = {.num = 0, .den = 1};
  VideoRange video_range = VideoRange::kSdr;
};

// `nal` with its header byte. kDataLoss where it is not a whole SPS.
StatusOr<H264Sps> ParseH264Sps(ByteSpan nal);
// seq_parameter_set_id or pic_parameter_set_id of an SPS or PPS.
StatusOr<int> H264ParameterSetId(ByteSpan nal);

struct LengthPrefixedConfig {
  int length_size = 4;
  std::vector<ByteSpan> parameter_sets = {};  // into the configuration
};
StatusOr<LengthPrefixedConfig> ParseAvcC(ByteSpan config);
// With lengths of 4 bytes; `parameter_sets` in any order.
Bytes MakeAvcC(const H264Sps& sps, const std::vector<Bytes>& parameter_sets);

}  // namespace hlsrec::media

#endif  // HLSREC_SRC_MEDIA_H264_H_
