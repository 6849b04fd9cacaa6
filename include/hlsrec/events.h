#ifndef HLSREC_EVENTS_H_
#define HLSREC_EVENTS_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "hlsrec/export.h"
#include "hlsrec/status.h"

namespace hlsrec {

enum class EventType {
  kRecordingStarted,
  kTracksChanged,      // Restart(), or new parameters inside the bitstream
  kSegmentSealed,      // complete in the spool
  kSegmentStored,      // acknowledged by an output's sink
  kSegmentLost,        // will not be stored there; listed as a gap
  kPlaylistPublished,  // a version is stored
  kObjectRemoved,      // an expired object left an output
  kDiscontinuity,      // the timeline broke; the reason is in `message`
  kPacketsDropped,     // `count` since the last such event, reason in `message`
  kTimestampsRepaired,  // likewise
  kForcedCut,           // no keyframe within the target duration: cut without
  kOutputDegraded,  // a put failed and is retried; a relay's connection broke
  kOutputRecovered,
  // Another machine records there: no put any more; `status` says who. The
  // recording ends.
  kOutputTakenOver,
  kSourceLost,  // reconnecting
  kSourceRestored,
  kSourceSegmentsMissed,  // `count` segments of an HLS input never came whole
  // What is recorded waits in memory, for room that may never come (`count`
  // segments were refused for good), or a segment is owed for too long:
  // `status` says which.
  kSpoolFull,
  kSpoolRoom,          // and goes on
  kRecordingPaused,    // by Pause(); `kRecordingUnpaused` tells how long
  kRecordingUnpaused,  // `duration`, and `count` packets that were not recorded
  kRecordingResumed,   // an interrupted run goes on; `count` segments are owed
  kRecordingFinished,  // `status` tells how
  kRecordingDeleted,   // what an output held is removed, as its options say
};

// "segment_stored", ...; static storage.
HLSREC_EXPORT std::string_view EventTypeName(EventType type);

// Something happened. A plain value; fields that do not apply stay empty.
struct Event {
  EventType type = EventType::kRecordingStarted;
  std::chrono::system_clock::time_point time = {};
  std::string recording = {};  // RecordingOptions::stream
  std::string output = {};     // OutputOptions::id
  std::string rendition = {};
  std::string key = {};
  std::optional<std::uint64_t> sequence = {};
  std::chrono::microseconds duration{0};
  std::uint64_t size_bytes = 0;
  std::uint64_t count = 0;
  int attempt = 0;
  Status status = {};
  std::string message = {};
};

// Is told of events, in the order they happened per recording.
//
// Threads. Called on the recording's strand, never with a lock held, one call
//     at a time per recording.
// Blocking. Must not block: the recording waits. Use an EventQueue to look at
//     events on a thread of your own.
// Errors. Exceptions must not leave OnEvent().
class HLSREC_EXPORT Observer {
 public:
  virtual ~Observer();
  virtual void OnEvent(const Event& event) = 0;
};

// A bounded queue between recordings and a thread of the host's own.
//
// Threads. All methods from any thread.
class HLSREC_EXPORT EventQueue final : public Observer {
 public:
  struct Options {
    // When full the oldest are dropped and counted.
    std::size_t capacity = 4096;
    // Called (unlocked, on the recording's strand) when the queue becomes
    // non-empty: write to an eventfd, post to your loop. Must not block.
    std::function<void()> wake = {};
  };
  EventQueue();
  explicit EventQueue(Options options);
  ~EventQueue() override;
  EventQueue(const EventQueue&) = delete;
  EventQueue& operator=(const EventQueue&) = delete;

  void OnEvent(const Event& event) override;
  // The oldest event, or none.
  std::optional<Event> Poll();
  // Waits for one; none after `timeout`.
  std::optional<Event> Wait(std::chrono::milliseconds timeout);
  [[nodiscard]] std::uint64_t dropped() const;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace hlsrec

#endif  // HLSREC_EVENTS_H_
