#ifndef HLSREC_SRC_CHECK_LOW_LATENCY_RULES_H_
#define HLSREC_SRC_CHECK_LOW_LATENCY_RULES_H_

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

#include "src/check/findings.h"
#include "src/playlist/model.h"

// Low-Latency HLS (draft-pantos-hls-rfc8216bis, appendix B).
namespace hlsrec::check {

bool HasParts(const playlist::MediaPlaylist& media);

// PART-TARGET of EXT-X-PART-INF, where that can be read.
std::optional<std::chrono::microseconds> PartTarget(
    const playlist::MediaPlaylist& media);

// The URI and range of the newest part, empty where there is none.
std::string_view NewestPart(const playlist::MediaPlaylist& media);

// What one version of a media playlist shows by itself.
void CheckLowLatency(const playlist::MediaPlaylist& media, Findings& findings);

}  // namespace hlsrec::check

#endif  // HLSREC_SRC_CHECK_LOW_LATENCY_RULES_H_
