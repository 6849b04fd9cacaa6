#ifndef HLSREC_SRC_AV_BYTE_INPUT_H_
#define HLSREC_SRC_AV_BYTE_INPUT_H_

extern "C" {
#include <libavformat/avio.h>
}

#include <cstddef>
#include <cstdint>
#include <memory>

#include "hlsrec/status.h"
#include "src/av/movie.h"

namespace hlsrec::av {

// A ByteSource as libavformat's I/O, which can't seek.
//
// Lifetime. Outlives the demuxer.
class ByteInput {
 public:
  static StatusOr<std::unique_ptr<ByteInput>> Create(ByteSource source);
  ~ByteInput();
  ByteInput(const ByteInput&) = delete;
  ByteInput& operator=(const ByteInput&) = delete;

  [[nodiscard]] AVIOContext* io() const { return io_; }
  // Why the source stopped before its end; OK where it did not.
  [[nodiscard]] const Status& failure() const { return failure_; }

 private:
  explicit ByteInput(ByteSource source) : source_(std::move(source)) {}
  static int ReadCallback(void* self, std::uint8_t* data, int size);
  int Read(std::uint8_t* data, int size);

  const ByteSource source_;
  Status failure_;
  AVIOContext* io_ = nullptr;
};

}  // namespace hlsrec::av

#endif  // HLSREC_SRC_AV_BYTE_INPUT_H_
