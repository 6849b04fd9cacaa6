#ifndef HLSREC_SRC_MEDIA_SAMPLE_H_
#define HLSREC_SRC_MEDIA_SAMPLE_H_

#include <absl/container/inlined_vector.h>

#include <cstdint>

#include "hlsrec/media.h"

namespace hlsrec::media {

// Spans into a payload that the owner of the list keeps alive.
using Units = absl::InlinedVector<Payload::Span, 8>;

// One access unit on the recording's timeline, free of its source's framing.
struct Sample {
  int track = 0;  // index into the recording's tracks
  // Ticks of the track's output timescale (MuxTrack::timescale); dts <= pts,
  // dts strictly increasing within a track, never negative.
  std::int64_t pts = 0;
  std::int64_t dts = 0;
  std::int64_t duration = 0;  // > 0
  bool keyframe = false;      // a decoder may start here
  // H.264/H.265: NAL units without start code or length, without AUD, and
  //     without parameter sets that the current StreamFormat already holds.
  // AAC: raw_data_blocks (no ADTS, no LATM). MP3, AC-3, E-AC-3, Opus: frames.
  // AV1: one unit: the temporal unit's OBUs (low-overhead format, no temporal
  //     delimiter). MPEG-2 video: one unit, the picture with its headers.
  Units units = {};
  Payload payload = {};  // keeps `units` alive
};

}  // namespace hlsrec::media

#endif  // HLSREC_SRC_MEDIA_SAMPLE_H_
