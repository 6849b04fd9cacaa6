#ifndef HLSREC_TESTS_CHECK_MP4_BUILDER_H_
#define HLSREC_TESTS_CHECK_MP4_BUILDER_H_

#include <cstdint>
#include <string_view>

#include "src/base/bytes.h"
#include "tests/check/ts_builder.h"

namespace hlsrec::check {

// Makes small fMP4 segments with one H.264 and one AAC track: sound ones as it
// stands, broken ones with its switches.
struct Mp4Builder {
  // Init section
  std::string_view brand = "iso6";
  bool ftyp = true;
  bool mvex = true;
  bool empty_tables = true;
  bool configuration = true;
  std::uint32_t header_duration = 0;  // of mvhd and tkhd
  std::string_view video_entry = "avc1";
  Bytes sps = SmallSps();

  // Segments
  std::int64_t frame = 0;  // number of the next picture, 25 a second
  int frames = 50;
  bool styp = true;
  bool tfdt = true;
  bool base_is_moof = true;
  bool absolute_offset = false;
  bool mdat = true;
  bool sync = true;  // the first picture
  bool idr = true;
  int video_track = 1;
  int extra_mdat_bytes = 0;
  std::uint32_t sequence = 1;

  [[nodiscard]] Bytes Init() const;
  Bytes Next();

 private:
  [[nodiscard]] Bytes Traf(int track, std::uint64_t time, int count,
                           std::uint32_t duration, std::uint32_t size,
                           bool first_sync, std::uint32_t data_offset) const;
};

// A box: size, type, body.
Bytes MakeBox(std::string_view type, const Bytes& body);

}  // namespace hlsrec::check

#endif  // HLSREC_TESTS_CHECK_MP4_BUILDER_H_
