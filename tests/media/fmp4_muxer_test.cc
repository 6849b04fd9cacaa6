#include <string>
#include <utility>
#include <vector>

#include "src/media/muxer.h"
#include "tests/catch.h"

namespace hlsrec::testing {
namespace {

using media::Sample;

struct Box {
  std::string type = {};
  std::size_t begin = 0;
  ByteSpan body = {};
};
std::vector<Box> Boxes(ByteSpan bytes) {
  std::vector<Box> boxes;
  ByteReader reader(bytes);
  while (reader.remaining() > 0) {
    const std::size_t begin = reader.position();
    const std::size_t size = reader.U32();
    const ByteSpan type = reader.Take(4);
    REQUIRE(size >= 8);
    const ByteSpan body = reader.Take(size - 8);
    REQUIRE(reader.ok());
    boxes.push_back({std::string(type.begin(), type.end()), begin, body});
  }
  return boxes;
}

struct Fragment {
  std::uint32_t sequence = 0;
  struct Entry {
    std::uint32_t duration = 0;
    std::uint32_t size = 0;
    std::uint32_t flags = 0;
    std::int32_t composition = 0;
    friend bool operator==(const Entry&, const Entry&) = default;
  };
  struct Traf {
    std::uint32_t id = 0;
    std::uint64_t time = 0;
    std::uint32_t data_offset = 0;
    std::vector<Entry> entries = {};
  };
  std::vector<Traf> trafs = {};
};
Fragment::Traf ParseTraf(ByteSpan bytes) {
  Fragment::Traf traf;
  const auto boxes = Boxes(bytes);
  REQUIRE(boxes.size() == 3);
  REQUIRE(boxes[0].type == "tfhd");
  ByteReader tfhd(boxes[0].body);
  CHECK(tfhd.U32() == 0x020000);  // default-base-is-moof, nothing else
  traf.id = tfhd.U32();
  REQUIRE(boxes[1].type == "tfdt");
  ByteReader tfdt(boxes[1].body);
  CHECK(tfdt.U32() == 0x01000000);
  traf.time = tfdt.U64();
  REQUIRE(boxes[2].type == "trun");
  ByteReader trun(boxes[2].body);
  CHECK(trun.U32() == 0x01000f01);
  const std::uint32_t count = trun.U32();
  traf.data_offset = trun.U32();
  for (std::uint32_t i = 0; i < count; ++i) {
    Fragment::Entry entry;
    entry.duration = trun.U32();
    entry.size = trun.U32();
    entry.flags = trun.U32();
    entry.composition = static_cast<std::int32_t>(trun.U32());
    traf.entries.push_back(entry);
  }
  CHECK(trun.ok());
  CHECK(trun.remaining() == 0);
  return traf;
}
Fragment ParseMoof(ByteSpan bytes) {
  Fragment fragment;
  for (const Box& box : Boxes(bytes)) {
    if (box.type == "mfhd") {
      ByteReader reader(box.body);
      reader.Skip(4);
      fragment.sequence = reader.U32();
    } else {
      REQUIRE(box.type == "traf");
      fragment.trafs.push_back(ParseTraf(box.body));
    }
  }
  return fragment;
}

std::unique_ptr<media::Muxer> MakeMuxer() {
  media::MuxTrack video;
  video.format.codec = Codec::kH264;
  media::MuxTrack audio;
  audio.track = 1;
  audio.format.codec = Codec::kAac;
  audio.timescale = 48000;
  auto muxer = media::MakeFmp4Muxer({.tracks = {video, audio}});
  REQUIRE(muxer.ok());
  return std::move(*muxer);
}
Sample MakeSample(int track, std::int64_t pts, std::int64_t dts,
                  std::int64_t duration, std::vector<Bytes> units,
                  bool keyframe) {
  Sample sample = {.track = track,
                   .pts = pts,
                   .dts = dts,
                   .duration = duration,
                   .keyframe = keyframe};
  Bytes all;
  for (const Bytes& unit : units) Append(all, ByteSpan(unit));
  sample.payload = Payload::FromCopy(std::move(all));
  ByteReader reader(sample.payload.spans().front());
  for (const Bytes& unit : units) {
    sample.units.push_back(reader.Take(unit.size()));
  }
  return sample;
}
constexpr std::uint32_t kSync = 0x02000000;
constexpr std::uint32_t kNoSync = 0x01010000;

}  // namespace

TEST_CASE("fmp4 muxer: a segment is styp, then moof and mdat per flush") {
  const auto muxer = MakeMuxer();
  Bytes segment;
  muxer->Begin(segment);
  muxer->Write(MakeSample(0, 903600, 900000, 3600, {{0x65, 1}, {0x41}}, true),
               segment);
  muxer->Write(MakeSample(0, 903000, 903600, 3600, {{0x41}}, false), segment);
  muxer->Write(MakeSample(1, 480000, 480000, 2048, {{7, 8, 9}, {10}}, true),
               segment);
  muxer->Flush(segment);
  muxer->Flush(segment);  // nothing new, nothing written
  muxer->Write(MakeSample(1, 482048, 482048, 1024, {{11}}, true), segment);
  muxer->End(segment);
  const auto boxes = Boxes(segment);
  REQUIRE(boxes.size() == 5);
  CHECK(boxes[0].type == "styp");
  CHECK(std::string(boxes[0].body.begin(), boxes[0].body.end()) ==
        std::string("msdh\0\0\0\0msdhmsixcmf2", 20));
  REQUIRE(boxes[1].type == "moof");
  REQUIRE(boxes[2].type == "mdat");
  CHECK(Bytes(boxes[2].body.begin(), boxes[2].body.end()) ==
        Bytes{0,    0, 0, 2, 0x65, 1,    0, 0, 0, 1,
              0x41, 0, 0, 0, 1,    0x41, 7, 8, 9, 10});
  const Fragment fragment = ParseMoof(boxes[1].body);
  CHECK(fragment.sequence == 1);
  REQUIRE(fragment.trafs.size() == 2);
  CHECK(fragment.trafs[0].id == 1);
  CHECK(fragment.trafs[0].time == 900000);
  CHECK(fragment.trafs[0].entries ==
        std::vector<Fragment::Entry>{{3600, 11, kSync, 3600},
                                     {3600, 5, kNoSync, -600}});
  CHECK(fragment.trafs[1].id == 2);
  CHECK(fragment.trafs[1].time == 480000);
  CHECK(fragment.trafs[1].entries ==
        std::vector<Fragment::Entry>{{1024, 3, kSync, 0}, {1024, 1, kSync, 0}});
  // Offsets count from the moof's first byte.
  const std::size_t moof = boxes[1].begin;
  CHECK(segment[moof + fragment.trafs[0].data_offset + 4] == 0x65);
  CHECK(segment[moof + fragment.trafs[1].data_offset] == 7);

  const Fragment second = ParseMoof(boxes[3].body);
  CHECK(second.sequence == 2);
  REQUIRE(second.trafs.size() == 1);
  CHECK(second.trafs[0].id == 2);
  CHECK(second.trafs[0].time == 482048);
}

TEST_CASE("fmp4 muxer: decode times continue over fragments and segments") {
  const auto muxer = MakeMuxer();
  std::uint64_t expected = 900000;
  std::uint32_t sequence = 0;
  for (int segment_index = 0; segment_index < 3; ++segment_index) {
    Bytes segment;
    muxer->Begin(segment);
    for (int i = 0; i < 10; ++i) {
      // What the source says of durations is off by a tick now and then.
      const std::int64_t dts = 900000 + (segment_index * 10 + i) * 3003;
      const int error = i == 4 || i == 9 ? 0 : i % 3 - 1;
      muxer->Write(MakeSample(0, dts, dts, 3003 + error, {{0x41}}, i == 0),
                   segment);
      if (i == 4) muxer->Flush(segment);
    }
    muxer->End(segment);
    for (const Box& box : Boxes(segment)) {
      if (box.type != "moof") continue;
      const Fragment fragment = ParseMoof(box.body);
      CHECK(fragment.sequence == ++sequence);
      REQUIRE(fragment.trafs.size() == 1);
      CHECK(fragment.trafs[0].time == expected);
      for (const auto& entry : fragment.trafs[0].entries) {
        expected += entry.duration;
      }
    }
  }
  CHECK(expected == 900000 + 30 * 3003);
}

}  // namespace hlsrec::testing
