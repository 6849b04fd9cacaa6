#include "src/base/percent.h"

#include "tests/catch.h"

namespace hlsrec {
namespace {

TEST_CASE("percent: escapes become bytes") {
  CHECK(DecodePercent("a%20b%2fC%2F%00") == std::string("a b/C/\0", 7));
  CHECK(DecodePercent("%41%ff") == "A\xff");
  CHECK(DecodePercent("") == "");
  CHECK(DecodePercent("%2541") == "%41");
}

TEST_CASE("percent: a broken escape is refused, or stays as it is") {
  for (const char* broken : {"%", "a%4", "%zz", "%4g", "%%41", "%+1", "% 1"}) {
    CAPTURE(broken);
    CHECK_FALSE(DecodePercent(broken));
  }
  CHECK(DecodePercentLeniently("%41%zz%4") == "A%zz%4");
  CHECK(DecodePercentLeniently("%%41") == "%A");
}

}  // namespace
}  // namespace hlsrec
