#include "src/receive/incoming_body.h"

#include <cstring>
#include <utility>

#include "src/base/hash.h"
#include "src/base/process.h"
#include "src/base/status_util.h"

namespace hlsrec::receive {
namespace {

class ReceivedBody final : public Body {
 public:
  ReceivedBody(std::string memory, std::unique_ptr<ReadableFile> file,
               std::uint64_t size, std::shared_ptr<Budget> budget)
      : memory_(std::move(memory)),
        file_(std::move(file)),
        size_(size),
        budget_(std::move(budget)) {}
  ~ReceivedBody() override { budget_->Return(size_); }
  ReceivedBody(const ReceivedBody&) = delete;
  ReceivedBody& operator=(const ReceivedBody&) = delete;

  std::uint64_t size() const override { return size_; }
  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    if (file_ != nullptr) return file_->ReadAt(offset, out);
    if (offset > size_ || out.size() > size_ - offset) {
      return DataLoss("upload: read beyond its {} bytes", size_);
    }
    std::memcpy(out.data(), memory_.data() + offset, out.size());
    return {};
  }

 private:
  const std::string memory_;
  const std::unique_ptr<ReadableFile> file_;
  const std::uint64_t size_;
  const std::shared_ptr<Budget> budget_;
};

}  // namespace

IncomingBody::IncomingBody(FileSystem& files, std::string directory,
                           std::uint64_t max_bytes,
                           std::shared_ptr<Budget> budget)
    : files_(files),
      directory_(std::move(directory)),
      max_bytes_(max_bytes),
      budget_(std::move(budget)) {}

IncomingBody::~IncomingBody() { budget_->Return(size_); }

Status IncomingBody::Append(ByteSpan bytes) {
  if (bytes.size() > max_bytes_ - size_) {
    return InvalidArgument("upload: more than {} bytes", max_bytes_);
  }
  if (!budget_->TryTake(bytes.size())) {
    return ResourceExhausted("upload: too much is under way");
  }
  size_ += bytes.size();
  if (writer_ == nullptr && size_ > kInMemory) {
    HLSREC_RETURN_IF_ERROR(MoveToFile().WithContext("upload"));
  }
  if (writer_ != nullptr) return writer_->Write(bytes);
  memory_.append(AsText(bytes));
  return {};
}

Status IncomingBody::MoveToFile() {
  const std::string path = fmt::format("{}/hlsrec-upload-{}-{}", directory_,
                                       ProcessTag(), RandomHex(12));
  HLSREC_ASSIGN_OR_RETURN(writer_, files_.Create(path, 0600));
  StatusOr<std::unique_ptr<ReadableFile>> reader = files_.Open(path);
  // From here on it goes with its descriptors, however we end.
  HLSREC_RETURN_IF_ERROR(files_.Remove(path));
  HLSREC_RETURN_IF_ERROR(reader.status());
  reader_ = std::move(reader).value();
  HLSREC_RETURN_IF_ERROR(writer_->Write(AsBytes(memory_)));
  memory_ = {};
  return {};
}

StatusOr<std::shared_ptr<const Body>> IncomingBody::Finish() {
  if (writer_ != nullptr) {
    HLSREC_RETURN_IF_ERROR(writer_->Close());
  }
  return std::shared_ptr<const Body>(
      std::make_shared<ReceivedBody>(std::move(memory_), std::move(reader_),
                                     std::exchange(size_, 0), budget_));
}

}  // namespace hlsrec::receive
