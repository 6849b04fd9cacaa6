#ifndef HLSREC_SRC_RECEIVE_BODY_READER_H_
#define HLSREC_SRC_RECEIVE_BODY_READER_H_

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <utility>

#include "hlsrec/http_server.h"
#include "hlsrec/sink.h"
#include "src/receive/answers.h"
#include "src/receive/incoming_body.h"

namespace hlsrec::receive {

// Of UploadStats.
struct Counters {
  std::atomic<std::uint64_t> stored = 0;
  std::atomic<std::uint64_t> stored_bytes = 0;
  std::atomic<std::uint64_t> removed = 0;
  std::atomic<std::uint64_t> refused = 0;
  std::atomic<std::uint64_t> not_stored = 0;
  std::atomic<std::uint64_t> broken_off = 0;
  std::atomic<std::uint64_t> gaps = 0;
  std::atomic<std::uint64_t> under_way = 0;
};

// A request's body, and what is done when it is whole.
class BodyReader final : public HttpBodyReader {
 public:
  using WhenWhole = std::function<void(std::shared_ptr<const Body>)>;
  BodyReader(std::unique_ptr<IncomingBody> body, HttpReply reply,
             std::shared_ptr<Counters> counters, WhenWhole when_whole,
             std::function<void()> broken_off)
      : body_(std::move(body)),
        reply_(std::move(reply)),
        counters_(std::move(counters)),
        when_whole_(std::move(when_whole)),
        broken_off_(std::move(broken_off)) {}
  ~BodyReader() override {
    if (ended_) return;
    if (!failed_) ++counters_->broken_off;
    broken_off_();
  }
  BodyReader(const BodyReader&) = delete;
  BodyReader& operator=(const BodyReader&) = delete;

  void OnData(std::span<const std::byte> bytes) override {
    if (failed_) return;
    Fail(body_->Append(
        {reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()}));
  }
  void OnEnd() override {
    if (failed_) return;
    StatusOr<std::shared_ptr<const Body>> body = body_->Finish();
    if (!body.ok()) return Fail(body.status());
    ended_ = true;
    when_whole_(std::move(body).value());
  }

 private:
  void Fail(const Status& status) {
    if (status.ok()) return;
    failed_ = true;
    if (status.code() == StatusCode::kInvalidArgument) {
      ++counters_->refused;
      return reply_(Plain(413, "too large"));
    }
    ++counters_->not_stored;
    reply_(Later(status));
  }

  const std::unique_ptr<IncomingBody> body_;
  const HttpReply reply_;
  const std::shared_ptr<Counters> counters_;
  const WhenWhole when_whole_;
  const std::function<void()> broken_off_;
  bool failed_ = false;
  bool ended_ = false;
};

}  // namespace hlsrec::receive

#endif  // HLSREC_SRC_RECEIVE_BODY_READER_H_
