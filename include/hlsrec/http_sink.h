#ifndef HLSREC_HTTP_SINK_H_
#define HLSREC_HTTP_SINK_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "hlsrec/export.h"
#include "hlsrec/runtime.h"
#include "hlsrec/sink.h"
#include "hlsrec/status.h"

namespace hlsrec {

enum class HttpPutMethod { kPut, kPost };

// How IfExists::kFail is kept: plain HTTP has no way that all servers know.
enum class HttpConflict {
  // HEAD before each put; 404 and 410 mean free, and so do 405 and 501, which
  // say that the server can't tell. Two writers may pass each other between the
  // two requests.
  kLookFirst,
  // `If-None-Match: *`: atomic, where the server honours it. Many do not, and
  // replace what is there without a word (nginx's DAV module, for one).
  kIfNoneMatch,
  // Puts replace. For servers that refuse HEAD, and for those that keep a part
  // of a body that broke off, which would otherwise stand in the way.
  kReplace,
};

// Cache-Control of what is put; empty: not sent. Most servers that store the
// header at all answer with it.
struct HttpCacheControl {
  // Names are never used again.
  std::string segments = "public, max-age=31536000, immutable";
  // RFC 8216: less than half a target duration.
  std::string live_playlists = "max-age=1";
  // A recording may yet be appended to.
  std::string ended_playlists = "max-age=3600";
};

struct HttpSinkOptions {
  // "https://host/path/": keys are below it, with or without the last `/`.
  std::string base_url = {};
  HttpPutMethod method = HttpPutMethod::kPut;
  HttpConflict conflict = HttpConflict::kLookFirst;
  // Sent with every request to the server of `base_url`, not to others that it
  // redirects to. Content-Length, Host and those that the sink makes itself are
  // refused.
  std::vector<std::pair<std::string, std::string>> headers = {};
  HttpCacheControl cache_control = {};
  // The value of Authorization ("Bearer abc"), asked for before every attempt,
  // on a thread of the runtime where it may block; its failure is the
  // attempt's. Sent to the server of `base_url` only. See BearerTokenFile() and
  // BasicAuthFile().
  std::function<StatusOr<std::string>()> authorization = {};

  // Trust these instead of the system's: PEM file.
  std::string ca_file = {};
  // Shown to servers that ask: PEM files; the key may be in the certificate's.
  std::string client_certificate_file = {};
  std::string client_key_file = {};
  // http://, https:// or socks5h:// URL. Empty: none; the environment is not
  // asked.
  std::string proxy = {};
  std::chrono::milliseconds connect_timeout{10'000};
  // An attempt ends when less than this moves for `stall_timeout`; there is no
  // limit on the whole.
  std::uint64_t stall_bytes_per_second = 100;
  std::chrono::seconds stall_timeout{15};
};

// Objects on a web server: PUT, GET, DELETE below a URL.
//
// A put is stored when the server answers 2xx. 307 and 308 are followed five
// times at most, from https to https only; 301, 302 and 303 of a put are
// refused, since they ask for a GET. Removing needs DELETE: where the server
// has none (405, 501), expired segments stay. List() is kUnimplemented.
//
// All HTTP sinks of a runtime share one thread and its connections.
//
// Errors. kInvalidArgument names the bad option; a URL with a user in it is
//     one. Answers: 408, 425, 429, 5xx and broken connections are kUnavailable,
//     401 and 403 kPermissionDenied, 400 kInvalidArgument, 405 and 501
//     kUnimplemented, 404 and 409 kNotFound, 413 kResourceExhausted, others
//     kFailedPrecondition; Retry-After is kept (five minutes at most). Messages
//     hold no query, header or credential.
// Blocking. Looks at the files named.
HLSREC_EXPORT StatusOr<std::shared_ptr<Sink>> OpenHttpSink(
    std::shared_ptr<Runtime> runtime, const HttpSinkOptions& options);

// The key below a URL that its path means: "%20" is a space, which sinks write
// as "%20" again. A broken escape stays as it is.
HLSREC_EXPORT std::string KeyOfUrlPath(std::string_view path);

// For HttpSinkOptions::authorization: a file that holds a token, read anew for
// each attempt, so that it may be replaced.
HLSREC_EXPORT std::function<StatusOr<std::string>()> BearerTokenFile(
    std::string path);
// Likewise a file that holds `user:password`.
HLSREC_EXPORT std::function<StatusOr<std::string>()> BasicAuthFile(
    std::string path);

}  // namespace hlsrec

#endif  // HLSREC_HTTP_SINK_H_
