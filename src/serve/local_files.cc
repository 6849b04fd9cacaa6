#include "src/serve/local_files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "src/base/status_util.h"

namespace hlsrec::serve {
namespace {

// -1 and errno where it fails. Level by level: a link on the way is refused
// whoever puts it there meanwhile.
int OpenBelow(int folder, std::string_view path) {
  int at = folder;
  while (true) {
    const std::size_t slash = path.find('/');
    const bool last = slash == path.npos;
    const std::string level(path.substr(0, slash));
    const int flags = O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY |
                      (last ? O_NONBLOCK : O_DIRECTORY);
    const int next = ::openat(at, level.c_str(), flags);
    const int error = errno;
    if (at != folder) ::close(at);
    errno = error;
    if (next < 0 || last) return next;
    at = next;
    path.remove_prefix(slash + 1);
  }
}

bool IsAbsence(int error) {
  return error == ENOENT || error == ENOTDIR || error == ELOOP ||
         error == EACCES || error == ENAMETOOLONG || error == ENXIO;
}

WallTime TimeOf(const timespec& time) {
  return WallTime(std::chrono::duration_cast<WallTime::duration>(
      std::chrono::seconds(time.tv_sec) +
      std::chrono::nanoseconds(time.tv_nsec)));
}

}  // namespace

StatusOr<std::shared_ptr<LocalFiles>> LocalFiles::Open(
    const std::vector<std::string>& folders) {
  std::shared_ptr<LocalFiles> files(new LocalFiles);
  for (const std::string& folder : folders) {
    const int descriptor =
        ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return ErrnoStatus(errno, folder);
    files->descriptors_.push_back(descriptor);
    files->folders_.push_back(folder);
  }
  return files;
}

LocalFiles::~LocalFiles() {
  for (const int descriptor : descriptors_) ::close(descriptor);
}

StatusOr<LocalFile> LocalFiles::Find(const std::string& path) const {
  if (path.empty() || path.ends_with("/") || IsHidden(path)) {
    return NotFound("serve: no such file");
  }
  for (const int folder : descriptors_) {
    const int file = OpenBelow(folder, path);
    if (file < 0) {
      if (IsAbsence(errno)) continue;
      return Unavailable("serve: open: {}", std::strerror(errno));
    }
    struct stat about {};
    if (::fstat(file, &about) != 0 || !S_ISREG(about.st_mode)) {
      ::close(file);
      continue;
    }
    const auto size = static_cast<std::uint64_t>(about.st_size);
    const WallTime modified = TimeOf(about.st_mtim);
    return LocalFile{
        .body = std::make_shared<DescriptorBody>(file, size),
        .representation = {
            .etag = fmt::format("\"{:x}-{:x}-{:x}\"", about.st_ino,
                                modified.time_since_epoch().count(), size),
            .modified = modified,
            .size_bytes = size}};
  }
  return NotFound("serve: no such file");
}

bool IsHidden(std::string_view path) {
  return path.starts_with('.') || path.find("/.") != path.npos;
}

}  // namespace hlsrec::serve
