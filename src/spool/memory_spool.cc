#include <cstring>
#include <utility>
#include <vector>

#include "src/base/runtime_core.h"
#include "src/base/status_util.h"
#include "src/spool/spool.h"

namespace hlsrec::spool {
namespace {

class MemoryBody final : public Body {
 public:
  MemoryBody(std::shared_ptr<Budget> budget, Bytes bytes)
      : budget_(std::move(budget)), bytes_(std::move(bytes)) {}
  ~MemoryBody() override { budget_->Return(bytes_.size()); }
  MemoryBody(const MemoryBody&) = delete;
  MemoryBody& operator=(const MemoryBody&) = delete;

  std::uint64_t size() const override { return bytes_.size(); }
  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    if (offset > bytes_.size() || out.size() > bytes_.size() - offset) {
      return DataLoss("memory spool: read beyond {} bytes", bytes_.size());
    }
    std::memcpy(out.data(), bytes_.data() + offset, out.size());
    return {};
  }

 private:
  const std::shared_ptr<Budget> budget_;
  const Bytes bytes_;
};

class MemoryWriter final : public SegmentWriter {
 public:
  MemoryWriter(std::shared_ptr<Budget> budget, std::shared_ptr<Journal> journal,
               SegmentStart start)
      : budget_(std::move(budget)),
        journal_(std::move(journal)),
        start_(std::move(start)) {}
  ~MemoryWriter() override { budget_->Return(bytes_.size()); }
  MemoryWriter(const MemoryWriter&) = delete;
  MemoryWriter& operator=(const MemoryWriter&) = delete;

  void Append(Bytes bytes) override {
    budget_->Take(bytes.size());
    hlsrec::Append(bytes_, bytes);
  }
  void MarkChunk(std::chrono::microseconds) override {}
  void Seal(std::chrono::microseconds duration, Sealed sealed) override {
    bytes_.shrink_to_fit();
    journal_->Add(SegmentSealed{.id = start_.id,
                                .duration = duration,
                                .start = start_.start,
                                .discontinuity = start_.discontinuity,
                                .init_hash = start_.init_hash,
                                .size_bytes = bytes_.size()},
                  {});
    sealed(SealedSegment{.body = std::make_shared<MemoryBody>(
                             budget_, std::exchange(bytes_, {})),
                         .owed = std::make_shared<std::atomic<int>>(1)});
  }

 private:
  const std::shared_ptr<Budget> budget_;
  const std::shared_ptr<Journal> journal_;
  const SegmentStart start_;
  Bytes bytes_;
};

class MemorySpool final : public Spool {
 public:
  explicit MemorySpool(std::shared_ptr<Budget> budget)
      : budget_(std::move(budget)) {}
  std::unique_ptr<SegmentWriter> Create(const SegmentStart& start,
                                        WriterOptions) override {
    return std::make_unique<MemoryWriter>(budget_, journal_, start);
  }
  StatusOr<SealedSegment> Find(const SegmentSealed&) override {
    return NotFound("memory spool: keeps nothing of earlier runs");
  }
  Bytes TakeBuffer() override { return {}; }
  Journal& journal() override { return *journal_; }
  const Recovered& recovered() const override { return recovered_; }
  std::uint64_t used_bytes() const override { return budget_->used(); }

 private:
  const std::shared_ptr<Budget> budget_;
  const Recovered recovered_ = {};
  const std::shared_ptr<Journal> journal_ = MakeVolatileJournal();
};

}  // namespace

StatusOr<std::string> Spool::ScratchPath(const std::string&) {
  return Unimplemented("spool: has no disk");
}

std::unique_ptr<Spool> MakeMemorySpool(RuntimeCore& core) {
  return std::make_unique<MemorySpool>(core.budget());
}

}  // namespace hlsrec::spool
