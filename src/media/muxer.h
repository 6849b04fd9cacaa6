#ifndef HLSREC_SRC_MEDIA_MUXER_H_
#define HLSREC_SRC_MEDIA_MUXER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "hlsrec/media.h"
#include "hlsrec/status.h"
#include "src/base/bytes.h"
#include "src/media/sample.h"
#include "src/media/stream_format.h"

namespace hlsrec::media {

// One track of a container.
struct MuxTrack {
  int track = 0;  // what Sample::track says
  StreamFormat format = {};
  // Ticks per second of its samples: 90000 for video, the sample rate for
  // audio (48000 for Opus).
  std::uint32_t timescale = 90000;
  std::string language = {};  // RFC 5646, may be empty
};

// Writes samples as segments of one container. Pure: values in, bytes out.
//
// Call order per segment: Begin, (Write | Flush)*, End. Samples come in dts
// order over all tracks, roughly. Everything written before a Flush() or End()
// returned stands alone up to there: cutting the bytes at that offset leaves
// whole access units only.
// Continuity counters and sequence numbers go on from segment to segment.
class Muxer {
 public:
  virtual ~Muxer() = default;
  virtual void Begin(Bytes& out) = 0;
  virtual void Write(const Sample& sample, Bytes& out) = 0;
  virtual void Flush(Bytes& out) = 0;
  virtual void End(Bytes& out) = 0;
};

struct TsMuxerOptions {
  std::vector<MuxTrack> tracks = {};
};
// MPEG-TS (ISO/IEC 13818-1): PAT and PMT are the first two packets of each
// segment, then only media: no SDT, no null packets. AUD before each picture,
// parameter sets before each IDR. PCR on the video PID (or the audio PID where
// there is no video) at most 100 ms apart.
// kFailedPrecondition for a codec that HLS does not have in MPEG-TS.
StatusOr<std::unique_ptr<Muxer>> MakeTsMuxer(const TsMuxerOptions& options);

struct Fmp4MuxerOptions {
  std::vector<MuxTrack> tracks = {};  // track_ID is the index here plus one
};
// CMAF-like fragmented MP4 (ISO/IEC 14496-12): each Flush() ends a moof + mdat;
// styp before the first. Init section: av::BuildInitSection.
StatusOr<std::unique_ptr<Muxer>> MakeFmp4Muxer(const Fmp4MuxerOptions& options);

}  // namespace hlsrec::media

#endif  // HLSREC_SRC_MEDIA_MUXER_H_
