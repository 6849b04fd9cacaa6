#include "src/media/nal.h"

#include <algorithm>
#include <cstring>

#include "src/base/status_util.h"

namespace hlsrec::media {
namespace {

// Where "00 00 01" begins at or after `from`; the size where nowhere. memchr
// finds the 01, which is rare, at memory speed.
std::size_t FindStartCode(ByteSpan stream, std::size_t from) {
  std::size_t at = from + 2;
  while (at < stream.size()) {
    const void* found = std::memchr(stream.data() + at, 1, stream.size() - at);
    if (found == nullptr) break;
    at = static_cast<std::size_t>(static_cast<const std::uint8_t*>(found) -
                                  stream.data());
    if (stream[at - 1] == 0 && stream[at - 2] == 0) return at - 2;
    ++at;
  }
  return stream.size();
}

}  // namespace

void SplitAnnexB(ByteSpan stream, Units& units) {
  std::size_t start = FindStartCode(stream, 0);
  while (start < stream.size()) {
    start += 3;
    const std::size_t next = FindStartCode(stream, start);
    std::size_t end = next;
    while (end > start && stream[end - 1] == 0) --end;
    if (end > start) units.push_back(stream.subspan(start, end - start));
    start = next;
  }
}

Status SplitLengthPrefixed(ByteSpan sample, int length_size, Units& units) {
  ByteReader reader(sample);
  while (reader.remaining() > 0) {
    const std::size_t length = reader.Read(length_size);
    const ByteSpan unit = reader.Take(length);
    if (!reader.ok()) return DataLoss("nal unit: length past the end");
    if (!unit.empty()) units.push_back(unit);
  }
  return {};
}

Bytes RemoveEmulationPrevention(ByteSpan nal, std::size_t limit) {
  nal = nal.first(std::min(nal.size(), limit));
  Bytes out;
  out.reserve(nal.size());
  int zeros = 0;
  for (const std::uint8_t byte : nal) {
    if (zeros >= 2 && byte == 3) {
      zeros = 0;
      continue;
    }
    zeros = byte == 0 ? zeros + 1 : 0;
    out.push_back(byte);
  }
  return out;
}

}  // namespace hlsrec::media
