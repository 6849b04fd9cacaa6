#ifndef HLSREC_TESTS_WRAPPED_FILE_SYSTEM_H_
#define HLSREC_TESTS_WRAPPED_FILE_SYSTEM_H_

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "src/base/file.h"

namespace hlsrec {

// Hands every call on, for those who change a few of them.
class WrappedFileSystem : public FileSystem {
 public:
  explicit WrappedFileSystem(FileSystem& inner) : inner_(inner) {}

  StatusOr<std::unique_ptr<WritableFile>> Create(const std::string& path,
                                                 unsigned mode) override {
    return inner_.Create(path, mode);
  }
  StatusOr<std::unique_ptr<ReadableFile>> Open(
      const std::string& path) override {
    return inner_.Open(path);
  }
  Status Truncate(const std::string& path, std::uint64_t size) override {
    return inner_.Truncate(path, size);
  }
  StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path,
                                           const std::string& owner) override {
    return inner_.Lock(path, owner);
  }
  StatusOr<std::string> NetworkType(const std::string& path) override {
    return inner_.NetworkType(path);
  }
  Status Rename(const std::string& from, const std::string& to) override {
    return inner_.Rename(from, to);
  }
  Status Link(const std::string& from, const std::string& to) override {
    return inner_.Link(from, to);
  }
  Status Remove(const std::string& path) override {
    return inner_.Remove(path);
  }
  Status RemoveEmptyDirectory(const std::string& path) override {
    return inner_.RemoveEmptyDirectory(path);
  }
  Status CreateDirectories(const std::string& path, unsigned mode) override {
    return inner_.CreateDirectories(path, mode);
  }
  Status SyncDirectory(const std::string& path) override {
    return inner_.SyncDirectory(path);
  }
  StatusOr<std::uint64_t> Size(const std::string& path) override {
    return inner_.Size(path);
  }
  StatusOr<std::uint64_t> Links(const std::string& path) override {
    return inner_.Links(path);
  }
  StatusOr<std::string> ReadFile(const std::string& path,
                                 std::uint64_t max_bytes) override {
    return inner_.ReadFile(path, max_bytes);
  }
  StatusOr<std::vector<DirectoryEntry>> List(const std::string& path) override {
    return inner_.List(path);
  }

 protected:
  [[nodiscard]] FileSystem& inner() { return inner_; }

 private:
  FileSystem& inner_;
};

}  // namespace hlsrec

#endif  // HLSREC_TESTS_WRAPPED_FILE_SYSTEM_H_
