#ifndef HLSREC_SRC_MEDIA_STREAM_FORMAT_H_
#define HLSREC_SRC_MEDIA_STREAM_FORMAT_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hlsrec/media.h"
#include "hlsrec/status.h"
#include "src/base/bytes.h"
#include "src/media/sample.h"

namespace hlsrec::media {

enum class VideoRange { kSdr, kHlg, kPq };

// What a decoder must know of a track, read from its bitstream. Two equal
// formats need no DISCONTINUITY and no new init section between them.
struct StreamFormat {
  Codec codec = Codec::kUnknown;
  // RFC 6381: "avc1.64001F", "hvc1.1.6.L93.B0", "av01.0.04M.08", "mp4a.40.2",
  // "mp4a.40.34" (MP3), "ac-3", "ec-3", "opus". Empty for MPEG-2 video.
  std::string codec_string = {};

  // Video: displayed size (after cropping), 0/1 where the rate is unknown.
  int width = 0;
  int height = 0;
  Rational frame_rate = {.num = 0, .den = 1};
  VideoRange video_range = VideoRange::kSdr;

  // Audio.
  int sample_rate = 0;
  int channels = 0;
  // Samples per frame at `sample_rate`: 1024, 1152, 1536, ...; 0: varies.
  int frame_samples = 0;

  // H.264: SPS, PPS; H.265: VPS, SPS, PPS; without start codes, by id.
  std::vector<Bytes> parameter_sets = {};
  // For the container: avcC, hvcC, av1C, AudioSpecificConfig, OpusHead;
  // AC-3, E-AC-3: the first frame; empty for MP3 and MPEG-2 video.
  Bytes config = {};

  friend bool operator==(const StreamFormat&, const StreamFormat&) = default;
};

// One packet, unframed.
struct AccessUnit {
  Units units = {};
  Payload payload = {};
  // H.264: IDR. H.265: IDR, CRA, BLA. AV1: key frame with sequence header.
  // MPEG-2: I picture after a sequence header. Audio: always.
  bool random_access = false;
  // The format differs from that of the packet before (also: first known).
  bool format_changed = false;
  // Audio: samples per channel that the units hold, at format()->sample_rate;
  // 0 for video.
  int audio_samples = 0;
};

// Takes a track's packets out of their framing and follows its format.
// Pure: no I/O, no clock, no libav.
//
// Errors. Read(): kDataLoss for a payload that holds no whole unit; the reader
//     stays usable. Create(): kInvalidArgument for a codec_config that is not
//     what it must be, kUnimplemented for what no container here can carry.
class AccessUnitReader {
 public:
  virtual ~AccessUnitReader() = default;
  static StatusOr<std::unique_ptr<AccessUnitReader>> Create(const Track& track);

  virtual StatusOr<AccessUnit> Read(const Payload& payload) = 0;
  // Empty until codec_config or a packet told it.
  [[nodiscard]] virtual const std::optional<StreamFormat>& format() const = 0;
};

}  // namespace hlsrec::media

#endif  // HLSREC_SRC_MEDIA_STREAM_FORMAT_H_
