#include <random>
#include <string>
#include <utility>
#include <vector>

#include "src/media/aac.h"
#include "src/media/h264.h"
#include "src/media/h265.h"
#include "src/media/stream_format.h"
#include "tests/av/media_files.h"
#include "tests/catch.h"
#include "tests/media/demux.h"

namespace hlsrec::testing {
namespace {

using media::AccessUnitReader;

std::unique_ptr<AccessUnitReader> MakeReader(Codec codec,
                                             const Bytes& config = {}) {
  Track track;
  track.codec = codec;
  track.codec_config.assign(config.begin(), config.end());
  auto reader = AccessUnitReader::Create(track);
  INFO(reader.status().ToString());
  REQUIRE(reader.ok());
  return std::move(*reader);
}

Bytes AnnexB(const std::vector<Bytes>& units) {
  Bytes out;
  for (const Bytes& unit : units) {
    Append(out, ByteSpan(Bytes{0, 0, 0, 1}));
    Append(out, ByteSpan(unit));
  }
  return out;
}
std::vector<Bytes> Lists(const media::Units& units) {
  std::vector<Bytes> out;
  for (const ByteSpan unit : units) out.emplace_back(unit.begin(), unit.end());
  return out;
}

// High, level 1.0, 160x120, 25 pictures a second; and its PPS.
const Bytes kSps = {0x67, 0x64, 0x00, 0x0a, 0xac, 0xd9, 0x42, 0x85, 0x96,
                    0x60, 0x22, 0x00, 0x00, 0x03, 0x00, 0x02, 0x00, 0x00,
                    0x03, 0x00, 0x64, 0x1e, 0x24, 0x4c, 0xb0};
const Bytes kPps = {0x68, 0xea, 0xef, 0x2c};
const Bytes kAud = {0x09, 0xf0};
const Bytes kSei = {0x06, 0x04, 0x01, 0x02, 0x80};
const Bytes kIdr = {0x65, 0x88, 0x84};
const Bytes kSlice = {0x41, 0x9a, 0x02};

}  // namespace

TEST_CASE("h264 reader: the format comes from the first IDR's sets") {
  const auto reader = MakeReader(Codec::kH264);
  auto unit =
      reader->Read(Payload::FromCopy(AnnexB({kAud, kSps, kPps, kSei, kIdr})));
  REQUIRE(unit.ok());
  CHECK(unit->random_access);
  CHECK(unit->format_changed);
  CHECK(Lists(unit->units) == std::vector<Bytes>{kSei, kIdr});
  REQUIRE(reader->format().has_value());
  CHECK(reader->format()->parameter_sets == std::vector<Bytes>{kSps, kPps});
  CHECK(reader->format()->codec_string == "avc1.64000A");

  unit = reader->Read(Payload::FromCopy(AnnexB({kSps, kPps, kSlice})));
  REQUIRE(unit.ok());
  CHECK_FALSE(unit->random_access);
  CHECK_FALSE(unit->format_changed);
  CHECK(Lists(unit->units) == std::vector<Bytes>{kSlice});
}

TEST_CASE("h264 reader: a set that changes between key pictures stays") {
  const auto reader = MakeReader(Codec::kH264);
  REQUIRE(reader->Read(Payload::FromCopy(AnnexB({kSps, kPps, kIdr}))).ok());
  const Bytes other = {0x68, 0xea, 0xef, 0x2d};
  auto unit = reader->Read(Payload::FromCopy(AnnexB({other, kSlice})));
  REQUIRE(unit.ok());
  CHECK(Lists(unit->units) == std::vector<Bytes>{other, kSlice});
  CHECK_FALSE(unit->format_changed);
  // The next key picture is decoded with it, said again or not.
  unit = reader->Read(Payload::FromCopy(AnnexB({kIdr})));
  REQUIRE(unit.ok());
  CHECK(unit->format_changed);
  CHECK(reader->format()->parameter_sets == std::vector<Bytes>{kSps, other});
}

TEST_CASE("h264 reader: without parameter sets nothing can start") {
  const auto reader = MakeReader(Codec::kH264);
  const auto unit = reader->Read(Payload::FromCopy(AnnexB({kIdr})));
  REQUIRE(unit.ok());
  CHECK_FALSE(unit->random_access);
  CHECK_FALSE(reader->format().has_value());
}

TEST_CASE("h264 reader: a payload in several spans is one access unit") {
  const auto reader = MakeReader(Codec::kH264);
  const Payload whole = Payload::FromCopy(AnnexB({kSps, kPps, kIdr}));
  const ByteSpan bytes = whole.spans().front();
  for (std::size_t i = 0; i <= bytes.size(); ++i) {
    const Payload parts({bytes.first(i), bytes.subspan(i)},
                        std::make_shared<Payload>(whole));
    const auto unit = reader->Read(parts);
    REQUIRE(unit.ok());
    REQUIRE(Lists(unit->units) == std::vector<Bytes>{kIdr});
  }
}

TEST_CASE("aac: configurations tell rates, channels and codec strings") {
  struct Row {
    Bytes config;
    const char* codec;
    int rate;
    int channels;
    int samples;
  };
  const auto row = GENERATE(values<Row>(
      {{{0x11, 0x90}, "mp4a.40.2", 48000, 2, 1024},
       {{0x12, 0x08}, "mp4a.40.2", 44100, 1, 1024},
       {{0x2b, 0x09, 0x88}, "mp4a.40.5", 48000, 1, 2048},
       {{0xeb, 0x09, 0x88}, "mp4a.40.29", 48000, 2, 2048},
       {{0x13, 0x10, 0x56, 0xe5, 0x98}, "mp4a.40.5", 48000, 2, 2048}}));
  const auto reader = MakeReader(Codec::kAac, row.config);
  REQUIRE(reader->format().has_value());
  CHECK(reader->format()->codec_string == row.codec);
  CHECK(reader->format()->sample_rate == row.rate);
  CHECK(reader->format()->channels == row.channels);
  CHECK(reader->format()->frame_samples == row.samples);
  const auto unit = reader->Read(Payload::FromVector({0x21, 0x10}));
  REQUIRE(unit.ok());
  CHECK(unit->audio_samples == row.samples);
}

TEST_CASE("opus: a packet tells how long it is") {
  const auto reader = MakeReader(Codec::kOpus);
  const auto samples = [&](Bytes packet) {
    const auto unit = reader->Read(Payload::FromCopy(std::move(packet)));
    return unit.ok() ? unit->audio_samples : -1;
  };
  CHECK(samples({0xfc, 1}) == 960);         // CELT, 20 ms
  CHECK(samples({0xe0, 1}) == 120);         // CELT, 2.5 ms
  CHECK(samples({0x18, 1}) == 2880);        // SILK, 60 ms
  CHECK(samples({0xfd, 1}) == 1920);        // two frames
  CHECK(samples({0xff, 0x03, 1}) == 2880);  // three frames
  CHECK(samples({0xff, 0x30, 1}) == -1);    // more than 120 ms
  CHECK(samples({0xff}) == -1);
}

TEST_CASE("readers: what is not media is data loss, never a crash") {
  const auto codec =
      GENERATE(Codec::kH264, Codec::kH265, Codec::kAv1, Codec::kMpeg2Video,
               Codec::kAac, Codec::kMp3, Codec::kAc3, Codec::kEac3);
  const auto reader = MakeReader(codec);
  CHECK(reader->Read({}).status().code() == StatusCode::kDataLoss);
  CHECK(reader->Read(Payload::FromVector({1, 2, 3})).status().code() ==
        StatusCode::kDataLoss);
}

TEST_CASE("readers: damaged payloads leave the reader usable") {
  const std::string name =
      GENERATE("h264_aac.mp4", "h265_aac.ts", "h264_latm.ts", "mpeg2_ac3.ts",
               "h264_eac3.ts", "h264_mp3.ts", "av1_opus.mp4", "h264_aac.ts");
  const Demuxed file = Demux(MediaFile(name));
  std::vector<std::unique_ptr<AccessUnitReader>> readers;
  for (const Track& track : file.tracks) {
    auto reader = AccessUnitReader::Create(track);
    REQUIRE(reader.ok());
    readers.push_back(std::move(*reader));
  }
  std::minstd_rand random(1);
  for (const Packet& packet : file.packets) {
    const ByteSpan bytes = packet.payload.spans().front();
    Bytes damaged(bytes.begin(), bytes.end());
    for (int i = 0; i < 4; ++i) {
      // Headers stand at the front: damage them more often than the rest.
      const std::size_t range =
          i < 2 ? std::min<std::size_t>(damaged.size(), 40) : damaged.size();
      damaged[random() % range] = static_cast<std::uint8_t>(random());
    }
    damaged.resize(random() % 4 == 0 ? 1 + random() % damaged.size()
                                     : damaged.size());
    auto& reader = readers[static_cast<std::size_t>(packet.track)];
    const auto unit = reader->Read(Payload::FromCopy(std::move(damaged)));
    if (!unit.ok()) {
      REQUIRE(unit.status().code() == StatusCode::kDataLoss);
    }
  }
  for (const Packet& packet : file.packets) {
    auto& reader = readers[static_cast<std::size_t>(packet.track)];
    REQUIRE(reader->Read(packet.payload).ok());
  }
}

TEST_CASE("readers: real files tell what ffprobe tells") {
  struct Row {
    const char* name;
    const char* video;
    const char* audio;
  };
  const auto row =
      GENERATE(values<Row>({{"h264_aac.mp4", "avc1.4D400B", "mp4a.40.2"},
                            {"h265_aac.ts", "hvc1.1.6.L30.90", "mp4a.40.2"},
                            {"mpeg2_ac3.ts", "", "ac-3"},
                            {"h264_eac3.ts", "avc1.4D400B", "ec-3"},
                            {"h264_mp3.ts", "avc1.4D400B", "mp4a.40.34"},
                            {"av1_opus.mp4", "av01.0.00M.08", "opus"}}));
  const Samples samples = ReadSamples(Demux(MediaFile(row.name)));
  INFO(row.name);
  for (const auto& format : samples.formats) {
    if (format.width > 0) {
      CHECK(format.codec_string == row.video);
      CHECK(format.width == 160);
      CHECK(format.height == 120);
      // AV1's sequence header need not tell, and does not here.
      if (format.codec != Codec::kAv1) {
        CHECK((format.frame_rate == Rational{.num = 25, .den = 1}));
      }
    } else {
      CHECK(format.codec_string == row.audio);
      CHECK(format.channels >= 1);
    }
  }
}

}  // namespace hlsrec::testing
