#include "src/av/byte_input.h"

extern "C" {
#include <libavutil/error.h>
#include <libavutil/mem.h>
}

#include <utility>

#include "src/base/status_util.h"

namespace hlsrec::av {
namespace {

constexpr int kBufferBytes = 64 * 1024;

}  // namespace

StatusOr<std::unique_ptr<ByteInput>> ByteInput::Create(ByteSource source) {
  std::unique_ptr<ByteInput> input(new ByteInput(std::move(source)));
  auto* buffer = static_cast<unsigned char*>(av_malloc(kBufferBytes));
  if (buffer == nullptr) return ResourceExhausted("input: out of memory");
  input->io_ = avio_alloc_context(buffer, kBufferBytes, 0, input.get(),
                                  &ByteInput::ReadCallback, nullptr, nullptr);
  if (input->io_ == nullptr) {
    av_free(buffer);
    return ResourceExhausted("input: out of memory");
  }
  return input;
}

ByteInput::~ByteInput() {
  if (io_ != nullptr) av_freep(static_cast<void*>(&io_->buffer));
  avio_context_free(&io_);
}

int ByteInput::ReadCallback(void* self, std::uint8_t* data, int size) {
  return static_cast<ByteInput*>(self)->Read(data, size);
}

int ByteInput::Read(std::uint8_t* data, int size) {
  if (!failure_.ok()) return AVERROR_EXIT;
  const StatusOr<std::size_t> count =
      source_(std::span(data, static_cast<std::size_t>(size)));
  if (!count.ok()) {
    failure_ = count.status();
    return AVERROR_EXIT;
  }
  return *count == 0 ? AVERROR_EOF : static_cast<int>(*count);
}

}  // namespace hlsrec::av
