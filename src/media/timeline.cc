#include "src/media/timeline.h"

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "src/base/rescale.h"

namespace hlsrec::media {
namespace {

// A presentation delay longer than this is not reordering but nonsense.
constexpr std::int64_t kMaxReorder = 10 * kClockRate;

// A track whose first packet is farther from the others than this counts on a
// clock of its own; files are interleaved worse than live streams.
constexpr std::int64_t kJoinWindow = 10 * kClockRate;

// Differences from the expected time that are only the rounding of the source's
// clock (RTMP and Matroska count milliseconds).
std::int64_t SnapTolerance(const TimelineTrack& track, Rational tick) {
  return std::max(Rescale(2, track.time_base, tick),
                  Rescale(1000, kMicroseconds, tick));
}

// Times beyond this (100,000 years of 90 kHz) are nonsense; sums of a few of
// the others do not overflow.
constexpr std::int64_t kMostTicks = std::int64_t{1} << 58;

std::int64_t Sane(std::int64_t time, Rational time_base) {
  if (time == kNoTimestamp || std::abs(time) > kMostTicks ||
      std::abs(Rescale(time, time_base, kClock)) > kMostTicks) {
    return kNoTimestamp;
  }
  return time;
}

}  // namespace

Timeline::Timeline(const TimelineOptions& options,
                   const std::vector<TimelineTrack>& tracks)
    : options_(options) {
  Restart(tracks);
  break_reason_ = {};
}

void Timeline::Restart(const std::vector<TimelineTrack>& tracks) {
  states_.clear();
  for (const TimelineTrack& track : tracks) {
    states_.push_back({.track = track});
  }
  source_now_.reset();
  break_reason_ = "tracks changed";
}

void Timeline::Break(std::string_view reason) {
  for (State& state : states_) state.started = false;
  source_now_.reset();
  break_reason_ = reason;
}

void Timeline::SetTimescale(int track, std::int64_t timescale) {
  State& state = states_[static_cast<std::size_t>(track)];
  if (state.track.timescale == timescale) return;
  const Rational from = state.tick();
  state.track.timescale = timescale;
  const Rational to = state.tick();
  state.offset = Rescale(state.offset, from, to);
  state.expected = Rescale(state.expected, from, to);
  state.last_dts = Rescale(state.last_dts, from, to);
  state.last_duration = Rescale(state.last_duration, from, to);
}

std::int64_t Timeline::Unwrap(const State& state, std::int64_t raw) const {
  const int bits = state.track.wrap_bits;
  if (bits <= 0 || bits >= 63 || raw == kNoTimestamp || !source_now_) {
    return raw;
  }
  const std::int64_t period = std::int64_t{1} << bits;
  const std::int64_t reference =
      Rescale(*source_now_, kClock, state.track.time_base);
  // The representative nearest to what was seen last.
  std::int64_t difference = (raw - reference) % period;
  if (difference < -period / 2) difference += period;
  if (difference >= period / 2) difference -= period;
  return reference + difference;
}

bool Timeline::Fits(const State& state, std::int64_t dts) const {
  const std::int64_t expected =
      state.started ? Rescale(state.expected, state.tick(), kClock) : frontier_;
  const std::int64_t ahead = Rescale(dts, state.tick(), kClock) - expected;
  if (!state.started) return std::abs(ahead) <= kJoinWindow;
  const std::int64_t back = Ticks90(options_.max_backward_jump);
  const std::int64_t forward = Ticks90(options_.max_forward_jump);
  if (ahead < -back) return false;
  if (ahead <= forward) return true;
  // A sparse track is measured by the others.
  const std::int64_t beyond_all =
      Rescale(dts, state.tick(), kClock) - frontier_;
  return beyond_all <= 0;
}

std::int64_t Timeline::OffsetToFrontier(const State& state,
                                        std::int64_t source_pts) const {
  return Rescale(frontier_, kClock, state.tick()) -
         Rescale(source_pts, state.track.time_base, state.tick());
}

void Timeline::BeginEpoch(State& state, std::int64_t source_pts) {
  ++epoch_;
  epoch_offset_ =
      frontier_ - Rescale(source_pts, state.track.time_base, kClock);
  JoinEpoch(state, OffsetToFrontier(state, source_pts));
}

void Timeline::JoinEpoch(State& state, std::int64_t offset) {
  state.epoch = epoch_;
  state.offset = offset;
}

std::optional<Placed> Timeline::Place(int track, const SourceTimes& given) {
  State& state = states_[static_cast<std::size_t>(track)];
  SourceTimes times = given;
  times.pts = Sane(times.pts, state.track.time_base);
  times.dts = Sane(times.dts, state.track.time_base);
  times.duration = std::clamp<std::int64_t>(times.duration, 0, kMostTicks);
  const Rational tick = state.tick();
  bool repaired = false;

  std::int64_t raw_dts = times.dts != kNoTimestamp ? times.dts : times.pts;
  if (raw_dts == kNoTimestamp) {
    if (!state.started) return std::nullopt;
    return Finish(state, state.expected, state.expected, times, true);
  }
  std::int64_t raw_pts = times.pts != kNoTimestamp ? times.pts : raw_dts;
  const std::int64_t source_dts = Unwrap(state, raw_dts);
  std::int64_t reorder = raw_pts - raw_dts;
  if (state.track.wrap_bits > 0 && state.track.wrap_bits < 63) {
    const std::int64_t period = std::int64_t{1} << state.track.wrap_bits;
    if (reorder < -period / 2) reorder += period;
    if (reorder >= period / 2) reorder -= period;
  }
  reorder = Rescale(reorder, state.track.time_base, tick);
  if (reorder < 0 || reorder > Rescale(kMaxReorder, kClock, tick)) {
    reorder = 0;
    repaired = true;
  }

  const std::int64_t source = Rescale(source_dts, state.track.time_base, tick);
  const std::int64_t source_pts =
      source_dts + Rescale(reorder, tick, state.track.time_base);
  bool discontinuity = false;
  std::string_view reason = {};
  if (epoch_ == 0 || !break_reason_.empty()) {
    discontinuity = epoch_ != 0;
    reason = std::exchange(break_reason_, {});
    BeginEpoch(state, source_pts);
  } else {
    const std::int64_t joined = Rescale(epoch_offset_, kClock, tick);
    if (!state.started) {
      JoinEpoch(state, joined);
      if (!Fits(state, source + state.offset)) {
        // Counted on another clock than the others: set it beside them.
        state.offset = OffsetToFrontier(state, source_pts);
        repaired = true;
      }
    } else if (!Fits(state, source + state.offset)) {
      if (state.epoch != epoch_ && Fits(state, source + joined)) {
        JoinEpoch(state, joined);
      } else {
        discontinuity = true;
        reason = source + state.offset > state.expected
                     ? "timestamps jumped forward"
                     : "timestamps jumped back";
        BeginEpoch(state, source_pts);
      }
    }
  }
  source_now_ = Rescale(source_dts, state.track.time_base, kClock);

  std::int64_t dts = source + state.offset;
  if (state.started && !discontinuity && times.audio_samples > 0 &&
      std::abs(dts - state.expected) <= SnapTolerance(state.track, tick)) {
    dts = state.expected;
  }
  std::int64_t pts = dts + reorder;
  if (state.last_dts != kNoTimestamp && dts <= state.last_dts) {
    dts = state.last_dts + 1;
    pts = std::max(pts, dts);
    repaired = true;
  }
  if (dts < 0) {
    dts = 0;
    pts = std::max(pts, dts);
    repaired = true;
  }
  Placed placed = Finish(state, pts, dts, times, repaired);
  placed.discontinuity = discontinuity;
  placed.reason = reason;
  return placed;
}

Placed Timeline::Finish(State& state, std::int64_t pts, std::int64_t dts,
                        const SourceTimes& times, bool repaired) {
  const Rational tick = state.tick();
  std::int64_t duration = times.audio_samples;
  if (duration <= 0) {
    duration = Rescale(times.duration, state.track.time_base, tick);
  }
  const std::int64_t step =
      state.last_dts == kNoTimestamp ? 0 : dts - state.last_dts;
  if (duration <= 0 && step > 0 && step < state.track.timescale) {
    duration = step;
  }
  if (duration <= 0) duration = state.last_duration;
  if (duration <= 0) duration = state.track.timescale / 25;
  // No access unit here lasts longer; a source that says so is wrong.
  duration = std::clamp<std::int64_t>(duration, 1, state.track.timescale * 10);

  state.started = true;
  state.last_dts = dts;
  state.last_duration = duration;
  state.expected = dts + duration;
  frontier_ = std::max(frontier_, Rescale(pts + duration, tick, kClock));
  return {.pts = pts, .dts = dts, .duration = duration, .repaired = repaired};
}

}  // namespace hlsrec::media
