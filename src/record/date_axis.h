#ifndef HLSREC_SRC_RECORD_DATE_AXIS_H_
#define HLSREC_SRC_RECORD_DATE_AXIS_H_

#include <chrono>
#include <cstdint>
#include <optional>

#include "src/base/clock.h"

namespace hlsrec::record {

// Which date belongs to which media, EXT-X-PROGRAM-DATE-TIME: an axis that only
// goes on, whatever the clock does, and on which absence can be declared.
class DateAxis {
 public:
  // Media has `anchor` at tick 0 until Anchor() says more; none lies before
  // `until`.
  DateAxis(WallTime anchor, WallTime until) : anchor_(anchor), until_(until) {}

  // `ticks90` is at `wall`, or where what was covered ends, if that is later.
  // Journals count in microseconds: so does the axis.
  void Anchor(std::int64_t ticks90, WallTime wall);
  [[nodiscard]] WallTime At(std::int64_t ticks90) const;
  // Segments reach up to `until`.
  void Cover(WallTime until);
  // The end of all segments.
  [[nodiscard]] WallTime until() const { return until_; }

  // `missing` of media is absent up to `now`, which may be yet to come. What is
  // absent already goes on until then: the longer of the two counts.
  void NoteAbsence(std::chrono::milliseconds missing, SteadyTime now);
  [[nodiscard]] bool absent() const { return absence_.has_value(); }
  // All of it, up to `now`; none: nothing is absent.
  std::optional<std::chrono::milliseconds> TakeAbsence(SteadyTime now);

 private:
  std::int64_t anchor90_ = 0;  // At(anchor90_) == anchor_
  WallTime anchor_;
  WallTime until_;
  std::optional<std::chrono::milliseconds> absence_;  // up to absent_until_
  SteadyTime absent_until_ = {};
};

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_DATE_AXIS_H_
