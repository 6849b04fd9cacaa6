#ifndef HLSREC_PACKAGE_H_
#define HLSREC_PACKAGE_H_

#include <cstdint>
#include <functional>
#include <string>

#include "hlsrec/export.h"
#include "hlsrec/runtime.h"
#include "hlsrec/sink.h"
#include "hlsrec/status.h"

// A recording as a ZIP archive: unpacked, its folder plays.
namespace hlsrec {

struct PackageProgress {
  std::uint64_t objects = 0;
  std::uint64_t objects_total = 0;
  std::uint64_t bytes = 0;
  std::uint64_t bytes_total = 0;
};

struct PackageOptions {
  IfExists if_exists = IfExists::kFail;
  // Objects that are asked for ahead, each whole in memory.
  int ahead = 4;
  std::uint64_t max_object_bytes = std::uint64_t{1} << 30;
  // Told on a thread of the target's runtime; where the target asks for the
  // archive again it starts anew.
  std::function<void(const PackageProgress&)> on_progress = {};
  // Asked before each object, likewise; true ends it with kCancelled, and
  // nothing is stored.
  std::function<bool()> stop = {};
};

struct PackageReport {
  std::uint64_t objects = 0;  // playlists, init sections, segments, keys
  std::uint64_t bytes = 0;    // of the archive
  std::uint64_t gaps = 0;     // segments that the playlists list as such
};

// Where what is packed is, and where the archive goes.
struct ObjectPlace {
  Runtime& runtime;
  Sink& sink;
  std::string key = {};
};

// Puts an archive of the playlist `source.key`, with all that it names and
// these name, as they are: stored, with zip64 where it needs that. The archive
// is read from the source while it is put: there is no copy of it anywhere.
// Objects keep their names below the folder that they have in common.
//
// The target's threads wait for the source: the two sinks belong to runtimes of
// their own. A source that can't list, as web servers can't, is read twice: the
// archive's size must be known before.
//
// Threads. Any, but none of the runtimes'. Blocking. Reads it all.
// Errors. kInvalidArgument where both have one runtime; kFailedPrecondition for
//     a playlist without an end, or one that names what lies elsewhere;
//     kNotFound for what is missing; the sinks'.
HLSREC_EXPORT StatusOr<PackageReport> PackageRecording(
    const ObjectPlace& source, const ObjectPlace& target,
    const PackageOptions& options = {});

}  // namespace hlsrec

#endif  // HLSREC_PACKAGE_H_
