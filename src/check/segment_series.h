#ifndef HLSREC_SRC_CHECK_SEGMENT_SERIES_H_
#define HLSREC_SRC_CHECK_SEGMENT_SERIES_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "src/check/findings.h"
#include "src/check/segment_facts.h"
#include "src/playlist/model.h"

namespace hlsrec::check {

// What a media playlist's segments hold, for the multivariant playlist.
struct MediaSummary {
  struct Piece {
    std::chrono::microseconds duration{0};
    std::uint64_t bytes = 0;
  };
  std::vector<Piece> pieces = {};
  // Each once, in order of appearance.
  std::vector<media::StreamFormat> formats = {};
  double frames_per_second = 0;  // the most in any segment
};

// Follows the segments of one media playlist in order: does each go on where
// the one before ended, and as long as the playlist says?
class SegmentSeries {
 public:
  explicit SegmentSeries(Findings& findings) : findings_(findings) {}

  // The version that the segments added next stand in; outlives those calls.
  void SetPlaylist(const playlist::MediaPlaylist& media) { media_ = &media; }

  void Add(const playlist::Segment& segment, SegmentFacts facts);
  // EXT-X-GAP: nothing is there for as long as it says.
  void Gap(const playlist::Segment& segment);
  // What could not be read: what follows it stands alone.
  void Skip();
  void Finish() { EndRun(); }

  [[nodiscard]] const MediaSummary& summary() const { return summary_; }

 private:
  struct Entry {
    playlist::Segment segment = {};
    SegmentFacts facts = {};
  };
  // Since the last discontinuity or gap: how far the sum of EXTINF and the
  // media have come apart.
  struct Drift {
    double first_pts = 0;
    double min_pts = 0;
    double tolerance = 0;
    bool reported = false;
  };

  // What came before a gap, and where the media after it should begin.
  struct BeforeGap {
    TrackFacts main = {};
    int clock_bits = 0;
    double seconds = 0;  // from the start of `main` to the end of the gap
  };

  void ReportIssues(const playlist::Segment& segment,
                    const SegmentFacts& facts);
  void CheckStart(const playlist::Segment& segment, const SegmentFacts& facts);
  void CheckContinuity(const Entry& last, const Entry& next);
  void CheckTracks(const Entry& last, const Entry& next);
  void CheckTiming(const Entry& last, const Entry& next);
  void CheckPictureCounts(const Entry& last, const Entry& next,
                          const TrackFacts& main, double picture);
  void AddDrift(const playlist::Segment& segment, double by_first,
                double by_min, double frame);
  void CheckFormats(const Entry& last, const Entry& next);
  void CheckGap(const playlist::Segment& segment, const SegmentFacts& facts);
  void CheckLength(const playlist::Segment& segment, double actual);
  void EndRun();
  void Collect(const playlist::Segment& segment, const SegmentFacts& facts);

  const playlist::MediaPlaylist* media_ = nullptr;
  Findings& findings_;
  std::optional<Entry> last_ = {};
  std::optional<BeforeGap> before_gap_ = {};
  Drift drift_ = {};
  MediaSummary summary_;
};

}  // namespace hlsrec::check

#endif  // HLSREC_SRC_CHECK_SEGMENT_SERIES_H_
