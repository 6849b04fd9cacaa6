#ifndef HLSREC_SINK_H_
#define HLSREC_SINK_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/export.h"
#include "hlsrec/status.h"

namespace hlsrec {

class Runtime;

// The bytes of one object: of known size, readable again from any offset.
//
// Threads. ReadAt() may be called from any thread, several at once.
// Blocking. ReadAt() may read from disk.
class HLSREC_EXPORT Body {
 public:
  virtual ~Body();
  [[nodiscard]] virtual std::uint64_t size() const = 0;
  // Fills all of `out` from `offset`; kDataLoss where the body is shorter.
  [[nodiscard]] virtual Status ReadAt(std::uint64_t offset,
                                      std::span<std::byte> out) const = 0;
  // A complete local file that is exactly this body and never changes, which a
  // file sink may hard-link; empty where there is none.
  [[nodiscard]] virtual std::string_view link_source() const { return {}; }
};

HLSREC_EXPORT std::shared_ptr<const Body> MakeStringBody(std::string bytes);
// Reads `size` bytes from `offset` of the file at `path`, opened now.
HLSREC_EXPORT StatusOr<std::shared_ptr<const Body>> OpenFileBody(
    const std::string& path);
// The parts one after the other.
HLSREC_EXPORT std::shared_ptr<const Body> ConcatBodies(
    std::vector<std::shared_ptr<const Body>> parts);
// All of a body; refuses above `max_bytes`.
HLSREC_EXPORT StatusOr<std::string> ReadBody(const Body& body,
                                             std::uint64_t max_bytes);

// What an object is; sinks derive headers from it, tests check the order by it.
enum class ObjectKind {
  kInitSection,
  kSegment,
  kMediaPlaylist,
  kMultivariantPlaylist,
  kManifest,  // hlsrec/manifest.h
  kOther,
};

enum class IfExists {
  kReplace,  // playlists: the new version takes the old one's place
  kFail,     // segments, init sections: kAlreadyExists, and nothing changes
};

struct PutRequest {
  // The object's name inside the sink: UTF-8, `/` between levels, no leading
  // `/`, no empty, `.` or `..` level, no control characters.
  std::string key = {};
  std::shared_ptr<const Body> body = {};
  ObjectKind kind = ObjectKind::kOther;
  IfExists if_exists = IfExists::kReplace;
  // RFC 8216 / Apple authoring rules 10.4; never empty.
  std::string content_type = {};
  // How the body is encoded on top of that type, for Content-Encoding: "gzip".
  // Empty: not at all. Only for sinks that keep it.
  std::string content_encoding = {};
  // No other version is meant to follow: segments, init sections, playlists
  // that are ended. For caches; appending to a recording may yet replace one.
  bool last_version = false;
  // The body's SHA-256 as hex where it is known: who needs it then reads the
  // body once. Empty: not known.
  std::string sha256 = {};
  // Called where the store tells the stored object's entity tag (ETag, as it
  // stands there), once at most, before the Put's own callback and on its
  // thread. May be empty.
  std::function<void(std::string)> on_etag = {};
};

struct ObjectInfo {
  std::string key = {};
  std::uint64_t size_bytes = 0;
  std::string etag = {};  // as PutRequest::on_etag; empty: not told
};

// Where objects go: a folder, an HTTP server, a bucket.
//
// A sink takes whole objects and makes ONE attempt per call; retries, order and
// deadlines are hlsrec's. A Put that reports OK means: stored in full, visible
// to readers under its key, and durable as the sink documents. A Put that fails
// leaves the key as it was or holding the new object in full (a reply may be
// lost), never a part of one.
//
// Errors. The code decides what happens to a Put that failed. kUnavailable,
//     kDeadlineExceeded, kResourceExhausted, kDataLoss, kNotFound, kInternal:
//     tried again, later and later, or when Status::retry_after() says.
//     kPermissionDenied: nothing is lost either; one object at a time is tried
//     about once a minute until one gets through. Others are final: a segment
//     becomes a gap, and stays in the spool.
// Threads. Calls come from any thread, many may be in flight, several for
//     different keys at once; hlsrec has at most one Put or Remove in flight
//     per key. The callback runs exactly once, on any thread, possibly before
//     the call returns.
// Blocking. Calls must not block; a store with a blocking interface implements
//     BlockingSink instead.
// Lifetime. Arguments are copied or shared; the sink outlives its calls.
// Check your own sink with testing::CheckSinkContract (hlsrec/testing.h).
class HLSREC_EXPORT Sink {
 public:
  using Done = std::function<void(Status)>;
  using GetDone = std::function<void(StatusOr<std::string>)>;
  using ListDone = std::function<void(StatusOr<std::vector<ObjectInfo>>)>;
  using StatDone = std::function<void(StatusOr<ObjectInfo>)>;
  using HoldDone = std::function<void(StatusOr<std::shared_ptr<void>>)>;

