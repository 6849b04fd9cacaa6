#include "src/check/segment_reader.h"

#include <random>

#include "src/check/elementary.h"
#include "tests/catch.h"
#include "tests/check/mp4_builder.h"
#include "tests/check/ts_builder.h"

namespace hlsrec::check {
namespace {

// Flips, cuts and swaps bytes; whatever comes out must be read to its end.
template <typename Read>
void Damage(const Bytes& sound, int rounds, const Read& read) {
  std::mt19937 random(11);
  for (int round = 0; round < rounds; ++round) {
    Bytes bytes = sound;
    const unsigned changes = 1 + static_cast<unsigned>(random()) % 8;
    for (unsigned i = 0; i < changes; ++i) {
      bytes[random() % bytes.size()] = static_cast<std::uint8_t>(random());
    }
    if (round % 3 == 0) bytes.resize(random() % bytes.size());
    read(bytes);
  }
}

TEST_CASE("segment reader: kinds are told by the first bytes") {
  CHECK(KindOf(TsBuilder{.frames = 2}.NextBytes()) == SegmentKind::kMpegTs);
  CHECK(KindOf(Mp4Builder{.frames = 2}.Next()) == SegmentKind::kFmp4);
  CHECK(KindOf(Mp4Builder{}.Init()) == SegmentKind::kFmp4);
  CHECK(KindOf(AdtsFrame()) == SegmentKind::kPackedAudio);
  const auto text = [](std::string_view words) {
    Bytes bytes;
    Append(bytes, words);
    return KindOf(bytes);
  };
  CHECK(text("WEBVTT\n") == SegmentKind::kWebVtt);
  CHECK(text("<html></html>") == SegmentKind::kUnknown);
  CHECK(text("") == SegmentKind::kUnknown);
}

TEST_CASE("segment reader: facts of a transport stream segment") {
  const SegmentFacts facts = ReadSegment(TsBuilder().NextBytes(), {});
  CHECK(facts.issues.empty());
  REQUIRE(facts.tracks.size() == 2);
  const TrackFacts* video = facts.Main();
  REQUIRE(video != nullptr);
  CHECK(video->codec == Codec::kH264);
  CHECK(video->samples == 50);
  CHECK(video->sample_duration == 3600);
  CHECK(video->min_pts == 900'000);
  CHECK(video->end_pts == 900'000 + 180'000);
  CHECK(video->random_access_points == 1);
  REQUIRE(video->formats.size() == 1);
  CHECK(video->formats[0].codec_string == "avc1.42C00C");
  CHECK(video->formats[0].width == 320);
  CHECK(video->formats[0].height == 180);
  const TrackFacts* audio = facts.Find(kAudioPid);
  REQUIRE(audio != nullptr);
  CHECK(audio->sample_duration == 1920);
  REQUIRE(audio->formats.size() == 1);
  CHECK(audio->formats[0].codec_string == "mp4a.40.2");
}

TEST_CASE("segment reader: facts of an fMP4 segment") {
  Mp4Builder builder;
  const InitFacts init = ReadFmp4Init(builder.Init());
  CHECK(init.issues.empty());
  const Bytes bytes = builder.Next();
  const SegmentFacts facts = ReadSegment(bytes, {.init = &init});
  CHECK(facts.issues.empty());
  const TrackFacts* video = facts.Main();
  REQUIRE(video != nullptr);
  CHECK(video->timescale == 12'800);
  CHECK(video->samples == 50);
  CHECK(video->end_dts == 25'600);
  REQUIRE(video->formats.size() == 1);
  CHECK(video->formats[0].codec_string == "avc1.42C00C");
}

TEST_CASE("segment reader: damaged segments are survived") {
  Damage(TsBuilder{.frames = 10}.NextBytes(), 1500,
         [](const Bytes& bytes) { (void)ReadSegment(bytes, {}); });
  Mp4Builder builder{.frames = 4};
  const InitFacts init = ReadFmp4Init(builder.Init());
  Damage(builder.Next(), 3000, [&](const Bytes& bytes) {
    (void)ReadSegment(bytes, {.init = &init});
  });
  Damage(builder.Init(), 3000,
         [](const Bytes& bytes) { (void)ReadFmp4Init(bytes); });
}

TEST_CASE("elementary: frames of sound are counted") {
  Bytes three;
  for (int i = 0; i < 3; ++i) Append(three, AdtsFrame(100));
  const AudioRun whole = ReadAudioFrames(Codec::kAac, three);
  CHECK(whole.frames == 3);
  CHECK(whole.samples == 3072);
  CHECK(whole.sample_rate == 48000);
  CHECK(whole.consumed == 300);
  const AudioRun cut = ReadAudioFrames(Codec::kAac, ByteSpan(three).first(299));
  CHECK(cut.frames == 2);
  CHECK(cut.consumed == 200);
  // MPEG-1 layer III, 128 kbit/s, 44.1 kHz: 417 bytes.
  Bytes mp3 = {0xFF, 0xFB, 0x90, 0x00};
  mp3.resize(417);
  const AudioRun layer3 = ReadAudioFrames(Codec::kMp3, mp3);
  CHECK(layer3.frames == 1);
  CHECK(layer3.samples == 1152);
  CHECK(layer3.sample_rate == 44100);
  // AC-3, 192 kbit/s, 48 kHz: 768 bytes.
  Bytes ac3 = {0x0B, 0x77, 0x00, 0x00, 0x14, 0x40};
  ac3.resize(768);
  const AudioRun dolby = ReadAudioFrames(Codec::kAc3, ac3);
  CHECK(dolby.frames == 1);
  CHECK(dolby.samples == 1536);
}

TEST_CASE("elementary: where a picture may be entered") {
  const auto read = [](Codec codec, Bytes nal) {
    Bytes unit = {0, 0, 0, 1};
    Append(unit, nal);
    return ReadAnnexBUnit(codec, unit);
  };
  CHECK(read(Codec::kH264, {0x65, 0x88}).idr);
  CHECK_FALSE(read(Codec::kH264, {0x41, 0x88}).random_access);
  CHECK(read(Codec::kH265, {19 << 1, 1}).idr);
  CHECK_FALSE(read(Codec::kH265, {21 << 1, 1}).idr);  // CRA
  CHECK(read(Codec::kH265, {21 << 1, 1}).random_access);
  CHECK_FALSE(read(Codec::kH265, {1 << 1, 1}).random_access);
  CHECK(read(Codec::kMpeg2Video, {0x00, 0x00, 0x08}).idr);        // I
  CHECK_FALSE(read(Codec::kMpeg2Video, {0x00, 0x00, 0x10}).idr);  // P
}

}  // namespace
}  // namespace hlsrec::check
