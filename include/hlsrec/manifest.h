#ifndef HLSREC_MANIFEST_H_
#define HLSREC_MANIFEST_H_

#include <string_view>

#include "hlsrec/export.h"

// `recording.json` beside the playlists (OutputOptions::manifest_path): what a
// recording is, and at its end every object that it stored on that output.
// recording.schema.json describes it.
namespace hlsrec {

enum class RecordingState {
  kStarting,        // nothing is recorded yet
  kRunning,         //
  kPaused,          // what comes meanwhile is not recorded
  kStopping,        // nothing more is taken; what is owed is being stored
  kPostProcessing,  // the playlists are ended; what is made of them is not done
  kCompleted,       // all is stored, and listed in the manifest
  kFailed,          // ended, and something is missing or went wrong
};

// "starting", "running", ...; static storage.
HLSREC_EXPORT std::string_view RecordingStateName(RecordingState state);

}  // namespace hlsrec

#endif  // HLSREC_MANIFEST_H_
