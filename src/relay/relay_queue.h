#ifndef HLSREC_SRC_RELAY_RELAY_QUEUE_H_
#define HLSREC_SRC_RELAY_RELAY_QUEUE_H_

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "src/media/muxer.h"

namespace hlsrec::relay {

using TrackList = std::vector<media::MuxTrack>;

// A sample with the tracks that were announced when it came.
struct RelaySample {
  std::shared_ptr<const TrackList> tracks = {};
  media::Sample sample = {};
  // A receiver may start here: a picture's random access point, or any sample
  // where there are no pictures.
  bool start = false;
};

// What waits for a connection: at most `max_bytes`, beginning where a receiver
// may start. Pure.
class RelayQueue {
 public:
  explicit RelayQueue(std::uint64_t max_bytes) : max_bytes_(max_bytes) {}

  // How many samples had to go: the oldest up to the next start; this one, too,
  // where no start is left before it.
  std::uint64_t Push(RelaySample sample) {
    std::uint64_t dropped = 0;
    const std::uint64_t size = sample.sample.payload.size();
    while (!samples_.empty() && bytes_ + size > max_bytes_) {
      dropped += DropToNextStart();
    }
    if (waits_for_start_ && !sample.start) return dropped + 1;
    waits_for_start_ = false;
    bytes_ += size;
    samples_.push_back(std::move(sample));
    return dropped;
  }

  std::optional<RelaySample> Pop() {
    if (samples_.empty()) return std::nullopt;
    RelaySample sample = std::move(samples_.front());
    samples_.pop_front();
    bytes_ -= sample.sample.payload.size();
    return sample;
  }

  // Lets go of all; how many there were.
  std::uint64_t Clear() {
    const std::uint64_t dropped = samples_.size();
    samples_.clear();
    bytes_ = 0;
    return dropped;
  }

  [[nodiscard]] bool empty() const { return samples_.empty(); }
  [[nodiscard]] std::uint64_t bytes() const { return bytes_; }

 private:
  std::uint64_t DropToNextStart() {
    std::uint64_t dropped = 0;
    do {
      bytes_ -= samples_.front().sample.payload.size();
      samples_.pop_front();
      ++dropped;
    } while (!samples_.empty() && !samples_.front().start);
    waits_for_start_ = samples_.empty();
    return dropped;
  }

  const std::uint64_t max_bytes_;
  std::deque<RelaySample> samples_;
  std::uint64_t bytes_ = 0;
  bool waits_for_start_ = true;
};

}  // namespace hlsrec::relay

#endif  // HLSREC_SRC_RELAY_RELAY_QUEUE_H_
