#include "src/base/rescale.h"

#include "tests/catch.h"

namespace hlsrec {
namespace {

TEST_CASE("rescale: rounds to nearest, halves away from zero") {
  CHECK(Rescale(1, {1, 1000}, {1, 90000}) == 90);
  CHECK(Rescale(1, {1, 90000}, {1, 48000}) == 1);  // 0.533
  CHECK(Rescale(3, {1, 2}, {1, 1}) == 2);          // 1.5
  CHECK(Rescale(-3, {1, 2}, {1, 1}) == -2);
  CHECK(Rescale(1001, {1, 30000}, {1, 90000}) == 3003);
}

TEST_CASE("rescale: keeps no timestamp and does not overflow") {
  CHECK(Rescale(kNoTimestamp, {1, 1000}, kClock) == kNoTimestamp);
  CHECK(Rescale(INT64_MAX, {1, 1}, {1, 90000}) == INT64_MAX);
  CHECK(Rescale(-INT64_MAX, {1, 1}, {1, 90000}) == -INT64_MAX);
}

TEST_CASE("rescale: positions rounded one by one add up without drift") {
  std::int64_t sum = 0;
  std::int64_t last = 0;
  for (int frame = 1; frame <= 100000; ++frame) {
    const std::int64_t now = Rescale(frame * 1001, {1, 30000}, kMicroseconds);
    sum += now - last;
    last = now;
  }
  CHECK(sum == Rescale(100000LL * 1001, {1, 30000}, kMicroseconds));
}

}  // namespace
}  // namespace hlsrec
