#ifndef HLSREC_SRC_AV_STREAM_WRITER_H_
#define HLSREC_SRC_AV_STREAM_WRITER_H_

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hlsrec/status.h"
#include "src/av/interrupter.h"
#include "src/media/muxer.h"

namespace hlsrec::av {

// Where a stream is sent to.
struct StreamTarget {
  std::string url = {};      // rtmp, rtmps, srt, udp
  std::string display = {};  // fit for people
  bool flv = false;          // else MPEG-TS
  std::map<std::string, std::string> av_options = {};
};

// kInvalidArgument for a scheme that takes no stream.
StatusOr<StreamTarget> ResolveStreamTarget(
    const std::string& url,
    const std::map<std::string, std::string>& av_options);

// Whether the target's container has a place for a track beside those chosen
// before it: FLV takes one H.264 and one AAC or MP3, MPEG-TS all it can carry.
bool CarriesTrack(const StreamTarget& target,
                  const std::vector<media::MuxTrack>& chosen,
                  const media::MuxTrack& track);

// One connection to a target that takes a stream.
//
// Threads. One, which may block; `interrupter` ends what blocks.
class StreamWriter {
 public:
  virtual ~StreamWriter() = default;
  // In the order of the timeline; the first picture is a keyframe.
  virtual Status Write(const media::Sample& sample) = 0;
  // Says goodbye where the protocol does.
  virtual Status End() = 0;
};

// Connects, and announces the tracks. `interrupter` outlives the writer.
// Blocking. Yes.
StatusOr<std::unique_ptr<StreamWriter>> ConnectStream(
    const StreamTarget& target, const std::vector<media::MuxTrack>& tracks,
    Interrupter& interrupter);

}  // namespace hlsrec::av

#endif  // HLSREC_SRC_AV_STREAM_WRITER_H_
