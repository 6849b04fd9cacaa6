#include "src/serve/micro_response.h"

#include <fcntl.h>
#include <unistd.h>

#include <span>

#include "src/serve/body.h"

namespace hlsrec::serve {
namespace {

// Files are read in pieces of this size where sendfile can't be used.
constexpr std::size_t kBlock = 65536;

}  // namespace

ResponsePtr MakeResponse(const HttpResponse& response, std::uint64_t length) {
  MHD_Response* made = nullptr;
  if (response.body == nullptr || length == 0) {
    made = MHD_create_response_from_buffer(0, nullptr, MHD_RESPMEM_PERSISTENT);
  } else if (const auto* file =
                 dynamic_cast<const DescriptorBody*>(response.body.get())) {
    const int copy = ::fcntl(file->descriptor(), F_DUPFD_CLOEXEC, 0);
    if (copy >= 0) {
      made = MHD_create_response_from_fd_at_offset64(length, copy,
                                                     response.offset);
      if (made == nullptr) ::close(copy);
    }
  } else if (const auto* text =
                 dynamic_cast<const TextBody*>(response.body.get())) {
    const auto bytes = text->text().substr(response.offset, length);
    made = MHD_create_response_from_buffer_with_free_callback_cls(
        bytes.size(), const_cast<char*>(bytes.data()),
        [](void* body) {
          delete static_cast<std::shared_ptr<const Body>*>(body);
        },
        new std::shared_ptr<const Body>(response.body));
  } else {
    struct Part {
      std::shared_ptr<const Body> body;
      std::uint64_t offset;
    };
    made = MHD_create_response_from_callback(
        length, kBlock,
        [](void* closure, std::uint64_t position, char* out,
           std::size_t size) -> ssize_t {
          const auto& part = *static_cast<Part*>(closure);
          const Status read =
              part.body->ReadAt(part.offset + position,
                                std::as_writable_bytes(std::span(out, size)));
          return read.ok()
                     ? static_cast<ssize_t>(size)
                     : static_cast<ssize_t>(MHD_CONTENT_READER_END_WITH_ERROR);
        },
        new Part{.body = response.body, .offset = response.offset},
        [](void* closure) { delete static_cast<Part*>(closure); });
  }
  return {made, &MHD_destroy_response};
}

}  // namespace hlsrec::serve
