#ifndef HLSREC_SRC_AV_FD_INPUT_H_
#define HLSREC_SRC_AV_FD_INPUT_H_

extern "C" {
#include <libavformat/avio.h>
}

#include <cstdint>
#include <memory>
#include <string>

#include "hlsrec/status.h"
#include "src/av/interrupter.h"

namespace hlsrec::av {

// Standard input or a named pipe as libavformat's I/O. libavformat's own
// `pipe:` and `file:` sit in read() and open() and cannot be interrupted there.
//
// Lifetime. `interrupter` outlives it; it outlives the demuxer.
class FdInput {
 public:
  static StatusOr<std::unique_ptr<FdInput>> StandardInput(
      Interrupter& interrupter);
  // Does not wait for a writer.
  static StatusOr<std::unique_ptr<FdInput>> NamedPipe(const std::string& path,
                                                      Interrupter& interrupter);
  ~FdInput();
  FdInput(const FdInput&) = delete;
  FdInput& operator=(const FdInput&) = delete;

  [[nodiscard]] AVIOContext* io() const { return io_; }

 private:
  FdInput(int fd, bool owned, Interrupter& interrupter)
      : fd_(fd), owned_(owned), interrupter_(interrupter) {}
  Status Init();
  static int ReadCallback(void* self, std::uint8_t* data, int size);
  static std::int64_t SeekCallback(void* self, std::int64_t offset, int whence);
  int Read(std::uint8_t* data, int size);
  std::int64_t Seek(std::int64_t offset, int whence);

  const int fd_;
  const bool owned_;
  Interrupter& interrupter_;
  AVIOContext* io_ = nullptr;
};

// True where `path` names a FIFO.
bool IsNamedPipe(const std::string& path);

}  // namespace hlsrec::av

#endif  // HLSREC_SRC_AV_FD_INPUT_H_
