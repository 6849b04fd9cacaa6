#include "src/deliver/bandwidth.h"

#include <algorithm>

namespace hlsrec::deliver {
namespace {

std::int64_t Rate(std::uint64_t bytes, std::chrono::microseconds duration) {
  if (duration.count() <= 0) return 0;
  // Rounded up: BANDWIDTH is a bound.
  __extension__ using Wide = unsigned __int128;
  const auto us = static_cast<std::uint64_t>(duration.count());
  return static_cast<std::int64_t>((Wide{bytes} * 8 * 1000000 + us - 1) / us);
}

}  // namespace

void BandwidthMeter::Add(std::uint64_t bytes,
                         std::chrono::microseconds duration) {
  bytes_ += bytes;
  duration_ += duration;
  recent_.push_back({bytes, duration});
  std::uint64_t run_bytes = 0;
  std::chrono::microseconds run{0};
  std::size_t used = 0;
  for (auto entry = recent_.rbegin(); entry != recent_.rend(); ++entry) {
    run_bytes += entry->bytes;
    run += entry->duration;
    ++used;
    if (run * 2 > target_ * 3 && used > 1) break;
    if (run * 2 >= target_) peak_ = std::max(peak_, Rate(run_bytes, run));
  }
  while (recent_.size() > used) recent_.pop_front();
  if (peak_ == 0 && duration_.count() > 0) peak_ = Rate(bytes_, duration_);
}

std::int64_t BandwidthMeter::average() const { return Rate(bytes_, duration_); }

}  // namespace hlsrec::deliver
