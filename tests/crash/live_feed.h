#ifndef HLSREC_TESTS_CRASH_LIVE_FEED_H_
#define HLSREC_TESTS_CRASH_LIVE_FEED_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

namespace hlsrec::testing {

using Steady = std::chrono::steady_clock::time_point;

// A live MPEG-TS stream of constant bit rate, sent to UDP ports of 127.0.0.1
// whoever listens, and when each of its pictures was sent.
//
// Threads. Any.
class LiveFeed {
 public:
  // Makes `duration` of media in `folder`. Every picture and every frame of
  // sound is unlike all others.
  LiveFeed(const std::string& folder, std::chrono::seconds duration,
           const std::vector<int>& ports);
  ~LiveFeed();
  LiveFeed(const LiveFeed&) = delete;
  LiveFeed& operator=(const LiveFeed&) = delete;

  [[nodiscard]] bool over() const { return over_; }

  // Where pictures and frames stand in the stream, by their hash.
  using Places = std::unordered_map<std::uint64_t, std::size_t>;
  [[nodiscard]] const Places& pictures() const { return pictures_; }
  [[nodiscard]] const Places& sounds() const { return sounds_; }

  // When its last byte was sent; nothing if it was not.
  [[nodiscard]] std::optional<Steady> SentAt(std::size_t picture) const;
  // The first keyframe whose first byte was sent at that time or later.
  [[nodiscard]] std::optional<std::size_t> KeyframeAfter(Steady time) const;

  static constexpr std::size_t kPicturesPerSecond = 25;
  static constexpr std::size_t kPicturesPerKeyframe = 25;

 private:
  void FindPictures();
  void Run(const std::vector<int>& ports);

  std::vector<std::uint8_t> bytes_;
  Places pictures_;
  Places sounds_;
  std::vector<std::size_t> picture_begins_;  // datagram, by picture
  std::vector<std::size_t> picture_ends_;
  mutable std::mutex mutex_;
  std::vector<Steady> sent_;  // by datagram
  std::atomic<bool> stop_ = false;
  std::atomic<bool> over_ = false;
  std::thread thread_;
};

}  // namespace hlsrec::testing

#endif  // HLSREC_TESTS_CRASH_LIVE_FEED_H_
