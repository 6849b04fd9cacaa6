#ifndef HLSREC_SRC_AV_MP4_INIT_H_
#define HLSREC_SRC_AV_MP4_INIT_H_

#include "hlsrec/status.h"
#include "src/base/bytes.h"
#include "src/media/muxer.h"

namespace hlsrec::av {

// The init section (ftyp, moov) that belongs to the segments of a
// media::MakeFmp4Muxer with the same options. Equal options give equal bytes.
//
// Errors. kFailedPrecondition for a codec that MP4 cannot carry,
//     kInvalidArgument for a format libavformat refuses.
StatusOr<Bytes> BuildInitSection(const media::Fmp4MuxerOptions& options);

}  // namespace hlsrec::av

#endif  // HLSREC_SRC_AV_MP4_INIT_H_
