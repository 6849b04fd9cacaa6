#ifndef HLSREC_SRC_SPOOL_SPOOL_H_
#define HLSREC_SRC_SPOOL_SPOOL_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "hlsrec/sink.h"
#include "hlsrec/status.h"
#include "src/base/bytes.h"

namespace hlsrec {
class RuntimeCore;
class FileSystem;
}  // namespace hlsrec

namespace hlsrec::spool {

// A sealed segment. The spool's copy goes when the last owner lets go: when
// every output has stored it or given it up.
struct SealedSegment {
  std::shared_ptr<const Body> body = {};
  // Set by whoever could not deliver it: the spool's copy stays then.
  std::shared_ptr<std::atomic<bool>> keep = {};
};

using PendingBytes = std::atomic<std::uint64_t>;

// One segment being written, in blocks; never whole in memory (but for the
// memory spool, which is that by definition).
//
// Threads. One at a time; work is done elsewhere, in call order.
// Errors. The first failure is told by Seal().
// Lifetime. Destroying one that was not sealed discards its bytes.
class SegmentWriter {
 public:
  using Sealed = std::function<void(StatusOr<SealedSegment>)>;
  virtual ~SegmentWriter() = default;
  // A chunk: whole access units, which recovery may keep.
  virtual void Append(Bytes bytes) = 0;
  // No more bytes. `sealed` runs once, on any thread.
  virtual void Seal(Sealed sealed) = 0;
};

// Where segments live until they are delivered.
//
// Threads. Any. Blocking. No: a spool works on an I/O strand of its own.
class Spool {
 public:
  virtual ~Spool() = default;
  // `name` is a file name nobody used before. `pending` counts the caller's
  // bytes that are handed over and not written yet.
  virtual std::unique_ptr<SegmentWriter> Create(
      const std::string& name, std::shared_ptr<PendingBytes> pending) = 0;
  // An empty buffer for Append(), with room where one was used before: fresh
  // pages cost more than the copying into them.
  virtual Bytes TakeBuffer() = 0;
};

struct FileSpoolOptions {
  std::string directory = {};
  // Sealed files are synced before they count, so that a link to one is as
  // durable as a copy.
  bool sync = true;
};
// In files below a directory, which is created.
StatusOr<std::unique_ptr<Spool>> OpenFileSpool(RuntimeCore& core,
                                               FileSystem& files,
                                               const FileSpoolOptions& options);

// In memory, counted in the runtime's budget.
std::unique_ptr<Spool> MakeMemorySpool(RuntimeCore& core);

}  // namespace hlsrec::spool

#endif  // HLSREC_SRC_SPOOL_SPOOL_H_
