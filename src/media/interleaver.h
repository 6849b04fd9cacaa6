#ifndef HLSREC_SRC_MEDIA_INTERLEAVER_H_
#define HLSREC_SRC_MEDIA_INTERLEAVER_H_

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "src/base/rescale.h"
#include "src/media/sample.h"
#include "src/media/stream_format.h"

namespace hlsrec::media {

// A sample on its way to the cutter.
struct TimedSample {
  Sample sample = {};
  std::int64_t dts90 = 0;  // 90 kHz, comparable between tracks
  std::int64_t pts90 = 0;
  std::int64_t end90 = 0;  // pts90 + duration
  // The timeline broke before this sample.
  bool discontinuity = false;
  // The track's format from here on, where it changed or became known.
  std::shared_ptr<const StreamFormat> format = {};
  std::chrono::system_clock::time_point wall = {};  // arrival or capture
  std::chrono::steady_clock::time_point arrived = {};
};

// Puts the tracks' samples in one order, by decoding time. A track that is
// silent holds the others up by the window at most.
//
// Pure. Bounded by the window and 8 MiB.
class Interleaver {
 public:
  Interleaver(std::size_t tracks, std::int64_t window_ticks)
      : queues_(tracks), last_(tracks, kNever), window_(window_ticks) {}

  void Push(TimedSample sample) {
    const auto track = static_cast<std::size_t>(sample.sample.track);
    newest_ = std::max(newest_, sample.dts90);
    bytes_ += sample.sample.payload.size();
    last_[track] = sample.dts90;
    queues_[track].push_back(std::move(sample));
  }

  // The next in order; none while an earlier one may still come.
  std::optional<TimedSample> Pop(bool drain = false) {
    std::size_t first = queues_.size();
    for (std::size_t i = 0; i < queues_.size(); ++i) {
      if (queues_[i].empty()) continue;
      if (first == queues_.size() ||
          queues_[i].front().dts90 < queues_[first].front().dts90) {
        first = i;
      }
    }
    if (first == queues_.size()) return std::nullopt;
    const std::int64_t head = queues_[first].front().dts90;
    if (!drain && newest_ - head < window_ && bytes_ < kMaxBytes) {
      for (std::size_t i = 0; i < queues_.size(); ++i) {
        if (queues_[i].empty() && MayStillCome(i, head)) return std::nullopt;
      }
    }
    TimedSample sample = std::move(queues_[first].front());
    queues_[first].pop_front();
    bytes_ -= sample.sample.payload.size();
    return sample;
  }

  [[nodiscard]] bool empty() const {
    for (const auto& queue : queues_) {
      if (!queue.empty()) return false;
    }
    return true;
  }

 private:
  static constexpr std::int64_t kNever = INT64_MIN;
  // Timestamps that stand still would make any window of time endless.
  static constexpr std::uint64_t kMaxBytes = std::uint64_t{8} << 20;

  // Whether an empty track may bring something before `head`.
  [[nodiscard]] bool MayStillCome(std::size_t track, std::int64_t head) const {
    return last_[track] == kNever || last_[track] < head;
  }

  std::vector<std::deque<TimedSample>> queues_;
  std::vector<std::int64_t> last_;
  std::int64_t newest_ = 0;
  std::uint64_t bytes_ = 0;
  const std::int64_t window_;
};

}  // namespace hlsrec::media

#endif  // HLSREC_SRC_MEDIA_INTERLEAVER_H_
