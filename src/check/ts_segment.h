#ifndef HLSREC_SRC_CHECK_TS_SEGMENT_H_
#define HLSREC_SRC_CHECK_TS_SEGMENT_H_

#include "src/base/bytes.h"
#include "src/check/segment_facts.h"

namespace hlsrec::check {

struct TsReadOptions {
  // The EXT-X-MAP in scope, if any: its PAT and PMT apply.
  ByteSpan map = {};
  // SAMPLE-AES: look at the transport stream alone.
  bool samples_encrypted = false;
};

// Reads an MPEG-TS segment (ISO/IEC 13818-1) whole. Pure.
SegmentFacts ReadTsSegment(ByteSpan bytes, const TsReadOptions& options = {});

}  // namespace hlsrec::check

#endif  // HLSREC_SRC_CHECK_TS_SEGMENT_H_
