#include <deque>
#include <utility>

#include "hlsrec/testing.h"
#include "src/base/mutex.h"

namespace hlsrec::testing {

class FaultySink::Impl {
 public:
  Impl(std::shared_ptr<Sink> sink, Decide decide_call)
      : inner(std::move(sink)), decide(std::move(decide_call)) {}

  // `act` passes the call on, telling its outcome to the function given;
  // `answer` tells the caller a failure.
  template <typename Act, typename Succeed, typename Answer>
  void Call(const std::string& key, Act act, Succeed succeed, Answer answer) {
    std::uint64_t number = 0;
    {
      MutexLock lock(mutex);
      number = ++calls;
    }
    Decision decision = decide(number, key);
    switch (decision.fault) {
      case Fault::kNone:
        return act(std::move(succeed));
      case Fault::kFail:
        return answer(std::move(decision.status));
      case Fault::kLoseReply:
        return act(
            [answer = std::move(answer),
             status = std::move(decision.status)](auto&&) { answer(status); });
      case Fault::kStall: {
        MutexLock lock(mutex);
        stalled.push_back([act = std::move(act), succeed = std::move(succeed)] {
          act(succeed);
        });
        return;
      }
    }
  }

  const std::shared_ptr<Sink> inner;
  const Decide decide;
  Mutex mutex;
  std::uint64_t calls ABSL_GUARDED_BY(mutex) = 0;
  std::deque<std::function<void()>> stalled ABSL_GUARDED_BY(mutex);
};

FaultySink::FaultySink(std::shared_ptr<Sink> inner, Decide decide)
    : impl_(std::make_shared<Impl>(std::move(inner), std::move(decide))) {}
FaultySink::~FaultySink() = default;

void FaultySink::Put(PutRequest request, Done done) {
  const std::string key = request.key;
  impl_->Call(
      key,
      [inner = impl_->inner, request = std::move(request)](Done reply) {
        inner->Put(request, std::move(reply));
      },
      done, done);
}

void FaultySink::Get(std::string key, std::uint64_t max_bytes, GetDone done) {
  impl_->Call(
      key,
      [inner = impl_->inner, key, max_bytes](GetDone reply) {
        inner->Get(key, max_bytes, std::move(reply));
      },
      done, [done](Status status) { done(std::move(status)); });
}

void FaultySink::Remove(std::string key, Done done) {
  impl_->Call(
      key,
      [inner = impl_->inner, key](Done reply) {
        inner->Remove(key, std::move(reply));
      },
      done, done);
}

void FaultySink::List(std::string prefix, ListDone done) {
  impl_->Call(
      prefix,
      [inner = impl_->inner, prefix](ListDone reply) {
        inner->List(prefix, std::move(reply));
      },
      done, [done](Status status) { done(std::move(status)); });
}

void FaultySink::Hold(std::string key, HoldDone done) {
  impl_->inner->Hold(std::move(key), std::move(done));
}

std::string FaultySink::Describe() const { return impl_->inner->Describe(); }

bool FaultySink::keeps_content_encoding() const {
  return impl_->inner->keeps_content_encoding();
}

std::chrono::milliseconds FaultySink::rewrite_interval() const {
  return impl_->inner->rewrite_interval();
}

std::uint64_t FaultySink::calls() const {
  MutexLock lock(impl_->mutex);
  return impl_->calls;
}

void FaultySink::Release() {
  std::deque<std::function<void()>> stalled;
  {
    MutexLock lock(impl_->mutex);
    stalled.swap(impl_->stalled);
  }
  for (const auto& call : stalled) call();
}

}  // namespace hlsrec::testing
