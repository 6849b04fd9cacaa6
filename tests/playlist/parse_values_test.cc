#include "src/playlist/parse_values.h"

#include <string>
#include <vector>

#include "tests/catch.h"

namespace hlsrec::playlist {
namespace {

using std::chrono::microseconds;

TEST_CASE("parse values: decimal seconds round half up to microseconds") {
  CHECK(ParseDecimalSeconds("6") == microseconds(6'000'000));
  CHECK(ParseDecimalSeconds("6.") == microseconds(6'000'000));
  CHECK(ParseDecimalSeconds("6.006") == microseconds(6'006'000));
  CHECK(ParseDecimalSeconds("0.0000005") == microseconds(1));
  CHECK(ParseDecimalSeconds("0.00000049") == microseconds(0));
  CHECK(ParseDecimalSeconds(".5") == microseconds(500'000));
  CHECK(ParseDecimalSeconds("1.9999999") == microseconds(2'000'000));
  CHECK(ParseDecimalSeconds("-1.5", Sign::kAllowed) ==
        microseconds(-1'500'000));
}

TEST_CASE("parse values: what is no number of seconds is refused") {
  for (const char* text : {"", ".", "-1", "+1", "1e3", "nan", " 1", "1 ", "1.x",
                           "0x10", "99999999999999999999", "1,5"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseDecimalSeconds(text).has_value());
  }
}

TEST_CASE("parse values: integers are digits alone and fit 64 bits") {
  CHECK(ParseDecimalInteger("18446744073709551615") == 18446744073709551615U);
  CHECK(ParseDecimalInteger("007") == 7U);
  for (const char* text :
       {"", "-1", "+1", "1.0", "18446744073709551616", "a"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseDecimalInteger(text).has_value());
  }
}

TEST_CASE("parse values: date and time in every zone form name one instant") {
  const auto expected = ParseDateTime("2026-01-31T22:59:59.250Z");
  REQUIRE(expected.has_value());
  CHECK(expected->time.time_since_epoch() ==
        std::chrono::milliseconds(1769900399250));
  CHECK(expected->has_fraction);
  for (const char* text :
       {"2026-01-31T22:59:59.250+0000", "2026-01-31T23:59:59.250+01:00",
        "2026-01-31T17:29:59.250-0530", "2026-02-01T00:59:59.250+02"}) {
    CAPTURE(text);
    const auto time = ParseDateTime(text);
    REQUIRE(time.has_value());
    CHECK(time->time == expected->time);
  }
  const auto local = ParseDateTime("2026-01-31T22:59:59");
  REQUIRE(local.has_value());
  CHECK_FALSE(local->zone.has_value());
  CHECK_FALSE(local->has_fraction);
}

TEST_CASE("parse values: what is no date is refused") {
  for (const char* text :
       {"", "2026-02-30T00:00:00Z", "2026-01-01", "2026-01-01 00:00:00Z",
        "2026-01-01T25:00:00Z", "2026-01-01T00:00:00Zx", "26-01-01T00:00:00Z",
        "2026-13-01T00:00:00Z", "2026-01-01T00:61:00Z"}) {
    CAPTURE(text);
    CHECK_FALSE(ParseDateTime(text).has_value());
  }
}

TEST_CASE("parse values: byte ranges") {
  const auto range = ParseByteRange("100@20");
  REQUIRE(range.has_value());
  CHECK(range->length == 100);
  CHECK(range->offset == 20);
  CHECK(range->offset_written);
  REQUIRE(ParseByteRange("100").has_value());
  CHECK_FALSE(ParseByteRange("100")->offset_written);
  CHECK_FALSE(ParseByteRange("@20").has_value());
  CHECK_FALSE(ParseByteRange("100@").has_value());
  CHECK_FALSE(ParseByteRange("-1@0").has_value());
}

TEST_CASE("parse values: attribute lists keep commas inside quotes") {
  std::vector<std::string> problems;
  const AttributeList list = ParseAttributeList(
      R"(BANDWIDTH=1280000,CODECS="avc1.4d401f,mp4a.40.2",AUDIO="a")",
      problems);
  CHECK(problems.empty());
  REQUIRE(list.attributes.size() == 3);
  CHECK(list.Get("CODECS") == "avc1.4d401f,mp4a.40.2");
  CHECK(list.Find("CODECS")->quoted);
  CHECK_FALSE(list.Find("BANDWIDTH")->quoted);
  CHECK(list.Get("NOPE").empty());
}

TEST_CASE("parse values: what is wrong with an attribute list is said") {
  const auto problems_of = [](const char* text) {
    std::vector<std::string> problems;
    ParseAttributeList(text, problems);
    return problems.size();
  };
  CHECK(problems_of("A=1,B=2") == 0);
  CHECK(problems_of("A=1,A=2") == 1);
  CHECK(problems_of("A=1, B=2") == 1);
  CHECK(problems_of("A= 1") == 1);
  CHECK(problems_of("A=\"1") == 1);
  CHECK(problems_of("A=\"1\"x,B=2") == 1);
  CHECK(problems_of("A=1,") == 1);
  CHECK(problems_of("a=1") == 1);
  CHECK(problems_of("A") == 1);
  CHECK(problems_of("A=") == 1);
  CHECK(problems_of("=1") == 1);
}

TEST_CASE("parse values: UTF-8 is well-formed or not") {
  CHECK(IsUtf8("abc \xC3\xA9 \xE2\x82\xAC \xF0\x9F\x8E\xA5"));
  for (const char* text : {"\xC3", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80",
                           "\xF5\x80\x80\x80", "\x80", "\xE2\x82"}) {
    CHECK_FALSE(IsUtf8(text));
  }
}

}  // namespace
}  // namespace hlsrec::playlist
