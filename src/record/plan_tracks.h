#ifndef HLSREC_SRC_RECORD_PLAN_TRACKS_H_
#define HLSREC_SRC_RECORD_PLAN_TRACKS_H_

#include <vector>

#include "hlsrec/recorder.h"
#include "src/record/plan.h"

namespace hlsrec::record {

// kInvalidArgument names the track and the field.
Status CheckTracks(const std::vector<Track>& tracks);

// kFailedPrecondition with the remedy where `container` can't carry a track.
Status CheckContainer(bool fmp4, const std::vector<Track>& tracks);
StatusOr<bool> ChooseFmp4(Container container,
                          const std::vector<Track>& tracks);

// Which tracks are in which rendition; where nobody says, all are in one.
// kInvalidArgument names the field.
StatusOr<std::vector<RenditionTracks>> MakeRenditions(
    const RecordingOptions& options);
// What templates may say of renditions before the first packet.
std::vector<deliver::RenditionInfo> DescribeRenditions(
    const RecordingOptions& options,
    const std::vector<RenditionTracks>& renditions);

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_PLAN_TRACKS_H_
