#ifndef HLSREC_SRC_SPOOL_SPOOL_SPACE_H_
#define HLSREC_SRC_SPOOL_SPOOL_SPACE_H_

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "hlsrec/status.h"
#include "src/base/executor.h"
#include "src/base/file.h"
#include "src/base/mutex.h"

namespace hlsrec::spool {

// How much a spool may hold, who waits for room in it, and a reserve on the
// disk that is given up when that is full, so that the journal and playlists
// can still be written. Segments are not written into what the reserve left.
//
// Threads. Any.
class SpoolSpace final : public std::enable_shared_from_this<SpoolSpace> {
 public:
  // `max_bytes` 0: as many as the disk takes.
  SpoolSpace(std::shared_ptr<Executor> io, const Clock& clock,
             FileSystem& files, const std::string& directory,
             std::uint64_t max_bytes);

  // Makes the reserve whole where it is not.
  Status WriteReserve();
  void ReleaseReserve();

  // Counts `bytes` of an open segment that are about to be written.
  // kResourceExhausted: they may not be.
  Status Take(std::uint64_t bytes);
  // Undoes that: they were not written, or are removed.
  void GiveBack(std::uint64_t bytes);
  // An open segment got its first bytes; one is sealed with all of its bytes,
  // or discarded with them.
  void OnOpened();
  void OnSealed(std::uint64_t bytes);
  void OnDiscarded(std::uint64_t bytes);
  // Counts bytes that are there already.
  void Add(std::uint64_t bytes) { used_ += bytes; }
  // Bytes of a sealed segment are gone.
  void Return(std::uint64_t bytes) { used_ -= bytes; }
  [[nodiscard]] std::uint64_t used_bytes() const { return used_; }

  // Runs `retry` once there may be room again, in order of calls.
  // `held_bytes`: of the open segment that waits, until it says that it goes
  // on.
  void Wait(std::uint64_t held_bytes, Task retry);
  void GoOn(std::uint64_t held_bytes);
  // True where a segment that would wait, too, to write `bytes` would do so for
  // ever: open segments alone fill the spool, and all of them wait.
  [[nodiscard]] bool Hopeless(std::uint64_t held_bytes, std::uint64_t bytes);
  // There may be room again.
  void Wake();
  // What waits will not be told any more.
  void Clear();

 private:
  void OnTimer();

  const std::shared_ptr<Executor> io_;
  const Clock& clock_;
  FileSystem& files_;
  const std::string directory_;
  const std::string reserve_;
  const std::uint64_t max_bytes_;
  std::atomic<std::uint64_t> used_ = 0;
  std::atomic<bool> reserved_ = false;
  Mutex reserve_mutex_;  // while the file is written

  Mutex mutex_;
  std::uint64_t open_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // of those used
  int open_segments_ ABSL_GUARDED_BY(mutex_) = 0;         // that hold bytes
  int waiting_segments_ ABSL_GUARDED_BY(mutex_) = 0;      // of those
  bool timer_armed_ ABSL_GUARDED_BY(mutex_) = false;
  std::vector<Task> waiting_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hlsrec::spool

#endif  // HLSREC_SRC_SPOOL_SPOOL_SPACE_H_
