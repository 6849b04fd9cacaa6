#ifndef HLSREC_SRC_BASE_FILE_H_
#define HLSREC_SRC_BASE_FILE_H_

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "hlsrec/status.h"
#include "src/base/bytes.h"

namespace hlsrec {

// A file being written, always at its end: after Truncate(), too.
//
// Threads. One at a time. Blocking. Yes.
class WritableFile {
 public:
  virtual ~WritableFile() = default;  // closes
  virtual Status Write(ByteSpan bytes) = 0;
  // Data and size reach the disk.
  virtual Status Sync() = 0;
  // Reports what a late write-back may still say. Once.
  virtual Status Close() = 0;
};

// A file being read. Threads. Any. Blocking. Yes.
class ReadableFile {
 public:
  virtual ~ReadableFile() = default;                     // closes
  [[nodiscard]] virtual std::uint64_t size() const = 0;  // when it was opened
  // Fills all of `out`; kDataLoss where the file is shorter.
  virtual Status ReadAt(std::uint64_t offset,
                        std::span<std::byte> out) const = 0;
};

// Held by one process at a time; let go of when that process dies.
class FileLock {
 public:
  virtual ~FileLock() = default;  // lets go
};

struct DirectoryEntry {
  std::string name = {};
  bool directory = false;
  std::uint64_t size_bytes = 0;
};

// The seam to the disk, so that tests can make any call of it fail.
//
// Threads. Any. Blocking. Yes.
// Errors. kNotFound, kAlreadyExists, kPermissionDenied, kResourceExhausted
//     (full), ...; messages name the path.
class FileSystem {
 public:
  virtual ~FileSystem() = default;
  // Creates or truncates.
  virtual StatusOr<std::unique_ptr<WritableFile>> Create(
      const std::string& path, unsigned mode) = 0;
  virtual StatusOr<std::unique_ptr<ReadableFile>> Open(
      const std::string& path) = 0;
  // Cuts an existing file to `size` bytes, on the disk too.
  virtual Status Truncate(const std::string& path, std::uint64_t size) = 0;
  // Takes the lock that the file at `path` stands for, which is created where
  // missing and says who has it. kFailedPrecondition with what it says where
  // somebody else does.
  virtual StatusOr<std::unique_ptr<FileLock>> Lock(
      const std::string& path, const std::string& owner) = 0;
  // The type's name ("nfs") where `path` is on a network file system, whose
  // locks and syncs can't be relied on; else empty.
  virtual StatusOr<std::string> NetworkType(const std::string& path) = 0;
  virtual Status Rename(const std::string& from, const std::string& to) = 0;
  // kAlreadyExists where `to` exists. kUnimplemented where the file systems
  // differ or know no links.
  virtual Status Link(const std::string& from, const std::string& to) = 0;
  // Removing what does not exist is OK.
  virtual Status Remove(const std::string& path) = 0;
  virtual Status RemoveEmptyDirectory(const std::string& path) = 0;
  // With parents; existing ones are fine.
  virtual Status CreateDirectories(const std::string& path, unsigned mode) = 0;
  // Names in the directory reach the disk.
  virtual Status SyncDirectory(const std::string& path) = 0;
  virtual StatusOr<std::uint64_t> Size(const std::string& path) = 0;
  // How many names the file has.
  virtual StatusOr<std::uint64_t> Links(const std::string& path) = 0;
  virtual StatusOr<std::string> ReadFile(const std::string& path,
                                         std::uint64_t max_bytes) = 0;
  virtual StatusOr<std::vector<DirectoryEntry>> List(
      const std::string& path) = 0;
};

FileSystem& PosixFileSystem();  // static storage

// CreateDirectories(), and the names of those it creates reach the disk.
Status CreateDirectoriesDurably(FileSystem& files, const std::string& path,
                                unsigned mode);

// "a/b" of "a/b/c"; "." where there is no slash.
std::string DirectoryOf(const std::string& path);

}  // namespace hlsrec

#endif  // HLSREC_SRC_BASE_FILE_H_
