#ifndef HLSREC_TESTS_SPOOL_FULL_DISK_H_
#define HLSREC_TESTS_SPOOL_FULL_DISK_H_

#include <algorithm>
#include <memory>
#include <string>
#include <utility>

#include "src/base/status_util.h"
#include "tests/wrapped_file_system.h"

namespace hlsrec {

// A disk of which one directory may take so many bytes: a write beyond goes as
// far as it can.
//
// Threads. One.
class FullDisk final : public WrappedFileSystem {
 public:
  FullDisk(FileSystem& inner, std::string directory)
      : WrappedFileSystem(inner), directory_(std::move(directory)) {}

  void set_capacity(std::uint64_t bytes) { capacity_ = bytes; }

  StatusOr<std::unique_ptr<WritableFile>> Create(const std::string& path,
                                                 unsigned mode) override {
    auto file = inner().Create(path, mode);
    if (!file.ok()) return file.status();
    return std::unique_ptr<WritableFile>(
        std::make_unique<File>(*this, std::move(file).value()));
  }

 private:
  class File final : public WritableFile {
   public:
    File(FullDisk& disk, std::unique_ptr<WritableFile> file)
        : disk_(disk), file_(std::move(file)) {}
    Status Write(ByteSpan bytes) override {
      const std::uint64_t used = disk_.Used();
      const std::uint64_t room =
          used < disk_.capacity_ ? disk_.capacity_ - used : 0;
      if (bytes.size() <= room) return file_->Write(bytes);
      file_->Write(bytes.first(static_cast<std::size_t>(room)))
          .Ignore("a short write");
      return ResourceExhausted("write: no space left on device");
    }
    Status Sync() override { return file_->Sync(); }
    Status Close() override { return file_->Close(); }

   private:
    FullDisk& disk_;
    std::unique_ptr<WritableFile> file_;
  };

  std::uint64_t Used() {
    std::uint64_t used = 0;
    const auto entries = List(directory_);
    if (!entries.ok()) return 0;
    for (const DirectoryEntry& entry : *entries) used += entry.size_bytes;
    return used;
  }

  const std::string directory_;
  std::uint64_t capacity_ = std::uint64_t{1} << 40;
};

}  // namespace hlsrec

#endif  // HLSREC_TESTS_SPOOL_FULL_DISK_H_
