// The gate of a recording: samples wait at it until a decoder could start.
#include <algorithm>
#include <deque>
#include <utility>

#include "src/base/rescale.h"
#include "src/record/recording.h"

namespace hlsrec::record {
namespace {

using media::TimedSample;

// How much later than the first keyframe another track may tell its format and
// still be there from the start.
constexpr std::int64_t kFormatWait = kClockRate;
// What may wait for a keyframe.
constexpr std::uint64_t kMaxHeldBytes = std::uint64_t{16} << 20;

}  // namespace

// Behind the break window.
void Recording::Pass(TimedSample sample) {
  TrackState& track = tracks_[static_cast<std::size_t>(sample.sample.track)];
  TakeFormat(sample);
  if (phase_ == Phase::kWaiting) return Hold(std::move(sample));
  if (phase_ != Phase::kRunning) return Drop(track, "came after the end");
  if (!track.active) {
    // It joins with the next segment that starts at a keyframe.
    if (track.format != nullptr && (!track.video || sample.sample.keyframe)) {
      if (track.video && video_given_up_) return Return(std::move(sample));
      cutter_.Request();
    }
    return Drop(track, "before the keyframe its track joins at");
  }
  if (track.video && track.needs_keyframe) {
    if (!sample.sample.keyframe)
      return Drop(track, "before its first keyframe");
    if (video_given_up_) return Return(std::move(sample));
    track.needs_keyframe = false;
  }
  Record(sample);
}

// The keyframe of a picture that was given up.
void Recording::Return(TimedSample keyframe) {
  video_given_up_ = false;
  EndAllSegments();
  Hold(std::move(keyframe));
}

void Recording::Hold(TimedSample sample) {
  phase_ = Phase::kWaiting;
  if (Keep(std::move(sample))) TryOpenGate(Gate::kWhenReady);
}

bool Recording::Keep(TimedSample sample) {
  TrackState& track = tracks_[static_cast<std::size_t>(sample.sample.track)];
  if (track.video && track.needs_keyframe) {
    if (!sample.sample.keyframe) {
      Drop(track, "before the first keyframe");
      return false;
    }
    track.needs_keyframe = false;
  }
  held_bytes_ += sample.sample.payload.size();
  held_.push_back(std::move(sample));
  return true;
}

int Recording::ChooseLeader() const {
  if (!video_given_up_) {
    for (const RenditionState& rendition : renditions_) {
      for (const int track : rendition.tracks) {
        if (tracks_[static_cast<std::size_t>(track)].video) return track;
      }
    }
  }
  for (const RenditionState& rendition : renditions_) {
    for (const int track : rendition.tracks) {
      const TrackState& state = tracks_[static_cast<std::size_t>(track)];
      if (!state.video && state.format != nullptr) return track;
    }
  }
  return -1;
}

// What waits is in memory. After a break that is media which a kill must not
// cost. Before the first keyframe there is no recording yet; tracks that began
// anew have no place beside which sound could go on.
std::int64_t Recording::LongestWait90() const {
  const std::int64_t wait = Ticks90(plan_.options.timeline.wait_for_keyframe);
  const bool goes_on = !fresh_ && leader_ >= 0 &&
                       tracks_[static_cast<std::size_t>(leader_)].active;
  return goes_on ? std::min(wait, media::BreakWindow::kLength) : wait;
}

void Recording::TryOpenGate(Gate gate) {
  if (held_.empty()) return;
  leader_ = ChooseLeader();
  const std::int64_t newest = held_.back().dts90;
  const bool waited = gate == Gate::kLastChance ||
                      held_bytes_ > kMaxHeldBytes ||
                      newest - held_.front().dts90 >= LongestWait90();
  const auto keyframe =
      std::find_if(held_.begin(), held_.end(), [&](const TimedSample& sample) {
        return sample.sample.track == leader_ && sample.sample.keyframe;
      });
  if (keyframe == held_.end()) {
    if (!waited) return;
    if (!video_given_up_ && leader_ >= 0 &&
        tracks_[static_cast<std::size_t>(leader_)].video) {
      video_given_up_ = true;
      Emit({.type = EventType::kForcedCut,
            .message = "no keyframe came: recording without video"});
      return TryOpenGate(gate);
    }
    // Nothing that could lead: bounded by letting go of the oldest.
    Drop(tracks_[static_cast<std::size_t>(held_.front().sample.track)],
         "no track can lead");
    held_bytes_ -= held_.front().sample.payload.size();
    held_.pop_front();
    return;
  }
  const bool all_known =
      std::all_of(tracks_.begin(), tracks_.end(), [](const TrackState& track) {
        return track.renditions.empty() || track.format != nullptr;
      });
  if (!all_known && !waited && newest - keyframe->dts90 < kFormatWait) return;
  OpenGate(static_cast<std::size_t>(keyframe - held_.begin()));
}

void Recording::OpenGate(std::size_t keyframe) {
  if (Status status = ConfigurePackagers(); !status.ok()) return Fail(status);
  std::deque<TimedSample> samples;
  samples.swap(held_);
  held_bytes_ = 0;
  const std::int64_t start = samples[keyframe].pts90;
  const bool first = !started_;
  const bool fresh = std::exchange(fresh_, false);
  segmenter_.Anchor(start, samples[keyframe].wall, samples[keyframe].arrived);
  phase_ = Phase::kRunning;
  started_ = true;
  SetState(RecordingState::kRunning);
  if (!first) ++progress_.discontinuities;
  segmenter_.Begin(start, !first);
  for (TimedSample& sample : samples) {
    TrackState& track = tracks_[static_cast<std::size_t>(sample.sample.track)];
    // A run starts with its first picture; after a break everything that was
    // accepted is kept.
    if (fresh && !track.video && sample.end90 <= start) {
      Drop(track, "before the first keyframe");
    } else if (!track.active) {
      Drop(track, "before the keyframe its track joins at");
    } else if (phase_ != Phase::kRunning) {
      Drop(track, "came after the end");
    } else {
      sample.discontinuity = false;
      sample.format = nullptr;
      Record(sample);
    }
  }
}

}  // namespace hlsrec::record
