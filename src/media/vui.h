#ifndef HLSREC_SRC_MEDIA_VUI_H_
#define HLSREC_SRC_MEDIA_VUI_H_

#include <cstdint>

#include "src/base/bytes.h"
#include "src/media/stream_format.h"

// What bitstreams say of a picture's use: H.264 annex E.1.1 and H.265 annex
// E.2.1 have most of it in common, others the meaning of its numbers.
namespace hlsrec::media {

// transfer_characteristics of ITU-T H.273.
VideoRange VideoRangeOf(std::uint32_t transfer);
// 0/1 where the fraction makes no sense as a frame rate.
Rational FrameRateOf(std::uint64_t time_scale, std::uint64_t units_in_tick);

// From the start up to the location of chroma samples.
VideoRange ReadColour(BitReader& bits);
// From timing_info_present_flag up to time_scale. `ticks_per_picture`: of the
// clock that is told. 0/1: no rate is told.
Rational ReadFrameRate(BitReader& bits, unsigned ticks_per_picture);

}  // namespace hlsrec::media

#endif  // HLSREC_SRC_MEDIA_VUI_H_
