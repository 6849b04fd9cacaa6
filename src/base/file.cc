#include "src/base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "src/base/status_util.h"

namespace hlsrec {
namespace {

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  ~Fd() { Close(); }
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&&) = delete;
  [[nodiscard]] int get() const { return fd_; }
  int Close() { return fd_ < 0 ? 0 : ::close(std::exchange(fd_, -1)); }

 private:
  int fd_;
};

Fd OpenFd(const std::string& path, int flags, unsigned mode = 0) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  return Fd(fd);
}

class PosixFile final : public WritableFile {
 public:
  PosixFile(Fd fd, std::string path)
      : fd_(std::move(fd)), path_(std::move(path)) {}

  Status Write(ByteSpan bytes) override {
    while (!bytes.empty()) {
      const ssize_t count = ::write(fd_.get(), bytes.data(), bytes.size());
      if (count < 0) {
        if (errno == EINTR) continue;
        return ErrnoStatus(errno, "write: " + path_);
      }
      bytes = bytes.subspan(static_cast<std::size_t>(count));
    }
    return {};
  }
  Status Sync() override {
    if (::fdatasync(fd_.get()) != 0) {
      return ErrnoStatus(errno, "sync: " + path_);
    }
    return {};
  }
  Status Close() override {
    if (fd_.Close() != 0) return ErrnoStatus(errno, "close: " + path_);
    return {};
  }

 private:
  Fd fd_;
  std::string path_;
};

class PosixReadable final : public ReadableFile {
 public:
  PosixReadable(Fd fd, std::string path, std::uint64_t size)
      : fd_(std::move(fd)), path_(std::move(path)), size_(size) {}
  std::uint64_t size() const override { return size_; }
  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    while (!out.empty()) {
      const ssize_t count = ::pread(fd_.get(), out.data(), out.size(),
                                    static_cast<off_t>(offset));
      if (count < 0) {
        if (errno == EINTR) continue;
        return ErrnoStatus(errno, "read: " + path_);
      }
      if (count == 0) return DataLoss("read: {}: ends at {}", path_, offset);
      offset += static_cast<std::uint64_t>(count);
      out = out.subspan(static_cast<std::size_t>(count));
    }
    return {};
  }

 private:
  const Fd fd_;
  const std::string path_;
  const std::uint64_t size_;
};

// flock(2): belongs to the open file, so that two runtimes of one process are
// told apart, and goes with the process.
class PosixLock final : public FileLock {
 public:
  explicit PosixLock(Fd fd) : fd_(std::move(fd)) {}

 private:
  const Fd fd_;
};

bool Names(const std::string& path, int fd) {
  struct stat named {};
  struct stat open {};
  return ::stat(path.c_str(), &named) == 0 && ::fstat(fd, &open) == 0 &&
         named.st_dev == open.st_dev && named.st_ino == open.st_ino;
}

// linux/magic.h, and file systems' own headers where that has none.
std::string_view NetworkTypeOf(const struct statfs& info) {
  switch (static_cast<std::uint32_t>(info.f_type)) {
    case 0x6969:
      return "nfs";
    case 0x517B:
      return "smb";
    case 0xFF534D42:
      return "cifs";
    case 0xFE534D42:
      return "smb2";
    case 0x01021997:
      return "9p";
    case 0x5346414F:
      return "afs";
    case 0x73757245:
      return "coda";
    case 0x00C36400:
      return "ceph";
    case 0x0BD00BD0:
      return "lustre";
    case 0x564C:
      return "ncp";
    default:
      return {};
  }
}

class Posix final : public FileSystem {
 public:
  StatusOr<std::unique_ptr<WritableFile>> Create(const std::string& path,
                                                 unsigned mode) override {
    Fd fd = OpenFd(path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND, mode);
    if (fd.get() < 0) return ErrnoStatus(errno, "create: " + path);
    return std::unique_ptr<WritableFile>(
        std::make_unique<PosixFile>(std::move(fd), path));
  }

  StatusOr<std::unique_ptr<ReadableFile>> Open(
      const std::string& path) override {
    Fd fd = OpenFd(path, O_RDONLY);
    struct stat info {};
    if (fd.get() < 0 || ::fstat(fd.get(), &info) != 0) {
      return ErrnoStatus(errno, "open: " + path);
    }
    return std::unique_ptr<ReadableFile>(std::make_unique<PosixReadable>(
        std::move(fd), path, static_cast<std::uint64_t>(info.st_size)));
  }

  Status Truncate(const std::string& path, std::uint64_t size) override {
    const Fd fd = OpenFd(path, O_WRONLY);
    if (fd.get() < 0 || ::ftruncate(fd.get(), static_cast<off_t>(size)) != 0 ||
        ::fsync(fd.get()) != 0) {
      return ErrnoStatus(errno, "truncate: " + path);
    }
    return {};
  }

  StatusOr<std::unique_ptr<FileLock>> Lock(const std::string& path,
                                           const std::string& owner) override {
    constexpr unsigned kMode = 0600;
    constexpr std::size_t kMaxOwner = 256;
    Fd fd = OpenFd(path, O_RDWR | O_CREAT, kMode);
    if (fd.get() < 0) return ErrnoStatus(errno, "lock: " + path);
    if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
      if (errno != EWOULDBLOCK) return ErrnoStatus(errno, "lock: " + path);
      std::string text(kMaxOwner, '\0');
      const ssize_t count = ::pread(fd.get(), text.data(), text.size(), 0);
      text.resize(static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
      return FailedPrecondition("lock: {}: is held by {}", path, text);
    }
    // Whoever had it may have removed the file since it was opened.
    if (!Names(path, fd.get())) return Lock(path, owner);
    if (::ftruncate(fd.get(), 0) != 0 ||
        ::pwrite(fd.get(), owner.data(), owner.size(), 0) !=
            static_cast<ssize_t>(owner.size())) {
      // The lock counts; its text is for people.
    }
    return std::unique_ptr<FileLock>(
        std::make_unique<PosixLock>(std::move(fd)));
  }

