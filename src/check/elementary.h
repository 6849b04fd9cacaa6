#ifndef HLSREC_SRC_CHECK_ELEMENTARY_H_
#define HLSREC_SRC_CHECK_ELEMENTARY_H_

#include <cstddef>
#include <cstdint>

#include "hlsrec/media.h"
#include "src/base/bytes.h"

// Just enough of each codec's syntax to see where a decoder may start and how
// long the sound is. Pure.
namespace hlsrec::check {

struct VideoUnitFacts {
  bool delimiter = false;       // access unit delimiter
  bool parameter_sets = false;  // all that the codec has (VPS, SPS, PPS)
  bool any_parameter_set = false;
  bool idr = false;
  bool random_access = false;  // IDR, CRA, recovery point, I after a header
  bool picture = false;
};

// One access unit with start codes (H.264, H.265, MPEG-2 video).
VideoUnitFacts ReadAnnexBUnit(Codec codec, ByteSpan bytes);
// The same with lengths of `length_size` bytes before each NAL unit (ISO BMFF).
VideoUnitFacts ReadLengthPrefixedUnit(Codec codec, ByteSpan bytes,
                                      int length_size);

struct AudioRun {
  std::size_t frames = 0;
  std::uint64_t samples = 0;
  std::uint32_t sample_rate = 0;
  std::size_t leading_garbage = 0;  // bytes before the first frame
  std::size_t consumed = 0;         // up to the end of the last whole frame
};

// Whole frames at the beginning of `bytes` (ADTS, MP3, AC-3, E-AC-3).
AudioRun ReadAudioFrames(Codec codec, ByteSpan bytes);

}  // namespace hlsrec::check

#endif  // HLSREC_SRC_CHECK_ELEMENTARY_H_
