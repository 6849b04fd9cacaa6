#ifndef HLSREC_SRC_MEDIA_FRAME_HEADER_H_
#define HLSREC_SRC_MEDIA_FRAME_HEADER_H_

#include <cstddef>
#include <optional>

#include "src/base/bytes.h"

// Headers of audio frames that describe themselves.
namespace hlsrec::media {

struct FrameHeader {
  std::size_t size = 0;  // of the frame, with its header
  int sample_rate = 0;
  int channels = 0;
  int samples = 0;  // per channel
  // E-AC-3: belongs to the frame before it (a dependent substream, or another
  // program) and takes no time of its own.
  bool dependent = false;

  // Whether a decoder need not be told of a change.
  [[nodiscard]] bool SameStream(const FrameHeader& other) const {
    return sample_rate == other.sample_rate && channels == other.channels &&
           samples == other.samples;
  }
};

// None where `bytes` does not begin with a sane header.
std::optional<FrameHeader> ParseMpegAudioHeader(ByteSpan bytes);  // layer I-III
std::optional<FrameHeader> ParseAc3Header(ByteSpan bytes);
std::optional<FrameHeader> ParseEac3Header(ByteSpan bytes);

}  // namespace hlsrec::media

#endif  // HLSREC_SRC_MEDIA_FRAME_HEADER_H_
