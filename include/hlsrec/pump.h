#ifndef HLSREC_PUMP_H_
#define HLSREC_PUMP_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "hlsrec/export.h"
#include "hlsrec/recorder.h"
#include "hlsrec/source.h"
#include "hlsrec/status.h"

namespace hlsrec {

struct PumpOptions {
  // Stop after this much media.
  std::optional<std::chrono::milliseconds> duration = {};
  // Stop soon after this many segments are complete; set
  // RecordingOptions::max_segments, too, for exactly as many.
  std::optional<std::uint64_t> segments = {};
  // Stop when the recorder has ended by RecordingOptions::max_bytes, which is
  // this.
  std::optional<std::uint64_t> bytes = {};
  // Polled at least ten times a second while waiting, and for every packet:
  // true ends in good order. Call Source::Cancel() to end a read at once.
  std::function<bool()> stop = {};

  // A source that broke off is opened again for this long; 0: never. The
  // recording goes on with a discontinuity.
  std::chrono::milliseconds reconnect_window{0};
  std::chrono::milliseconds reconnect_first{250};
  std::chrono::milliseconds reconnect_max{4000};
  // Opens the source again. Needed for reconnect_window.
  std::function<StatusOr<std::unique_ptr<Source>>()> reopen = {};
  // The end of the stream counts as broken off: a live input has no end of its
  // own. false for files.
  bool end_is_loss = false;
  // Stand EXT-X-GAP segments in for the time the source was away, up to the
  // first sample that can be recorded again.
  bool declare_gaps = false;

  // A full recorder is waited for this long per packet, then the packet is
  // dropped and counted. Empty: as long as it takes (files), for the disk, too.
  std::optional<std::chrono::milliseconds> max_push_wait = {};
  // Told of kSourceLost, kSourceRestored and kSourceSegmentsMissed, on the
  // caller's thread.
  std::function<void(const Event&)> on_event = {};
};

enum class PumpEnd {
  kEndOfStream,
  kStopped,  // by `stop`
  kLimit,    // duration, segments or bytes
  kSourceFailed,
  kRecorderFailed,
};

struct PumpResult {
  PumpEnd end = PumpEnd::kEndOfStream;
  Status status = {};                 // of the source or the recorder
  std::uint64_t packets = 0;          // read and pushed
  std::uint64_t packets_refused = 0;  // the recorder was full
  std::uint64_t reconnects = 0;
  // SourceCounters::segments_missed and segments_cut_short of all sources.
  std::uint64_t source_segments_missed = 0;
};

// Moves packets from a source to a recorder until one of them ends. Does not
// Finish() the recorder. Tracks that change restart it; a source that breaks
// off is replaced by what `reopen` brings.
//
// Threads. One that may block. Blocking. Yes.
HLSREC_EXPORT PumpResult Pump(std::unique_ptr<Source> source,
                              Recorder& recorder, const PumpOptions& options);

// How a source's tracks are best recorded: programs, and videos beside each
// other, as variants; several audio tracks as alternative renditions; one video
// with one audio together (empty).
HLSREC_EXPORT std::vector<RenditionOptions> DefaultRenditions(
    const Source& source);

// `url` names something that has an end of its own: a file or standard input.
HLSREC_EXPORT bool IsFileUrl(const std::string& url);

}  // namespace hlsrec

#endif  // HLSREC_PUMP_H_
