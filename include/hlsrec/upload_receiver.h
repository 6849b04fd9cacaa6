#ifndef HLSREC_UPLOAD_RECEIVER_H_
#define HLSREC_UPLOAD_RECEIVER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "hlsrec/export.h"
#include "hlsrec/http_server.h"
#include "hlsrec/runtime.h"
#include "hlsrec/sink.h"
#include "hlsrec/status.h"

// Takes HLS files from who can only put them on a web server, and stores them
// in a sink: a folder, a bucket, another server.
namespace hlsrec {

// What becomes of a playlist that names segments which are not stored, and do
// not come within UploadReceiverOptions::hold.
enum class MissingSegments {
  // They become EXT-X-GAP, in this version and all later ones: an encoder that
  // never tries again would otherwise stand still in the list for ever.
  kGap,
  kRefuse,  // 409: the version before stays
};

// For logs. `key` and `message` come from clients and sinks.
struct UploadEvent {
  enum class Kind {
    kNotStored,  // answered with 503
    kRefused,    // a playlist names what is not there
    kGap,        // a playlist was stored with a gap for `key`
    kRemoved,    // delete_on_end removed `key`
    kNotRemoved,
  } kind = Kind::kNotStored;
  std::string key = {};
  std::string message = {};
};

struct UploadReceiverOptions {
  std::shared_ptr<Sink> sink = {};
  // What requests' paths begin with: "/hls-upload/a/b.ts" is the key "a/b.ts".
  // With both slashes.
  std::string path_prefix = "/hls-upload/";
  // The value that Authorization must have ("Bearer abc"), asked for at each
  // request; see BearerTokenFile(). Empty: whoever reaches the server may put,
  // read and delete what is in the sink.
  std::function<StatusOr<std::string>()> authorization = {};

  // Beyond these a body is refused with 413.
  std::uint64_t max_object_bytes = std::uint64_t{256} << 20;
  std::uint64_t max_playlist_bytes = std::uint64_t{16} << 20;
  // Beyond these requests are answered with 503: those that are under way, and
  // the bytes of theirs that are here, also those of files that are read.
  unsigned max_uploads = 200;
  std::uint64_t max_pending_bytes = std::uint64_t{4} << 30;
  // Bodies beyond a megabyte wait in files there, which have no name.
  std::string temporary_directory = "/tmp";

  // How many names are remembered: of what lists name, and, beside those, of
  // what is stored; about 100 bytes each. Beyond these the lists that have
  // ended, or were not put for ten minutes, are forgotten, those first that
  // were put longest ago, and read from the sink again before anything that
  // they may name is removed. Live lists are remembered whatever they name.
  // After ten thousand lists that were forgotten the first of them are as those
  // that were put before this receiver began.
  std::size_t max_remembered_names = 250'000;

  // How long the sink is tried before the sender is told 503. Senders that try
  // again (hlsrec does) bring it anew; others (ffmpeg) do not.
  std::chrono::milliseconds patience{20000};
  // How long a playlist waits for segments that it names and that are not
  // stored: encoders' requests overtake each other. Not for those that were
  // given up. For as long an older version that comes behind it is known as
  // such.
  std::chrono::milliseconds hold{30000};
  MissingSegments missing_segments = MissingSegments::kGap;
  // How long after `publish_finished` a stream's playlists, and what they named
  // since this receiver began, are removed; of a list that was forgotten, what
  // it names in the sink. Of what a list names no more, and nobody deleted, the
  // last `max_remembered_names` by name. None: they stay.
  std::optional<std::chrono::milliseconds> delete_on_end = {};

  // Called on a thread of the runtime, which may not be blocked.
  std::function<void(const UploadEvent&)> on_event = {};
};

struct UploadStats {
  // Confirmed by the sink, they or, of a list, a newer version.
  std::uint64_t stored = 0;
  std::uint64_t stored_bytes = 0;  // of those
  std::uint64_t removed = 0;
  std::uint64_t refused = 0;     // 4xx
  std::uint64_t not_stored = 0;  // 503
  std::uint64_t broken_off = 0;  // bodies whose client went away
  std::uint64_t gaps = 0;        // segments that became gaps
  // Versions of lists that came behind a newer one, and were not stored.
  std::uint64_t overtaken = 0;
  std::uint64_t under_way = 0;         // now
  std::uint64_t remembered_names = 0;  // now; see max_remembered_names
};

// Answers PUT, POST, DELETE, GET and HEAD below a path.
//
// A put is answered with 201 when the sink has confirmed it, and before that
// nothing of it can be seen; what breaks off is thrown away. A playlist is
// stored when all it names below the prefix is stored: by this receiver, or, of
// what it does not know, because the sink has it. Until then it waits. Of two
// versions that wait the newer stays. One that comes behind a version which
// goes on from it is answered as that is, and not stored: encoders that do not
// wait for answers are read in any order. After `hold`, or if its segments were
// put again since, it is a stream that began anew. What a stored playlist names
// can't be deleted (409), if this receiver has seen the playlist; while one
// that it has forgotten can't be read again, that is 503. A forgotten playlist
// that is put again is a new one: a gap that it showed may be the segment that
// came late.
//
// POST of {"command": "publish_finished", "streamId": ..., "filePath": ...} to
// a name without an extension says that a stream has ended; see
// `delete_on_end`. The stream's playlists are those of that name: NAME.m3u8,
// NAME_adaptive.m3u8, NAME_360p800kbps.m3u8, each also with a date behind NAME,
// and what those that are multivariant name beside or below themselves, unless
// another playlist that is known names it, too. One that is put again meanwhile
// stays.
//
// Answers. 400 a path or body that can't be; 401; 404; 405; 409 see above; 412
//     `If-None-Match: *` of what is there; 413 too large; 415 neither HLS nor
//     what belongs to it; 503 with Retry-After: not stored, or too much at
//     once.
// Threads. As HttpHandler. Files in `temporary_directory` are written on the
//     server's threads.
class HLSREC_EXPORT UploadReceiver : public HttpHandler {
 public:
  // Errors. kInvalidArgument names the bad option.
  static StatusOr<std::shared_ptr<UploadReceiver>> Create(
      std::shared_ptr<Runtime> runtime, UploadReceiverOptions options);
  [[nodiscard]] virtual UploadStats stats() const = 0;
};

}  // namespace hlsrec

#endif  // HLSREC_UPLOAD_RECEIVER_H_
