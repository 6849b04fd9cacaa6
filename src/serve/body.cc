#include "src/serve/body.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "src/base/status_util.h"

namespace hlsrec::serve {

DescriptorBody::~DescriptorBody() { ::close(descriptor_); }

Status DescriptorBody::ReadAt(std::uint64_t offset,
                              std::span<std::byte> out) const {
  while (!out.empty()) {
    const ssize_t count = ::pread(descriptor_, out.data(), out.size(),
                                  static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return ErrnoStatus(errno, "serve: read");
    if (count == 0) return DataLoss("serve: read: shorter than it was");
    offset += static_cast<std::uint64_t>(count);
    out = out.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

Status TextBody::ReadAt(std::uint64_t offset, std::span<std::byte> out) const {
  if (offset > size() || out.size() > size() - offset) {
    return DataLoss("serve: read: {} bytes at {}: beyond its {} bytes",
                    out.size(), offset, size());
  }
  std::memcpy(out.data(), text_->data() + offset, out.size());
  return {};
}

std::shared_ptr<const Body> MakeText(std::string text) {
  return std::make_shared<TextBody>(std::move(text));
}

HttpResponse PlainResponse(int status, std::string_view text) {
  return {.status = status,
          .headers = {{.name = "Content-Type",
                       .value = "text/plain; charset=utf-8"},
                      {.name = "Cache-Control", .value = "no-store"}},
          .body = MakeText(fmt::format("{}\n", text))};
}

}  // namespace hlsrec::serve
