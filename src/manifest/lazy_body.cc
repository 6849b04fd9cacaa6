#include "src/manifest/lazy_body.h"

#include <algorithm>
#include <span>
#include <utility>

#include "src/base/status_util.h"

namespace hlsrec::manifest {
namespace {

constexpr std::size_t kEntriesPerBlock = 128;

class LazyBody final : public Body {
 public:
  LazyBody(std::vector<Part> parts, std::string between)
      : parts_(std::move(parts)), between_(std::move(between)) {
    for (std::size_t p = 0; p < parts_.size(); ++p) {
      for (std::size_t from = 0; from == 0 || from < parts_[p].entries;
           from += kEntriesPerBlock) {
        blocks_.push_back({.offset = size_, .part = p, .from = from});
        size_ += Render(blocks_.back()).size();
      }
    }
  }

  std::uint64_t size() const override { return size_; }

  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    auto block = std::upper_bound(
        blocks_.begin(), blocks_.end(), offset,
        [](std::uint64_t at, const Block& b) { return at < b.offset; });
    if (block != blocks_.begin()) --block;
    for (; !out.empty() && block != blocks_.end(); ++block) {
      const std::string text = Render(*block);
      const auto skip = static_cast<std::size_t>(offset - block->offset);
      if (skip >= text.size()) continue;
      const std::size_t count = std::min(text.size() - skip, out.size());
      std::copy_n(std::as_bytes(std::span(text)).begin() +
                      static_cast<std::ptrdiff_t>(skip),
                  count, out.begin());
      out = out.subspan(count);
      offset += count;
    }
    if (!out.empty()) return DataLoss("manifest: read beyond {} bytes", size_);
    return {};
  }

 private:
  // Entries of a part from a number on; the first has its text, too.
  struct Block {
    std::uint64_t offset = 0;
    std::size_t part = 0;
    std::size_t from = 0;
  };

  [[nodiscard]] std::string Render(const Block& block) const {
    const Part& part = parts_[block.part];
    std::string text = block.from == 0 ? part.text : std::string();
    const std::size_t to =
        std::min(part.entries, block.from + kEntriesPerBlock);
    for (std::size_t i = block.from; i < to; ++i) {
      if (i > 0) text += between_;
      text += part.entry(i);
    }
    return text;
  }

  const std::vector<Part> parts_;
  const std::string between_;
  std::vector<Block> blocks_;
  std::uint64_t size_ = 0;
};

}  // namespace

std::shared_ptr<const Body> MakeLazyBody(std::vector<Part> parts,
                                         std::string between) {
  return std::make_shared<LazyBody>(std::move(parts), std::move(between));
}

}  // namespace hlsrec::manifest