  virtual ~Sink();

  virtual void Put(PutRequest request, Done done) = 0;
  // The object's bytes; kNotFound where there is none, kResourceExhausted where
  // it is larger than `max_bytes`.
  virtual void Get(std::string key, std::uint64_t max_bytes, GetDone done) = 0;
  // Removing what does not exist is OK.
  virtual void Remove(std::string key, Done done) = 0;
  // Every object whose key starts with `prefix`, in key order; kUnimplemented
  // where the store can't tell: names are then tried one by one.
  virtual void List(std::string prefix, ListDone done) = 0;
  // What the store tells of an object without sending it; kUnimplemented where
  // that is not asked, as here.
  virtual void Stat(std::string key, StatDone done);
  // Keeps other writers from holding `key` while what is told lives; any thread
  // may let go of it. kUnavailable, with who it is, where another one holds it.
  // Null where the store can't keep anybody out, as here.
  virtual void Hold(std::string key, HoldDone done);
  // For people: "file:/srv/rec", "s3://bucket/prefix". Holds no secrets.
  [[nodiscard]] virtual std::string Describe() const = 0;
  // Whether readers are told PutRequest::content_encoding.
  [[nodiscard]] virtual bool keeps_content_encoding() const;
  // What the store wants to lie between two writes of one key; 0: nothing. See
  // OutputOptions::rewrite_interval.
  [[nodiscard]] virtual std::chrono::milliseconds rewrite_interval() const;
};

// A sink written as plain blocking calls; see Sink for what each promises.
//
// Threads. One call at a time, on one thread of the runtime that belongs to
//     this sink.
class HLSREC_EXPORT BlockingSink {
 public:
  virtual ~BlockingSink();
  [[nodiscard]] virtual Status Put(const PutRequest& request) = 0;
  [[nodiscard]] virtual StatusOr<std::string> Get(const std::string& key,
                                                  std::uint64_t max_bytes) = 0;
  [[nodiscard]] virtual Status Remove(const std::string& key) = 0;
  [[nodiscard]] virtual StatusOr<std::vector<ObjectInfo>> List(
      const std::string& prefix) = 0;
  // Null, as in Sink.
  [[nodiscard]] virtual StatusOr<std::shared_ptr<void>> Hold(
      const std::string& key);
  [[nodiscard]] virtual std::string Describe() const = 0;
};

// Runs `sink` on the runtime's I/O strand named `strand`: sinks of one name
// share a thread, so that a stalled disk delays only what lives on it.
HLSREC_EXPORT std::shared_ptr<Sink> MakeSink(std::shared_ptr<Runtime> runtime,
                                             std::unique_ptr<BlockingSink> sink,
                                             const std::string& strand);

enum class FileSync {
  kNone,    // the kernel writes when it likes: survives our death, not power's
  kObject,  // file and directory are synced before an object counts as stored
};

struct FileSinkOptions {
  // Directory all keys are below; created (with parents) where missing.
  std::string root = {};
  // Power loss leaves an empty file behind a rename that was not synced.
  FileSync sync = FileSync::kObject;
  // What a web server of another user needs to read; the umask still applies.
  unsigned file_mode = 0644;
  unsigned directory_mode = 0755;
};

// Files below a directory. An object is written under a temporary name, its
// size checked, synced, then renamed (replace) or linked (fail if it exists).
// Bodies with a link_source() on the same file system are hard-linked. A key is
// held by a locked file beside it, `.hlsrec-NAME.lock`, which goes with the
// hold; one that a process which died has left locks nobody out. Where such a
// file can't be made (a full disk, a file system without locks) nobody is kept
// out.
//
// Errors. kInvalidArgument for an empty root, kPermissionDenied and
//     kFailedPrecondition where the root can't be made or is not a directory.
// Blocking. Creates the root.
HLSREC_EXPORT StatusOr<std::shared_ptr<Sink>> OpenFileSink(
    std::shared_ptr<Runtime> runtime, const FileSinkOptions& options);

// kInvalidArgument where `key` is not as PutRequest::key says.
HLSREC_EXPORT Status CheckKey(std::string_view key);

}  // namespace hlsrec

#endif  // HLSREC_SINK_H_
