#include "tests/check/ts_builder.h"

#include <algorithm>

namespace hlsrec::check {
namespace {

constexpr std::size_t kPacketSize = 188;
constexpr int kSecondAudioPid = 0x102;
// Pictures are sent this much after the clock reference.
constexpr std::int64_t kDelay = 45'000;

void AppendNal(Bytes& out, const Bytes& nal) {
  AppendU32(out, 1);
  Append(out, nal);
}

void AppendTimestamp(Bytes& out, std::uint64_t prefix, std::int64_t ticks) {
  const auto t = static_cast<std::uint64_t>(ticks) & 0x1FFFFFFFFU;
  AppendU8(out, prefix << 4 | (t >> 30 & 7) << 1 | 1);
  AppendU16(out, (t >> 15 & 0x7FFF) << 1 | 1);
  AppendU16(out, (t & 0x7FFF) << 1 | 1);
}

}  // namespace

Bytes SmallSps() {
  return {0x67, 0x42, 0xc0, 0x0c, 0xda, 0x05, 0x06, 0x7e,
          0x7c, 0x04, 0x40, 0x00, 0x00, 0x03, 0x00, 0x40,
          0x00, 0x00, 0x0c, 0x83, 0xc5, 0x0a, 0xa8};
}

Bytes LargeSps() {
  return {0x67, 0x42, 0xc0, 0x1e, 0xda, 0x02, 0x80, 0xbf, 0xe5,
          0xc0, 0x44, 0x00, 0x00, 0x03, 0x00, 0x04, 0x00, 0x00,
          0x03, 0x00, 0xc8, 0x3c, 0x58, 0xba, 0x80};
}

Bytes AnyPps() { return {0x68, 0xce, 0x0f, 0xc8}; }

Bytes AdtsFrame(std::size_t size) {
  Bytes frame = {0xFF, 0xF1, 0x4C, 0x80, 0x00, 0x1F, 0xFC};
  frame[3] = static_cast<std::uint8_t>(frame[3] | (size >> 11 & 3));
  frame[4] = static_cast<std::uint8_t>(size >> 3);
  frame[5] = static_cast<std::uint8_t>((size & 7) << 5 | 0x1F);
  frame.resize(size, 0x21);
  return frame;
}

void TsBuilder::Section(Packets& out, int pid, Bytes section) {
  // Length, CRC (not looked at), one pointer byte before.
  const std::size_t length = section.size() - 3 + 4;
  section[1] = static_cast<std::uint8_t>(0xB0 | length >> 8);
  section[2] = static_cast<std::uint8_t>(length);
  AppendU32(section, 0);
  Bytes packet;
  AppendU8(packet, 0x47);
  AppendU16(packet, 0x4000U | static_cast<unsigned>(pid));
  AppendU8(packet, 0x10U | (counters[pid]++ & 0xFU));
  AppendU8(packet, 0);
  Append(packet, section);
  packet.resize(kPacketSize, 0xFF);
  out.push_back(std::move(packet));
}

void TsBuilder::Tables(Packets& out) {
  if (pat) {
    Bytes section = {0x00, 0, 0, 0, 1, 0xC1, 0, 0};
    for (int i = 1; i <= programs; ++i) {
      AppendU16(section, static_cast<unsigned>(i));
      AppendU16(section, 0xE000U | static_cast<unsigned>(kPmtPid + i - 1));
    }
    Section(out, 0, section);
  }
  if (pmt) {
    Bytes section = {0x02, 0, 0, 0, 1, 0xC1, 0, 0};
    AppendU16(section,
              0xE000U | static_cast<unsigned>(video ? kVideoPid : kAudioPid));
    AppendU16(section, 0xF000);
    const auto stream = [&](int type, int pid) {
      AppendU8(section, static_cast<unsigned>(type));
      AppendU16(section, 0xE000U | static_cast<unsigned>(pid));
      AppendU16(section, 0xF000);
    };
    if (video) stream(video_type, kVideoPid);
    if (audio) stream(audio_type, kAudioPid);
    if (second_audio) stream(audio_type, kSecondAudioPid);
    Section(out, kPmtPid, section);
  }
}

void TsBuilder::Pes(Packets& out, int pid, std::uint8_t stream_id,
                    std::int64_t pts, const Bytes& unit, bool with_pcr,
                    bool random_access) {
  Bytes pes = {0, 0, 1, stream_id};
  AppendU16(pes, stream_id == 0xE0 ? 0 : unit.size() + 8);
  AppendU8(pes, 0x80);
  AppendU8(pes, 0x80);
  AppendU8(pes, 5);
  AppendTimestamp(pes, 2, pts);
  Append(pes, unit);
  std::size_t at = 0;
  while (at < pes.size()) {
    const bool first = at == 0;
    Bytes adaptation;
    if (first && (with_pcr || random_access)) {
      AppendU8(adaptation,
               (random_access ? 0x40U : 0) | (with_pcr ? 0x10U : 0));
      if (with_pcr) {
        const auto base =
            static_cast<std::uint64_t>(pts - kDelay) & 0x1FFFFFFFFU;
        AppendBigEndian(adaptation, base << 15 | 0x7E00, 6);
      }
    }
    const bool has_adaptation = !adaptation.empty();
    std::size_t room =
        kPacketSize - 4 - (has_adaptation ? 1 : 0) - adaptation.size();
    const std::size_t left = pes.size() - at;
    bool field = has_adaptation;
    if (left < room) {
      // Stuffing fills the last packet.
      std::size_t missing = room - left;
      if (!field) {
        field = true;
        --missing;
        if (missing > 0) {
          adaptation.push_back(0);
          --missing;
        }
      }
      adaptation.insert(adaptation.end(), missing, 0xFF);
      room = left;
    }
    Bytes packet;
    AppendU8(packet, 0x47);
    AppendU16(packet, (first ? 0x4000U : 0U) | static_cast<unsigned>(pid));
    AppendU8(packet, (field ? 0x30U : 0x10U) | (counters[pid]++ & 0xFU));
    if (field) {
      AppendU8(packet, adaptation.size());
      Append(packet, adaptation);
    }
    Append(packet, ByteSpan(pes).subspan(at, room));
    at += room;
    out.push_back(std::move(packet));
  }
}

Bytes TsBuilder::Picture(int index) const {
  Bytes unit;
  if (delimiter) AppendNal(unit, {0x09, 0xF0});
  const bool key = index == 0;
  if (key && parameter_sets) {
    AppendNal(unit, sps);
    AppendNal(unit, AnyPps());
  }
  if (key && recovery_point) AppendNal(unit, {0x06, 0x06, 0x01, 0xC4, 0x80});
  Bytes slice(picture_bytes, 0x55);
  slice[0] = key && idr ? 0x65 : 0x41;
  AppendNal(unit, slice);
  return unit;
}

TsBuilder::Packets TsBuilder::Next() {
  Packets out;
  if (tables_first) Tables(out);
  const std::int64_t end = clock + std::int64_t{frames} * frame_ticks;
  constexpr std::int64_t kAudioTicks = 1920;
  // Audio frames lie on their own grid, from zero.
  std::int64_t sound = (clock + kAudioTicks - 1) / kAudioTicks * kAudioTicks;
  const auto add_sound = [&](std::int64_t until) {
    for (; audio && sound < until; sound += kAudioTicks) {
      Pes(out, kAudioPid, 0xC0, sound, AdtsFrame(), !video, false);
      if (second_audio) {
        Pes(out, kSecondAudioPid, 0xC1, sound, AdtsFrame(), false, false);
      }
    }
  };
  for (int i = 0; i < frames; ++i) {
    const std::int64_t pts = clock + std::int64_t{i} * frame_ticks;
    if (video) {
      Pes(out, kVideoPid, 0xE0, pts, Picture(i), i % pcr_every == 0,
          i == 0 && random_access_indicator);
    }
    if (!tables_first && i == 0) Tables(out);
    add_sound(pts + frame_ticks);
  }
  clock = end;
  return out;
}

Bytes TsBuilder::Join(const Packets& packets) {
  Bytes bytes;
  for (const Bytes& packet : packets) Append(bytes, packet);
  return bytes;
}

}  // namespace hlsrec::check
