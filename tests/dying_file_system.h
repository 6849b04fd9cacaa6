#ifndef HLSREC_TESTS_DYING_FILE_SYSTEM_H_
#define HLSREC_TESTS_DYING_FILE_SYSTEM_H_

#include <memory>
#include <string>
#include <utility>

#include "tests/wrapped_file_system.h"

namespace hlsrec {

// The disk as a process leaves it that dies in the Nth call that changes
// something: that one happens by half where it can, later ones do not.
//
// Threads. One.
class DyingFileSystem final : public WrappedFileSystem {
 public:
  using WrappedFileSystem::WrappedFileSystem;

  // From 1; 0: never.
  void DieInCall(int number) {
    die_in_ = number;
    calls_ = 0;
  }
  [[nodiscard]] bool dead() const { return die_in_ != 0 && calls_ >= die_in_; }
  // For what else a process does. False: it is dead.
  bool Step() {
    ++calls_;
    return !dead();
  }

  StatusOr<std::unique_ptr<WritableFile>> Create(const std::string& path,
                                                 unsigned mode) override {
    if (!Step()) return kDead;
    auto file = inner().Create(path, mode);
    if (!file.ok()) return file.status();
    return std::unique_ptr<WritableFile>(
        std::make_unique<File>(*this, std::move(file).value()));
  }
  Status Truncate(const std::string& path, std::uint64_t size) override {
    return Step() ? inner().Truncate(path, size) : kDead;
  }
  Status Rename(const std::string& from, const std::string& to) override {
    return Step() ? inner().Rename(from, to) : kDead;
  }
  Status Link(const std::string& from, const std::string& to) override {
    return Step() ? inner().Link(from, to) : kDead;
  }
  Status Remove(const std::string& path) override {
    return Step() ? inner().Remove(path) : kDead;
  }
  Status RemoveEmptyDirectory(const std::string& path) override {
    return Step() ? inner().RemoveEmptyDirectory(path) : kDead;
  }

 private:
  class File final : public WritableFile {
   public:
    File(DyingFileSystem& files, std::unique_ptr<WritableFile> file)
        : files_(files), file_(std::move(file)) {}
    Status Write(ByteSpan bytes) override {
      if (files_.dead()) return files_.kDead;
      if (files_.Step()) return file_->Write(bytes);
      file_->Write(bytes.first(bytes.size() / 2)).Ignore("its last");
      return files_.kDead;
    }
    Status Sync() override {
      return files_.Step() ? file_->Sync() : files_.kDead;
    }
    Status Close() override { return file_->Close(); }

   private:
    DyingFileSystem& files_;
    std::unique_ptr<WritableFile> file_;
  };

  const Status kDead{StatusCode::kUnavailable, "the process is dead"};
  int die_in_ = 0;
  int calls_ = 0;
};

}  // namespace hlsrec

#endif  // HLSREC_TESTS_DYING_FILE_SYSTEM_H_
