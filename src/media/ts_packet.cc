#include "src/media/ts_packet.h"

#include <algorithm>
#include <array>
#include <cstring>

namespace hlsrec::media {
namespace {

constexpr std::size_t kHeaderSize = 4;
constexpr std::size_t kBody = kTsPacketSize - kHeaderSize;
constexpr std::size_t kPcrSize = 6;

constexpr std::array<std::uint32_t, 256> MakeCrcTable() {
  std::array<std::uint32_t, 256> table = {};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i << 24;
    for (int bit = 0; bit < 8; ++bit) {
      crc = crc << 1 ^ ((crc & 0x80000000U) != 0 ? 0x04c11db7U : 0);
    }
    table[i] = crc;
  }
  return table;
}
constexpr std::array<std::uint32_t, 256> kCrcTable = MakeCrcTable();

// CRC_32 of annex A.
std::uint32_t Crc32(ByteSpan bytes) {
  std::uint32_t crc = 0xffffffffU;
  for (const std::uint8_t byte : bytes) {
    crc = crc << 8 ^ kCrcTable[(crc >> 24 ^ byte) & 0xffU];
  }
  return crc;
}

std::uint8_t* WriteHeader(std::uint8_t* at, const TsPid& pid, bool start,
                          bool adaptation, bool payload) {
  *at++ = 0x47;
  *at++ = static_cast<std::uint8_t>((start ? 0x40 : 0) | pid.pid >> 8);
  *at++ = static_cast<std::uint8_t>(pid.pid);
  *at++ = static_cast<std::uint8_t>((adaptation ? 0x20 : 0) |
                                    (payload ? 0x10 : 0) | (pid.counter & 0xf));
  return at;
}

std::uint8_t* WritePcr(std::uint8_t* at, std::int64_t pcr) {
  const std::uint64_t base = static_cast<std::uint64_t>(pcr) & 0x1ffffffffU;
  const std::uint64_t value = base << 15 | 0x3fU << 9;  // extension is 0
  for (int shift = 40; shift >= 0; shift -= 8) {
    *at++ = static_cast<std::uint8_t>(value >> shift);
  }
  return at;
}

// An adaptation field of exactly `size` bytes, its length byte included.
std::uint8_t* WriteAdaptation(std::uint8_t* at, std::size_t size,
                              const TsPesOptions& options) {
  std::uint8_t* const end = at + size;
  *at++ = static_cast<std::uint8_t>(size - 1);
  if (size == 1) return end;
  *at++ = static_cast<std::uint8_t>((options.random_access ? 0x40 : 0) |
                                    (options.pcr.has_value() ? 0x10 : 0));
  if (options.pcr.has_value()) at = WritePcr(at, *options.pcr);
  std::memset(at, 0xff, static_cast<std::size_t>(end - at));
  return end;
}

// Where to copy the next bytes from.
class PieceCursor {
 public:
  explicit PieceCursor(std::span<const ByteSpan> pieces) : pieces_(pieces) {}

  void CopyTo(std::uint8_t* at, std::size_t count) {
    while (count > 0) {
      const ByteSpan piece = pieces_[index_].subspan(offset_);
      const std::size_t take = std::min(count, piece.size());
      if (take > 0) std::memcpy(at, piece.data(), take);
      at += take;
      count -= take;
      offset_ += take;
      if (take == piece.size()) {
        ++index_;
        offset_ = 0;
      }
    }
  }

 private:
  std::span<const ByteSpan> pieces_;
  std::size_t index_ = 0;
  std::size_t offset_ = 0;
};

void WriteTimestamp(std::uint8_t* at, unsigned prefix, std::int64_t time) {
  const auto t = static_cast<std::uint64_t>(time);
  at[0] = static_cast<std::uint8_t>(prefix << 4 | (t >> 30 & 7) << 1 | 1);
  at[1] = static_cast<std::uint8_t>(t >> 22);
  at[2] = static_cast<std::uint8_t>((t >> 15 & 0x7f) << 1 | 1);
  at[3] = static_cast<std::uint8_t>(t >> 7);
  at[4] = static_cast<std::uint8_t>((t & 0x7f) << 1 | 1);
}

}  // namespace

void WriteTsPes(TsPid& pid, std::span<const ByteSpan> pieces,
                const TsPesOptions& options, Bytes& out) {
  std::size_t left = 0;
  for (const ByteSpan piece : pieces) left += piece.size();
  const std::size_t first_adaptation =
      (options.random_access || options.pcr.has_value() ? 2U : 0U) +
      (options.pcr.has_value() ? kPcrSize : 0);
  const std::size_t packets = (first_adaptation + left + kBody - 1) / kBody;
  std::size_t position = out.size();
  out.resize(position + packets * kTsPacketSize);
  PieceCursor cursor(pieces);
  for (std::size_t i = 0; i < packets; ++i) {
    std::size_t adaptation = i == 0 ? first_adaptation : 0;
    const std::size_t payload = std::min(left, kBody - adaptation);
    adaptation = kBody - payload;
    std::uint8_t* at = out.data() + position;
    at = WriteHeader(at, pid, i == 0, adaptation > 0, true);
    if (adaptation > 0) {
      at = WriteAdaptation(at, adaptation, i == 0 ? options : TsPesOptions{});
    }
    cursor.CopyTo(at, payload);
    left -= payload;
    pid.counter = (pid.counter + 1) & 0xf;
    position += kTsPacketSize;
  }
}

void WriteTsPcr(const TsPid& pid, std::int64_t pcr, Bytes& out) {
  const std::size_t position = out.size();
  out.resize(position + kTsPacketSize);
  // Without payload the counter stays that of the packet before.
  const TsPid same = {.pid = pid.pid,
                      .counter = static_cast<std::uint8_t>(pid.counter + 15)};
  std::uint8_t* at =
      WriteHeader(out.data() + position, same, false, true, false);
  WriteAdaptation(at, kBody, {.pcr = pcr});
}

void WriteTsSection(TsPid& pid, ByteSpan section, Bytes& out) {
  const std::size_t position = out.size();
  out.resize(position + kTsPacketSize, 0xff);
  std::uint8_t* at = WriteHeader(out.data() + position, pid, true, false, true);
  pid.counter = (pid.counter + 1) & 0xf;
  *at++ = 0;  // pointer_field
  at = std::copy(section.begin(), section.end(), at);
  const std::uint32_t crc = Crc32(section);
  for (int shift = 24; shift >= 0; shift -= 8) {
    *at++ = static_cast<std::uint8_t>(crc >> shift);
  }
}

PesHeader MakePesHeader(std::uint8_t stream_id, std::int64_t pts,
                        std::int64_t dts, std::size_t payload_size) {
  PesHeader header;
  const bool with_dts = dts != pts;
  header.size = with_dts ? 19 : 14;
  std::size_t length = payload_size + header.size - 6;
  if (length > 0xffff) length = 0;
  std::uint8_t* at = header.bytes;
  at[2] = 1;
  at[3] = stream_id;
  at[4] = static_cast<std::uint8_t>(length >> 8);
  at[5] = static_cast<std::uint8_t>(length);
  at[6] = 0x84;  // data_alignment_indicator
  at[7] = with_dts ? 0xc0 : 0x80;
  at[8] = with_dts ? 10 : 5;
  WriteTimestamp(at + 9, with_dts ? 3 : 2, pts);
  if (with_dts) WriteTimestamp(at + 14, 1, dts);
  return header;
}

}  // namespace hlsrec::media
