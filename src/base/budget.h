#ifndef HLSREC_SRC_BASE_BUDGET_H_
#define HLSREC_SRC_BASE_BUDGET_H_

#include <atomic>
#include <cstdint>

namespace hlsrec {

// Bytes that may be in memory at once. Threads. Any.
class Budget {
 public:
  explicit Budget(std::uint64_t limit_bytes) : limit_(limit_bytes) {}

  // False, and nothing taken, where it would go beyond the limit. One request
  // is always granted when nothing is in use, however large.
  [[nodiscard]] bool TryTake(std::uint64_t bytes) {
    std::uint64_t used = used_.load(std::memory_order_relaxed);
    do {
      if (used != 0 && used + bytes > limit_) return false;
    } while (!used_.compare_exchange_weak(used, used + bytes,
                                          std::memory_order_relaxed));
    return true;
  }
  // Takes what has to be taken: bytes that exist already.
  void Take(std::uint64_t bytes) {
    used_.fetch_add(bytes, std::memory_order_relaxed);
  }
  void Return(std::uint64_t bytes) {
    used_.fetch_sub(bytes, std::memory_order_relaxed);
  }
  [[nodiscard]] std::uint64_t used() const {
    return used_.load(std::memory_order_relaxed);
  }

 private:
  const std::uint64_t limit_;
  std::atomic<std::uint64_t> used_ = 0;
};

}  // namespace hlsrec

#endif  // HLSREC_SRC_BASE_BUDGET_H_
