#ifndef HLSREC_SRC_MEDIA_CUTTER_H_
#define HLSREC_SRC_MEDIA_CUTTER_H_

#include <cstdint>
#include <optional>

namespace hlsrec::media {

struct CutterOptions {
  std::int64_t target = 0;  // 90 kHz ticks, as all times here
  // No segment lasts longer: EXT-X-TARGETDURATION.
  std::int64_t limit = 0;
};

// What the cutter must know of a sample of the track that decides.
struct CutCandidate {
  std::int64_t pts = 0;
  std::int64_t dts = 0;
  std::int64_t duration = 0;
  bool keyframe = false;
  bool discontinuity = false;
};

enum class CutReason {
  kGrid,           // a keyframe at or after the grid position
  kRequested,      // CutSegment()
  kDiscontinuity,  // timeline or format broke
  kForced,         // the limit was met without a keyframe
};

// A cut before the sample that was asked about.
struct Cut {
  CutReason reason = CutReason::kGrid;
  std::int64_t end = 0;    // of the segment before
  std::int64_t start = 0;  // of the segment after
};

// Decides where segments begin, from the track that leads (the first video, or
// the first audio where there is none). All renditions follow its instants.
//
// Grid: multiples of the target since the last break; a cut takes the first
// keyframe at or after the next position. Without catch-up: after a late cut
// the next position is the next one in the future.
//
// Pure.
class Cutter {
 public:
  explicit Cutter(const CutterOptions& options) : options_(options) {}

  // Asked once per sample of the leading track, in decoding order. None: the
  // sample goes on in the segment that is open.
  std::optional<Cut> Before(const CutCandidate& sample);
  // Cut at the next keyframe.
  void Request() { requested_ = true; }

  [[nodiscard]] bool open() const { return open_; }
  [[nodiscard]] std::int64_t start() const { return start_; }
  // Where the open segment would end now.
  [[nodiscard]] std::int64_t end() const { return end_; }
  // Ends the open segment; the next sample opens another.
  void Close() { open_ = false; }

 private:
  void Open(const CutCandidate& sample, std::int64_t start);
  [[nodiscard]] std::int64_t Early(const CutCandidate& sample) const;

  const CutterOptions options_;
  bool open_ = false;
  bool requested_ = false;
  std::int64_t origin_ = 0;  // of the grid
  std::int64_t next_ = 0;    // grid position
  std::int64_t start_ = 0;
  std::int64_t end_ = 0;
  std::int64_t last_duration_ = 0;
  bool last_keyframe_ = false;  // within the segment
};

}  // namespace hlsrec::media

#endif  // HLSREC_SRC_MEDIA_CUTTER_H_
