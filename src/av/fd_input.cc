#include "src/av/fd_input.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

extern "C" {
#include <libavutil/error.h>
#include <libavutil/mem.h>
}

#include <cerrno>
#include <cstddef>
#include <cstdio>

#include "src/base/status_util.h"

namespace hlsrec::av {
namespace {

constexpr int kBufferBytes = 64 * 1024;
constexpr int kPollMilliseconds = 100;

}  // namespace

StatusOr<std::unique_ptr<FdInput>> FdInput::StandardInput(
    Interrupter& interrupter) {
  std::unique_ptr<FdInput> input(
      new FdInput(STDIN_FILENO, /*owned=*/false, interrupter));
  HLSREC_RETURN_IF_ERROR(input->Init());
  return input;
}

StatusOr<std::unique_ptr<FdInput>> FdInput::NamedPipe(
    const std::string& path, Interrupter& interrupter) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (fd < 0) return ErrnoStatus(errno, "open: " + path);
  std::unique_ptr<FdInput> input(new FdInput(fd, /*owned=*/true, interrupter));
  HLSREC_RETURN_IF_ERROR(input->Init());
  return input;
}

Status FdInput::Init() {
  struct stat info = {};
  const bool seekable = ::fstat(fd_, &info) == 0 && S_ISREG(info.st_mode);
  auto* buffer = static_cast<unsigned char*>(av_malloc(kBufferBytes));
  if (buffer == nullptr) return ResourceExhausted("input: out of memory");
  io_ =
      avio_alloc_context(buffer, kBufferBytes, 0, this, &FdInput::ReadCallback,
                         nullptr, seekable ? &FdInput::SeekCallback : nullptr);
  if (io_ == nullptr) {
    av_free(buffer);
    return ResourceExhausted("input: out of memory");
  }
  return {};
}

FdInput::~FdInput() {
  if (io_ != nullptr) av_freep(static_cast<void*>(&io_->buffer));
  avio_context_free(&io_);
  if (owned_) ::close(fd_);
}

int FdInput::ReadCallback(void* self, std::uint8_t* data, int size) {
  return static_cast<FdInput*>(self)->Read(data, size);
}

std::int64_t FdInput::SeekCallback(void* self, std::int64_t offset,
                                   int whence) {
  return static_cast<FdInput*>(self)->Seek(offset, whence);
}

int FdInput::Read(std::uint8_t* data, int size) {
  while (!interrupter_.Check()) {
    pollfd wait = {.fd = fd_, .events = POLLIN, .revents = 0};
    const int ready = ::poll(&wait, 1, kPollMilliseconds);
    if (ready == 0 || (ready < 0 && errno == EINTR)) continue;
    if (ready < 0) return AVERROR(errno);
    const ssize_t count = ::read(fd_, data, static_cast<std::size_t>(size));
    if (count > 0) return static_cast<int>(count);
    if (count == 0) return AVERROR_EOF;
    if (errno != EINTR && errno != EAGAIN) return AVERROR(errno);
  }
  return AVERROR_EXIT;
}

std::int64_t FdInput::Seek(std::int64_t offset, int whence) {
  if ((whence & AVSEEK_SIZE) != 0) {
    struct stat info = {};
    return ::fstat(fd_, &info) == 0 ? info.st_size : AVERROR(errno);
  }
  const off_t position = ::lseek(fd_, offset, whence & ~AVSEEK_FORCE);
  return position < 0 ? AVERROR(errno) : position;
}

bool IsNamedPipe(const std::string& path) {
  struct stat info = {};
  return ::stat(path.c_str(), &info) == 0 && S_ISFIFO(info.st_mode);
}

}  // namespace hlsrec::av
