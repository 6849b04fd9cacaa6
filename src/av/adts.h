#ifndef HLSREC_SRC_AV_ADTS_H_
#define HLSREC_SRC_AV_ADTS_H_

#include <optional>

#include "hlsrec/media.h"

namespace hlsrec::av {

// What the header of an ADTS frame tells (ISO/IEC 13818-7 section 6.2).
struct AdtsHeader {
  int sample_rate = 0;
  int channels = 0;  // 0 where the frame itself describes them
  int samples = 0;   // per channel
};
std::optional<AdtsHeader> ParseAdts(Payload::Span frame);

}  // namespace hlsrec::av

#endif  // HLSREC_SRC_AV_ADTS_H_
