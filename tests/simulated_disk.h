#ifndef HLSREC_TESTS_SIMULATED_DISK_H_
#define HLSREC_TESTS_SIMULATED_DISK_H_

#include <cstdint>
#include <memory>
#include <string>

#include "src/base/file.h"

namespace hlsrec {

class DiskState;
class SimulatedVfs;

// What is left after a crash.
enum class CrashKind {
  kProcess,      // all that was written; locks are gone
  kPowerStrict,  // what was synced, and nothing else
  kPowerRandom,  // also some of what was not: any of a file's writes, or parts
                 // of them, and any of the directories' names
};

// How an operation fails. After a failed sync a file's data is in memory only,
// and later syncs succeed without writing it; names wait for the next sync.
enum class DiskFault {
  kNoSpace,     // nothing is done
  kIoError,     // nothing is done
  kShortWrite,  // half of it is written, and then there is no space
};

// A disk in memory that knows what a power failure leaves of it, with a
// FileSystem and a VFS of SQLite's upon it. It has directories, hard links and
// locks. Names reach the disk by syncing their directory, and only so; new
// directories' own names, too.
//
// An operation is what changes the disk or syncs it: creating, writing,
// truncating, syncing, and each change of a name. Numbers count them from now
// on, from 1. The same calls and the same seed do the same.
//
// Threads. Any.
// Lifetime. Outlives what was opened on it. What was open at a crash fails from
//     then on.
class SimulatedDisk {
 public:
  explicit SimulatedDisk(std::uint64_t seed = 1);
  ~SimulatedDisk();
  SimulatedDisk(const SimulatedDisk&) = delete;
  SimulatedDisk& operator=(const SimulatedDisk&) = delete;

  [[nodiscard]] FileSystem& files() { return *files_; }
  // The name to open SQLite's databases with.
  [[nodiscard]] const std::string& vfs() const;

  // From that operation on, itself included, all calls fail and change
  // nothing, until Crash(): what the dying still does is without effect.
  void HaltAt(int operation);
  [[nodiscard]] bool halted() const;
  // Forgets what was to fail, too.
  void Crash(CrashKind kind);

  // That one alone fails.
  void FailOperation(int operation, DiskFault fault) {
    FailOperations(operation, operation, fault);
  }
  // All of them from `first` to `last`; 0: none.
  void FailOperations(int first, int last, DiskFault fault);
  void FailRead(int read);  // an I/O error
  // Of all files that have a name; 0: any. Beyond it there is no space.
  void SetCapacity(std::uint64_t bytes);
  // What FileSystem::NetworkType() says.
  void SetNetworkType(std::string type);

  [[nodiscard]] int operations() const;
  [[nodiscard]] int syncs() const;  // of files
  [[nodiscard]] std::uint64_t used_bytes() const;

 private:
  const std::unique_ptr<DiskState> state_;
  const std::unique_ptr<FileSystem> files_;
  const std::unique_ptr<SimulatedVfs> vfs_;
};

}  // namespace hlsrec

#endif  // HLSREC_TESTS_SIMULATED_DISK_H_
