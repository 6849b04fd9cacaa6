#ifndef HLSREC_SRC_MEDIA_TS_TABLES_H_
#define HLSREC_SRC_MEDIA_TS_TABLES_H_

#include <cstdint>
#include <span>
#include <string>

#include "hlsrec/status.h"
#include "src/base/bytes.h"
#include "src/media/muxer.h"

// The program tables of a transport stream with one program.
namespace hlsrec::media {

inline constexpr std::uint16_t kTsPmtPid = 0x1000;
inline constexpr std::uint16_t kTsFirstPid = 0x100;

// stream_type and stream_id of a track. kFailedPrecondition for a codec that
// HLS does not have in MPEG-TS.
struct TsStream {
  std::uint8_t type = 0;
  std::uint8_t id = 0;
};
StatusOr<TsStream> TsStreamOf(const StreamFormat& format);

// Sections, without their CRC.
Bytes MakePat();
// Tracks have PIDs from kTsFirstPid in their order.
StatusOr<Bytes> MakePmt(std::span<const MuxTrack> tracks,
                        std::uint16_t pcr_pid);

}  // namespace hlsrec::media

#endif  // HLSREC_SRC_MEDIA_TS_TABLES_H_
