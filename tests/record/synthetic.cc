#include "tests/record/synthetic.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace hlsrec {
namespace {

using Bytes = std::vector<std::uint8_t>;

// x264's, for 320x180 and 640x360 at 25 fps, main profile.
const Bytes kSps320 = {0x67, 0x4d, 0x40, 0x0c, 0xec, 0xa0, 0xa0, 0xcf, 0xcf,
                       0x80, 0x88, 0x00, 0x00, 0x03, 0x00, 0x08, 0x00, 0x00,
                       0x03, 0x01, 0x90, 0x78, 0xa1, 0x4c, 0xb0};
const Bytes kSps640 = {0x67, 0x4d, 0x40, 0x1e, 0xec, 0xa0, 0x50, 0x17,
                       0xfc, 0xb8, 0x08, 0x80, 0x00, 0x00, 0x03, 0x00,
                       0x80, 0x00, 0x00, 0x19, 0x07, 0x8b, 0x16, 0xcb};
const Bytes kPps = {0x68, 0xce, 0x0f, 0xc8};

void AddUnit(Bytes& out, const Bytes& unit) {
  out.insert(out.end(), {0, 0, 0, 1});
  out.insert(out.end(), unit.begin(), unit.end());
}

std::string Mark(char kind, std::int64_t number) {
  return fmt::format("<{}{:08}>", kind, number);
}

}  // namespace

Track VideoTrack(int id, int width) {
  return {.id = id,
          .codec = Codec::kH264,
          .time_base = {1, 90000},
          .timestamp_wrap_bits = 33,
          .width = width,
          .height = width * 9 / 16,
          .frame_rate = {25, 1},
          .bit_rate = 800000};
}

Track AudioTrack(int id, const std::string& language) {
  return {.id = id,
          .codec = Codec::kAac,
          .time_base = {1, 48000},
          .codec_config = {0x11, 0x88},  // AAC-LC, 48 kHz, mono
          .sample_rate = 48000,
          .channels = 1,
          .bit_rate = 64000,
          .language = language};
}

Packet VideoPacket(std::int64_t number, bool keyframe, int track, int width) {
  Bytes bytes;
  if (keyframe) {
    AddUnit(bytes, width == 320 ? kSps320 : kSps640);
    AddUnit(bytes, kPps);
  }
  const std::string mark = Mark(static_cast<char>('A' + track), number);
  Bytes slice = {static_cast<std::uint8_t>(keyframe ? 0x65 : 0x41)};
  slice.insert(slice.end(), mark.begin(), mark.end());
  slice.resize(keyframe ? 900 : 300, 'x');
  AddUnit(bytes, slice);
  return {.track = track,
          .pts = number * 3600,
          .dts = number * 3600,
          .duration = 3600,
          .keyframe = keyframe,
          .payload = Payload::FromVector(std::move(bytes))};
}

Packet Lengthened(Packet packet, std::size_t bytes) {
  const Payload whole = packet.payload.Contiguous();
  if (whole.size() >= bytes) return packet;
  const Payload::Span span = whole.spans()[0];
  Bytes longer(span.begin(), span.end());
  longer.resize(bytes, 'x');
  packet.payload = Payload::FromVector(std::move(longer));
  return packet;
}

Packet AudioPacket(std::int64_t number, int track) {
  Bytes bytes;
  // Three times: one may lie across two transport packets.
  for (int i = 0; i < 3; ++i) {
    const std::string mark = Mark(static_cast<char>('A' + track), number);
    bytes.insert(bytes.end(), mark.begin(), mark.end());
  }
  return {.track = track,
          .pts = number * 1024,
          .dts = number * 1024,
          .duration = 1024,
          .keyframe = true,
          .payload = Payload::FromVector(std::move(bytes))};
}

std::vector<Packet> Stream(double seconds, int gop, bool audio,
                           std::int64_t first_picture) {
  std::vector<Packet> packets;
  const auto pictures = static_cast<std::int64_t>(seconds * 25);
  std::int64_t frame = first_picture * 1920 / 1024;
  for (std::int64_t i = first_picture; i < first_picture + pictures; ++i) {
    packets.push_back(VideoPacket(i, (i - first_picture) % gop == 0));
    while (audio && frame * 1024 < (i + 1) * 1920) {
      packets.push_back(AudioPacket(frame++));
    }
  }
  return packets;
}

std::vector<std::int64_t> MarksIn(const std::string& bytes, char kind) {
  std::vector<std::int64_t> marks;
  const std::string start = {'<', kind};
  for (std::size_t at = bytes.find(start); at != std::string::npos;
       at = bytes.find(start, at + 1)) {
    if (at + 10 >= bytes.size() || bytes[at + 10] != '>') continue;
    const std::string digits = bytes.substr(at + 2, 8);
    if (digits.find_first_not_of("0123456789") != std::string::npos) continue;
    const std::int64_t number = std::stoll(digits);
    if (marks.empty() || marks.back() != number) marks.push_back(number);
  }
  return marks;
}

}  // namespace hlsrec
