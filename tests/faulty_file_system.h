#ifndef HLSREC_TESTS_FAULTY_FILE_SYSTEM_H_
#define HLSREC_TESTS_FAULTY_FILE_SYSTEM_H_

#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "src/base/file.h"

namespace hlsrec {

// Makes the Nth call to the disk fail: in full, or after half of a write.
//
// Threads. One.
class FaultyFileSystem final : public FileSystem {
 public:
  explicit FaultyFileSystem(FileSystem& inner) : inner_(inner) {}

  // From 1; 0: never.
  void FailCall(int number, Status status) {
    fail_at_ = number;
    status_ = std::move(status);
    calls_ = 0;
  }
  [[nodiscard]] int calls() const { return calls_; }

  StatusOr<std::unique_ptr<WritableFile>> Create(const std::string& path,
                                                 unsigned mode) override {
    if (Fails()) return status_;
    auto file = inner_.Create(path, mode);
    if (!file.ok()) return file.status();
    return std::unique_ptr<WritableFile>(
        std::make_unique<File>(*this, std::move(file).value()));
  }
  StatusOr<std::unique_ptr<ReadableFile>> Open(
      const std::string& path) override {
    return inner_.Open(path);
  }
  Status Truncate(const std::string& path, std::uint64_t size) override {
    return Fails() ? status_ : inner_.Truncate(path, size);
  }
  StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path,
                                           const std::string& owner) override {
    return inner_.Lock(path, owner);
  }
  StatusOr<std::string> NetworkType(const std::string& path) override {
    return inner_.NetworkType(path);
  }
  Status Rename(const std::string& from, const std::string& to) override {
    return Fails() ? status_ : inner_.Rename(from, to);
  }
  Status Link(const std::string& from, const std::string& to) override {
    return Fails() ? status_ : inner_.Link(from, to);
  }
  Status Remove(const std::string& path) override {
    return inner_.Remove(path);
  }
  Status RemoveEmptyDirectory(const std::string& path) override {
    return inner_.RemoveEmptyDirectory(path);
  }
  Status CreateDirectories(const std::string& path, unsigned mode) override {
    return Fails() ? status_ : inner_.CreateDirectories(path, mode);
  }
  Status SyncDirectory(const std::string& path) override {
    return Fails() ? status_ : inner_.SyncDirectory(path);
  }
  StatusOr<std::uint64_t> Size(const std::string& path) override {
    if (Fails()) return status_;
    return inner_.Size(path);
  }
  StatusOr<std::uint64_t> Links(const std::string& path) override {
    if (Fails()) return status_;
    return inner_.Links(path);
  }
  StatusOr<std::string> ReadFile(const std::string& path,
                                 std::uint64_t max_bytes) override {
    return inner_.ReadFile(path, max_bytes);
  }
  StatusOr<std::vector<DirectoryEntry>> List(const std::string& path) override {
    return inner_.List(path);
  }

 private:
  class File final : public WritableFile {
   public:
    File(FaultyFileSystem& files, std::unique_ptr<WritableFile> file)
        : files_(files), file_(std::move(file)) {}
    Status Write(ByteSpan bytes) override {
      if (!files_.Fails()) return file_->Write(bytes);
      file_->Write(bytes.first(bytes.size() / 2)).Ignore("a short write");
      return files_.status_;
    }
    Status Sync() override {
      return files_.Fails() ? files_.status_ : file_->Sync();
    }
    Status Close() override {
      return files_.Fails() ? files_.status_ : file_->Close();
    }

   private:
    FaultyFileSystem& files_;
    std::unique_ptr<WritableFile> file_;
  };

  bool Fails() { return ++calls_ == fail_at_; }

  FileSystem& inner_;
  int fail_at_ = 0;
  int calls_ = 0;
  Status status_;
};

}  // namespace hlsrec

#endif  // HLSREC_TESTS_FAULTY_FILE_SYSTEM_H_
