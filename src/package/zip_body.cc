#include "src/package/zip_body.h"

#include <algorithm>
#include <limits>
#include <set>
#include <span>
#include <string_view>
#include <utility>

#include "src/base/bytes.h"
#include "src/base/gzip.h"
#include "src/base/mutex.h"
#include "src/base/status_util.h"

namespace hlsrec::package {
namespace {

constexpr std::uint64_t kMax32 = 0xffffffff;
constexpr std::uint64_t kMax16 = 0xffff;
constexpr std::uint16_t kZip64Version = 45;
constexpr std::uint16_t kVersion = 20;
constexpr std::uint16_t kUtf8 = 0x800;
constexpr std::uint16_t kUnix = 3 << 8;
constexpr std::uint32_t kFileMode = 0100644U << 16;
// 1980-01-01, the first day that it can say: equal entries, equal bytes.
constexpr std::uint32_t kDate = 0x00210000;
constexpr std::uint64_t kLocalBytes = 30;
constexpr std::uint64_t kLocalZip64Bytes = 20;
constexpr std::size_t kBlock = std::size_t{1} << 18;

// Little-endian.
class Fields {
 public:
  Fields& U16(std::uint64_t value) { return Put(value, 2); }
  Fields& U32(std::uint64_t value) { return Put(value, 4); }
  Fields& U64(std::uint64_t value) { return Put(value, 8); }
  Fields& Text(std::string_view text) {
    text_ += text;
    return *this;
  }
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  Fields& Put(std::uint64_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) {
      text_.push_back(static_cast<char>(value >> (8 * i) & 0xff));
    }
    return *this;
  }
  std::string text_;
};

class ZipBody final : public Body {
 public:
  ZipBody(std::vector<ZipEntry> entries,
          std::function<void(std::size_t)> on_entry)
      : entries_(std::move(entries)), on_entry_(std::move(on_entry)) {
    for (const ZipEntry& entry : entries_) {
      offsets_.push_back(directory_offset_);
      directory_offset_ += HeaderBytes(entry) + entry.size;
      crcs_.push_back(entry.crc);
    }
    size_ = directory_offset_;
    // Their lengths do not depend on what is not known yet.
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      size_ += DirectoryEntry(i, 0).size();
    }
    size_ += DirectoryEnd(size_ - directory_offset_).size();
  }

