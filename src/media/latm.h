#ifndef HLSREC_SRC_MEDIA_LATM_H_
#define HLSREC_SRC_MEDIA_LATM_H_

#include <optional>
#include <vector>

#include "hlsrec/status.h"
#include "src/base/bytes.h"
#include "src/media/aac.h"

namespace hlsrec::media {

// Whether `bytes` are whole AudioSyncStream frames and nothing else.
bool IsLoas(ByteSpan bytes);

// Takes AAC out of AudioSyncStream (LOAS) frames, ISO/IEC 14496-3 section 1.7:
// audioMuxVersion 0, one program, one layer, which is what broadcasts and
// phones send.
class LatmReader {
 public:
  // Appends the raw_data_blocks of all frames in `payload` to `frames`.
  Status Read(ByteSpan payload, std::vector<Bytes>& frames);

  // What the last StreamMuxConfig said; `asc` is its AudioSpecificConfig.
  [[nodiscard]] const std::optional<AacConfig>& config() const {
    return config_;
  }
  [[nodiscard]] const Bytes& asc() const { return asc_; }

 private:
  Status ReadMuxElement(ByteSpan element, std::vector<Bytes>& frames);
  Status ReadMuxConfig(ByteSpan element, BitReader& bits);

  std::optional<AacConfig> config_;
  Bytes asc_;
  int sub_frames_ = 1;
};

}  // namespace hlsrec::media

#endif  // HLSREC_SRC_MEDIA_LATM_H_
