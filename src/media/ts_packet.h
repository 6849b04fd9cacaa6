#ifndef HLSREC_SRC_MEDIA_TS_PACKET_H_
#define HLSREC_SRC_MEDIA_TS_PACKET_H_

#include <cstdint>
#include <optional>
#include <span>

#include "src/base/bytes.h"

// Transport packets and PES headers, ISO/IEC 13818-1.
namespace hlsrec::media {

inline constexpr std::size_t kTsPacketSize = 188;

// What goes out on one PID.
struct TsPid {
  std::uint16_t pid = 0;
  std::uint8_t counter = 0;  // continuity_counter of the next payload
};

struct TsPesOptions {
  bool random_access = false;
  // 90 kHz; in the first packet's adaptation field.
  std::optional<std::int64_t> pcr = {};
};

// Appends the pieces' bytes, one after the other, as one unit of payload:
// whole packets, the last one stuffed.
void WriteTsPes(TsPid& pid, std::span<const ByteSpan> pieces,
                const TsPesOptions& options, Bytes& out);
// Appends a packet that carries a PCR and nothing else.
void WriteTsPcr(const TsPid& pid, std::int64_t pcr, Bytes& out);
// Appends a PSI section (without its CRC) in one packet; it has at most
// kMaxTsSection bytes.
inline constexpr std::size_t kMaxTsSection = kTsPacketSize - 4 - 1 - 4;
void WriteTsSection(TsPid& pid, ByteSpan section, Bytes& out);

// A PES header with times in 90 kHz, taken modulo 2^33. `payload_size` follows
// it; a size that PES_packet_length cannot say is left unbounded (video only).
struct PesHeader {
  std::uint8_t bytes[19] = {};
  std::size_t size = 0;
  [[nodiscard]] ByteSpan span() const { return {bytes, size}; }
};
PesHeader MakePesHeader(std::uint8_t stream_id, std::int64_t pts,
                        std::int64_t dts, std::size_t payload_size);

}  // namespace hlsrec::media

#endif  // HLSREC_SRC_MEDIA_TS_PACKET_H_
