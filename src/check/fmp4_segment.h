#ifndef HLSREC_SRC_CHECK_FMP4_SEGMENT_H_
#define HLSREC_SRC_CHECK_FMP4_SEGMENT_H_

#include "src/base/bytes.h"
#include "src/check/fmp4_init.h"
#include "src/check/segment_facts.h"

namespace hlsrec::check {

enum class SamplesEncrypted { kNo, kYes };

// Reads an fMP4 segment (moof and mdat pairs) with its init section. Pure.
SegmentFacts ReadFmp4Segment(
    ByteSpan bytes, const InitFacts& init,
    SamplesEncrypted encrypted = SamplesEncrypted::kNo);

}  // namespace hlsrec::check

#endif  // HLSREC_SRC_CHECK_FMP4_SEGMENT_H_