  std::uint64_t size() const override { return size_; }

  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    MutexLock lock(mutex_);
    if (offset > size_ || out.size() > size_ - offset) {
      return DataLoss("zip: read beyond {} bytes", size_);
    }
    while (!out.empty() && offset < directory_offset_) {
      const auto behind =
          std::upper_bound(offsets_.begin(), offsets_.end(), offset);
      const auto index =
          static_cast<std::size_t>(behind - offsets_.begin()) - 1;
      HLSREC_ASSIGN_OR_RETURN(const std::size_t count,
                              ReadEntry(index, offset - offsets_[index], out));
      offset += count;
      out = out.subspan(count);
    }
    if (out.empty()) return {};
    HLSREC_ASSIGN_OR_RETURN(const std::string* directory, Directory());
    Copy(*directory, offset - directory_offset_, out);
    return {};
  }

 private:
  static bool IsLarge(const ZipEntry& entry) { return entry.size >= kMax32; }

  static std::uint64_t HeaderBytes(const ZipEntry& entry) {
    return kLocalBytes + entry.name.size() +
           (IsLarge(entry) ? kLocalZip64Bytes : 0);
  }

  static std::size_t Copy(std::string_view from, std::uint64_t skip,
                          std::span<std::byte> out) {
    const auto begin = static_cast<std::size_t>(skip);
    const std::size_t count = std::min(out.size(), from.size() - begin);
    std::copy_n(std::as_bytes(std::span(from)).begin() +
                    static_cast<std::ptrdiff_t>(begin),
                count, out.begin());
    return count;
  }

  // How much of one entry, header or bytes, was read.
  StatusOr<std::size_t> ReadEntry(std::size_t index, std::uint64_t offset,
                                  std::span<std::byte> out) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    const ZipEntry& entry = entries_[index];
    const std::uint64_t header = HeaderBytes(entry);
    if (offset < header) {
      HLSREC_ASSIGN_OR_RETURN(const std::uint32_t crc, Crc(index));
      return Copy(LocalHeader(entry, crc), offset, out);
    }
    offset -= header;
    const auto count = static_cast<std::size_t>(
        std::min<std::uint64_t>(out.size(), entry.size - offset));
    if (count == 0) return count;
    HLSREC_ASSIGN_OR_RETURN(const Body* body, Open(index));
    HLSREC_RETURN_IF_ERROR(body->ReadAt(offset, out.first(count)));
    if (offset + count == entry.size && on_entry_) on_entry_(index);
    return count;
  }

  StatusOr<const Body*> Open(std::size_t index) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (open_ && open_index_ == index) return open_.get();
    const ZipEntry& entry = entries_[index];
    open_.reset();
    HLSREC_ASSIGN_OR_RETURN(open_, entry.open());
    open_index_ = index;
    if (open_->size() == entry.size) return open_.get();
    const std::uint64_t has = open_->size();
    open_.reset();
    return DataLoss("zip: {}: has {} bytes, not {}: it changed meanwhile",
                    entry.name, has, entry.size);
  }

  StatusOr<std::uint32_t> Crc(std::size_t index) const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (crcs_[index]) return *crcs_[index];
    HLSREC_ASSIGN_OR_RETURN(const Body* body, Open(index));
    std::uint32_t crc = 0;
    Bytes block(static_cast<std::size_t>(
        std::min<std::uint64_t>(kBlock, body->size())));
    for (std::uint64_t at = 0; at < body->size();) {
      const auto count = static_cast<std::size_t>(
          std::min<std::uint64_t>(block.size(), body->size() - at));
      const std::span<std::uint8_t> part(block.data(), count);
      HLSREC_RETURN_IF_ERROR(body->ReadAt(at, std::as_writable_bytes(part)));
      crc = ExtendCrc(crc, part);
      at += count;
    }
    crcs_[index] = crc;
    return crc;
  }

  static std::string LocalHeader(const ZipEntry& entry, std::uint32_t crc) {
    const bool large = IsLarge(entry);
    const std::uint64_t size = std::min(entry.size, kMax32);
    Fields fields;
    fields.U32(0x04034b50).U16(large ? kZip64Version : kVersion).U16(kUtf8);
    fields.U16(0).U32(kDate).U32(crc).U32(size).U32(size);
    fields.U16(entry.name.size()).U16(large ? kLocalZip64Bytes : 0);
    fields.Text(entry.name);
    if (large) fields.U16(1).U16(16).U64(entry.size).U64(entry.size);
    return fields.text();
  }

  [[nodiscard]] std::string DirectoryEntry(std::size_t index,
                                           std::uint32_t crc) const {
    const ZipEntry& entry = entries_[index];
    const std::uint64_t offset = offsets_[index];
    Fields extra;
    if (IsLarge(entry)) extra.U64(entry.size).U64(entry.size);
    if (offset >= kMax32) extra.U64(offset);
    const std::size_t more = extra.text().empty() ? 0 : extra.text().size() + 4;
    const std::uint64_t size = std::min(entry.size, kMax32);
    const std::uint16_t version = more > 0 ? kZip64Version : kVersion;
    Fields fields;
    fields.U32(0x02014b50).U16(kUnix | version).U16(version).U16(kUtf8);
    fields.U16(0).U32(kDate).U32(crc).U32(size).U32(size);
    fields.U16(entry.name.size()).U16(more).U16(0).U16(0).U16(0);
    fields.U32(kFileMode).U32(std::min(offset, kMax32)).Text(entry.name);
    if (more > 0) {
      fields.U16(1).U16(extra.text().size()).Text(extra.text());
    }
    return fields.text();
  }

  [[nodiscard]] std::string DirectoryEnd(std::uint64_t bytes) const {
    const std::uint64_t count = entries_.size();
    Fields fields;
    if (count >= kMax16 || bytes >= kMax32 || directory_offset_ >= kMax32) {
      fields.U32(0x06064b50).U64(44).U16(kUnix | kZip64Version);
      fields.U16(kZip64Version).U32(0).U32(0).U64(count).U64(count);
      fields.U64(bytes).U64(directory_offset_);
      fields.U32(0x07064b50).U32(0).U64(directory_offset_ + bytes).U32(1);
    }
    fields.U32(0x06054b50).U16(0).U16(0);
    fields.U16(std::min(count, kMax16)).U16(std::min(count, kMax16));
    fields.U32(std::min(bytes, kMax32));
    fields.U32(std::min(directory_offset_, kMax32)).U16(0);
    return fields.text();
  }

  StatusOr<const std::string*> Directory() const
      ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_) {
    if (!directory_.empty()) return &directory_;
    std::string text;
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      HLSREC_ASSIGN_OR_RETURN(const std::uint32_t crc, Crc(i));
      text += DirectoryEntry(i, crc);
    }
    text += DirectoryEnd(text.size());
    directory_ = std::move(text);
    return &directory_;
  }

  const std::vector<ZipEntry> entries_;
  const std::function<void(std::size_t)> on_entry_;
  std::vector<std::uint64_t> offsets_;  // of local headers
  std::uint64_t directory_offset_ = 0;
  std::uint64_t size_ = 0;
  mutable Mutex mutex_;
  mutable std::vector<std::optional<std::uint32_t>> crcs_
      ABSL_GUARDED_BY(mutex_);
  mutable std::shared_ptr<const Body> open_ ABSL_GUARDED_BY(mutex_);
  mutable std::size_t open_index_ ABSL_GUARDED_BY(mutex_) = 0;
  mutable std::string directory_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace

StatusOr<std::shared_ptr<const Body>> MakeZipBody(
    std::vector<ZipEntry> entries, std::function<void(std::size_t)> on_entry) {
  std::set<std::string_view> names;
  for (const ZipEntry& entry : entries) {
    if (entry.name.empty() || entry.name.size() > kMax16) {
      return InvalidArgument("zip: {}: want a name of 1 to 65535 bytes",
                             entry.name.substr(0, 80));
    }
    if (!names.insert(entry.name).second) {
      return InvalidArgument("zip: {}: is there twice", entry.name);
    }
  }
  return std::shared_ptr<const Body>(
      std::make_shared<ZipBody>(std::move(entries), std::move(on_entry)));
}

}  // namespace hlsrec::package
