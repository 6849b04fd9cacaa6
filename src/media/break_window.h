#ifndef HLSREC_SRC_MEDIA_BREAK_WINDOW_H_
#define HLSREC_SRC_MEDIA_BREAK_WINDOW_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "src/media/interleaver.h"

namespace hlsrec::media {

// What one break makes of the samples that came around it. Both lists keep the
// order in which the samples were added.
struct SettledBreak {
  std::vector<TimedSample> before;  // go on in the segments that are open
  std::vector<TimedSample> after;   // belong to the next ones; never empty
  // Tracks with a new format, in the order in which they changed.
  std::vector<int> changed;
  bool jumped = false;  // the timeline broke
  // The leading track goes on as it was: it needs no keyframe.
  bool leader_goes_on = false;
  // Then: where in `after` the next segments start, at the leading track's
  // keyframe if there is one.
  std::size_t start = 0;
};

// Makes one break of all that changes together. An encoder that changes the
// picture and the sound does so at instants of their own, some frames apart in
// the stream; each track ends its old format in the segment before the break
// and begins its new one in the segment after, wherever the others are.
//
// It opens at the first sample that breaks, and gathers samples until every
// track took part or nothing more can belong to this break.
//
// Pure. Bounded by kLength and kMaxBytes.
class BreakWindow {
 public:
  // Half a second, and the frames that lie across either end, in 90 kHz ticks.
  static constexpr std::int64_t kLength = kClockRate * 6 / 10;
  // Timestamps that stand still would make any length endless.
  static constexpr std::uint64_t kMaxBytes = std::uint64_t{8} << 20;

  // `awaited`, by track: whether it may still take part. To be followed by
  // Add() of the sample that breaks.
  void Open(const std::vector<bool>& awaited);
  [[nodiscard]] bool open() const { return !tracks_.empty(); }

  // Whether `sample` does not belong to this break, which is to be taken
  // first. False while there is none.
  [[nodiscard]] bool Ends(const TimedSample& sample) const;
  // `sample.format` stands for a change.
  void Add(TimedSample sample);

  // Every track that was awaited took part.
  [[nodiscard]] bool settled() const;

  // Closes the window. `leader`: the track that decides where segments start;
  // -1: none.
  SettledBreak Take(int leader);

 private:
  struct TrackState {
    bool awaited = false;
    bool has_new_format = false;
    bool decodable = false;  // a keyframe came since `from`
    // Its first sample after the break.
    std::optional<std::size_t> from = {};
  };

  [[nodiscard]] std::size_t PivotFor(int leader) const;

  std::vector<TrackState> tracks_;
  std::vector<TimedSample> samples_;
  std::vector<int> changed_;
  std::uint64_t bytes_ = 0;
  bool jumped_ = false;
};

}  // namespace hlsrec::media

#endif  // HLSREC_SRC_MEDIA_BREAK_WINDOW_H_
