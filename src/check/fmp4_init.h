#ifndef HLSREC_SRC_CHECK_FMP4_INIT_H_
#define HLSREC_SRC_CHECK_FMP4_INIT_H_

#include <cstdint>
#include <string>
#include <vector>

#include "hlsrec/media.h"
#include "src/base/bytes.h"
#include "src/check/segment_facts.h"

namespace hlsrec::check {

struct InitTrack {
  int id = 0;
  std::uint32_t timescale = 1;
  bool video = false;
  Codec codec = Codec::kUnknown;
  std::string sample_entry = {};  // "avc1", "mp4a", "encv", ...
  // As Track::codec_config.
  Bytes config = {};
  int nal_length_size = 4;
  std::uint32_t default_duration = 0;
  std::uint32_t default_size = 0;
  std::uint32_t default_flags = 0;
};

struct InitFacts {
  std::vector<InitTrack> tracks = {};
  std::vector<Issue> issues = {};

  [[nodiscard]] const InitTrack* Find(int id) const {
    for (const InitTrack& track : tracks) {
      if (track.id == id) return &track;
    }
    return nullptr;
  }
};

// Reads an initialisation section (RFC 8216 section 3.3). Pure.
InitFacts ReadFmp4Init(ByteSpan bytes);

}  // namespace hlsrec::check

#endif  // HLSREC_SRC_CHECK_FMP4_INIT_H_
