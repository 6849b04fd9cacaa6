#ifndef HLSREC_SRC_MEDIA_TIMELINE_H_
#define HLSREC_SRC_MEDIA_TIMELINE_H_

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "hlsrec/media.h"
#include "hlsrec/recorder.h"

namespace hlsrec::media {

// A track as the timeline sees it.
struct TimelineTrack {
  Rational time_base = {.num = 1, .den = 90000};
  int wrap_bits = 0;
  // Ticks per second of what comes out.
  std::int64_t timescale = kNoTimestamp;
  bool video = false;
};

// The times of one packet as its source gave them, in the track's time base.
struct SourceTimes {
  std::int64_t pts = kNoTimestamp;
  std::int64_t dts = kNoTimestamp;
  std::int64_t duration = 0;  // 0 where unknown
  int audio_samples = 0;      // at `timescale` per second; 0 where unknown
};

// Where a packet goes on the recording's timeline, in ticks of its timescale.
struct Placed {
  std::int64_t pts = 0;
  std::int64_t dts = 0;
  std::int64_t duration = 0;
  // What follows does not continue what was before: exactly one packet of the
  // recording says so per break.
  bool discontinuity = false;
  // Why, with static storage; empty without a discontinuity.
  std::string_view reason = {};
  bool repaired = false;
};

// Turns what sources say into one timeline that never goes back, never jumps
// and has no wraps: unwraps, rebases, fills in, repairs, and tells breaks.
//
// One offset maps the source's clock to ours; a jump on any track begins a new
// epoch with a new offset, which the other tracks join when they jump as well.
// The timeline goes on without a hole over a break: what is missing there is
// told by EXT-X-DISCONTINUITY and PROGRAM-DATE-TIME, not by timestamps.
//
// Pure: no clock, no I/O.
class Timeline {
 public:
  // Where the first packet is put, in seconds: leaves room for tracks that
  // start earlier and for decoding times before the first picture.
  static constexpr std::int64_t kStartSeconds = 10;

  Timeline(const TimelineOptions& options,
           const std::vector<TimelineTrack>& tracks);

  // Empty: the packet has no place (neither time nor anything to infer it).
  std::optional<Placed> Place(int track, const SourceTimes& times);

  // The next packet begins a new epoch.
  void Break(std::string_view reason);
  // Likewise, with other tracks.
  void Restart(const std::vector<TimelineTrack>& tracks);

  // The bitstream told another rate: what comes next is placed in ticks of
  // it, without a break.
  void SetTimescale(int track, std::int64_t timescale);

  // The latest end of anything placed, in 90 kHz ticks.
  [[nodiscard]] std::int64_t frontier() const { return frontier_; }

 private:
  struct State {
    TimelineTrack track;
    std::int64_t offset = 0;  // in `timescale` ticks
    std::uint64_t epoch = 0;
    bool started = false;       // placed something since the last Restart()
    std::int64_t expected = 0;  // next dts, in `timescale` ticks
    std::int64_t last_dts = kNoTimestamp;
    std::int64_t last_duration = 0;
    [[nodiscard]] Rational tick() const {
      return {.num = 1, .den = track.timescale};
    }
  };

  [[nodiscard]] std::int64_t Unwrap(const State& state, std::int64_t raw) const;
  [[nodiscard]] bool Fits(const State& state, std::int64_t dts) const;
  [[nodiscard]] std::int64_t OffsetToFrontier(const State& state,
                                              std::int64_t source_pts) const;
  void BeginEpoch(State& state, std::int64_t source_pts);
  void JoinEpoch(State& state, std::int64_t offset);
  Placed Finish(State& state, std::int64_t pts, std::int64_t dts,
                const SourceTimes& times, bool repaired);

  const TimelineOptions options_;
  std::vector<State> states_;
  std::int64_t frontier_ = kStartSeconds * 90000;
  // Newest source time seen, unwrapped, in 90 kHz ticks: what wraps are
  // resolved against.
  std::optional<std::int64_t> source_now_;
  std::uint64_t epoch_ = 0;
  std::int64_t epoch_offset_ = 0;  // in 90 kHz ticks
  std::string_view break_reason_ = {};
};

}  // namespace hlsrec::media

#endif  // HLSREC_SRC_MEDIA_TIMELINE_H_