  StatusOr<std::string> NetworkType(const std::string& path) override {
    struct statfs info {};
    if (::statfs(path.c_str(), &info) != 0) {
      return ErrnoStatus(errno, "statfs: " + path);
    }
    return std::string(NetworkTypeOf(info));
  }

  Status Rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) {
      return ErrnoStatus(errno, "rename: " + to);
    }
    return {};
  }

  Status Link(const std::string& from, const std::string& to) override {
    if (::link(from.c_str(), to.c_str()) == 0) return {};
    const int error = errno;
    if (error == EXDEV || error == EOPNOTSUPP || error == EMLINK ||
        error == EPERM || error == ENOSYS) {
      return MakeStatus(StatusCode::kUnimplemented,
                        "link: {}: not possible here", to);
    }
    return ErrnoStatus(error, "link: " + to);
  }

  Status Remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR) {
      return ErrnoStatus(errno, "remove: " + path);
    }
    return {};
  }

  Status RemoveEmptyDirectory(const std::string& path) override {
    if (::rmdir(path.c_str()) != 0) {
      return ErrnoStatus(errno, "remove directory: " + path);
    }
    return {};
  }

  Status CreateDirectories(const std::string& path, unsigned mode) override {
    struct stat info {};
    if (::stat(path.c_str(), &info) == 0) {
      if (S_ISDIR(info.st_mode)) return {};
      return ErrnoStatus(ENOTDIR, "create directory: " + path);
    }
    if (errno != ENOENT) return ErrnoStatus(errno, "create directory: " + path);
    const std::string parent = DirectoryOf(path);
    if (parent != path && parent != ".") {
      HLSREC_RETURN_IF_ERROR(CreateDirectories(parent, mode));
    }
    if (::mkdir(path.c_str(), mode) != 0 && errno != EEXIST) {
      return ErrnoStatus(errno, "create directory: " + path);
    }
    return {};
  }

  Status SyncDirectory(const std::string& path) override {
    const Fd fd = OpenFd(path, O_RDONLY | O_DIRECTORY);
    if (fd.get() < 0 || ::fsync(fd.get()) != 0) {
      return ErrnoStatus(errno, "sync directory: " + path);
    }
    return {};
  }

  StatusOr<std::uint64_t> Size(const std::string& path) override {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
      return ErrnoStatus(errno, "stat: " + path);
    }
    if (!S_ISREG(info.st_mode)) {
      return FailedPrecondition("stat: {}: not a regular file", path);
    }
    return static_cast<std::uint64_t>(info.st_size);
  }

  StatusOr<std::uint64_t> Links(const std::string& path) override {
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0) {
      return ErrnoStatus(errno, "stat: " + path);
    }
    return static_cast<std::uint64_t>(info.st_nlink);
  }

  StatusOr<std::string> ReadFile(const std::string& path,
                                 std::uint64_t max_bytes) override {
    const Fd fd = OpenFd(path, O_RDONLY);
    if (fd.get() < 0) return ErrnoStatus(errno, "open: " + path);
    std::string text;
    constexpr std::size_t kBlock = 65536;
    for (;;) {
      const std::size_t size = text.size();
      if (size > max_bytes) {
        return ResourceExhausted("read: {}: larger than {} bytes", path,
                                 max_bytes);
      }
      text.resize(size + kBlock);
      const ssize_t count = ::read(fd.get(), text.data() + size, kBlock);
      text.resize(size + static_cast<std::size_t>(std::max<ssize_t>(count, 0)));
      if (count == 0) return text;
      if (count < 0 && errno != EINTR) {
        return ErrnoStatus(errno, "read: " + path);
      }
    }
  }

  StatusOr<std::vector<DirectoryEntry>> List(const std::string& path) override {
    const std::unique_ptr<DIR, int (*)(DIR*)> dir(::opendir(path.c_str()),
                                                  &::closedir);
    if (dir == nullptr) return ErrnoStatus(errno, "list: " + path);
    std::vector<DirectoryEntry> entries;
    while (const dirent* entry = ::readdir(dir.get())) {
      const std::string name = entry->d_name;
      if (name == "." || name == "..") continue;
      struct stat info {};
      if (::stat(fmt::format("{}/{}", path, name).c_str(), &info) != 0) {
        continue;
      }
      entries.push_back(
          {.name = name,
           .directory = S_ISDIR(info.st_mode),
           .size_bytes = static_cast<std::uint64_t>(info.st_size)});
    }
    return entries;
  }
};

}  // namespace

FileSystem& PosixFileSystem() {
  // Never destroyed: threads of the host's may use it while it exits.
  static FileSystem& posix = *new Posix;
  return posix;
}

Status CreateDirectoriesDurably(FileSystem& files, const std::string& path,
                                unsigned mode) {
  const std::string parent = DirectoryOf(path);
  if (files.Size(path).status().code() != StatusCode::kNotFound) {
    HLSREC_RETURN_IF_ERROR(files.CreateDirectories(path, mode));
    // Whoever created it may have died before this.
    files.SyncDirectory(parent).Ignore("its parents may be closed to us");
    return {};
  }
  if (parent != path && parent != ".") {
    HLSREC_RETURN_IF_ERROR(CreateDirectoriesDurably(files, parent, mode));
  }
  HLSREC_RETURN_IF_ERROR(files.CreateDirectories(path, mode));
  return files.SyncDirectory(parent);
}

std::string DirectoryOf(const std::string& path) {
  const std::size_t slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace hlsrec
