#ifndef HLSREC_SRC_SPOOL_SPOOL_H_
#define HLSREC_SRC_SPOOL_SPOOL_H_

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "hlsrec/runtime.h"
#include "hlsrec/sink.h"
#include "hlsrec/status.h"
#include "src/base/bytes.h"
#include "src/spool/journal.h"

namespace hlsrec {
class RuntimeCore;
class FileSystem;
}  // namespace hlsrec

namespace hlsrec::spool {

// A sealed segment. The spool's copy goes with `body`, unless somebody still
// owes its delivery: then the next run finds it.
struct SealedSegment {
  std::shared_ptr<const Body> body = {};
  // How many are not through with it; one until somebody says otherwise.
  std::shared_ptr<std::atomic<int>> owed = {};
  std::string sha256 = {};  // hex; empty in memory
};

using PendingBytes = std::atomic<std::uint64_t>;

// What is known of a segment when it begins: enough to adopt it after a crash.
struct SegmentStart {
  SegmentId id = {};
  WallTime start = {};
  bool discontinuity = false;
  std::string init_hash = {};
  std::string extension = {};  // "ts", "m4s"
};

// What a writer does when the disk or the quota is full.
enum class SpoolFull {
  kFail,  // Seal() tells
  kWait,  // what is appended waits, counted as pending, until there is room
};

// What a writer and who fills it know of each other.
struct WriterLink {
  // Counts the caller's bytes that are handed over and not written yet.
  std::shared_ptr<PendingBytes> pending = {};
  // True while Append() and MarkChunk() may write on the caller's own thread,
  // and wait for the disk there. Null: never.
  std::shared_ptr<const bool> writes_here = {};
};

struct WriterOptions {
  WriterLink link = {};
  SpoolFull when_full = SpoolFull::kFail;
  // Told, on any thread, when a write begins to wait (the reason) and when it
  // goes on (OK).
  std::function<void(Status)> on_full = {};
};

// One segment being written, in blocks; never whole in memory (but for the
// memory spool, which is that by definition).
//
// Threads. One at a time; work is done elsewhere, in call order.
// Errors. The first failure is told by Seal().
// Lifetime. Destroying one that was not sealed discards its bytes, unless the
//     process or the runtime ends: then the next run adopts it.
class SegmentWriter {
 public:
  using Sealed = std::function<void(StatusOr<SealedSegment>)>;
  virtual ~SegmentWriter() = default;
  virtual void Append(Bytes bytes) = 0;
  // Whole access units end here, and last this long from the segment's start:
  // what was appended so far may be adopted.
  virtual void MarkChunk(std::chrono::microseconds duration) = 0;
  // No more bytes. `sealed` runs once, on any thread, when the segment is
  // complete, as durable as asked, and in the journal.
  virtual void Seal(std::chrono::microseconds duration, Sealed sealed) = 0;
};

// What the last run left behind, and what became of it.
struct Recovered {
  std::vector<SegmentSealed> adopted = {};
  std::set<std::string> files = {};     // of segments in the journal
  std::uint64_t bytes_discarded = 0;    // behind their last whole chunks
  std::vector<std::string> notes = {};  // for people
};

// Where segments live until they are delivered, and the journal of them.
//
// Threads. Any. Blocking. No: a spool works on I/O strands of its own.
class Spool {
 public:
  virtual ~Spool() = default;
  virtual std::unique_ptr<SegmentWriter> Create(const SegmentStart& start,
                                                WriterOptions options) = 0;
  // The bytes of a segment that an earlier run sealed. kNotFound or kDataLoss
  // where they are gone. Blocking. Looks at the disk.
  virtual StatusOr<SealedSegment> Find(const SegmentSealed& segment) = 0;
  // An empty buffer for Append(), with room where one was used before: fresh
  // pages cost more than the copying into them.
  virtual Bytes TakeBuffer() = 0;
  [[nodiscard]] virtual Journal& journal() = 0;
  // A name beside the segments for a file that is no segment; what is there
  // when the spool is opened was a dead process's, and goes. kUnimplemented:
  // there is no disk.
  virtual StatusOr<std::string> ScratchPath(const std::string& name);
  // Writes down beside the journal who the recording is: where the journal is
  // lost, the next run opens it anew from there. Blocking.
  virtual Status KeepRecording(const RecordingOpened&) { return {}; }
  // The journal knows again what the next run needs. Blocking.
  virtual Status TrustJournal(RecordingId) { return {}; }
  // Forgets that, then calls `dropped`, on any thread. Before the journal
  // forgets: else a process that dies in between leaves what looks like a lost
  // journal.
  virtual void DropRecording(RecordingId,
                             const std::function<void()>& dropped) {
    dropped();
  }
  // The journal was lost, or went back when the power failed: it may know of it
  // less than was published; until TrustJournal().
  [[nodiscard]] virtual bool IsRebuilt(RecordingId) const { return false; }
  // When it was opened.
  [[nodiscard]] virtual const Recovered& recovered() const = 0;
  // FileSpoolOptions::max_age.
  [[nodiscard]] virtual std::chrono::milliseconds max_age() const {
    return std::chrono::milliseconds(0);
  }
  // Of segments, open and sealed.
  [[nodiscard]] virtual std::uint64_t used_bytes() const = 0;
};

struct FileSpoolOptions {
  std::string directory = {};
  Durability durability = Durability::kSegment;
  // Bytes of segments, open and sealed; 0: as many as the disk takes.
  std::uint64_t max_bytes = 0;
  // How long a segment may be owed; 0: for ever. Recordings see to it.
  std::chrono::milliseconds max_age{0};
  // For tests: when the journal's log is copied, in pages (0: as is good), and
  // SQLite's VFS for it (empty: the system's).
  int journal_log_pages = 0;
  std::string journal_vfs = {};
  // For tests: which start of the machine this is; empty: what it says.
  std::string boot = {};
};
// In files below a directory, which is created, with a journal beside them.
// Adopts what a dead process left open there.
//
// Errors. kFailedPrecondition where a live process has the directory (told by
//     its id) or where it is on a network file system; kResourceExhausted where
//     the disk has no room for the reserve.
// Blocking. Reads what was left.
StatusOr<std::unique_ptr<Spool>> OpenFileSpool(RuntimeCore& core,
                                               FileSystem& files,
                                               const FileSpoolOptions& options);

// Opens the journal of a spool in the file at `path`; what it calls when the
// disk is full makes room there, from any thread.
using JournalOpener = std::function<StatusOr<std::unique_ptr<Journal>>(
    const std::string& path, std::function<void()> release_reserve)>;
// The same with a journal of the caller's.
StatusOr<std::unique_ptr<Spool>> OpenFileSpool(RuntimeCore& core,
                                               FileSystem& files,
                                               const FileSpoolOptions& options,
                                               const JournalOpener& journal);

// In memory, counted in the runtime's budget; its journal forgets.
std::unique_ptr<Spool> MakeMemorySpool(RuntimeCore& core);

// Nothing is owed of a recording any more: all that is known of it goes.
inline void ForgetRecording(Spool& spool, RecordingId recording,
                            std::function<void(Status)> done) {
  spool.DropRecording(recording, [&journal = spool.journal(), recording,
                                  done = std::move(done)]() mutable {
    journal.Add(RecordingForgotten{.recording = recording}, std::move(done));
  });
}

}  // namespace hlsrec::spool

#endif  // HLSREC_SRC_SPOOL_SPOOL_H_
