#ifndef HLSREC_SOURCE_H_
#define HLSREC_SOURCE_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hlsrec/events.h"
#include "hlsrec/export.h"
#include "hlsrec/media.h"
#include "hlsrec/recorder.h"
#include "hlsrec/runtime.h"
#include "hlsrec/status.h"

namespace hlsrec {

// A track of the input that is not recorded, and why.
struct SkippedTrack {
  int index = 0;
  std::string codec = {};
  std::string reason = {};
};

// A set of tracks that the input itself keeps together (an HLS variant, a TS
// program). Recorded as one rendition each.
struct SourceProgram {
  std::string name = {};
  std::vector<int> tracks = {};
};

// What became of what was read, since the source was opened.
struct SourceCounters {
  std::uint64_t packets_read = 0;  // by the demuxer, skipped tracks included
  std::uint64_t dropped_empty = 0;
  std::uint64_t dropped_stale = 0;  // of a track that was replaced meanwhile
  std::uint64_t dropped_oversized = 0;  // beyond 64 MiB, or out of memory
  std::uint64_t corrupt = 0;         // marked damaged, handed on all the same
  std::uint64_t demuxer_errors = 0;  // damaged input that was passed over
  // Of a pulled HLS input, not counted with av_options["http_persistent"]:
  // those that could not be fetched, or expired before they were,
  std::uint64_t segments_missed = 0;
  // and those whose transfer broke off in the middle.
  std::uint64_t segments_cut_short = 0;
};

// Where packets come from: a URL, a capture device, a test.
//
// Threads. Read() from one thread at a time; Cancel() from any.
class HLSREC_EXPORT Source {
 public:
  virtual ~Source();
  [[nodiscard]] virtual const std::vector<Track>& tracks() const = 0;
  // Empty where the input has none; then all tracks belong together.
  [[nodiscard]] virtual const std::vector<SourceProgram>& programs() const = 0;
  [[nodiscard]] virtual const std::vector<SkippedTrack>& skipped() const = 0;
  // The next packet. Blocks. kEndOfStream at the end, kDeadlineExceeded when
  // the source fell silent, kCancelled after Cancel(), kUnavailable when it
  // broke off, kDataLoss when it is too damaged to go on. Then for ever.
  // Where a publisher came to us, or an HTTP body has no length, the other
  // side's hanging up is the end of the stream: the protocols can't tell one
  // that stopped from one that died.
  virtual StatusOr<Packet> Read() = 0;
  // True once after tracks() changed in mid-stream: ask after each Read() and
  // call Recorder::Restart() before that packet is pushed. A track may get new
  // parameters, be replaced (its id stays), or come in addition with a new id.
  virtual bool TracksChanged() = 0;
  // All zero where the source does not count.
  [[nodiscard]] virtual SourceCounters counters() const;
  // Makes a blocked Read() return soon; for ever.
  virtual void Cancel() = 0;
};

enum class Pacing {
  kAsFastAsPossible,
  kRealTime,  // a file is read at the speed of its timestamps
};

struct UrlSourceOptions {
  // Anything libavformat opens: a file, "-" for standard input, udp://, srt://,
  // rtmp://, rtsp://, http://…/x.m3u8, x.sdp.
  std::string url = {};
  // Wait for a publisher instead of connecting (rtmp://, srt://, http://, tcp).
  bool listen = false;
  // Without a packet for this long Read() gives up; 0: never.
  std::chrono::milliseconds timeout{10000};
  // The first connection, or a publisher, may take this long; 0: for ever.
  std::chrono::milliseconds connect_timeout{10000};
  // How much is read to learn the tracks.
  std::chrono::milliseconds analyze_duration{3000};
  std::uint64_t analyze_bytes = 5'000'000;
  Pacing pacing = Pacing::kAsFastAsPossible;
  // All variants of an HLS input or programs of a TS, or just the best one.
  bool all_programs = false;
  // Container format to assume ("mpegts"); empty: found out.
  std::string format = {};
  // libavformat options for the protocol and demuxer, by their names.
  std::map<std::string, std::string> av_options = {};
};

// Connects and learns the tracks. kInvalidArgument for an option or URL that
// makes no sense, kNotFound, kUnavailable, kDeadlineExceeded, kCancelled
// otherwise. Messages hold no passwords and no queries.
//
// Blocking. Yes, up to connect_timeout + analyze_duration; `cancelled`, when
//     given, is polled at least every 100 ms and ends it.
HLSREC_EXPORT StatusOr<std::unique_ptr<Source>> OpenUrlSource(
    std::shared_ptr<Runtime> runtime, const UrlSourceOptions& options,
    const std::function<bool()>& cancelled = {});

// `url` fit for people: no password, no query.
HLSREC_EXPORT std::string RedactUrl(const std::string& url);

}  // namespace hlsrec

#endif  // HLSREC_SOURCE_H_
