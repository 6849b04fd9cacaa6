#ifndef HLSREC_S3_SINK_H_
#define HLSREC_S3_SINK_H_

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "hlsrec/credentials.h"
#include "hlsrec/export.h"
#include "hlsrec/runtime.h"
#include "hlsrec/sink.h"
#include "hlsrec/status.h"

namespace hlsrec {

// Where a bucket's name stands in a URL.
enum class S3Addressing {
  // Amazon: in the host, or in the path where the name is no host name.
  // Elsewhere: in the path, which every server understands.
  kAutomatic,
  kVirtualHost,  // https://bucket.host/key
  kPath,         // https://host/bucket/key
};

// How IfExists::kFail is kept.
enum class S3Conflict {
  // `If-None-Match: *`: atomic, where the server honours it: Amazon, R2, MinIO
  // and Ceph do. A server that says that it does not (501) is asked first from
  // then on.
  kIfNoneMatch,
  // A request before each put. Two writers may pass each other between the two.
  // For servers that replace what is there without a word.
  kLookFirst,
};

// Cache-Control of what is put; empty: not sent.
struct S3CacheControl {
  // Names are never used again.
  std::string segments = "public, max-age=31536000, immutable";
  // RFC 8216: less than half a target duration. Without it a CDN may keep a
  // live playlist for a day.
  std::string live_playlists = "max-age=1";
  // A recording may yet be appended to.
  std::string ended_playlists = "max-age=3600";
};

struct S3SinkOptions {
  std::string bucket = {};
  // Keys are below it: "a/b" makes "a/b/KEY". Empty: in the bucket itself.
  std::string prefix = {};
  // "https://host[:port][/path]"; empty: Amazon's for the region.
  std::string endpoint = {};
  // Empty: the one that signatures of most servers want, us-east-1, until the
  // server names another.
  std::string region = {};
  S3Addressing addressing = S3Addressing::kAutomatic;
  // Asked before requests; see CredentialsProvider. Must be set.
  std::shared_ptr<CredentialsProvider> credentials = {};

  S3Conflict conflict = S3Conflict::kIfNoneMatch;
  S3CacheControl cache_control = {};
  // "public-read", "bucket-owner-full-control", ...; empty: none is sent, as
  // new buckets at Amazon take none.
  std::string canned_acl = {};
  // "STANDARD_IA", ...; empty: the bucket's.
  std::string storage_class = {};
  // Of every object: x-amz-meta-NAME, and tags.
  std::vector<std::pair<std::string, std::string>> metadata = {};
  std::vector<std::pair<std::string, std::string>> tags = {};
  // Sink::rewrite_interval(): a store that takes one write of a key in a second
  // answers others with an error, Google's for one.
  std::chrono::milliseconds rewrite_interval{0};
  // Larger objects go in parts. A single put is one request, and what most
  // servers do best.
  std::uint64_t multipart_threshold_bytes = std::uint64_t{64} << 20;
  // At least 5 MiB; larger where 10000 parts would not do.
  std::uint64_t part_bytes = std::uint64_t{16} << 20;

  // Trust these instead of the system's: PEM file.
  std::string ca_file = {};
  // http://, https:// or socks5h:// URL. Empty: none; the environment is not
  // asked.
  std::string proxy = {};
  std::chrono::milliseconds connect_timeout{10'000};
  // A request ends when less than this moves for `stall_timeout`; there is no
  // limit on the whole.
  std::uint64_t stall_bytes_per_second = 100;
  std::chrono::seconds stall_timeout{15};
};

// Objects in a bucket of a store that speaks S3. A put is stored when the store
// says so: Amazon's and those named in README.md read what they wrote.
//
// A region that the store knows better, its redirects, a clock that differs and
// keys that have expired are learned from its answer and tried once more within
// the attempt. Every request is signed over its body's SHA-256: PutRequest's
// own where it is given, else the body is read twice.
//
// An object in parts is seen when it is whole. Parts of an attempt that failed
// are removed, as far as the store can be reached: let the bucket's lifecycle
// rules expire incomplete uploads.
//
// Errors. Messages name the store's own code, and what to do about it where we
//     know. Overload and trouble inside (SlowDown, InternalError, ...) are
//     kUnavailable; rights, keys and signatures kPermissionDenied; a bucket
//     that is not there kNotFound for puts, kFailedPrecondition for reads.
//     They hold no query, header or credential.
class HLSREC_EXPORT S3Sink : public Sink {
 public:
  // A URL by which anybody may read the object until it expires: in seven days
  // at most, and not after the credentials it was made with. Makes no request
  // but for credentials; the object need not exist.
  virtual void PresignGet(std::string key, std::chrono::seconds expires_after,
                          GetDone done) = 0;
  // The same for HEAD, which a URL for GET does not allow.
  virtual void PresignHead(std::string key, std::chrono::seconds expires_after,
                           GetDone done) = 0;
};

// Errors. kInvalidArgument names the bad option.
HLSREC_EXPORT StatusOr<std::shared_ptr<S3Sink>> OpenS3Sink(
    std::shared_ptr<Runtime> runtime, const S3SinkOptions& options);

// "s3://bucket/prefix?endpoint=https://host:9000&region=eu-west-1". More
// parameters: style=path|virtual, conflict=if-none-match|look-first,
// acl=public-read, class=STANDARD_IA, rewrite_ms=1000 (rewrite_interval). What
// S3Sink::Describe() says is one. Credentials are not in it, and refused where
// a user is.
//
// Errors. kInvalidArgument names the bad part.
HLSREC_EXPORT StatusOr<S3SinkOptions> ParseS3Url(std::string_view url);
HLSREC_EXPORT std::string MakeS3Url(const S3SinkOptions& options);

// A JSON object in the form that 100ms uses:
//
//   {"type": "s3", "location": "bucket", "prefix": "a/b",
//    "options": {"region": "eu-west-1"},
//    "credentials": {"key": "...", "secret": "..."}}
//
// `secretKey` is the same as `secret`; `sessionToken` may be there, too. Types:
// s3, gs, oss, spaces, r2, b2, wasabi, minio, ceph, swift; see README.md for
// what is proven of each. The last three and r2 want `options.endpoint`, the
// others make it from the region. Without `credentials` there are none in the
// result.
//
// Errors. kInvalidArgument names the bad or unknown field, and no values of
//     credentials.
HLSREC_EXPORT StatusOr<S3SinkOptions> ParseStorageObject(std::string_view json);

}  // namespace hlsrec

#endif  // HLSREC_S3_SINK_H_
