#ifndef HLSREC_SRC_MEDIA_READERS_H_
#define HLSREC_SRC_MEDIA_READERS_H_

#include <memory>

#include "hlsrec/media.h"
#include "hlsrec/status.h"
#include "src/media/stream_format.h"

// One maker per family of codecs: what AccessUnitReader::Create() chooses from.
namespace hlsrec::media {

using AccessUnitReaderPtr = std::unique_ptr<AccessUnitReader>;

StatusOr<AccessUnitReaderPtr> MakeNalReader(const Track& track);
StatusOr<AccessUnitReaderPtr> MakeAv1Reader(const Track& track);
StatusOr<AccessUnitReaderPtr> MakeMpeg2VideoReader(const Track& track);
StatusOr<AccessUnitReaderPtr> MakeAacReader(const Track& track);
// MP3, AC-3, E-AC-3: frames that describe themselves.
StatusOr<AccessUnitReaderPtr> MakeFrameReader(const Track& track);
StatusOr<AccessUnitReaderPtr> MakeOpusReader(const Track& track);

}  // namespace hlsrec::media

#endif  // HLSREC_SRC_MEDIA_READERS_H_
