#ifndef HLSREC_SRC_CHECK_SEGMENT_READER_H_
#define HLSREC_SRC_CHECK_SEGMENT_READER_H_

#include "src/base/bytes.h"
#include "src/check/fmp4_init.h"
#include "src/check/segment_facts.h"

namespace hlsrec::check {

// What is in scope where a segment stands.
struct SegmentScope {
  ByteSpan map = {};                // bytes of the EXT-X-MAP, if any
  const InitFacts* init = nullptr;  // the same as fMP4 tells
  bool samples_encrypted = false;   // SAMPLE-AES
};

// By its first bytes.
SegmentKind KindOf(ByteSpan bytes);

// Reads a segment of any kind, in the clear. Pure.
SegmentFacts ReadSegment(ByteSpan bytes, const SegmentScope& scope);

}  // namespace hlsrec::check

#endif  // HLSREC_SRC_CHECK_SEGMENT_READER_H_
