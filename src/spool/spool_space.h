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

namespace hlsrec::spool {

// How much a spool may hold, who waits for room in it, and a reserve on the
// disk that is given up when that is full, so that the journal and playlists
// can still be written. Segments are not written into what the reserve left.
//
// Threads. The spool's I/O thread, but for what says any.
class SpoolSpace final : public std::enable_shared_from_this<SpoolSpace> {
 public:
  // `max_bytes` 0: as many as the disk takes.
  SpoolSpace(std::shared_ptr<Executor> io, const Clock& clock,
             FileSystem& files, const std::string& directory,
             std::uint64_t max_bytes);

  // Makes the reserve whole where it is not.
  Status WriteReserve();
  // Threads. Any.
  void ReleaseReserve();

  // Counts `bytes` that are about to be written. kResourceExhausted: they may
  // not be.
  Status Take(std::uint64_t bytes);
  // Counts bytes that are there already. Threads. Any.
  void Add(std::uint64_t bytes) { used_ += bytes; }
  // Threads. Any.
  void Return(std::uint64_t bytes) { used_ -= bytes; }
  // Threads. Any.
  [[nodiscard]] std::uint64_t used_bytes() const { return used_; }

  // Runs `retry` once there may be room again, in order of calls.
  void Wait(Task retry);
  // There may be room again.
  void Wake();
  // What waits will not be told any more.
  void Clear() { waiting_.clear(); }

 private:
  void ArmTimer();

  const std::shared_ptr<Executor> io_;
  const Clock& clock_;
  FileSystem& files_;
  const std::string directory_;
  const std::string reserve_;
  const std::uint64_t max_bytes_;
  std::atomic<std::uint64_t> used_ = 0;
  std::atomic<bool> reserved_ = false;
  bool timer_armed_ = false;
  std::vector<Task> waiting_;
};

}  // namespace hlsrec::spool

#endif  // HLSREC_SRC_SPOOL_SPOOL_SPACE_H_
