#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>

#include "hlsrec/sink.h"
#include "src/base/status_util.h"

namespace hlsrec {
namespace {

class StringBody final : public Body {
 public:
  explicit StringBody(std::string bytes) : bytes_(std::move(bytes)) {}
  std::uint64_t size() const override { return bytes_.size(); }
  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset > bytes_.size() || out.size() > bytes_.size() - offset) {
      return DataLoss("body: {} bytes at {}: beyond its {} bytes", out.size(),
                      offset, bytes_.size());
    }
    std::memcpy(out.data(), bytes_.data() + offset, out.size());
    return {};
  }

 private:
  const std::string bytes_;
};

class FileBody final : public Body {
 public:
  FileBody(int fd, std::uint64_t size, std::string path)
      : fd_(fd), size_(size), path_(std::move(path)) {}
  ~FileBody() override { ::close(fd_); }
  FileBody(const FileBody&) = delete;
  FileBody& operator=(const FileBody&) = delete;

  std::uint64_t size() const override { return size_; }
  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    while (!out.empty()) {
      const ssize_t count =
          ::pread(fd_, out.data(), out.size(), static_cast<off_t>(offset));
      if (count < 0) {
        if (errno == EINTR) continue;
        return ErrnoStatus(errno, "read: " + path_);
      }
      if (count == 0) return DataLoss("read: {}: shorter than it was", path_);
      offset += static_cast<std::uint64_t>(count);
      out = out.subspan(static_cast<std::size_t>(count));
    }
    return {};
  }

 private:
  const int fd_;
  const std::uint64_t size_;
  const std::string path_;
};

class ConcatBody final : public Body {
 public:
  explicit ConcatBody(std::vector<std::shared_ptr<const Body>> parts)
      : parts_(std::move(parts)) {
    for (const auto& part : parts_) size_ += part->size();
  }
  std::uint64_t size() const override { return size_; }
  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    for (const auto& part : parts_) {
      if (out.empty()) return {};
      if (offset >= part->size()) {
        offset -= part->size();
        continue;
      }
      const std::size_t count = static_cast<std::size_t>(
          std::min<std::uint64_t>(part->size() - offset, out.size()));
      HLSREC_RETURN_IF_ERROR(part->ReadAt(offset, out.first(count)));
      out = out.subspan(count);
      offset = 0;
    }
    if (!out.empty()) return DataLoss("body: read beyond its {} bytes", size_);
    return {};
  }

 private:
  const std::vector<std::shared_ptr<const Body>> parts_;
  std::uint64_t size_ = 0;
};

}  // namespace

Body::~Body() = default;

std::shared_ptr<const Body> MakeStringBody(std::string bytes) {
  return std::make_shared<StringBody>(std::move(bytes));
}

StatusOr<std::shared_ptr<const Body>> OpenFileBody(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(errno, "open: " + path);
  struct stat info {};
  if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
    const int error = errno;
    ::close(fd);
    return ErrnoStatus(S_ISREG(info.st_mode) ? error : EINVAL, "open: " + path);
  }
  return std::shared_ptr<const Body>(std::make_shared<FileBody>(
      fd, static_cast<std::uint64_t>(info.st_size), path));
}

std::shared_ptr<const Body> ConcatBodies(
    std::vector<std::shared_ptr<const Body>> parts) {
  return std::make_shared<ConcatBody>(std::move(parts));
}

StatusOr<std::string> ReadBody(const Body& body, std::uint64_t max_bytes) {
  if (body.size() > max_bytes) {
    return ResourceExhausted("body: {} bytes: more than {}", body.size(),
                             max_bytes);
  }
  std::string bytes(static_cast<std::size_t>(body.size()), '\0');
  HLSREC_RETURN_IF_ERROR(
      body.ReadAt(0, std::as_writable_bytes(std::span(bytes))));
  return bytes;
}

}  // namespace hlsrec
