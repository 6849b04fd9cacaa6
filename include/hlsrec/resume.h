#ifndef HLSREC_RESUME_H_
#define HLSREC_RESUME_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "hlsrec/events.h"
#include "hlsrec/export.h"
#include "hlsrec/recorder.h"
#include "hlsrec/runtime.h"
#include "hlsrec/sink.h"
#include "hlsrec/status.h"

namespace hlsrec {

// What a run that died, or ended before everything was stored, left in the
// runtime's spool directory.
struct InterruptedRecording {
  std::int64_t id = 0;  // in that spool
  std::string stream = {};
  std::string session = {};
  std::chrono::system_clock::time_point started = {};
  // Finish() was called: only delivery and the playlists' ends are left.
  bool ending = false;
  // The journal was lost: what is told here was found in the spool. Resuming
  // it, and recording on, reads the rest from its playlists.
  bool journal_lost = false;
  std::vector<std::string> sinks = {};      // as they describe themselves
  std::vector<std::string> playlists = {};  // keys that were published
  std::uint64_t segments = 0;               // sum over renditions
  std::uint64_t segments_owed = 0;          // sum over outputs
  std::uint64_t bytes_owed = 0;             // in the spool
  // Keys of what is still to be made when all is delivered: archives, movies,
  // chats. Some may have been, if it died just then: they are made again.
  std::vector<std::string> files_owed = {};
  std::uint64_t bytes_kept = 0;  // delivered, and in the spool for those
};

// Blocking. Reads the journal.
HLSREC_EXPORT StatusOr<std::vector<InterruptedRecording>> ListInterrupted(
    const std::shared_ptr<Runtime>& runtime);

struct ResumeOptions {
  // Makes the sink that described itself so; called once per output. Empty:
  // only file sinks can be made again.
  std::function<StatusOr<std::shared_ptr<Sink>>(const std::string& description)>
      open_sink = {};
  // How long everything may take to be acknowledged.
  std::chrono::milliseconds finish_timeout{30000};
  std::chrono::milliseconds retry_first{250};
  std::chrono::milliseconds retry_max{10000};
  std::shared_ptr<Observer> observer = {};
};

// Delivers what `recording` owes, ends its playlists and forgets it. What can't
// be delivered stays owed. To record on instead, open a Recorder with the same
// options as before.
//
// Errors. kNotFound: no such recording. kFailedPrecondition: somebody records
//     it, or a sink can't be made again. Delivery's own are in the result.
// Blocking. Until all is stored, or `finish_timeout`.
HLSREC_EXPORT StatusOr<RecordingResult> Resume(
    std::shared_ptr<Runtime> runtime, std::int64_t recording,
    const ResumeOptions& options = {});

// Drops what `recording` owes, for good, and forgets it; what another machine's
// takeover left, for one. What is stored and published stays as it is: its
// playlists get no end. Returns what was dropped.
//
// Errors. kNotFound: no such recording. kFailedPrecondition: somebody records
//     it. After others it may be discarded again.
// Blocking. Waits for the journal, and looks for its segments on the disk.
HLSREC_EXPORT StatusOr<InterruptedRecording> Discard(
    const std::shared_ptr<Runtime>& runtime, std::int64_t recording);

}  // namespace hlsrec

#endif  // HLSREC_RESUME_H_
