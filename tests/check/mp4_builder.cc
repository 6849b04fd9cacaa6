#include "tests/check/mp4_builder.h"

#include <initializer_list>

namespace hlsrec::check {
namespace {

constexpr std::uint32_t kVideoScale = 12'800;
constexpr std::uint32_t kAudioScale = 48'000;
constexpr std::uint32_t kVideoDuration = kVideoScale / 25;
constexpr std::uint32_t kAudioDuration = 1024;
constexpr std::uint32_t kVideoSize = 300;
constexpr std::uint32_t kAudioSize = 40;

Bytes Joined(std::initializer_list<Bytes> parts) {
  Bytes bytes;
  for (const Bytes& part : parts) Append(bytes, part);
  return bytes;
}

Bytes FullBox(std::string_view type, std::uint32_t version, std::uint32_t flags,
              const Bytes& body) {
  Bytes bytes;
  AppendU32(bytes, version << 24 | flags);
  Append(bytes, body);
  return MakeBox(type, bytes);
}

Bytes Words(std::initializer_list<std::uint64_t> words) {
  Bytes bytes;
  for (const std::uint64_t word : words) AppendU32(bytes, word);
  return bytes;
}

Bytes Zeros(std::size_t count) { return Bytes(count, 0); }

Bytes Handler(std::string_view type) {
  Bytes body = Words({0});
  Append(body, type);
  Append(body, Zeros(13));
  return FullBox("hdlr", 0, 0, body);
}

Bytes AvcConfiguration(const Bytes& sps) {
  Bytes body = {1, sps[1], sps[2], sps[3], 0xFF, 0xE1};
  AppendU16(body, sps.size());
  Append(body, sps);
  AppendU8(body, 1);
  AppendU16(body, AnyPps().size());
  Append(body, AnyPps());
  return MakeBox("avcC", body);
}

// AAC-LC, 48 kHz, stereo.
Bytes ElementaryDescriptor() {
  return FullBox("esds", 0, 0,
                 {3, 25, 0, 2, 0, 4, 17, 0x40, 0x15, 0,    0, 0, 0, 0,
                  0, 0,  0, 0, 0, 0, 5,  2,    0x11, 0x90, 6, 1, 2});
}

Bytes SampleTable(const Bytes& entry, bool empty) {
  const std::uint32_t entries = empty ? 0 : 1;
  Bytes stts = Words({entries});
  if (!empty) Append(stts, Words({1, 1}));
  return MakeBox(
      "stbl",
      Joined({FullBox("stsd", 0, 0, Joined({Words({1}), entry})),
              FullBox("stts", 0, 0, stts), FullBox("stsc", 0, 0, Words({0})),
              FullBox("stsz", 0, 0, Words({0, 0})),
              FullBox("stco", 0, 0, Words({0}))}));
}

Bytes TrackBox(std::uint32_t id, std::uint32_t timescale,
               std::uint32_t duration, std::string_view handler,
               const Bytes& stbl) {
  const Bytes tkhd = FullBox(
      "tkhd", 0, 3, Joined({Words({0, 0, id, 0, duration}), Zeros(60)}));
  const Bytes mdhd =
      FullBox("mdhd", 0, 0, Words({0, 0, timescale, 0, 0x55C40000}));
  const Bytes mdia =
      MakeBox("mdia", Joined({mdhd, Handler(handler), MakeBox("minf", stbl)}));
  return MakeBox("trak", Joined({tkhd, mdia}));
}

}  // namespace

Bytes MakeBox(std::string_view type, const Bytes& body) {
  Bytes bytes;
  AppendU32(bytes, body.size() + 8);
  Append(bytes, type);
  Append(bytes, body);
  return bytes;
}

Bytes Mp4Builder::Init() const {
  Bytes video = Zeros(78);
  if (configuration) Append(video, AvcConfiguration(sps));
  Bytes audio = Zeros(28);
  audio[7] = 1;
  audio[17] = 2;
  audio[19] = 16;
  Append(audio, ElementaryDescriptor());
  Bytes moov = Joined(
      {FullBox("mvhd", 0, 0,
               Joined({Words({0, 0, 1000, header_duration}), Zeros(80)})),
       TrackBox(1, kVideoScale, header_duration, "vide",
                SampleTable(MakeBox(video_entry, video), empty_tables)),
       TrackBox(2, kAudioScale, header_duration, "soun",
                SampleTable(MakeBox("mp4a", audio), true))});
  if (mvex) {
    Append(moov,
           MakeBox("mvex",
                   Joined({FullBox("trex", 0, 0, Words({1, 1, 0, 0, 0})),
                           FullBox("trex", 0, 0, Words({2, 1, 0, 0, 0}))})));
  }
  Bytes bytes;
  if (ftyp) {
    Bytes brands;
    Append(brands, brand);
    AppendU32(brands, 0);
    Append(brands, brand);
    Append(bytes, MakeBox("ftyp", brands));
  }
  Append(bytes, MakeBox("moov", moov));
  return bytes;
}

Bytes Mp4Builder::Traf(int track, std::uint64_t time, int count,
                       std::uint32_t duration, std::uint32_t size,
                       bool first_sync, std::uint32_t data_offset) const {
  constexpr std::uint32_t kSync = 0x02000000;
  constexpr std::uint32_t kNonSync = 0x01010000;
  const std::uint32_t flags =
      0x38U | (base_is_moof ? 0x20000U : 0U) | (absolute_offset ? 1U : 0U);
  Bytes tfhd = Words({static_cast<std::uint32_t>(track)});
  if (absolute_offset) Append(tfhd, Zeros(8));
  Append(tfhd, Words({duration, size, track == 2 ? kSync : kNonSync}));
  Bytes body = FullBox("tfhd", 0, flags, tfhd);
  if (tfdt) {
    Bytes base;
    AppendU64(base, time);
    Append(body, FullBox("tfdt", 1, 0, base));
  }
  Append(body, FullBox("trun", 0, 5,
                       Words({static_cast<std::uint32_t>(count), data_offset,
                              first_sync ? kSync : kNonSync})));
  return MakeBox("traf", body);
}

Bytes Mp4Builder::Next() {
  const std::int64_t end = frame + frames;
  // Audio frames that begin in [frame, end) of 1/25 s.
  const auto audio_at = [](std::int64_t picture) {
    return (picture * kAudioScale / 25 + kAudioDuration - 1) / kAudioDuration;
  };
  const std::int64_t first_sound = audio_at(frame);
  const auto sounds = static_cast<int>(audio_at(end) - first_sound);
  const auto moof = [&](std::uint32_t video_at) {
    const std::uint32_t audio_data =
        video_at + kVideoSize * static_cast<std::uint32_t>(frames);
    return MakeBox(
        "moof",
        Joined(
            {FullBox("mfhd", 0, 0, Words({sequence})),
             Traf(video_track,
                  static_cast<std::uint64_t>(frame) * kVideoDuration, frames,
                  kVideoDuration, kVideoSize, sync, video_at),
             Traf(2, static_cast<std::uint64_t>(first_sound) * kAudioDuration,
                  sounds, kAudioDuration, kAudioSize, true, audio_data)}));
  };
  Bytes data;
  for (int i = 0; i < frames; ++i) {
    AppendU32(data, kVideoSize - 4);
    AppendU8(data, i == 0 && idr ? 0x65 : 0x41);
    data.resize(data.size() + kVideoSize - 5, 0x55);
  }
  data.resize(data.size() + static_cast<std::size_t>(sounds) * kAudioSize,
              0x21);
  data.resize(data.size() + static_cast<std::size_t>(extra_mdat_bytes), 0);
  const auto moof_size = static_cast<std::uint32_t>(moof(0).size());
  Bytes bytes;
  if (styp) {
    Bytes brands;
    Append(brands, std::string_view("msdh"));
    AppendU32(brands, 0);
    Append(bytes, MakeBox("styp", brands));
  }
  Append(bytes, moof(moof_size + 8));
  if (mdat) Append(bytes, MakeBox("mdat", data));
  frame = end;
  ++sequence;
  return bytes;
}

}  // namespace hlsrec::check
