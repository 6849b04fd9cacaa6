#include <utility>

#include "src/base/status_util.h"
#include "src/media/frame_header.h"
#include "src/media/readers.h"

namespace hlsrec::media {
namespace {

// MP3, AC-3 and E-AC-3: one or several frames per packet. A unit is a frame
// with the dependent frames behind it.
class FrameReader : public AccessUnitReader {
 public:
  explicit FrameReader(Codec codec) : codec_(codec) {}

  StatusOr<AccessUnit> Read(const Payload& payload) override;
  [[nodiscard]] const std::optional<StreamFormat>& format() const override {
    return format_;
  }

 private:
  [[nodiscard]] std::optional<FrameHeader> Parse(ByteSpan bytes) const {
    if (codec_ == Codec::kMp3) return ParseMpegAudioHeader(bytes);
    return codec_ == Codec::kAc3 ? ParseAc3Header(bytes)
                                 : ParseEac3Header(bytes);
  }
  bool UpdateFormat(const FrameHeader& header, ByteSpan frame);

  const Codec codec_;
  std::optional<FrameHeader> last_;
  std::optional<StreamFormat> format_;
};

bool FrameReader::UpdateFormat(const FrameHeader& header, ByteSpan frame) {
  if (last_.has_value() && last_->SameStream(header)) return false;
  last_ = header;
  StreamFormat format;
  format.codec = codec_;
  format.sample_rate = header.sample_rate;
  format.channels = header.channels;
  format.frame_samples = header.samples;
  if (codec_ == Codec::kMp3) {
    format.codec_string = "mp4a.40.34";
  } else {
    format.codec_string = codec_ == Codec::kAc3 ? "ac-3" : "ec-3";
    format.config.assign(frame.begin(), frame.end());
  }
  format_ = std::move(format);
  return true;
}

StatusOr<AccessUnit> FrameReader::Read(const Payload& payload) {
  AccessUnit unit;
  unit.payload = payload.Contiguous();
  if (unit.payload.empty()) return DataLoss("{}: empty", CodecName(codec_));
  ByteSpan bytes = unit.payload.spans().front();
  std::optional<FrameHeader> first;
  while (!bytes.empty()) {
    const auto header = Parse(bytes);
    // A damaged end does not cost the frames before it.
    if (!header.has_value() || header->size > bytes.size() ||
        header->size == 0) {
      break;
    }
    const ByteSpan frame = bytes.first(header->size);
    bytes = bytes.subspan(header->size);
    if (header->dependent) {
      if (unit.units.empty()) continue;
      ByteSpan& last = unit.units.back();
      last = ByteSpan(last.data(), last.size() + frame.size());
      continue;
    }
    if (first.has_value() && !header->SameStream(*first)) break;
    first = header;
    unit.units.push_back(frame);
    unit.audio_samples += header->samples;
  }
  if (unit.units.empty()) {
    return DataLoss("{}: no whole frame", CodecName(codec_));
  }
  unit.format_changed = UpdateFormat(*first, unit.units.front());
  unit.random_access = true;
  return unit;
}

}  // namespace

StatusOr<AccessUnitReaderPtr> MakeFrameReader(const Track& track) {
  return AccessUnitReaderPtr(std::make_unique<FrameReader>(track.codec));
}

}  // namespace hlsrec::media
