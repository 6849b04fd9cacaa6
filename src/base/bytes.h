#ifndef HLSREC_SRC_BASE_BYTES_H_
#define HLSREC_SRC_BASE_BYTES_H_

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

namespace hlsrec {

// Leaves new elements as they are, where std::allocator clears them: what is
// muxed would be written twice.
template <typename T>
struct UninitializedAllocator : std::allocator<T> {
  template <typename U>
  struct rebind {
    using other = UninitializedAllocator<U>;
  };
  template <typename U>
  void construct(U* at) noexcept {
    ::new (static_cast<void*>(at)) U;
  }
  template <typename U, typename... Args>
  void construct(U* at, Args&&... args) {
    std::construct_at(at, std::forward<Args>(args)...);
  }
};

// resize(n) and Bytes(n) do not clear: say resize(n, 0) where that matters.
using Bytes = std::vector<std::uint8_t, UninitializedAllocator<std::uint8_t>>;
using ByteSpan = std::span<const std::uint8_t>;

// The same bytes, as the other.
inline ByteSpan AsBytes(std::string_view text) {
  return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}
inline std::string_view AsText(ByteSpan bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

// Out of line: these are for headers and tables, where nothing is gained by
// inlining (and gcc 12 takes inlined growth for overflow).
void Append(Bytes& out, ByteSpan bytes);
void Append(Bytes& out, std::string_view text);
// The low `count` bytes of `value`, big-endian, as every format here wants it.
void AppendBigEndian(Bytes& out, std::uint64_t value, int count);

inline void AppendU8(Bytes& out, std::uint64_t v) {
  AppendBigEndian(out, v, 1);
}
inline void AppendU16(Bytes& out, std::uint64_t v) {
  AppendBigEndian(out, v, 2);
}
inline void AppendU24(Bytes& out, std::uint64_t v) {
  AppendBigEndian(out, v, 3);
}
inline void AppendU32(Bytes& out, std::uint64_t v) {
  AppendBigEndian(out, v, 4);
}
inline void AppendU64(Bytes& out, std::uint64_t v) {
  AppendBigEndian(out, v, 8);
}

// Reads big-endian integers and runs of bytes. Reading past the end makes
// `ok()` false and yields zeros from then on: parse first, then test once.
class ByteReader {
 public:
  explicit ByteReader(ByteSpan bytes) : bytes_(bytes) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t position() const { return position_; }
  [[nodiscard]] std::size_t remaining() const {
    return bytes_.size() - position_;
  }

  std::uint64_t Read(int count) {
    if (remaining() < static_cast<std::size_t>(count)) {
      Fail();
      return 0;
    }
    std::uint64_t value = 0;
    for (int i = 0; i < count; ++i) value = value << 8 | bytes_[position_++];
    return value;
  }
  std::uint8_t U8() { return static_cast<std::uint8_t>(Read(1)); }
  std::uint16_t U16() { return static_cast<std::uint16_t>(Read(2)); }
  std::uint32_t U24() { return static_cast<std::uint32_t>(Read(3)); }
  std::uint32_t U32() { return static_cast<std::uint32_t>(Read(4)); }
  std::uint64_t U64() { return Read(8); }

  ByteSpan Take(std::size_t count) {
    if (remaining() < count) {
      Fail();
      return {};
    }
    ByteSpan run = bytes_.subspan(position_, count);
    position_ += count;
    return run;
  }
  void Skip(std::size_t count) { Take(count); }

 private:
  void Fail() {
    ok_ = false;
    position_ = bytes_.size();
  }

  ByteSpan bytes_;
  std::size_t position_ = 0;
  bool ok_ = true;
};

// Reads bits, most significant first, with the same rule for the end.
class BitReader {
 public:
  explicit BitReader(ByteSpan bytes) : bytes_(bytes) {}

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] std::size_t bits_left() const {
    return bytes_.size() * 8 - position_;
  }
  [[nodiscard]] std::size_t bit_position() const { return position_; }

  std::uint32_t Bits(int count) {
    std::uint32_t value = 0;
    for (int i = 0; i < count; ++i) value = value << 1 | Bit();
    return value;
  }
  std::uint32_t Bit() {
    if (position_ >= bytes_.size() * 8) {
      ok_ = false;
      return 0;
    }
    const std::uint32_t bit = bytes_[position_ / 8] >> (7 - position_ % 8) & 1U;
    ++position_;
    return bit;
  }
  bool Flag() { return Bit() != 0; }
  void Skip(std::size_t count) {
    if (bits_left() < count) {
      ok_ = false;
      position_ = bytes_.size() * 8;
    } else {
      position_ += count;
    }
  }
  // Exp-Golomb, ITU-T H.264 section 9.1.
  std::uint32_t Ue() {
    int zeros = 0;
    while (ok_ && Bit() == 0) {
      if (++zeros > 31) {
        ok_ = false;
        return 0;
      }
    }
    return (1U << zeros) - 1 + Bits(zeros);
  }
  std::int32_t Se() {
    const std::uint32_t code = Ue();
    const auto magnitude = static_cast<std::int32_t>((code + 1) / 2);
    return code % 2 == 1 ? magnitude : -magnitude;
  }

 private:
  ByteSpan bytes_;
  std::size_t position_ = 0;
  bool ok_ = true;
};

}  // namespace hlsrec

#endif  // HLSREC_SRC_BASE_BYTES_H_
