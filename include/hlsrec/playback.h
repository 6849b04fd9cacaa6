#ifndef HLSREC_PLAYBACK_H_
#define HLSREC_PLAYBACK_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "hlsrec/export.h"
#include "hlsrec/forward.h"
#include "hlsrec/http_server.h"
#include "hlsrec/runtime.h"
#include "hlsrec/s3_sink.h"
#include "hlsrec/status.h"

// Recordings for players: from folders, and from where they went.
namespace hlsrec {

// Cache-Control of what is answered; empty: not sent. RequireAccess() makes it
// private.
struct PlaybackCacheControl {
  // Names are never used again: "no-cache" where encoders choose them.
  std::string segments = "public, max-age=31536000, immutable";
  // RFC 8216: less than half a target duration.
  std::string live_playlists = "max-age=1";
  // A recording may yet be appended to.
  std::string ended_playlists = "max-age=3600";
};

struct PlaybackOptions {
  // Where recordings are; the first folder that has a file gives it.
  std::vector<std::string> folders = {};
  // What becomes of requests for what is in none of them. Its
  // own_query_parameters are added to: `start`, `end` and those of signed URLs
  // stay here.
  ForwardOptions forward = {};
  // For ForwardAccess::kPresigned: keys are below its prefix.
  std::shared_ptr<S3Sink> bucket = {};
  // Of presigned redirects, each made for its request: as long as one object
  // takes to be fetched, not as a recording takes to be played.
  std::chrono::seconds presign_expires{3600};
  // For what is fetched from public buckets: PEM file, proxy, as of
  // HttpSinkOptions.
  std::string ca_file = {};
  std::string proxy = {};
  // Of one object that is fetched and handed on; it is held in memory.
  std::uint64_t max_proxied_bytes = std::uint64_t{64} << 20;
  // Of all of them, until they are sent; those that are being fetched count as
  // the largest. Beyond it requests are answered with 503 and Retry-After.
  std::uint64_t max_proxied_bytes_at_once = std::uint64_t{1} << 30;
  // Pages from there may play: "*", or an origin ("https://example.org").
  // Empty: pages from here only.
  std::string allowed_origin = {};
  PlaybackCacheControl cache_control = {};
  // How old the list of recordings may be: making it reads every playlist that
  // has changed.
  std::chrono::milliseconds index_max_age{2000};
  // Of what is in `bucket`: a listing of all of it, and a request for each
  // playlist and manifest that has changed. It is made when somebody asks, who
  // gets what is known meanwhile; who is the first waits, three seconds at
  // most.
  std::chrono::milliseconds bucket_index_max_age{60000};
};

// Answers GET and HEAD for
//
// - files below the folders, but for hidden ones, with Range, If-None-Match,
//   If-Modified-Since and If-Range; playlists as gzip to those who take it;
// - what is not there, as Forwarder decides;
// - `....m3u8?start=S&end=E`: the part of a playlist between two times, in
//   seconds since 1970, by EXT-X-PROGRAM-DATE-TIME; either may be left out;
// - `/recordings.json`: what there is to play, in the folders and in the
//   private bucket, as src/serve/recordings.schema.json describes. A bucket
//   that can't be listed is told there, and does not keep the rest.
//
// In a playlist that is asked for by a signed URL (hlsrec/access.h) every
// relative URI gets that signature.
//
// It wants every request: put it last in HttpServerOptions::handlers.
//
// Errors. kInvalidArgument names the bad option; kNotFound,
//     kFailedPrecondition: a folder is none.
HLSREC_EXPORT StatusOr<std::shared_ptr<HttpHandler>> OpenPlayback(
    std::shared_ptr<Runtime> runtime, PlaybackOptions options);

}  // namespace hlsrec

#endif  // HLSREC_PLAYBACK_H_
