#ifndef HLSREC_SRC_CHECK_DATE_DRIFT_H_
#define HLSREC_SRC_CHECK_DATE_DRIFT_H_

#include <chrono>
#include <cstdint>
#include <deque>
#include <optional>

#include "src/check/findings.h"
#include "src/playlist/model.h"

namespace hlsrec::check {

// When the newest segment ends, by EXT-X-PROGRAM-DATE-TIME; none where nothing
// says so.
std::optional<std::chrono::sys_time<std::chrono::microseconds>> EndDate(
    const playlist::MediaPlaylist& media);

// Do a live playlist's dates go on as fast as time does? A segment appears a
// while after it was captured; that while may vary, but not grow or shrink for
// good.
class DateDrift {
 public:
  explicit DateDrift(Findings& findings) : findings_(findings) {}

  // A version was read; times never go back.
  void Add(std::chrono::steady_clock::time_point time,
           const playlist::MediaPlaylist& media);

 private:
  using Delays = std::deque<std::chrono::microseconds>;

  Findings& findings_;
  std::optional<std::uint64_t> newest_ = {};
  // Of the first and of the last few segments that were seen to appear.
  Delays first_;
  Delays last_;
  bool reported_ = false;
};

}  // namespace hlsrec::check

#endif  // HLSREC_SRC_CHECK_DATE_DRIFT_H_
