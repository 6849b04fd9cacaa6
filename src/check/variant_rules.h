#ifndef HLSREC_SRC_CHECK_VARIANT_RULES_H_
#define HLSREC_SRC_CHECK_VARIANT_RULES_H_

#include <vector>

#include "src/check/findings.h"
#include "src/check/segment_series.h"
#include "src/playlist/model.h"

namespace hlsrec::check {

// The media of one playlist, with what counts its bit rate.
struct MeasuredPlaylist {
  const playlist::MediaPlaylist* media = nullptr;
  const MediaSummary* summary = nullptr;
};

// Bits per second.
struct MeasuredRate {
  double peak = 0;     // over runs of 0.5 to 1.5 target durations
  double average = 0;  // over everything
};
MeasuredRate MeasureRate(const MeasuredPlaylist& playlist);

// Compares what a variant promises with the media that may be played with it:
// its own and that of the renditions in its groups.
void CheckVariantMedia(const playlist::Variant& variant,
                       const MeasuredPlaylist& own,
                       const std::vector<MeasuredPlaylist>& renditions,
                       Findings& findings);

}  // namespace hlsrec::check

#endif  // HLSREC_SRC_CHECK_VARIANT_RULES_H_
