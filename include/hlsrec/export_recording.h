#ifndef HLSREC_EXPORT_RECORDING_H_
#define HLSREC_EXPORT_RECORDING_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "hlsrec/export.h"
#include "hlsrec/recording_range.h"
#include "hlsrec/runtime.h"
#include "hlsrec/sink.h"
#include "hlsrec/status.h"

// A recording as one file, packets as they are: nothing is encoded anew.
namespace hlsrec {

enum class FileFormat {
  kMp4,       // progressive: its index comes first
  kTs,        // MPEG-TS
  kMatroska,  // timestamps in milliseconds
};

// By the name's end: .mp4, .m4v, .m4a, .mov; .ts; .mkv, .mka. kInvalidArgument
// for others.
HLSREC_EXPORT StatusOr<FileFormat> FileFormatOf(const std::string& path);

enum class MissingSegments {
  kFail,  // a listed segment that is not there ends it
  kGap,   // it counts as a gap, and is told
};

// What the playlist lists and the file has not.
struct ExportGap {
  std::string location = {};           // of the segment
  std::chrono::microseconds start{0};  // since the first segment
  std::chrono::microseconds duration{0};
  bool missing = false;  // it was to be there; else the playlist says so
};

struct ExportProgress {
  std::uint64_t segments = 0;
  std::uint64_t segments_total = 0;
  std::uint64_t bytes = 0;  // read
  std::chrono::microseconds position{0};
  std::chrono::microseconds duration{0};  // of all that is exported
};

struct ExportOptions {
  FileFormat format = FileFormat::kMp4;
  // The file begins with the last keyframe up to `from`, and ends before the
  // first one at or after `to`: ranges that meet at a keyframe share no packet.
  RecordingRange range = {};
  // Of a multivariant playlist: a variant's URI, its size ("1280x720") or its
  // height ("720"). Empty: the one with the highest BANDWIDTH.
  std::string variant = {};
  // Likewise, of that variant's audio renditions: a NAME or LANGUAGE, "all", or
  // "none". Empty: the default one.
  std::string audio = {};
  MissingSegments missing = MissingSegments::kFail;
  IfExists if_exists = IfExists::kFail;
  // Segments that are asked for ahead, each whole in memory.
  int ahead = 4;
  std::uint64_t max_object_bytes = std::uint64_t{1} << 30;
  // Told on the calling thread.
  std::function<void(const ExportGap&)> on_gap = {};
  std::function<void(const ExportProgress&)> on_progress = {};
  // Asked before each segment; true ends it with kCancelled.
  std::function<bool()> stop = {};
};

struct ExportReport {
  std::uint64_t packets = 0;
  std::uint64_t bytes = 0;             // of the file
  std::chrono::microseconds start{0};  // since the first segment
  std::chrono::microseconds duration{0};
  std::vector<std::string> tracks = {};          // "h264", "aac"
  std::vector<std::string> dropped_tracks = {};  // neither picture nor sound
  std::uint64_t segments = 0;                    // that were read
  std::uint64_t discontinuities = 0;
  std::uint64_t gaps = 0;
  std::chrono::microseconds gap_duration{0};
  bool ended = true;  // the playlist has its end: no more will follow
};

// Writes what the playlist `key` of `source` lists to the file at `path`, which
// appears only when it is complete and on the disk.
//
// Timestamps begin at 0 and go on over discontinuities without hole or jump. A
// gap keeps its time: what is behind it stays where the playlist has it. URIs
// of the playlist are objects of `source`, or http(s) URLs, which are read
// without credentials: presigned ones.
//
// Threads. Any, but none of the runtime's. Blocking. Reads it all; a source
//     that is away for a moment is asked again, for some seconds.
// Errors. kFailedPrecondition where the format changes in a way that the file
//     can't hold, or media is of a kind that it can't; kAlreadyExists; the
//     source's.
HLSREC_EXPORT StatusOr<ExportReport> ExportRecording(
    Runtime& runtime, Sink& source, const std::string& key,
    const std::string& path, const ExportOptions& options = {});

}  // namespace hlsrec

#endif  // HLSREC_EXPORT_RECORDING_H_
