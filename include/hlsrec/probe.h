#ifndef HLSREC_PROBE_H_
#define HLSREC_PROBE_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hlsrec/export.h"
#include "hlsrec/media.h"
#include "hlsrec/recorder.h"
#include "hlsrec/runtime.h"
#include "hlsrec/source.h"
#include "hlsrec/status.h"

namespace hlsrec {

// Distances between keyframes; zero where there were fewer than two.
struct GopLengths {
  std::uint64_t count = 0;
  std::chrono::microseconds min{0};
  std::chrono::microseconds average{0};
  std::chrono::microseconds max{0};
};

// A track with what was measured of it.
struct ProbedTrack {
  Track track = {};
  std::uint64_t packets = 0;
  std::uint64_t keyframes = 0;
  std::uint64_t size_bytes = 0;
  std::chrono::microseconds duration{0};
  std::int64_t bits_per_second = 0;  // 0 where too little was seen
  GopLengths gop = {};               // video
};

// What an input is and how it would be recorded.
struct ProbeReport {
  std::string url = {};  // without credentials and query
  std::vector<ProbedTrack> tracks = {};
  std::vector<SourceProgram> programs = {};
  std::vector<SkippedTrack> skipped = {};
  SourceCounters counters = {};
  // Of media, the longest track's.
  std::chrono::microseconds duration{0};
  // What Container::kAuto becomes for these tracks.
  Container container = Container::kMpegTs;
  // The most whole GOPs that Apple's six seconds hold (authoring rule 7.5).
  std::chrono::milliseconds suggested_segment_duration{6000};
  // Why it ended before its time; OK where it did not.
  Status end = {};
};

// Opens the input, reads `duration` of it and says what it is. A source that
// ends or breaks off in mid-stream is reported, not an error: see `end`.
//
// Blocking. Yes, up to the time that opening takes plus `duration`, plus the
//     options' timeout; `cancelled` as for OpenUrlSource().
HLSREC_EXPORT StatusOr<ProbeReport> ProbeUrl(
    std::shared_ptr<Runtime> runtime, const UrlSourceOptions& options,
    std::chrono::milliseconds duration,
    const std::function<bool()>& cancelled = {});

// What Container::kAuto becomes for `tracks`: MPEG-TS where HLS has each codec
// in it (H.264, MPEG-2, AAC, MP3, AC-3, E-AC-3), else fMP4.
HLSREC_EXPORT Container ChooseContainer(const std::vector<Track>& tracks);

}  // namespace hlsrec

#endif  // HLSREC_PROBE_H_
