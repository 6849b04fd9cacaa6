#include "hlsrec/events.h"

#include <deque>
#include <utility>

#include "src/base/mutex.h"

namespace hlsrec {

std::string_view EventTypeName(EventType type) {
  switch (type) {
    case EventType::kRecordingStarted:
      return "recording_started";
    case EventType::kTracksChanged:
      return "tracks_changed";
    case EventType::kSegmentSealed:
      return "segment_sealed";
    case EventType::kSegmentStored:
      return "segment_stored";
    case EventType::kSegmentLost:
      return "segment_lost";
    case EventType::kPlaylistPublished:
      return "playlist_published";
    case EventType::kObjectRemoved:
      return "object_removed";
    case EventType::kDiscontinuity:
      return "discontinuity";
    case EventType::kPacketsDropped:
      return "packets_dropped";
    case EventType::kTimestampsRepaired:
      return "timestamps_repaired";
    case EventType::kForcedCut:
      return "forced_cut";
    case EventType::kOutputDegraded:
      return "output_degraded";
    case EventType::kOutputRecovered:
      return "output_recovered";
    case EventType::kOutputTakenOver:
      return "output_taken_over";
    case EventType::kSourceLost:
      return "source_lost";
    case EventType::kSourceRestored:
      return "source_restored";
    case EventType::kSpoolFull:
      return "spool_full";
    case EventType::kSpoolRoom:
      return "spool_room";
    case EventType::kRecordingPaused:
      return "recording_paused";
    case EventType::kRecordingUnpaused:
      return "recording_unpaused";
    case EventType::kRecordingResumed:
      return "recording_resumed";
    case EventType::kSourceSegmentsMissed:
      return "source_segments_missed";
    case EventType::kRecordingFinished:
      return "recording_finished";
    case EventType::kRecordingDeleted:
      return "recording_deleted";
  }
  return "unknown";
}

Observer::~Observer() = default;

class EventQueue::Impl {
 public:
  explicit Impl(Options queue_options) : options(std::move(queue_options)) {}
  const Options options;
  Mutex mutex;
  CondVar filled;
  std::deque<Event> events ABSL_GUARDED_BY(mutex);
  std::uint64_t dropped ABSL_GUARDED_BY(mutex) = 0;
};

EventQueue::EventQueue() : EventQueue(Options()) {}
EventQueue::EventQueue(Options options)
    : impl_(std::make_unique<Impl>(std::move(options))) {}
EventQueue::~EventQueue() = default;

void EventQueue::OnEvent(const Event& event) {
  bool first = false;
  {
    MutexLock lock(impl_->mutex);
    first = impl_->events.empty();
    if (!first && impl_->events.size() >= impl_->options.capacity) {
      impl_->events.pop_front();
      ++impl_->dropped;
    }
    impl_->events.push_back(event);
    impl_->filled.NotifyOne();
  }
  if (first && impl_->options.wake) impl_->options.wake();
}

std::optional<Event> EventQueue::Poll() {
  MutexLock lock(impl_->mutex);
  if (impl_->events.empty()) return std::nullopt;
  Event event = std::move(impl_->events.front());
  impl_->events.pop_front();
  return event;
}

std::optional<Event> EventQueue::Wait(std::chrono::milliseconds timeout) {
  MutexLock lock(impl_->mutex);
  while (impl_->events.empty()) {
    if (!impl_->filled.WaitFor(impl_->mutex, timeout)) break;
  }
  if (impl_->events.empty()) return std::nullopt;
  Event event = std::move(impl_->events.front());
  impl_->events.pop_front();
  return event;
}

std::uint64_t EventQueue::dropped() const {
  MutexLock lock(impl_->mutex);
  return impl_->dropped;
}

}  // namespace hlsrec
