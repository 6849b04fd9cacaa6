#ifndef HLSREC_TESTS_CHECK_TS_BUILDER_H_
#define HLSREC_TESTS_CHECK_TS_BUILDER_H_

#include <cstdint>
#include <functional>
#include <map>
#include <vector>

#include "src/base/bytes.h"

namespace hlsrec::check {

// Parameter sets of H.264 constrained baseline, 25 frames a second.
Bytes SmallSps();  // 320x180, avc1.42C00C
Bytes LargeSps();  // 640x360, avc1.42C01E
Bytes AnyPps();

// A whole ADTS frame of AAC-LC, 48 kHz, stereo.
Bytes AdtsFrame(std::size_t size = 64);

// Makes small MPEG-TS segments, one access unit a PES packet: sound ones as it
// stands, broken ones with its switches. Counters go on from segment to
// segment.
struct TsBuilder {
  std::int64_t clock = 900'000;  // PTS of the next segment's first picture
  int frames = 50;               // of 1/25 s
  int frame_ticks = 3600;

  bool pat = true;
  bool pmt = true;
  bool tables_first = true;
  int programs = 1;
  int video_type = 0x1B;
  int audio_type = 0x0F;
  bool video = true;
  bool audio = true;
  bool second_audio = false;
  bool idr = true;              // else a plain picture
  bool recovery_point = false;  // before a plain picture
  bool delimiter = true;
  bool parameter_sets = true;
  bool random_access_indicator = true;
  int pcr_every = 1;  // frames
  Bytes sps = SmallSps();
  std::size_t picture_bytes = 400;
  std::map<int, std::uint8_t> counters = {};

  using Packets = std::vector<Bytes>;
  // The packets of the next segment; moves the clock on.
  Packets Next();
  static Bytes Join(const Packets& packets);
  Bytes NextBytes() { return Join(Next()); }

 private:
  void Section(Packets& out, int pid, Bytes section);
  void Tables(Packets& out);
  void Pes(Packets& out, int pid, std::uint8_t stream_id, std::int64_t pts,
           const Bytes& unit, bool with_pcr, bool random_access);
  [[nodiscard]] Bytes Picture(int index) const;
};

constexpr int kPmtPid = 0x1000;
constexpr int kVideoPid = 0x100;
constexpr int kAudioPid = 0x101;

}  // namespace hlsrec::check

#endif  // HLSREC_TESTS_CHECK_TS_BUILDER_H_
