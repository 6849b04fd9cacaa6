#ifndef HLSREC_SRC_RECEIVE_INCOMING_BODY_H_
#define HLSREC_SRC_RECEIVE_INCOMING_BODY_H_

#include <cstdint>
#include <memory>
#include <string>

#include "hlsrec/sink.h"
#include "src/base/budget.h"
#include "src/base/bytes.h"
#include "src/base/file.h"

namespace hlsrec::receive {

// A body that comes in pieces: in memory as long as it is small, in a file
// without a name from then on.
//
// Threads. One at a time. Blocking. Writes the file.
class IncomingBody {
 public:
  static constexpr std::size_t kInMemory = std::size_t{1} << 20;

  IncomingBody(FileSystem& files, std::string directory,
               std::uint64_t max_bytes, std::shared_ptr<Budget> budget);
  ~IncomingBody();
  IncomingBody(const IncomingBody&) = delete;
  IncomingBody& operator=(const IncomingBody&) = delete;

  // Errors. kInvalidArgument: larger than it may be. kResourceExhausted: too
  //     much is here at once. Others from the disk. Nothing more may follow.
  Status Append(ByteSpan bytes);
  // All of it; its bytes count until the last owner lets go.
  StatusOr<std::shared_ptr<const Body>> Finish();
  [[nodiscard]] std::uint64_t size() const { return size_; }

 private:
  Status MoveToFile();

  FileSystem& files_;
  const std::string directory_;
  const std::uint64_t max_bytes_;
  const std::shared_ptr<Budget> budget_;
  std::uint64_t size_ = 0;
  std::string memory_;
  std::unique_ptr<WritableFile> writer_;
  std::unique_ptr<ReadableFile> reader_;
};

}  // namespace hlsrec::receive

#endif  // HLSREC_SRC_RECEIVE_INCOMING_BODY_H_
