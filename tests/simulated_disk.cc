#include "tests/simulated_disk.h"

#include <cerrno>
#include <utility>

#include "src/base/status_util.h"
#include "tests/simulated_disk_state.h"
#include "tests/simulated_vfs.h"

namespace hlsrec {
namespace {

// 0 is OK.
Status StatusOf(int error, const char* call, const std::string& path) {
  if (error == 0) return {};
  return ErrnoStatus(error, fmt::format("{}: {}", call, path));
}

class SimulatedWritable final : public WritableFile {
 public:
  SimulatedWritable(DiskState& disk, DiskFile file, std::string path)
      : disk_(disk), file_(std::move(file)), path_(std::move(path)) {}
  Status Write(ByteSpan bytes) override {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()),
                                bytes.size());
    HLSREC_RETURN_IF_ERROR(
        StatusOf(disk_.Write(file_, offset_, text), "write", path_));
    offset_ += text.size();
    return {};
  }
  Status Sync() override { return StatusOf(disk_.Sync(file_), "sync", path_); }
  Status Close() override {
    std::uint64_t size = 0;
    return StatusOf(disk_.Size(file_, size), "close", path_);
  }

 private:
  DiskState& disk_;
  const DiskFile file_;
  const std::string path_;
  std::uint64_t offset_ = 0;
};

class SimulatedReadable final : public ReadableFile {
 public:
  SimulatedReadable(DiskState& disk, DiskFile file, std::string path,
                    std::uint64_t size)
      : disk_(disk),
        file_(std::move(file)),
        path_(std::move(path)),
        size_(size) {}
  std::uint64_t size() const override { return size_; }
  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    std::size_t count = 0;
    HLSREC_RETURN_IF_ERROR(
        StatusOf(disk_.Read(file_, offset, out, count), "read", path_));
    if (count < out.size()) {
      return DataLoss("read: {}: ends at {}", path_, offset + count);
    }
    return {};
  }

 private:
  DiskState& disk_;
  const DiskFile file_;
  const std::string path_;
  const std::uint64_t size_;
};

class SimulatedLock final : public FileLock {
 public:
  SimulatedLock(DiskState& disk, DiskFile file)
      : disk_(disk), file_(std::move(file)) {}
  ~SimulatedLock() override { disk_.Unlock(file_); }
  SimulatedLock(const SimulatedLock&) = delete;
  SimulatedLock& operator=(const SimulatedLock&) = delete;

 private:
  DiskState& disk_;
  const DiskFile file_;
};

class SimulatedFileSystem final : public FileSystem {
 public:
  explicit SimulatedFileSystem(DiskState& disk) : disk_(disk) {}

