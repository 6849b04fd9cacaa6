#ifndef HLSREC_SRC_DELIVER_BANDWIDTH_H_
#define HLSREC_SRC_DELIVER_BANDWIDTH_H_

#include <chrono>
#include <cstdint>
#include <deque>

namespace hlsrec::deliver {

// Peak and average segment bit rates, RFC 8216bis section 4.4.6.2: the peak is
// the largest rate of any run of segments between 0.5 and 1.5 target durations
// long. Pure.
class BandwidthMeter {
 public:
  explicit BandwidthMeter(
      std::chrono::microseconds target = std::chrono::seconds(6))
      : target_(target) {}

  void Add(std::uint64_t bytes, std::chrono::microseconds duration);
  [[nodiscard]] std::int64_t peak() const { return peak_; }
  [[nodiscard]] std::int64_t average() const;

 private:
  struct Entry {
    std::uint64_t bytes;
    std::chrono::microseconds duration;
  };
  std::chrono::microseconds target_;
  std::deque<Entry> recent_;
  std::uint64_t bytes_ = 0;
  std::chrono::microseconds duration_{0};
  std::int64_t peak_ = 0;
};

}  // namespace hlsrec::deliver

#endif  // HLSREC_SRC_DELIVER_BANDWIDTH_H_
