#include "src/sink/s3_multipart.h"

#include <algorithm>
#include <utility>

#include "src/base/bytes.h"
#include "src/base/hash.h"
#include "src/base/status_util.h"

namespace hlsrec::sink {
namespace {

constexpr std::uint64_t kMaxParts = 10000;
constexpr std::size_t kBlock = std::size_t{1} << 18;

// A part of another body.
class RangeBody final : public Body {
 public:
  RangeBody(std::shared_ptr<const Body> whole, std::uint64_t offset,
            std::uint64_t size)
      : whole_(std::move(whole)), offset_(offset), size_(size) {}
  std::uint64_t size() const override { return size_; }
  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset > size_ || out.size() > size_ - offset) {
      return DataLoss("body: {} bytes at {}: beyond its {} bytes", out.size(),
                      offset, size_);
    }
    return whole_->ReadAt(offset_ + offset, out);
  }

 private:
  const std::shared_ptr<const Body> whole_;
  const std::uint64_t offset_;
  const std::uint64_t size_;
};

// Lifetime. Held by its request in flight.
class Upload final : public std::enable_shared_from_this<Upload> {
 public:
  Upload(std::shared_ptr<S3Client> client, std::shared_ptr<Executor> io,
         S3LargeObject object, S3Client::Done done)
      : client_(std::move(client)),
        io_(std::move(io)),
        object_(std::move(object)),
        done_(std::move(done)) {
    const std::uint64_t size = object_.body->size();
    part_bytes_ =
        std::max(object_.part_bytes, (size + kMaxParts - 1) / kMaxParts);
  }

  void Begin() {
    client_->Send({.method = "POST",
                   .key = object_.key,
                   .query = {{"uploads", ""}},
                   .headers = object_.headers,
                   .context = object_.context},
                  [self = shared_from_this()](S3Answer answer) {
                    self->OnBegun(std::move(answer));
                  });
  }

 private:
  void OnBegun(S3Answer answer) {
    if (!answer.status.ok()) return done_(std::move(answer));
    StatusOr<std::string> id = ParseUploadId(answer.response.body);
    if (!id.ok()) {
      return done_({.status = id.status().WithContext(object_.context)});
    }
    id_ = *std::move(id);
    HashNext();
  }

  void HashNext() {
    if (offset_ >= object_.body->size()) return Complete();
    size_ = std::min(part_bytes_, object_.body->size() - offset_);
    const bool taken = io_->Post([self = shared_from_this()] {
      StatusOr<std::string> hash =
          HashBody(*self->object_.body, self->offset_, self->size_);
      if (!hash.ok()) {
        return self->Abort(
            {.status = hash.status().WithContext(self->object_.context)});
      }
      self->SendPart(*std::move(hash));
    });
    if (!taken) {
      done_(
          {.status = Cancelled("{}: the runtime has ended", object_.context)});
    }
  }

  void SendPart(std::string hash) {
    client_->Send(
        {.method = "PUT",
         .key = object_.key,
         .query = {{"partNumber", std::to_string(etags_.size() + 1)},
                   {"uploadId", id_}},
         .body = std::make_shared<RangeBody>(object_.body, offset_, size_),
         .payload_hash = std::move(hash),
         .context = object_.context},
        [self = shared_from_this()](S3Answer answer) {
          self->OnPart(std::move(answer));
        });
  }

  void OnPart(S3Answer answer) {
    if (!answer.status.ok()) return Abort(std::move(answer));
    const std::string_view etag = answer.response.Header("ETag");
    if (etag.empty()) {
      return Abort({.status = DataLoss("{}: part {}: the answer has no ETag",
                                       object_.context, etags_.size() + 1)});
    }
    etags_.emplace_back(etag);
    offset_ += size_;
    HashNext();
  }

  void Complete() {
    std::string text = MakeCompletion(etags_);
    std::string hash = Sha256Hex(AsBytes(text));
    std::vector<net::HttpHeader> headers = object_.completion_headers;
    headers.push_back({"Content-Type", "application/xml"});
    client_->Send({.method = "POST",
                   .key = object_.key,
                   .query = {{"uploadId", id_}},
                   .headers = std::move(headers),
                   .body = MakeStringBody(std::move(text)),
                   .payload_hash = std::move(hash),
                   .context = object_.context},
                  [self = shared_from_this()](S3Answer answer) {
                    self->OnCompleted(std::move(answer));
                  });
  }

  void OnCompleted(S3Answer answer) {
    if (answer.status.ok()) {
      answer.status =
          CheckCompleted(answer.response.body).WithContext(object_.context);
    }
    if (!answer.status.ok()) return Abort(std::move(answer));
    done_(std::move(answer));
  }

  // Parts cost money until somebody takes them away.
  void Abort(S3Answer why) {
    client_->Send(
        {.method = "DELETE",
         .key = object_.key,
         .query = {{"uploadId", id_}},
         .context = object_.context},
        [self = shared_from_this(), why = std::move(why)](const S3Answer&) {
          // The first failure says more than one of the abort's.
          self->done_(why);
        });
  }

  const std::shared_ptr<S3Client> client_;
  const std::shared_ptr<Executor> io_;
  const S3LargeObject object_;
  const S3Client::Done done_;
  std::uint64_t part_bytes_ = 0;
  std::string id_;
  std::uint64_t offset_ = 0;  // of the part under way
  std::uint64_t size_ = 0;
  std::vector<std::string> etags_;  // of those that are there
};

}  // namespace

void UploadInParts(std::shared_ptr<S3Client> client,
                   std::shared_ptr<Executor> io, S3LargeObject object,
                   S3Client::Done done) {
  std::make_shared<Upload>(std::move(client), std::move(io), std::move(object),
                           std::move(done))
      ->Begin();
}

StatusOr<std::string> HashBody(const Body& body, std::uint64_t offset,
                               std::uint64_t size) {
  Sha256 hash;
  Bytes block(static_cast<std::size_t>(std::min<std::uint64_t>(kBlock, size)));
  while (size > 0) {
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(block.size(), size));
    HLSREC_RETURN_IF_ERROR(body.ReadAt(
        offset, std::as_writable_bytes(std::span(block.data(), count))));
    hash.Add(ByteSpan(block.data(), count));
    offset += count;
    size -= count;
  }
  return hash.Hex();
}

}  // namespace hlsrec::sink
