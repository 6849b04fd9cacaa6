#include "src/record/date_axis.h"

#include <algorithm>
#include <utility>

#include "src/base/rescale.h"

namespace hlsrec::record {

using std::chrono::milliseconds;

void DateAxis::Anchor(std::int64_t ticks90, WallTime wall) {
  anchor90_ = ticks90;
  anchor_ = std::max(
      until_, WallTime(std::chrono::floor<std::chrono::microseconds>(wall)));
}

WallTime DateAxis::At(std::int64_t ticks90) const {
  return anchor_ + std::chrono::duration_cast<WallTime::duration>(
                       Between90(anchor90_, ticks90));
}

void DateAxis::Cover(WallTime until) { until_ = std::max(until_, until); }

void DateAxis::NoteAbsence(milliseconds missing, SteadyTime now) {
  if (absence_) {
    missing = std::max(
        missing, std::chrono::duration_cast<milliseconds>(now - absent_until_));
    now = std::max(now, absent_until_);
  }
  absence_ = absence_.value_or(milliseconds(0)) + missing;
  absent_until_ = now;
}

std::optional<milliseconds> DateAxis::TakeAbsence(SteadyTime now) {
  if (absence_) NoteAbsence({}, now);
  return std::exchange(absence_, std::nullopt);
}

}  // namespace hlsrec::record
