#include "tests/simulation/stage.h"

#include <utility>

#include "src/sink/file_sink.h"

namespace hlsrec::simulation {
namespace {

constexpr std::uint64_t kMaxObjectBytes = std::uint64_t{1} << 24;

// Readers look as soon as something changed.
class WatchedMemory final : public Sink {
 public:
  WatchedMemory(std::shared_ptr<Sink> inner, std::function<bool()> alive,
                Audience& audience)
      : inner_(std::move(inner)),
        alive_(std::move(alive)),
        audience_(audience) {}

  void Put(PutRequest request, Done done) override {
    if (!alive_()) return;
    const std::string key = request.key;
    inner_->Put(std::move(request), [&](Status status) {
      audience_.OnChange(key);
      done(std::move(status));
    });
  }
  void Get(std::string key, std::uint64_t max_bytes, GetDone done) override {
    if (alive_()) inner_->Get(std::move(key), max_bytes, std::move(done));
  }
  void Remove(std::string key, Done done) override {
    if (!alive_()) return;
    inner_->Remove(key, [&](Status status) {
      audience_.OnChange(key);
      done(std::move(status));
    });
  }
  void List(std::string prefix, ListDone done) override {
    if (alive_()) inner_->List(std::move(prefix), std::move(done));
  }
  [[nodiscard]] std::string Describe() const override {
    return inner_->Describe();
  }

 private:
  const std::shared_ptr<Sink> inner_;
  const std::function<bool()> alive_;
  Audience& audience_;
};

class WatchedFiles final : public BlockingSink {
 public:
  WatchedFiles(std::unique_ptr<BlockingSink> inner, std::function<bool()> alive,
               Audience& audience)
      : inner_(std::move(inner)),
        alive_(std::move(alive)),
        audience_(audience) {}

  Status Put(const PutRequest& request) override {
    Status status = inner_->Put(request);
    if (alive_()) audience_.OnChange(request.key);
    return status;
  }
  StatusOr<std::string> Get(const std::string& key,
                            std::uint64_t max_bytes) override {
    return inner_->Get(key, max_bytes);
  }
  Status Remove(const std::string& key) override {
    Status status = inner_->Remove(key);
    if (alive_()) audience_.OnChange(key);
    return status;
  }
  StatusOr<std::vector<ObjectInfo>> List(const std::string& prefix) override {
    return inner_->List(prefix);
  }
  [[nodiscard]] std::string Describe() const override {
    return inner_->Describe();
  }

 private:
  const std::unique_ptr<BlockingSink> inner_;
  const std::function<bool()> alive_;
  Audience& audience_;
};

class OfferedSink final : public Sink {
 public:
  OfferedSink(std::shared_ptr<Sink> inner, std::function<bool()> refuses,
              Audience& audience)
      : inner_(std::move(inner)),
        refuses_(std::move(refuses)),
        audience_(audience) {}

  void Put(PutRequest request, Done done) override {
    if (request.kind == ObjectKind::kSegment) {
      const auto bytes = ReadBody(*request.body, kMaxObjectBytes);
      if (bytes.ok()) audience_.OnOffered(request.key, *bytes);
      if (refuses_()) {
        return done(Status(StatusCode::kInvalidArgument, "refused"));
      }
    }
    inner_->Put(std::move(request), std::move(done));
  }
  void Get(std::string key, std::uint64_t max_bytes, GetDone done) override {
    inner_->Get(std::move(key), max_bytes, std::move(done));
  }
  void Remove(std::string key, Done done) override {
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
  const std::function<bool()> refuses_;
  Audience& audience_;
};

}  // namespace

std::shared_ptr<Sink> MakeOfferedSink(std::shared_ptr<Sink> inner,
                                      std::function<bool()> refuses,
                                      Audience& audience) {
  return std::make_shared<OfferedSink>(std::move(inner), std::move(refuses),
                                       audience);
}

Stage::Stage(SinkKind kind, int number, SimulatedDisk& disk, Verdict& verdict,
             const Ledger& ledger, const testing::ManualClock& clock)
    : kind_(kind),
      root_(fmt::format("/srv/out{}", number)),
      disk_(disk),
      audience_(verdict, ledger, clock, MakeShelf()) {}

Shelf Stage::MakeShelf() {
  if (kind_ == SinkKind::kMemory) {
    return {
        .read = [this](const std::string& key) -> std::optional<std::string> {
          // Nothing that is stored here is empty.
          std::string bytes = memory_->Text(key);
          if (bytes.empty()) return std::nullopt;
          return bytes;
        },
        .keys = [this] { return memory_->Keys(); }};
  }
  return {.read = [this](const std::string& key) -> std::optional<std::string> {
            auto bytes =
                disk_.files().ReadFile(root_ + "/" + key, kMaxObjectBytes);
            if (!bytes.ok()) return std::nullopt;
            return *std::move(bytes);
          },
          .keys =
              [this] {
                std::vector<std::string> keys;
                const auto entries = disk_.files().List(root_);
                if (!entries.ok()) return keys;
                for (const DirectoryEntry& entry : *entries) {
                  if (!entry.name.starts_with('.')) keys.push_back(entry.name);
                }
                return keys;
              }};
}

void Stage::Settle() {
  if (kind_ == SinkKind::kMemory) return;
  disk_.files().SyncDirectory(root_).Ignore("there may be none yet");
}

std::shared_ptr<testing::FaultySink> Stage::MakeSink(
    const std::shared_ptr<Runtime>& runtime, std::function<bool()> alive,
    std::function<bool()> delays, testing::FaultySink::Decide decide) {
  std::shared_ptr<Sink> inner;
  if (kind_ == SinkKind::kMemory) {
    inner = MakeWiredSink(
        std::make_shared<WatchedMemory>(memory_, alive, audience_), wire_,
        [alive, delays = std::move(delays)] { return alive() && delays(); });
  } else {
    auto files = sink::MakeFileSink(disk_.files(), {.root = root_});
    if (!files.ok()) return nullptr;
    inner = hlsrec::MakeSink(
        runtime,
        std::make_unique<WatchedFiles>(std::move(files).value(),
                                       std::move(alive), audience_),
        root_);
  }
  return std::make_shared<testing::FaultySink>(inner, std::move(decide));
}

}  // namespace hlsrec::simulation
