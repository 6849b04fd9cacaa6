#ifndef HLSREC_FORWARD_H_
#define HLSREC_FORWARD_H_

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hlsrec/export.h"
#include "hlsrec/status.h"

// Where a request for a recording is answered: here, or in the bucket that the
// recording went to. Values in, values out: for any HTTP server.
namespace hlsrec {

// What of a request's target names an object.
struct RequestTarget {
  // Decoded, without the leading `/`: "live/a b.ts". As PutRequest::key says,
  // but for a `/` at the end that a folder has; empty: "/".
  std::string path = {};
  std::string query = {};  // behind the `?`, still encoded
};

// Takes a request's target ("/live/a%20b.ts?x=1") apart. It is refused rather
// than put right: broken escapes, control characters, NUL, backslashes, empty
// levels, levels that climb (also those that climb when they are decoded
// again, as some servers do, or hide behind `;`), what is no UTF-8, and whole
// URLs.
//
// Errors. kInvalidArgument: the answer is 400. The message does not quote it.
HLSREC_EXPORT StatusOr<RequestTarget> ParseRequestTarget(
    std::string_view target);

// Whether `name` ends in one of `extensions` ("mp4, .M3U8"): behind a dot that
// is not its first character, without regard to case. `*` is any.
HLSREC_EXPORT bool HasExtension(std::string_view name,
                                std::string_view extensions);

// Who keeps the bucket, for the address of its objects.
enum class ForwardProvider {
  kAws,           // https://{bucket}.s3.{region}.amazonaws.com
  kDigitalOcean,  // https://{bucket}.{region}.digitaloceanspaces.com
  kGoogle,        // https://storage.googleapis.com/{bucket}
  kS3,            // {endpoint}/{bucket}
};

struct ForwardBucket {
  ForwardProvider provider = ForwardProvider::kAws;
  std::string bucket = {};
  std::string region = {};    // of kAws and kDigitalOcean
  std::string endpoint = {};  // of kS3: "https://host:9000"
};

// For ForwardOptions::http_forwarding_base_url. kInvalidArgument names the bad
// field.
HLSREC_EXPORT StatusOr<std::string> ForwardBaseUrl(const ForwardBucket& bucket);

enum class ForwardRedirect {
  kFound = 302,      // what every client knows
  kTemporary = 307,  // the same, and the method stays whatever it is
  // Caches keep it for ever: for recordings that never come back here.
  kPermanent = 308,
};

enum class ForwardAccess {
  kPublic,  // anybody may read the bucket
  // Nobody may without a signature: whoever answers makes a URL that is signed
  // for this one request (S3Sink::PresignGet()). Playlists are never redirected
  // then, for what they name would be looked for beside them, unsigned.
  kPresigned,
};

struct ForwardOptions {
  // Ant Media's `httpForwardingExtension`: a list as of HasExtension(). Empty:
  // nothing is forwarded.
  std::string http_forwarding_extension = {};
  // Ant Media's `httpForwardingBaseURL`: https://host[/path], with or without
  // `/` at its end. Empty: nothing is forwarded, unless `access` is kPresigned.
  std::string http_forwarding_base_url = {};
  // A path's beginning here, and what stands for it in the bucket: {"/live",
  // "/"} makes /live/streams/x.mp4 /streams/x.mp4. Whole levels only; the
  // longest that fits counts, and a path that none fits stays as it is.
  std::vector<std::pair<std::string, std::string>> path_prefixes = {};
  ForwardRedirect redirect = ForwardRedirect::kFound;
  ForwardAccess access = ForwardAccess::kPublic;
  // Extensions that are fetched and handed on instead of redirected to.
  std::string proxied_extension = {};
  // Of the query, that are ours and nobody else's business: tokens.
  std::vector<std::string> own_query_parameters = {};
};

// What is known of the object that is asked for.
enum class ObjectPlace {
  kLocal,      // it is here, and nobody said that it is in the bucket, too
  kConfirmed,  // the bucket has confirmed it
  kUnknown,    // it is not here
};

enum class ForwardAction {
  kServeLocal,
  kRedirect,  // to `location`, or where that is empty to a presigned URL of
              // `key`
  kProxy,     // fetch `location`, or `key` where that is empty, and hand it on
  kNotFound,
  kRefuse,
};

struct ForwardDecision {
  ForwardAction action = ForwardAction::kNotFound;
  int status = 404;           // 200, 302, 307, 308, 404, 400, 405
  std::string path = {};      // here: RequestTarget::path
  std::string key = {};       // in the bucket
  std::string location = {};  // in public buckets: the whole URL with the query
  std::string reason = {};    // of kRefuse, for people; quotes nothing
};

// Decides about requests.
//
// Threads. A value.
class HLSREC_EXPORT Forwarder {
 public:
  // Errors. kInvalidArgument names the bad option: a base URL with a user, a
  //     query or a fragment, one that is not http(s), prefixes without `/`.
  static StatusOr<Forwarder> Create(ForwardOptions options);

  // GET and HEAD are answered alike; the method, Range and other headers are
  // for whoever acts on it. The redirect's host is always that of the options.
  [[nodiscard]] ForwardDecision Decide(std::string_view method,
                                       std::string_view target,
                                       ObjectPlace place) const;
  // The path, without its first `/`, by which a GET of what is not here gets
  // this key; none where there is none.
  [[nodiscard]] std::optional<std::string> PathOf(const std::string& key) const;
  [[nodiscard]] const ForwardOptions& options() const { return options_; }

 private:
  explicit Forwarder(ForwardOptions options) : options_(std::move(options)) {}
  [[nodiscard]] std::string MapPath(const std::string& path) const;

  ForwardOptions options_;
};

}  // namespace hlsrec

#endif  // HLSREC_FORWARD_H_
