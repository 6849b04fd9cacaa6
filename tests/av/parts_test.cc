// The small pure parts: languages, pacing, ADTS, references, errors.
extern "C" {
#include <libavutil/error.h>
}

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "src/av/adts.h"
#include "src/av/av_status.h"
#include "src/av/hls_end.h"
#include "src/av/pacer.h"
#include "tests/catch.h"

using hlsrec::StatusCode;
using hlsrec::SteadyTime;
using hlsrec::av::AvStatus;
using hlsrec::av::Pacer;
using hlsrec::av::ParseAdts;
using hlsrec::av::ResolveReference;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("pacer: packets are due at the speed of their timestamps") {
  Pacer pacer;
  const SteadyTime start(seconds(100));
  CHECK(pacer.Due(seconds(7), start) == start);
  CHECK(pacer.Due(milliseconds(7040), start) == start + milliseconds(40));
  CHECK(pacer.Due(seconds(8), start + seconds(3)) == start + seconds(1));
}

TEST_CASE("pacer: a jump is neither waited for nor raced after") {
  Pacer pacer;
  const SteadyTime start(seconds(100));
  pacer.Due(seconds(7), start);
  const SteadyTime later = start + seconds(1);
  CHECK(pacer.Due(seconds(90000), later) == later);
  CHECK(pacer.Due(seconds(90001), later) == later + seconds(1));
  CHECK(pacer.Due(seconds(0), later) == later);
}

TEST_CASE("adts: rate, channels and samples of a frame") {
  // 44.1 kHz, stereo, one block.
  const std::vector<std::uint8_t> frame = {0xff, 0xf1, 0x50, 0x80,
                                           0x02, 0x1f, 0xfc};
  const auto header = ParseAdts(frame);
  REQUIRE(header.has_value());
  CHECK(header->sample_rate == 44100);
  CHECK(header->channels == 2);
  CHECK(header->samples == 1024);
}

TEST_CASE("adts: what is none is refused") {
  CHECK_FALSE(ParseAdts({}).has_value());
  const std::vector<std::uint8_t> cut = {0xff, 0xf1, 0x50, 0x80};
  CHECK_FALSE(ParseAdts(cut).has_value());
  const std::vector<std::uint8_t> mp3 = {0xff, 0xfb, 0x90, 0x44,
                                         0x00, 0x00, 0x00};
  CHECK_FALSE(ParseAdts(mp3).has_value());
  const std::vector<std::uint8_t> bad_rate = {0xff, 0xf1, 0x7c, 0x80,
                                              0x02, 0x1f, 0xfc};
  CHECK_FALSE(ParseAdts(bad_rate).has_value());
}

TEST_CASE("hls end: references are resolved against the playlist's URL") {
  const std::string base = "https://host:8443/a/b/x.m3u8?token=1";
  CHECK(ResolveReference(base, "y.m3u8") == "https://host:8443/a/b/y.m3u8");
  CHECK(ResolveReference(base, "../y.m3u8?z=1") ==
        "https://host:8443/a/b/../y.m3u8?z=1");
  CHECK(ResolveReference(base, "/y.m3u8") == "https://host:8443/y.m3u8");
  CHECK(ResolveReference(base, "//other/y.m3u8") == "https://other/y.m3u8");
  CHECK(ResolveReference(base, "http://o/y.m3u8") == "http://o/y.m3u8");
  CHECK(ResolveReference("http://host", "y.m3u8") == "http://host/y.m3u8");
  CHECK(ResolveReference("http://host?a=/b/", "y.m3u8") ==
        "http://host/y.m3u8");
}

TEST_CASE("av status: a code to act on and words in lower case") {
  const auto refused = AvStatus(AVERROR(ECONNREFUSED), "open: rtmp://host/app");
  CHECK(refused.code() == StatusCode::kUnavailable);
  CHECK(refused.message() == "open: rtmp://host/app: connection refused");
  CHECK(AvStatus(AVERROR_EOF, "read").code() == StatusCode::kEndOfStream);
  CHECK(AvStatus(AVERROR_EXIT, "read").code() == StatusCode::kCancelled);
  CHECK(AvStatus(AVERROR(ENOENT), "open").code() == StatusCode::kNotFound);
  CHECK(AvStatus(AVERROR_HTTP_NOT_FOUND, "open").code() ==
        StatusCode::kNotFound);
  CHECK(AvStatus(AVERROR_HTTP_FORBIDDEN, "open").code() ==
        StatusCode::kPermissionDenied);
  CHECK(AvStatus(AVERROR(ETIMEDOUT), "open").code() ==
        StatusCode::kDeadlineExceeded);
  CHECK(AvStatus(AVERROR_INVALIDDATA, "open").code() == StatusCode::kDataLoss);
  CHECK(AvStatus(-123456789, "open").code() == StatusCode::kInternal);
}
