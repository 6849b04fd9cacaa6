#ifndef HLSREC_SRC_CHECK_I_FRAME_SERIES_H_
#define HLSREC_SRC_CHECK_I_FRAME_SERIES_H_

#include <optional>

#include "src/base/bytes.h"
#include "src/check/findings.h"
#include "src/check/segment_facts.h"
#include "src/check/segment_reader.h"
#include "src/playlist/model.h"

namespace hlsrec::check {

// Follows the segments of an I-frame playlist: each holds one I-frame, whole
// and alone, and lasts until the next.
class IFrameSeries {
 public:
  explicit IFrameSeries(Findings& findings) : findings_(findings) {}

  // `bytes` in the clear. `tail` is what follows them in their file, up to a
  // few packets: it shows whether a picture in MPEG-TS was whole.
  void Add(const playlist::Segment& segment, ByteSpan bytes,
           const SegmentScope& scope, ByteSpan tail);
  // What could not be read.
  void Skip() { last_.reset(); }

 private:
  struct Last {
    playlist::Segment segment = {};
    TrackFacts video = {};
    int clock_bits = 0;
  };

  void Report(const playlist::Segment& segment, const std::string& message) {
    findings_.Error("R78", segment.line, segment.uri + ": " + message);
  }
  void CheckExtent(const playlist::Segment& segment, ByteSpan bytes,
                   const SegmentFacts& facts, const TrackFacts& video,
                   ByteSpan tail);
  void CheckDuration(const playlist::Segment& segment, const TrackFacts& video);

  Findings& findings_;
  std::optional<Last> last_ = {};
};

}  // namespace hlsrec::check

#endif  // HLSREC_SRC_CHECK_I_FRAME_SERIES_H_
