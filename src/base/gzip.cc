#include "src/base/gzip.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>

#include "src/base/status_util.h"

namespace hlsrec {
namespace {

using std::string_view_literals::operator""sv;

constexpr int kRawDeflate = -15;  // no header of zlib's own
constexpr int kGzipOnly = 15 + 16;
constexpr int kMemoryLevel = 8;
constexpr std::size_t kBlockBytes = 16384;

// A stream of zlib's that goes with its scope.
template <int (*End)(z_streamp)>
struct Stream {
  Stream() = default;
  ~Stream() { End(&z); }
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  z_stream z = {};
};

// zlib reads it only.
Bytef* In(std::string_view text) {
  return reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
}

uInt Clamped(std::size_t size) {
  return static_cast<uInt>(
      std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
}

void AppendLittleEndian(std::uint32_t value, std::string& bytes) {
  for (int shift = 0; shift < 32; shift += 8) {
    bytes.push_back(static_cast<char>(value >> shift & 0xff));
  }
}

}  // namespace

StatusOr<DeflatedText> DeflateText(std::string_view text) {
  DeflatedText deflated{.text_bytes = text.size()};
  Stream<&::deflateEnd> stream;
  z_stream& z = stream.z;
  if (::deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, kRawDeflate,
                     kMemoryLevel, Z_DEFAULT_STRATEGY) != Z_OK) {
    return ResourceExhausted("gzip: no memory to compress");
  }
  deflated.crc =
      static_cast<std::uint32_t>(::crc32_z(0, In(text), text.size()));
  std::array<char, kBlockBytes> block;
  while (!text.empty()) {
    z.next_in = In(text);
    z.avail_in = Clamped(text.size());
    const uInt given = z.avail_in;
    const int flush = given == text.size() ? Z_FULL_FLUSH : Z_NO_FLUSH;
    do {
      z.next_out = reinterpret_cast<Bytef*>(block.data());
      z.avail_out = static_cast<uInt>(block.size());
      ::deflate(&z, flush);
      deflated.bytes.append(block.data(), block.size() - z.avail_out);
    } while (z.avail_out == 0);
    text.remove_prefix(given);
  }
  return deflated;
}

// Nothing of it depends on time or machine: the same text, the same bytes.
std::string_view GzipHeader() {
  return "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"sv;
}

std::string GzipTrailer(std::uint32_t crc, std::uint64_t text_bytes) {
  std::string trailer("\x03\x00", 2);  // an empty last block
  AppendLittleEndian(crc, trailer);
  AppendLittleEndian(static_cast<std::uint32_t>(text_bytes), trailer);
  return trailer;
}

std::uint32_t ExtendCrc(std::uint32_t crc,
                        std::span<const std::uint8_t> bytes) {
  return static_cast<std::uint32_t>(::crc32_z(crc, bytes.data(), bytes.size()));
}

std::uint32_t JoinCrc(std::uint32_t first, std::uint32_t second,
                      std::uint64_t second_bytes) {
  return static_cast<std::uint32_t>(
      ::crc32_combine(first, second, static_cast<z_off_t>(second_bytes)));
}

bool IsGzip(std::string_view bytes) { return bytes.starts_with("\x1f\x8b"); }

StatusOr<std::string> Gunzip(std::string_view member, std::uint64_t max_bytes) {
  Stream<&::inflateEnd> stream;
  z_stream& z = stream.z;
  if (::inflateInit2(&z, kGzipOnly) != Z_OK) {
    return ResourceExhausted("gzip: no memory to decompress");
  }
  std::string text;
  std::array<char, kBlockBytes> block;
  int result = Z_OK;
  while (result == Z_OK) {
    if (z.avail_in == 0) {
      if (member.empty()) return DataLoss("gzip: ends too early");
      z.next_in = In(member);
      z.avail_in = Clamped(member.size());
      member.remove_prefix(z.avail_in);
    }
    z.next_out = reinterpret_cast<Bytef*>(block.data());
    z.avail_out = static_cast<uInt>(block.size());
    result = ::inflate(&z, Z_NO_FLUSH);
    text.append(block.data(), block.size() - z.avail_out);
    if (text.size() > max_bytes) {
      return ResourceExhausted("gzip: more than {} bytes of text", max_bytes);
    }
  }
  if (result != Z_STREAM_END) return DataLoss("gzip: is broken");
  if (z.avail_in > 0 || !member.empty()) {
    return DataLoss("gzip: something follows its end");
  }
  return text;
}

}  // namespace hlsrec
