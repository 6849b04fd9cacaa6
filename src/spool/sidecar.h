#ifndef HLSREC_SRC_SPOOL_SIDECAR_H_
#define HLSREC_SRC_SPOOL_SIDECAR_H_

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/status.h"
#include "src/spool/spool.h"

// What stands beside a segment, so that the next run can adopt one that was
// being written, or that a lost journal knew: lines of text, each with a check
// sum of its own. It goes with the segment's bytes.
//
//     hlsrec-open 1 RECORDING RENDITION PACKAGING INDEX START_US BREAK INIT SUM
//     END DURATION_US SHA SUM
//     ...
//
// BREAK is 1 before a discontinuity, INIT the init section's hash or "-". A
// chunk ends at byte END of the media file and lasts DURATION_US from the
// segment's start; SHA is the beginning of the SHA-256 of all bytes before END,
// or "-" where nothing is synced and so nothing is verified, SUM that of the
// line before it.
namespace hlsrec::spool {

inline constexpr std::string_view kSidecarSuffix = ".open";

struct SidecarChunk {
  std::uint64_t end = 0;
  std::chrono::microseconds duration{0};
  std::string sha256_prefix = {};  // kShaDigits of it, or none

  static constexpr std::size_t kShaDigits = 16;
};

struct Sidecar {
  SegmentStart start = {};  // without its extension
  // Ascending by `end`; only what is whole.
  std::vector<SidecarChunk> chunks = {};
};

std::string RenderSidecarHeader(const SegmentStart& start);
std::string RenderSidecarChunk(const SidecarChunk& chunk);
// kDataLoss where the header is not whole; a chunk that is not is left out.
StatusOr<Sidecar> ParseSidecar(std::string_view text);

}  // namespace hlsrec::spool

#endif  // HLSREC_SRC_SPOOL_SIDECAR_H_
