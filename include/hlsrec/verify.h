#ifndef HLSREC_VERIFY_H_
#define HLSREC_VERIFY_H_

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/export.h"
#include "hlsrec/manifest.h"
#include "hlsrec/runtime.h"
#include "hlsrec/sink.h"
#include "hlsrec/status.h"

// Is a recording still what its manifest (hlsrec/manifest.h) says?
namespace hlsrec {

enum class VerifyProblem {
  kMissing,     // it is not there, or never was stored
  kSize,        // it has another size: cut short, or grown
  kContent,     // its SHA-256 is another one; its ETag, where nobody knows that
  kUnreadable,  // it may be there: the sink does not give it
  kExtra,       // it lies among the recording's and is not named
  kUnnamed,     // a playlist names it, and the manifest does not
};

// "missing", "size", ...; static storage.
HLSREC_EXPORT std::string_view VerifyProblemName(VerifyProblem problem);

struct VerifyFinding {
  VerifyProblem problem = VerifyProblem::kMissing;
  std::string key = {};
  std::string message = {};  // for people
};

struct VerifyProgress {
  std::uint64_t objects = 0;
  std::uint64_t objects_total = 0;
  std::uint64_t bytes = 0;
  std::uint64_t bytes_total = 0;  // as far as the manifest knows sizes
};

struct VerifyOptions {
  // Objects read at once, each whole in memory.
  int parallel = 8;
  // Of objects whose size the manifest does not know.
  std::uint64_t max_object_bytes = std::uint64_t{1} << 30;
  // To keep; the rest is counted.
  std::size_t max_findings = 1000;
  // Told on the calling thread.
  std::function<void(const VerifyFinding&)> on_finding = {};
  std::function<void(const VerifyProgress&)> on_progress = {};
  // Asked before each object; true ends it with kCancelled.
  std::function<bool()> stop = {};
};

struct VerifyReport {
  std::string id = {};
  RecordingState state = RecordingState::kCompleted;
  std::vector<VerifyFinding> findings = {};
  std::uint64_t problems = 0;  // with those that were not kept
  std::uint64_t missing = 0;   // of them, that are missing
  std::uint64_t objects = 0;   // that were read
  std::uint64_t bytes = 0;
  std::uint64_t unhashed = 0;  // of them, whose SHA-256 nobody knows
  // Segments that playlists name and an earlier recording made: not looked at.
  std::uint64_t earlier = 0;
  std::uint64_t clips = 0;  // playlists made of it later, beside it
  bool listed = false;      // extra objects were looked for: the sink can list
};

// Reads every object that the manifest at `key` names and compares. A folder
// that was moved as a whole is found where the manifest is now.
//
// Threads. Any, but none of the runtime's. Blocking. Reads it all; what is away
//     for a moment is asked for again, for some seconds.
// Errors. The manifest's own: it can't be read, is none, or says that the
//     recording has not ended (kFailedPrecondition). All else is in the report.
HLSREC_EXPORT StatusOr<VerifyReport> VerifyRecording(
    Runtime& runtime, Sink& sink, const std::string& key,
    const VerifyOptions& options = {});

// The manifests below `prefix` (with its last `/`, or empty): objects named
// recording.json or ..._recording.json. kUnimplemented where the sink can't
// list.
HLSREC_EXPORT StatusOr<std::vector<std::string>> FindManifests(
    Runtime& runtime, Sink& sink, const std::string& prefix);

// What the manifest at `key` says that its key is: objects are named from the
// same root.
HLSREC_EXPORT StatusOr<std::string> ManifestKey(Runtime& runtime, Sink& sink,
                                                const std::string& key);

}  // namespace hlsrec

#endif  // HLSREC_VERIFY_H_
