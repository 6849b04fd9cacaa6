// How a recording breaks: all tracks that change together do it in one
// DISCONTINUITY. media/break_window.h decides, this acts.
#include <chrono>
#include <deque>
#include <string>
#include <utility>
#include <vector>

#include "src/base/rescale.h"
#include "src/base/status_util.h"
#include "src/record/recording.h"

namespace hlsrec::record {

using media::TimedSample;

void Recording::Drain() {
  while (auto sample = interleaver_->Pop(/*drain=*/true)) {
    Route(std::move(*sample));
  }
  Settle();
}

void Recording::Route(TimedSample sample) {
  if (window_.Ends(sample)) Settle();
  const TrackState& track =
      tracks_[static_cast<std::size_t>(sample.sample.track)];
  if (sample.format != nullptr && track.format != nullptr &&
      *sample.format == *track.format) {
    sample.format = nullptr;
  }
  if (!window_.open()) {
    const bool running = phase_ == Phase::kRunning;
    const bool changes = running && track.active && sample.format != nullptr;
    const bool jumps = sample.discontinuity && started_ &&
                       (running || phase_ == Phase::kWaiting);
    if (!changes && !jumps) return Pass(std::move(sample));
    std::vector<bool> awaited;
    for (const TrackState& each : tracks_) awaited.push_back(each.active);
    window_.Open(awaited);
    // What waits in the window is all that waits, however many breaks there
    // are: what came before them does not, and a kill costs a second at most.
    segmenter_.FlushNow();
  }
  window_fed_ = core_.clock().Steady();
  window_.Add(std::move(sample));
  if (window_.settled()) Settle();
}

void Recording::Settle() {
  if (!window_.open()) return;
  media::SettledBreak settled = window_.Take(leader_);
  for (TimedSample& sample : settled.before) {
    const TrackState& track =
        tracks_[static_cast<std::size_t>(sample.sample.track)];
    if (phase_ == Phase::kWaiting) {
      Drop(track, "of a format that ended when no segment was open");
    } else {
      Pass(std::move(sample));
    }
  }
  // All of them before the gate opens, which may be at the first sample.
  for (const TimedSample& sample : settled.after) TakeFormat(sample);
  const bool running = phase_ == Phase::kRunning;
  if (running && !settled.jumped) {
    std::string message;
    for (const int number : settled.changed) {
      const TrackState& track = tracks_[static_cast<std::size_t>(number)];
      message += fmt::format("{}track {}: {}", message.empty() ? "" : ", ",
                             track.track.id, track.format->codec_string);
    }
    Emit({.type = EventType::kTracksChanged, .message = std::move(message)});
  }
  EndAllSegments();
  if (running && settled.leader_goes_on) return GoOn(std::move(settled));
  for (TimedSample& sample : settled.after) Pass(std::move(sample));
}

// What a source brought before it fell silent goes on to the spool.
void Recording::SettleIfSilent() {
  constexpr auto kSilence = std::chrono::milliseconds(
      media::BreakWindow::kLength / (kClockRate / 1000));
  if (core_.clock().Steady() - window_fed_ >= kSilence) Settle();
}

// Another track's new format does not cost us the picture.
void Recording::GoOn(media::SettledBreak settled) {
  for (TrackState& track : tracks_) {
    track.needs_keyframe = track.needs_keyframe && !track.active;
  }
  leader_ = ChooseLeader();
  std::size_t start = 0;
  for (std::size_t i = 0; i < settled.after.size(); ++i) {
    if (i == settled.start) start = held_.size();
    Keep(std::move(settled.after[i]));
  }
  OpenGate(start);
}

void Recording::TakeFormat(const TimedSample& sample) {
  if (sample.format == nullptr) return;
  TrackState& track = tracks_[static_cast<std::size_t>(sample.sample.track)];
  if (track.format != nullptr && *track.format != *sample.format) {
    // One init section holds for all that the gate lets through together.
    const std::size_t dropped = std::erase_if(held_, [&](const auto& held) {
      if (held.sample.track != sample.sample.track) return false;
      held_bytes_ -= held.sample.payload.size();
      return true;
    });
    if (dropped > 0) {
      Drop(track, "of a format that ended before a keyframe came", dropped);
    }
  }
  track.format = sample.format;
}

}  // namespace hlsrec::record
