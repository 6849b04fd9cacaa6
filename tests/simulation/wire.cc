#include "tests/simulation/wire.h"

#include <algorithm>
#include <utility>

namespace hlsrec::simulation {
namespace {

constexpr std::uint64_t kMaxObjectBytes = std::uint64_t{1} << 24;

class WiredSink final : public Sink {
 public:
  WiredSink(std::shared_ptr<Sink> inner, Wire& wire,
            std::function<bool()> delays)
      : inner_(std::move(inner)), wire_(wire), delays_(std::move(delays)) {}

  void Put(PutRequest request, Done done) override {
    if (delays_()) {
      wire_.Delay(request);
      return done(Status(StatusCode::kDeadlineExceeded, "fault: no reply"));
    }
    wire_.Deliver(request.key);
    inner_->Put(std::move(request), std::move(done));
  }
  void Get(std::string key, std::uint64_t max_bytes, GetDone done) override {
    inner_->Get(std::move(key), max_bytes, std::move(done));
  }
  void Remove(std::string key, Done done) override {
    wire_.Deliver(key);
    inner_->Remove(std::move(key), std::move(done));
  }
  void List(std::string prefix, ListDone done) override {
    inner_->List(std::move(prefix), std::move(done));
  }
  [[nodiscard]] std::string Describe() const override {
    return inner_->Describe();
  }

 private:
  const std::shared_ptr<Sink> inner_;
  Wire& wire_;
  const std::function<bool()> delays_;
};

}  // namespace

void Wire::Delay(const PutRequest& request) {
  const auto bytes = ReadBody(*request.body, kMaxObjectBytes);
  if (!bytes.ok()) return;
  PutRequest late = request;
  late.body = MakeStringBody(*bytes);
  late_.push_back(std::move(late));
}

void Wire::Deliver(const std::string& key) {
  std::deque<PutRequest> arriving;
  for (PutRequest& request : late_) {
    if (request.key == key) arriving.push_back(std::move(request));
  }
  std::erase_if(
      late_, [](const PutRequest& request) { return request.body == nullptr; });
  for (PutRequest& request : arriving) Arrive(std::move(request));
}

void Wire::DeliverAll() {
  while (!late_.empty()) {
    PutRequest request = std::move(late_.front());
    late_.pop_front();
    Arrive(std::move(request));
  }
}

void Wire::Arrive(PutRequest request) {
  const std::string key = request.key;
  store_->Put(std::move(request), [](const Status&) {});
  arrived_(key);
}

std::shared_ptr<Sink> MakeWiredSink(std::shared_ptr<Sink> inner, Wire& wire,
                                    std::function<bool()> delays) {
  return std::make_shared<WiredSink>(std::move(inner), wire, std::move(delays));
}

}  // namespace hlsrec::simulation
