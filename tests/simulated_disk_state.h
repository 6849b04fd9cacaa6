#ifndef HLSREC_TESTS_SIMULATED_DISK_STATE_H_
#define HLSREC_TESTS_SIMULATED_DISK_STATE_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "src/base/file.h"
#include "src/base/mutex.h"
#include "tests/simulated_disk.h"

namespace hlsrec {

// A write, or a truncation to `offset`.
struct DiskChange {
  std::uint64_t offset = 0;
  std::string bytes = {};
  bool truncation = false;
};

// A file or a directory: as a process sees it, and as it is on the platters.
struct Inode {
  bool directory = false;
  std::string current = {};
  std::string durable = {};
  std::vector<DiskChange> unsynced = {};
  std::map<std::string, std::shared_ptr<Inode>> names = {};
  std::map<std::string, std::shared_ptr<Inode>> durable_names = {};
};
using InodePtr = std::shared_ptr<Inode>;

// An open file. Null: none.
struct DiskFile {
  InodePtr inode = {};
  int epoch = 0;  // as of when it was opened
};

enum class OpenMode {
  kExisting,
  kCreate,           // where missing
  kCreateExclusive,  // must be missing
  kTruncate,         // creates where missing
};

// What SimulatedDisk is, for the two interfaces to it. All calls but those
// that set it up return an errno, 0 where they succeeded.
//
// Threads. Any.
class DiskState {
 public:
  explicit DiskState(std::uint64_t seed);

  void HaltAt(int operation);
  bool halted();
  void Crash(CrashKind kind);
  void FailOperations(int first, int last, DiskFault fault);
  void FailRead(int read);
  void SetCapacity(std::uint64_t bytes);
  void SetNetworkType(std::string type);
  std::string network_type();
  int operations();
  int syncs();
  std::uint64_t used_bytes();
  std::uint64_t Random(std::uint64_t below);

  int Open(const std::string& path, OpenMode mode, DiskFile& opened,
           bool& created);
  int OpenNameless(DiskFile& opened);
  int Read(const DiskFile& file, std::uint64_t offset, std::span<std::byte> out,
           std::size_t& count);
  int Write(const DiskFile& file, std::uint64_t offset, std::string_view bytes);
  int Truncate(const DiskFile& file, std::uint64_t size);
  int Sync(const DiskFile& file);
  int Size(const DiskFile& file, std::uint64_t& size);
  std::uint64_t Links(const Inode& inode);

  // Null where it is missing.
  int Find(const std::string& path, InodePtr& found);
  int Rename(const std::string& from, const std::string& to);
  int Link(const std::string& from, const std::string& to);
  int Remove(const std::string& path);
  int RemoveDirectory(const std::string& path);
  int MakeDirectory(const std::string& path);
  int SyncDirectory(const std::string& path);
  int List(const std::string& path, std::vector<DirectoryEntry>& entries);

  // EWOULDBLOCK where somebody else has it.
  int Lock(const DiskFile& file);
  void Unlock(const DiskFile& file);
  // SQLite's levels, 1 (shared) to 4 (exclusive). `owner` tells open files
  // apart.
  int Raise(const DiskFile& file, const void* owner, int level);
  void Lower(const DiskFile& file, const void* owner, int level);
  bool Reserved(const DiskFile& file, const void* owner);

 private:
  // A call's effect on names: all of it survives, or nothing.
  struct NamePart {
    InodePtr directory = {};
    std::string name = {};
    InodePtr inode = {};  // null: the name goes
  };
  using NameChange = std::vector<NamePart>;
  struct Place {
    InodePtr directory = {};
    std::string name = {};
    InodePtr inode = {};  // null where it is missing
  };

  // Counts an operation; tells whether and how it fails.
  int Operate(std::size_t& writable) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  int Operate() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  int Check(const DiskFile& file) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  int Walk(const std::string& path, Place& place)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  int Change(NameChange change) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Change(const InodePtr& file, DiskChange change)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void LosePower(Inode& inode, CrashKind kind)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void KeepSome(Inode& file) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  std::uint64_t Draw(std::uint64_t below) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  int HighestOther(const DiskFile& file, const void* owner)
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  Mutex mutex_;
  std::mt19937_64 random_ ABSL_GUARDED_BY(mutex_);
  const InodePtr root_;
  std::vector<NameChange> unsynced_names_ ABSL_GUARDED_BY(mutex_);
  std::map<const Inode*, bool> locks_ ABSL_GUARDED_BY(mutex_);
  std::map<const Inode*, std::map<const void*, int>> levels_
      ABSL_GUARDED_BY(mutex_);
  int epoch_ ABSL_GUARDED_BY(mutex_) = 0;  // crashes so far
  bool halted_ ABSL_GUARDED_BY(mutex_) = false;
  int operations_ ABSL_GUARDED_BY(mutex_) = 0;
  int syncs_ ABSL_GUARDED_BY(mutex_) = 0;
  int reads_ ABSL_GUARDED_BY(mutex_) = 0;
  int halt_at_ ABSL_GUARDED_BY(mutex_) = 0;
  int fail_from_ ABSL_GUARDED_BY(mutex_) = 0;
  int fail_to_ ABSL_GUARDED_BY(mutex_) = 0;
  int fail_read_at_ ABSL_GUARDED_BY(mutex_) = 0;
  DiskFault fault_ ABSL_GUARDED_BY(mutex_) = DiskFault::kIoError;
  std::uint64_t capacity_bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // 0: any
  std::string network_type_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hlsrec

#endif  // HLSREC_TESTS_SIMULATED_DISK_STATE_H_
