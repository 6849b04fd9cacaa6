#ifndef HLSREC_SRC_RECORD_RENDITION_INFO_H_
#define HLSREC_SRC_RECORD_RENDITION_INFO_H_

#include "hlsrec/media.h"
#include "src/deliver/output_plan.h"
#include "src/media/stream_format.h"

namespace hlsrec::record {

// What playlists and manifests say of `track`, whose bitstream tells `format`:
// another one of the rendition.
void AddTrack(const Track& track, const media::StreamFormat& format,
              deliver::RenditionInfo& info);

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_RENDITION_INFO_H_
