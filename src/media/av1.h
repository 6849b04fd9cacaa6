#ifndef HLSREC_SRC_MEDIA_AV1_H_
#define HLSREC_SRC_MEDIA_AV1_H_

#include <optional>

#include "hlsrec/media.h"
#include "hlsrec/status.h"
#include "src/base/bytes.h"
#include "src/media/stream_format.h"

// AV1 Bitstream & Decoding Process Specification: open bitstream units.
namespace hlsrec::media {

enum Av1ObuType : std::uint8_t {
  kAv1SequenceHeader = 1,
  kAv1TemporalDelimiter = 2,
  kAv1FrameHeader = 3,
  kAv1Frame = 6,
};

struct Av1Obu {
  int type = 0;
  ByteSpan whole = {};    // header included
  ByteSpan payload = {};  // what follows header and size
};
// The OBU that `bytes` begins with; none where it is cut off or forbidden.
std::optional<Av1Obu> ParseAv1Obu(ByteSpan bytes);

// The format that a sequence header OBU tells, with `config` as av1C.
StatusOr<StreamFormat> DescribeAv1(const Av1Obu& sequence_header);

// Whether a frame (header) OBU begins a shown key frame.
bool IsAv1KeyFrame(const Av1Obu& frame);

}  // namespace hlsrec::media

#endif  // HLSREC_SRC_MEDIA_AV1_H_