  StatusOr<std::unique_ptr<WritableFile>> Create(const std::string& path,
                                                 unsigned) override {
    HLSREC_ASSIGN_OR_RETURN(DiskFile file,
                            OpenFile(path, OpenMode::kTruncate, "create"));
    return std::unique_ptr<WritableFile>(
        std::make_unique<SimulatedWritable>(disk_, std::move(file), path));
  }
  StatusOr<std::unique_ptr<ReadableFile>> Open(
      const std::string& path) override {
    HLSREC_ASSIGN_OR_RETURN(DiskFile file,
                            OpenFile(path, OpenMode::kExisting, "open"));
    std::uint64_t size = 0;
    HLSREC_RETURN_IF_ERROR(StatusOf(disk_.Size(file, size), "open", path));
    return std::unique_ptr<ReadableFile>(std::make_unique<SimulatedReadable>(
        disk_, std::move(file), path, size));
  }
  Status Truncate(const std::string& path, std::uint64_t size) override {
    HLSREC_ASSIGN_OR_RETURN(const DiskFile file,
                            OpenFile(path, OpenMode::kExisting, "truncate"));
    HLSREC_RETURN_IF_ERROR(
        StatusOf(disk_.Truncate(file, size), "truncate", path));
    return StatusOf(disk_.Sync(file), "truncate", path);
  }
  StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path,
                                           const std::string& owner) override {
    HLSREC_ASSIGN_OR_RETURN(DiskFile file,
                            OpenFile(path, OpenMode::kCreate, "lock"));
    const int error = disk_.Lock(file);
    if (error == EWOULDBLOCK) {
      HLSREC_ASSIGN_OR_RETURN(const std::string text, ReadFile(path, 256));
      return FailedPrecondition("lock: {}: is held by {}", path, text);
    }
    HLSREC_RETURN_IF_ERROR(StatusOf(error, "lock", path));
    StatusOf(disk_.Truncate(file, 0), "lock", path).Ignore("for people");
    StatusOf(disk_.Write(file, 0, owner), "lock", path).Ignore("for people");
    return std::unique_ptr<FileLock>(
        std::make_unique<SimulatedLock>(disk_, std::move(file)));
  }
  StatusOr<std::string> NetworkType(const std::string& path) override {
    HLSREC_RETURN_IF_ERROR(FindInode(path, "statfs").status());
    return disk_.network_type();
  }
  Status Rename(const std::string& from, const std::string& to) override {
    return StatusOf(disk_.Rename(from, to), "rename", to);
  }
  Status Link(const std::string& from, const std::string& to) override {
    return StatusOf(disk_.Link(from, to), "link", to);
  }
  Status Remove(const std::string& path) override {
    const int error = disk_.Remove(path);
    if (error == ENOENT || error == ENOTDIR) return {};
    return StatusOf(error, "remove", path);
  }
  Status RemoveEmptyDirectory(const std::string& path) override {
    return StatusOf(disk_.RemoveDirectory(path), "remove directory", path);
  }
  Status CreateDirectories(const std::string& path, unsigned mode) override {
    const auto found = FindInode(path, "create directory");
    if (found.ok()) {
      if ((*found)->directory) return {};
      return StatusOf(ENOTDIR, "create directory", path);
    }
    if (found.status().code() != StatusCode::kNotFound) return found.status();
    const std::string parent = DirectoryOf(path);
    if (parent != path && parent != ".") {
      HLSREC_RETURN_IF_ERROR(CreateDirectories(parent, mode));
    }
    return StatusOf(disk_.MakeDirectory(path), "create directory", path);
  }
  Status SyncDirectory(const std::string& path) override {
    return StatusOf(disk_.SyncDirectory(path), "sync directory", path);
  }
  StatusOr<std::uint64_t> Size(const std::string& path) override {
    HLSREC_ASSIGN_OR_RETURN(const InodePtr inode, FindInode(path, "stat"));
    if (inode->directory) {
      return FailedPrecondition("stat: {}: not a regular file", path);
    }
    HLSREC_ASSIGN_OR_RETURN(const DiskFile file,
                            OpenFile(path, OpenMode::kExisting, "stat"));
    std::uint64_t size = 0;
    HLSREC_RETURN_IF_ERROR(StatusOf(disk_.Size(file, size), "stat", path));
    return size;
  }
  StatusOr<std::uint64_t> Links(const std::string& path) override {
    HLSREC_ASSIGN_OR_RETURN(const InodePtr inode, FindInode(path, "stat"));
    return disk_.Links(*inode);
  }
  StatusOr<std::string> ReadFile(const std::string& path,
                                 std::uint64_t max_bytes) override {
    HLSREC_ASSIGN_OR_RETURN(const auto file, Open(path));
    if (file->size() > max_bytes) {
      return ResourceExhausted("read: {}: larger than {} bytes", path,
                               max_bytes);
    }
    std::string text(file->size(), '\0');
    HLSREC_RETURN_IF_ERROR(
        file->ReadAt(0, std::as_writable_bytes(std::span(text))));
    return text;
  }
  StatusOr<std::vector<DirectoryEntry>> List(const std::string& path) override {
    std::vector<DirectoryEntry> entries;
    HLSREC_RETURN_IF_ERROR(StatusOf(disk_.List(path, entries), "list", path));
    return entries;
  }

 private:
  StatusOr<DiskFile> OpenFile(const std::string& path, OpenMode mode,
                              const char* call) {
    DiskFile file;
    bool created = false;
    HLSREC_RETURN_IF_ERROR(
        StatusOf(disk_.Open(path, mode, file, created), call, path));
    return file;
  }
  StatusOr<InodePtr> FindInode(const std::string& path, const char* call) {
    InodePtr inode;
    HLSREC_RETURN_IF_ERROR(StatusOf(disk_.Find(path, inode), call, path));
    if (inode == nullptr) return StatusOf(ENOENT, call, path);
    return inode;
  }

  DiskState& disk_;
};

}  // namespace

SimulatedDisk::SimulatedDisk(std::uint64_t seed)
    : state_(std::make_unique<DiskState>(seed)),
      files_(std::make_unique<SimulatedFileSystem>(*state_)),
      vfs_(std::make_unique<SimulatedVfs>(*state_)) {}
SimulatedDisk::~SimulatedDisk() = default;

const std::string& SimulatedDisk::vfs() const { return vfs_->name(); }
void SimulatedDisk::HaltAt(int operation) { state_->HaltAt(operation); }
bool SimulatedDisk::halted() const { return state_->halted(); }
void SimulatedDisk::Crash(CrashKind kind) { state_->Crash(kind); }
void SimulatedDisk::FailOperations(int first, int last, DiskFault fault) {
  state_->FailOperations(first, last, fault);
}
void SimulatedDisk::FailRead(int read) { state_->FailRead(read); }
void SimulatedDisk::SetCapacity(std::uint64_t bytes) {
  state_->SetCapacity(bytes);
}
void SimulatedDisk::SetNetworkType(std::string type) {
  state_->SetNetworkType(std::move(type));
}
int SimulatedDisk::operations() const { return state_->operations(); }
int SimulatedDisk::syncs() const { return state_->syncs(); }
std::uint64_t SimulatedDisk::used_bytes() const { return state_->used_bytes(); }

}  // namespace hlsrec
