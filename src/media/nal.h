#ifndef HLSREC_SRC_MEDIA_NAL_H_
#define HLSREC_SRC_MEDIA_NAL_H_

#include "hlsrec/status.h"
#include "src/base/bytes.h"
#include "src/media/sample.h"

namespace hlsrec::media {

// Appends the NAL units of an Annex-B byte stream (ITU-T H.264 annex B),
// without start codes and trailing zeros. Bytes before the first start code are
// skipped.
void SplitAnnexB(ByteSpan stream, Units& units);

// Appends the NAL units that each follow a big-endian length of `length_size`
// bytes. kDataLoss where a length reaches past the end: the units before it
// have been appended.
Status SplitLengthPrefixed(ByteSpan sample, int length_size, Units& units);

// A NAL unit's payload without emulation prevention bytes (H.264
// section 7.4.1), for parsing; of at most its first `limit` bytes.
Bytes RemoveEmulationPrevention(ByteSpan nal, std::size_t limit = 65536);

}  // namespace hlsrec::media

#endif  // HLSREC_SRC_MEDIA_NAL_H_
