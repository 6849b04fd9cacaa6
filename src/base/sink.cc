#include "hlsrec/sink.h"

#include <utility>

#include "hlsrec/runtime.h"
#include "src/base/runtime_core.h"
#include "src/base/status_util.h"

namespace hlsrec {
namespace {

// Brings blocking calls to a thread where they may block.
class StrandSink final : public Sink {
 public:
  StrandSink(std::shared_ptr<Runtime> runtime,
             std::unique_ptr<BlockingSink> sink, const std::string& strand)
      : runtime_(std::move(runtime)),
        executor_(runtime_->core().Io(strand)),
        sink_(std::move(sink)) {}

  void Put(PutRequest request, Done done) override {
    if (Status status = CheckKey(request.key); !status.ok()) {
      return done(std::move(status));
    }
    executor_->Post([sink = sink_, request = std::move(request),
                     done = std::move(done)] { done(sink->Put(request)); });
  }
  void Get(std::string key, std::uint64_t max_bytes, GetDone done) override {
    if (Status status = CheckKey(key); !status.ok()) {
      return done(std::move(status));
    }
    executor_->Post(
        [sink = sink_, key = std::move(key), max_bytes,
         done = std::move(done)] { done(sink->Get(key, max_bytes)); });
  }
  void Remove(std::string key, Done done) override {
    if (Status status = CheckKey(key); !status.ok()) {
      return done(std::move(status));
    }
    executor_->Post([sink = sink_, key = std::move(key),
                     done = std::move(done)] { done(sink->Remove(key)); });
  }
  void List(std::string prefix, ListDone done) override {
    executor_->Post([sink = sink_, prefix = std::move(prefix),
                     done = std::move(done)] { done(sink->List(prefix)); });
  }
  void Hold(std::string key, HoldDone done) override {
    if (Status status = CheckKey(key); !status.ok()) {
      return done(std::move(status));
    }
    executor_->Post([sink = sink_, executor = executor_, key = std::move(key),
                     done = std::move(done)] {
      auto held = sink->Hold(key);
      if (!held.ok() || *held == nullptr) return done(std::move(held));
      // Letting go may block as well.
      std::shared_ptr<void> token = *std::move(held);
      void* const shown = token.get();
      done(std::shared_ptr<void>(
          shown, [executor, token = std::move(token)](void*) mutable {
            executor->Post([token = std::move(token)] {});
          }));
    });
  }
  std::string Describe() const override { return sink_->Describe(); }

 private:
  const std::shared_ptr<Runtime> runtime_;
  const std::shared_ptr<Executor> executor_;
  const std::shared_ptr<BlockingSink> sink_;  // also held by calls in flight
};

}  // namespace

Sink::~Sink() = default;

// Sinks that tell keep it.
// NOLINTNEXTLINE(performance-unnecessary-value-param)
void Sink::Stat(std::string key, StatDone done) {
  done(Unimplemented("stat: {}: this sink does not tell", key));
}

// Sinks that hold keep it.
// NOLINTNEXTLINE(performance-unnecessary-value-param)
void Sink::Hold(std::string, HoldDone done) { done(std::shared_ptr<void>()); }

bool Sink::keeps_content_encoding() const { return false; }

std::chrono::milliseconds Sink::rewrite_interval() const {
  return std::chrono::milliseconds(0);
}

BlockingSink::~BlockingSink() = default;

StatusOr<std::shared_ptr<void>> BlockingSink::Hold(const std::string&) {
  return std::shared_ptr<void>();
}

std::shared_ptr<Sink> MakeSink(std::shared_ptr<Runtime> runtime,
                               std::unique_ptr<BlockingSink> sink,
                               const std::string& strand) {
  return std::make_shared<StrandSink>(std::move(runtime), std::move(sink),
                                      strand);
}

Status CheckKey(std::string_view key) {
  const auto bad = [&](std::string_view why) {
    return InvalidArgument("key: {}: {}", key, why);
  };
  if (key.empty()) return InvalidArgument("key: is empty");
  std::size_t level = 0;
  for (std::size_t i = 0; i <= key.size(); ++i) {
    if (i < key.size()) {
      const auto byte = static_cast<unsigned char>(key[i]);
      if (byte < 0x20 || byte == 0x7f) {
        return InvalidArgument("key: holds a control character");
      }
      if (byte == '\\') return bad("holds a backslash");
      if (byte != '/') continue;
    }
    const std::string_view name = key.substr(level, i - level);
    if (name.empty()) return bad("has an empty level");
    if (name == "." || name == "..") return bad("climbs by `.` or `..`");
    level = i + 1;
  }
  return {};
}

}  // namespace hlsrec
