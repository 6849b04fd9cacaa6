#ifndef HLSREC_SRC_AV_MUX_STREAM_H_
#define HLSREC_SRC_AV_MUX_STREAM_H_

#include "hlsrec/status.h"
#include "src/av/av_handles.h"
#include "src/media/muxer.h"

namespace hlsrec::av {

// Tells a muxer of libavformat of a track; the context owns what is returned.
// kFailedPrecondition for a codec that libavformat has no id for.
StatusOr<AVStream*> AddStream(const media::MuxTrack& track,
                              AVFormatContext& context);

// StreamFormat::config is a frame, from which a muxer reads what it must know.
bool IsToldByFrame(const media::StreamFormat& format);

}  // namespace hlsrec::av

#endif  // HLSREC_SRC_AV_MUX_STREAM_H_
