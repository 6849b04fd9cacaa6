#include "hlsrec/probe.h"

#include <chrono>

#include "tests/av/media_files.h"
#include "tests/catch.h"

using hlsrec::ChooseContainer;
using hlsrec::Codec;
using hlsrec::Container;
using hlsrec::ProbeUrl;
using hlsrec::StatusCode;
using hlsrec::testing::MediaFile;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

TEST_CASE("probe: tracks, rates and keyframe distances are measured") {
  const auto report =
      ProbeUrl(nullptr, {.url = MediaFile("h264_aac.ts")}, seconds(60));
  REQUIRE(report.ok());
  CHECK(report->end.code() == StatusCode::kEndOfStream);
  REQUIRE(report->tracks.size() == 2);
  const hlsrec::ProbedTrack& video = report->tracks[0];
  CHECK(video.track.codec == Codec::kH264);
  CHECK(video.packets == 75);
  CHECK(video.keyframes == 3);
  CHECK(video.duration == seconds(3));
  // 99,312 bytes of pictures, and an access unit delimiter for each.
  CHECK(video.bits_per_second > 260'000);
  CHECK(video.bits_per_second < 275'000);
  CHECK(video.gop.count == 2);
  CHECK(video.gop.min == seconds(1));
  CHECK(video.gop.average == seconds(1));
  CHECK(video.gop.max == seconds(1));
  CHECK(report->tracks[1].gop.count == 0);
  CHECK(report->container == Container::kMpegTs);
  CHECK(report->suggested_segment_duration == milliseconds(6000));
}

TEST_CASE("probe: reads no more than it is told to") {
  const auto report =
      ProbeUrl(nullptr, {.url = MediaFile("h264_aac.ts")}, milliseconds(1000));
  REQUIRE(report.ok());
  CHECK(report->end.ok());
  CHECK(report->duration >= seconds(1));
  CHECK(report->duration < milliseconds(1200));
}

TEST_CASE("probe: says what is skipped") {
  const auto report =
      ProbeUrl(nullptr, {.url = MediaFile("subtitles.mkv")}, seconds(1));
  REQUIRE(report.ok());
  REQUIRE(report->skipped.size() == 1);
  CHECK(report->skipped[0].reason == "subtitle track");
}

TEST_CASE("probe: a track that joins in mid-stream is measured, too") {
  const auto report =
      ProbeUrl(nullptr, {.url = MediaFile("late_audio.ts")}, seconds(60));
  REQUIRE(report.ok());
  REQUIRE(report->tracks.size() == 2);
  CHECK(report->tracks[1].packets == 131);
  CHECK(report->tracks[1].track.sample_rate == 44100);
}

TEST_CASE("probe: a source that fails is an error") {
  CHECK(ProbeUrl(nullptr, {.url = MediaFile("nix.ts")}, seconds(1))
            .status()
            .code() == StatusCode::kNotFound);
  CHECK(ProbeUrl(nullptr, {.url = MediaFile("h264.ts")}, seconds(0))
            .status()
            .code() == StatusCode::kInvalidArgument);
}

TEST_CASE("probe: one codec that MPEG-TS does not carry makes it fMP4") {
  CHECK(ChooseContainer({{.codec = Codec::kH264}, {.codec = Codec::kAac}}) ==
        Container::kMpegTs);
  CHECK(ChooseContainer({{.codec = Codec::kH264}, {.codec = Codec::kOpus}}) ==
        Container::kFmp4);
  CHECK(ChooseContainer({{.codec = Codec::kH265}}) == Container::kFmp4);
  CHECK(ChooseContainer({{.codec = Codec::kMp3}}) == Container::kMpegTs);
}
