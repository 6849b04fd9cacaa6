#include "src/check/fetch.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "src/base/status_util.h"
#include "src/check/uri.h"

namespace hlsrec::check {
namespace {

class Fd {
 public:
  explicit Fd(const std::string& path)
      : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  [[nodiscard]] int get() const { return fd_; }

 private:
  const int fd_;
};

StatusOr<std::string> ReadFileRange(const std::string& path,
                                    std::uint64_t max_bytes,
                                    std::optional<playlist::ByteRange> range,
                                    bool some) {
  const Fd fd(path);
  if (fd.get() < 0) return ErrnoStatus(errno, "open: " + path);
  struct stat info {};
  if (::fstat(fd.get(), &info) != 0) return ErrnoStatus(errno, "stat: " + path);
  if (!S_ISREG(info.st_mode)) {
    return FailedPrecondition("read: {}: not a regular file", path);
  }
  const auto size = static_cast<std::uint64_t>(info.st_size);
  if (range && some) {
    range->offset = std::min(range->offset, size);
    range->length = std::min(range->length, size - range->offset);
  }
  const std::uint64_t offset = range ? range->offset : 0;
  const std::uint64_t length = range ? range->length : size;
  if (range && (offset > size || length > size - offset)) {
    return DataLoss("read: {}: {} bytes at {} of {}", path, length, offset,
                    size);
  }
  if (length > max_bytes) {
    return ResourceExhausted("read: {}: larger than {} bytes", path, max_bytes);
  }
  std::string bytes(length, '\0');
  std::uint64_t done = 0;
  while (done < length) {
    const ssize_t count = ::pread(fd.get(), bytes.data() + done, length - done,
                                  static_cast<off_t>(offset + done));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoStatus(errno, "read: " + path);
    if (count == 0) break;  // shrunk meanwhile: what is there counts
    done += static_cast<std::uint64_t>(count);
  }
  bytes.resize(done);
  return bytes;
}

}  // namespace

net::HttpReader& Fetcher::http() {
  if (http_ == nullptr) http_ = std::make_unique<net::HttpReader>();
  return *http_;
}

StatusOr<Fetched> Fetcher::GetUrl(
    const std::string& url, std::uint64_t max_bytes,
    const std::optional<playlist::ByteRange>& range, Extent extent) {
  net::HttpGetRequest request{
      .url = url, .max_bytes = max_bytes, .timeout = timeout_};
  if (range) {
    if (range->length == 0) return Fetched{};
    request.range = {.offset = range->offset, .length = range->length};
  }
  HLSREC_ASSIGN_OR_RETURN(net::HttpResponse response, http().Fetch(request));
  constexpr int kRangeNotSatisfiable = 416;
  if (extent == Extent::kSome && response.status == kRangeNotSatisfiable) {
    return Fetched{};
  }
  HLSREC_RETURN_IF_ERROR(
      net::HttpStatus(response.status, "get: " + net::RedactUrl(url)));
  constexpr int kPartialContent = 206;
  if (range && response.status != kPartialContent) {
    return FailedPrecondition("get: {}: the server ignores Range",
                              net::RedactUrl(url));
  }
  if (range && extent == Extent::kWhole &&
      response.body.size() != range->length) {
    return DataLoss("get: {}: {} of {} bytes of the range", net::RedactUrl(url),
                    response.body.size(), range->length);
  }
  return Fetched{.bytes = std::move(response.body),
                 .content_type = std::move(response.content_type),
                 .content_encoding = std::move(response.content_encoding),
                 .fresh_for = response.fresh_for,
                 .http_version = response.major_version};
}

StatusOr<Fetched> Fetcher::Get(
    const std::string& location, std::uint64_t max_bytes,
    const std::optional<playlist::ByteRange>& range) {
  return Read(location, max_bytes, range, Extent::kWhole);
}

StatusOr<Fetched> Fetcher::GetSome(const std::string& location,
                                   const playlist::ByteRange& range) {
  return Read(location, range.length, range, Extent::kSome);
}

StatusOr<Fetched> Fetcher::Read(const std::string& location,
                                std::uint64_t max_bytes,
                                const std::optional<playlist::ByteRange>& range,
                                Extent extent) {
  Fetched fetched;
  if (IsHttpUrl(location)) {
    HLSREC_ASSIGN_OR_RETURN(fetched,
                            GetUrl(location, max_bytes, range, extent));
  } else if (HasScheme(location)) {
    return Unimplemented("read: {}: neither a file nor http(s)",
                         location.substr(0, 40));
  } else {
    HLSREC_ASSIGN_OR_RETURN(
        fetched.bytes,
        ReadFileRange(location, max_bytes, range, extent == Extent::kSome));
  }
  bytes_read_ += fetched.bytes.size();
  return fetched;
}

Status Fetcher::Probe(const std::string& location) {
  if (!IsHttpUrl(location)) {
    const Fd fd(location);
    return fd.get() < 0 ? ErrnoStatus(errno, "open: " + location) : Status();
  }
  HLSREC_ASSIGN_OR_RETURN(const net::HttpResponse response,
                          http().Fetch({.url = location,
                                        .method = net::HttpMethod::kHead,
                                        .timeout = timeout_}));
  return net::HttpStatus(response.status, "head: " + net::RedactUrl(location));
}

}  // namespace hlsrec::check
