#ifndef HLSREC_SRC_CHECK_FORMAT_PROBE_H_
#define HLSREC_SRC_CHECK_FORMAT_PROBE_H_

#include <memory>
#include <vector>

#include "hlsrec/media.h"
#include "src/base/bytes.h"
#include "src/media/stream_format.h"

namespace hlsrec::check {

// Collects the formats that a track's access units and configuration tell.
class FormatProbe {
 public:
  // `config` as Track::codec_config.
  FormatProbe(Codec codec, ByteSpan config);

  void Feed(ByteSpan access_unit);
  // In order of appearance, each once.
  [[nodiscard]] const std::vector<media::StreamFormat>& formats() const {
    return formats_;
  }

 private:
  void Note();

  std::unique_ptr<media::AccessUnitReader> reader_;  // may be null
  std::vector<media::StreamFormat> formats_;
};

}  // namespace hlsrec::check

#endif  // HLSREC_SRC_CHECK_FORMAT_PROBE_H_
