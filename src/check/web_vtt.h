#ifndef HLSREC_SRC_CHECK_WEB_VTT_H_
#define HLSREC_SRC_CHECK_WEB_VTT_H_

#include "src/base/bytes.h"
#include "src/check/segment_facts.h"

namespace hlsrec::check {

// Reads a WebVTT segment (RFC 8216 section 3.5): header, timestamp map, the
// times of its cues. Pure.
SegmentFacts ReadWebVtt(ByteSpan bytes);

}  // namespace hlsrec::check

#endif  // HLSREC_SRC_CHECK_WEB_VTT_H_
