#include "src/base/status_util.h"
#include "src/media/readers.h"
#include "src/media/stream_format.h"

namespace hlsrec::media {

StatusOr<std::unique_ptr<AccessUnitReader>> AccessUnitReader::Create(
    const Track& track) {
  switch (track.codec) {
    case Codec::kH264:
    case Codec::kH265:
      return MakeNalReader(track);
    case Codec::kAv1:
      return MakeAv1Reader(track);
    case Codec::kMpeg2Video:
      return MakeMpeg2VideoReader(track);
    case Codec::kAac:
      return MakeAacReader(track);
    case Codec::kMp3:
    case Codec::kAc3:
    case Codec::kEac3:
      return MakeFrameReader(track);
    case Codec::kOpus:
      return MakeOpusReader(track);
    case Codec::kUnknown:
      break;
  }
  return Unimplemented("track {}: codec {}: no container here carries it",
                       track.id, CodecName(track.codec));
}

}  // namespace hlsrec::media
