#include "src/check/format_probe.h"

#include <algorithm>
#include <utility>

namespace hlsrec::check {

FormatProbe::FormatProbe(Codec codec, ByteSpan config) {
  Track track;
  track.codec = codec;
  track.codec_config.assign(config.begin(), config.end());
  auto reader = media::AccessUnitReader::Create(track);
  // What can't be read has no format; the container's rules still apply.
  if (!reader.ok()) return;
  reader_ = std::move(reader).value();
  Note();
}

void FormatProbe::Feed(ByteSpan access_unit) {
  if (reader_ == nullptr) return;
  const auto unit = reader_->Read(Payload::FromCopy(access_unit));
  if (unit.ok()) Note();
}

void FormatProbe::Note() {
  const auto& format = reader_->format();
  if (!format.has_value()) return;
  if (std::find(formats_.begin(), formats_.end(), *format) == formats_.end()) {
    formats_.push_back(*format);
  }
}

}  // namespace hlsrec::check
