#ifndef HLSREC_CLIP_H_
#define HLSREC_CLIP_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "hlsrec/export.h"
#include "hlsrec/export_recording.h"
#include "hlsrec/recording_range.h"
#include "hlsrec/runtime.h"
#include "hlsrec/sink.h"
#include "hlsrec/status.h"

// A piece of a recording as a playlist of its own, over the segments that are
// there: no media is copied.
namespace hlsrec {

struct ClipOptions {
  // Widened to whole segments.
  RecordingRange range = {};
  // kGap: a segment that is not there is listed with EXT-X-GAP.
  MissingSegments missing = MissingSegments::kFail;
  IfExists if_exists = IfExists::kFail;
  // Segments that are asked for at once; of each some bytes at most.
  int parallel = 8;
  std::uint64_t max_playlist_bytes = std::uint64_t{256} << 20;
  // Told on the calling thread.
  std::function<void(const ExportGap&)> on_gap = {};
  std::function<void(std::uint64_t segments, std::uint64_t segments_total)>
      on_progress = {};
  // Asked before each segment; true ends it with kCancelled, and nothing is
  // listed.
  std::function<bool()> stop = {};
};

struct ClipReport {
  std::vector<std::string> playlists = {};  // keys, in the order of their puts
  std::uint64_t segments = 0;               // of all media playlists
  std::uint64_t gaps = 0;
  std::chrono::microseconds start{0};  // since the recording's first segment
  std::chrono::microseconds duration{0};
};

// Puts a VOD playlist `clip_key` of the segments in the range that `key` lists.
// Of a multivariant playlist each media playlist gets a clip beside it, named
// after both, and `clip_key` lists these. Nothing is listed that the sink did
// not give, and media playlists are put first.
//
// The segments stay where they are: a clip goes with its recording.
//
// Threads. Any, but none of the runtime's. Blocking. Yes.
// Errors. kNotFound where a segment is missing; kAlreadyExists; the sink's.
HLSREC_EXPORT StatusOr<ClipReport> ClipRecording(
    Runtime& runtime, Sink& sink, const std::string& key,
    const std::string& clip_key, const ClipOptions& options = {});

}  // namespace hlsrec

#endif  // HLSREC_CLIP_H_
