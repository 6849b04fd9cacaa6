#include <algorithm>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "src/media/aac.h"
#include "src/media/muxer.h"
#include "tests/catch.h"

namespace hlsrec::testing {
namespace {

using media::Sample;

constexpr std::size_t kPacket = 188;
constexpr std::int64_t kWrap = std::int64_t{1} << 33;

media::MuxTrack VideoTrack() {
  media::MuxTrack track;
  track.format.codec = Codec::kH264;
  track.format.parameter_sets = {{0x67, 1, 2, 3}, {0x68, 4, 5}};
  return track;
}
media::MuxTrack AudioTrack(int index) {
  media::MuxTrack track;
  track.track = index;
  track.format.codec = Codec::kAac;
  track.format.sample_rate = 48000;
  track.format.config = {0x11, 0x90};  // LC, 48 kHz, stereo
  track.timescale = 48000;
  return track;
}
Sample MakeSample(int track, std::int64_t dts, std::int64_t duration,
                  std::size_t size, bool keyframe) {
  Sample sample = {.track = track,
                   .pts = dts,
                   .dts = dts,
                   .duration = duration,
                   .keyframe = keyframe};
  sample.payload = Payload::FromCopy(
      Bytes(size, static_cast<std::uint8_t>(keyframe ? 0x65 : 0x41)));
  sample.units.push_back(sample.payload.spans().front());
  return sample;
}
std::unique_ptr<media::Muxer> MakeMuxer(std::vector<media::MuxTrack> tracks) {
  auto muxer = media::MakeTsMuxer({.tracks = std::move(tracks)});
  INFO(muxer.status().ToString());
  REQUIRE(muxer.ok());
  return std::move(*muxer);
}

struct TsPacket {
  int pid = 0;
  bool start = false;
  bool has_payload = false;
  int counter = 0;
  bool random_access = false;
  std::optional<std::int64_t> pcr = {};
  ByteSpan payload = {};
};
std::vector<TsPacket> Parse(const Bytes& segment) {
  REQUIRE(segment.size() % kPacket == 0);
  std::vector<TsPacket> packets;
  for (std::size_t i = 0; i < segment.size(); i += kPacket) {
    const ByteSpan bytes = ByteSpan(segment).subspan(i, kPacket);
    REQUIRE(bytes[0] == 0x47);
    TsPacket packet;
    packet.start = (bytes[1] & 0x40) != 0;
    packet.pid = (bytes[1] & 0x1f) << 8 | bytes[2];
    packet.has_payload = (bytes[3] & 0x10) != 0;
    packet.counter = bytes[3] & 0xf;
    std::size_t at = 4;
    if ((bytes[3] & 0x20) != 0) {
      REQUIRE(bytes[4] <= 183);
      if (bytes[4] > 0) {
        packet.random_access = (bytes[5] & 0x40) != 0;
        if ((bytes[5] & 0x10) != 0) {
          ByteReader reader(bytes.subspan(6));
          packet.pcr = static_cast<std::int64_t>(reader.Read(6) >> 15);
        }
      }
      at += 1U + bytes[4];
    }
    packet.payload = bytes.subspan(at);
    packets.push_back(packet);
  }
  return packets;
}

std::int64_t Timestamp(ByteSpan at) {
  return std::int64_t{at[0] >> 1 & 7} << 30 | at[1] << 22 | (at[2] >> 1) << 15 |
         at[3] << 7 | at[4] >> 1;
}

// Every PID counts payloads, over all segments.
void CheckCounters(const std::vector<Bytes>& segments) {
  std::map<int, int> last;
  for (const Bytes& segment : segments) {
    for (const TsPacket& packet : Parse(segment)) {
      const auto known = last.find(packet.pid);
      if (known != last.end()) {
        const int expected =
            (known->second + (packet.has_payload ? 1 : 0)) & 0xf;
        REQUIRE(packet.counter == expected);
      }
      last[packet.pid] = packet.counter;
    }
  }
}
std::int64_t LargestPcrGap(const Bytes& segment) {
  std::optional<std::int64_t> last;
  std::int64_t largest = 0;
  for (const TsPacket& packet : Parse(segment)) {
    if (!packet.pcr.has_value()) continue;
    if (last.has_value()) {
      largest = std::max(largest, (*packet.pcr - *last + kWrap) % kWrap);
    }
    last = packet.pcr;
  }
  REQUIRE(last.has_value());
  return largest;
}

}  // namespace

TEST_CASE("ts muxer: PAT and PMT come first in each segment") {
  const auto muxer = MakeMuxer({VideoTrack()});
  for (int i = 0; i < 3; ++i) {
    Bytes segment;
    muxer->Begin(segment);
    muxer->Write(MakeSample(0, 900000 + i * 3600, 3600, 500, true), segment);
    muxer->End(segment);
    const auto packets = Parse(segment);
    REQUIRE(packets.size() > 2);
    CHECK(packets[0].pid == 0);
    CHECK(packets[1].pid == 0x1000);
    CHECK(packets[2].pid == 0x100);
    CHECK(packets[2].random_access);
    CHECK(packets[2].pcr.has_value());
  }
}

TEST_CASE("ts muxer: an access unit has one delimiter and its parameter sets") {
  const auto muxer = MakeMuxer({VideoTrack()});
  Bytes segment;
  muxer->Begin(segment);
  muxer->Write(MakeSample(0, 900000, 3600, 2, true), segment);
  muxer->Write(MakeSample(0, 903600, 3600, 2, false), segment);
  muxer->End(segment);
  const auto packets = Parse(segment);
  REQUIRE(packets.size() == 4);
  const auto body = [](const TsPacket& packet) {
    return Bytes(packet.payload.begin() + 14, packet.payload.end());
  };
  CHECK(body(packets[2]) == Bytes{0,    0,    0, 1, 9, 0xf0, 0,    0,   0,
                                  1,    0x67, 1, 2, 3, 0,    0,    0,   1,
                                  0x68, 4,    5, 0, 0, 1,    0x65, 0x65});
  CHECK(body(packets[3]) == Bytes{0, 0, 0, 1, 9, 0xf0, 0, 0, 1, 0x41, 0x41});
}

TEST_CASE("ts muxer: every size of a unit is stuffed to whole packets") {
  const auto muxer = MakeMuxer({VideoTrack()});
  std::vector<Bytes> segments;
  for (std::size_t size = 1; size < 600; ++size) {
    segments.emplace_back();
    muxer->Begin(segments.back());
    const auto dts = static_cast<std::int64_t>(900000 + size * 3600);
    muxer->Write(MakeSample(0, dts, 3600, size, false), segments.back());
    muxer->End(segments.back());
    Bytes pes;
    for (const TsPacket& packet : Parse(segments.back())) {
      if (packet.pid == 0x100) Append(pes, packet.payload);
    }
    REQUIRE(pes.size() == 14 + 6 + 3 + size);
    REQUIRE(pes[4] * 256U + pes[5] == pes.size() - 6);
    REQUIRE(Timestamp(ByteSpan(pes).subspan(9)) == dts);
  }
  CheckCounters(segments);
}

TEST_CASE("ts muxer: PCRs are 100 ms apart at most") {
  const int rate = GENERATE(1, 5, 25, 60);
  INFO(rate << " pictures a second");
  const auto muxer = MakeMuxer({VideoTrack()});
  std::vector<Bytes> segments(3);
  for (int i = 0; i < rate * 3; ++i) {
    Bytes& segment = segments[static_cast<std::size_t>(i / rate)];
    if (i % rate == 0) muxer->Begin(segment);
    muxer->Write(MakeSample(0, 900000 + i * 90000 / rate, 90000 / rate, 3000,
                            i % rate == 0),
                 segment);
    if (i % rate == rate - 1) muxer->End(segment);
  }
  for (const Bytes& segment : segments) CHECK(LargestPcrGap(segment) <= 9000);
  CheckCounters(segments);
}

TEST_CASE("ts muxer: without video the audio carries the PCR") {
  const auto muxer = MakeMuxer({AudioTrack(0)});
  Bytes segment;
  muxer->Begin(segment);
  for (int i = 0; i < 200; ++i) {
    muxer->Write(MakeSample(0, 480000 + i * 1024, 1024, 300, true), segment);
  }
  muxer->End(segment);
  CHECK(LargestPcrGap(segment) <= 9000);
}

TEST_CASE("ts muxer: AAC frames share a PES packet, not over a hole") {
  const auto muxer = MakeMuxer({AudioTrack(0)});
  Bytes segment;
  muxer->Begin(segment);
  const auto begin = segment.size();
  for (const int at : {0, 1024, 2048, 9000}) {
    muxer->Write(MakeSample(0, 480000 + at, 1024, 100, true), segment);
  }
  muxer->End(segment);
  std::vector<std::int64_t> times;
  Bytes frames;
  segment.erase(segment.begin(),
                segment.begin() + static_cast<std::ptrdiff_t>(begin));
  for (const TsPacket& packet : Parse(segment)) {
    if (packet.start) times.push_back(Timestamp(packet.payload.subspan(9)));
    Append(frames, packet.payload.subspan(packet.start ? 14 : 0));
  }
  CHECK(times == std::vector<std::int64_t>{900000, 916875});
  for (std::size_t i = 0; i < 4; ++i) {
    const auto header = media::ParseAdtsHeader(
        ByteSpan(frames).subspan(i * (100 + media::kAdtsHeaderSize)));
    REQUIRE(header.has_value());
    CHECK(header->frame_size == 107);
    CHECK(header->rate_index == 3);
    CHECK(header->channel_config == 2);
  }
}

TEST_CASE("ts muxer: a key picture and a flush leave no audio behind") {
  const auto muxer = MakeMuxer({VideoTrack(), AudioTrack(1)});
  Bytes segment;
  muxer->Begin(segment);
  const auto audio_packets = [&] {
    const auto packets = Parse(segment);
    return std::count_if(packets.begin(), packets.end(),
                         [](const TsPacket& p) { return p.pid == 0x101; });
  };
  muxer->Write(MakeSample(1, 480000, 1024, 100, true), segment);
  CHECK(audio_packets() == 0);
  muxer->Write(MakeSample(0, 901800, 3600, 100, true), segment);
  CHECK(audio_packets() == 1);
  muxer->Write(MakeSample(1, 481024, 1024, 100, true), segment);
  CHECK(audio_packets() == 1);
  muxer->Flush(segment);
  CHECK(audio_packets() == 2);
}

TEST_CASE("ts muxer: timestamps wrap at 33 bits") {
  const auto muxer = MakeMuxer({VideoTrack()});
  Bytes segment;
  muxer->Begin(segment);
  Sample sample = MakeSample(0, kWrap - 100, 3600, 10, true);
  sample.pts = kWrap + 3500;
  muxer->Write(sample, segment);
  muxer->Write(MakeSample(0, kWrap + 27500, 3600, 10, false), segment);
  muxer->End(segment);
  std::vector<std::int64_t> times;
  for (const TsPacket& packet : Parse(segment)) {
    if (packet.pid != 0x100 || !packet.start) continue;
    times.push_back(Timestamp(packet.payload.subspan(9)));
    if ((packet.payload[7] & 0x40) != 0) {
      times.push_back(Timestamp(packet.payload.subspan(14)));
    }
  }
  CHECK(times == std::vector<std::int64_t>{3500, kWrap - 100, 27500});
  CHECK(LargestPcrGap(segment) <= 9000);
}

TEST_CASE("ts muxer: more tracks than a program table holds are refused") {
  std::vector<media::MuxTrack> tracks;
  for (int i = 0; i < 60; ++i) tracks.push_back(AudioTrack(i));
  CHECK(media::MakeTsMuxer({.tracks = tracks}).status().code() ==
        StatusCode::kFailedPrecondition);
}

}  // namespace hlsrec::testing
