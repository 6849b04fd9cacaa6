#include "src/deliver/bandwidth.h"

#include "tests/catch.h"

namespace hlsrec::deliver {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("bandwidth: even segments have one rate") {
  BandwidthMeter meter(seconds(6));
  for (int i = 0; i < 10; ++i) meter.Add(750000, seconds(6));
  CHECK(meter.peak() == 1000000);
  CHECK(meter.average() == 1000000);
}

TEST_CASE("bandwidth: the peak is that of any run near the target duration") {
  BandwidthMeter meter(seconds(6));
  meter.Add(750000, seconds(6));
  meter.Add(1500000, seconds(6));
  meter.Add(750000, seconds(6));
  CHECK(meter.peak() == 2000000);
  CHECK(meter.average() == 1333334);
}

TEST_CASE("bandwidth: a short segment counts only within a run long enough") {
  BandwidthMeter meter(seconds(6));
  meter.Add(750000, seconds(6));
  // 8 Mb/s for half a second is no peak by itself.
  meter.Add(500000, milliseconds(500));
  CHECK(meter.peak() == (1250000 * 8 * 10 + 64) / 65);
}

}  // namespace
}  // namespace hlsrec::deliver
