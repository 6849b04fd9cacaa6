#include "src/base/bytes.h"

namespace hlsrec {

void Append(Bytes& out, ByteSpan bytes) {
  if (bytes.empty()) return;  // memcpy() takes no null
  const std::size_t size = out.size();
  out.resize(size + bytes.size());
  std::memcpy(out.data() + size, bytes.data(), bytes.size());
}

void Append(Bytes& out, std::string_view text) { Append(out, AsBytes(text)); }

void AppendBigEndian(Bytes& out, std::uint64_t value, int count) {
  for (int shift = (count - 1) * 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<std::uint8_t>(value >> shift));
  }
}

}  // namespace hlsrec
