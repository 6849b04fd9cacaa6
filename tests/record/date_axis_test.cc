#include "src/record/date_axis.h"

#include <catch2/catch.hpp>

namespace hlsrec::record {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

WallTime Wall(std::int64_t seconds_in) { return WallTime(seconds(seconds_in)); }
SteadyTime Steady(std::int64_t seconds_in) {
  return SteadyTime(seconds(seconds_in));
}

TEST_CASE("dates: media has the date of its anchor, in whole microseconds") {
  DateAxis axis(Wall(100), Wall(0));
  CHECK(axis.At(0) == Wall(100));
  axis.Anchor(900'000, Wall(200) + std::chrono::nanoseconds(1'999));
  CHECK(axis.At(900'000) == Wall(200) + std::chrono::microseconds(1));
  CHECK(axis.At(945'000) == Wall(200) + std::chrono::microseconds(500'001));
}

TEST_CASE("dates: the axis only goes on, whatever the clock says") {
  DateAxis axis(Wall(100), Wall(50));
  axis.Cover(Wall(110));
  axis.Cover(Wall(105));
  CHECK(axis.until() == Wall(110));
  axis.Anchor(0, Wall(90));
  CHECK(axis.At(0) == Wall(110));
  axis.Anchor(0, Wall(120));
  CHECK(axis.At(0) == Wall(120));
  CHECK(DateAxis(Wall(1), Wall(9)).until() == Wall(9));
}

TEST_CASE("dates: absence adds up, and goes on until it is taken") {
  DateAxis axis(Wall(0), Wall(0));
  CHECK_FALSE(axis.absent());
  CHECK_FALSE(axis.TakeAbsence(Steady(5)));
  axis.NoteAbsence(milliseconds(3'000), Steady(10));
  CHECK(axis.absent());
  SECTION("as long as was said, and what has gone by since") {
    CHECK(axis.TakeAbsence(Steady(12)) == milliseconds(5'000));
    CHECK_FALSE(axis.absent());
  }
  SECTION("what is said of time that has gone by counts once") {
    axis.NoteAbsence(milliseconds(1'000), Steady(14));
    CHECK(axis.TakeAbsence(Steady(14)) == milliseconds(7'000));
  }
  SECTION("what is longer than that counts") {
    axis.NoteAbsence(milliseconds(9'000), Steady(14));
    CHECK(axis.TakeAbsence(Steady(14)) == milliseconds(12'000));
  }
  SECTION("what was recorded ahead of its time is absent from then on") {
    DateAxis ahead(Wall(0), Wall(0));
    ahead.NoteAbsence({}, Steady(20));
    CHECK(ahead.TakeAbsence(Steady(15)) == milliseconds(0));
    ahead.NoteAbsence({}, Steady(20));
    CHECK(ahead.TakeAbsence(Steady(23)) == milliseconds(3'000));
  }
}

}  // namespace
}  // namespace hlsrec::record
