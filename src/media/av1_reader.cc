#include <utility>

#include "src/base/status_util.h"
#include "src/media/av1.h"
#include "src/media/readers.h"

namespace hlsrec::media {
namespace {

class Av1Reader : public AccessUnitReader {
 public:
  explicit Av1Reader(Rational frame_rate) : frame_rate_(frame_rate) {}

  Status Configure(ByteSpan config);
  StatusOr<AccessUnit> Read(const Payload& payload) override;
  [[nodiscard]] const std::optional<StreamFormat>& format() const override {
    return format_;
  }

 private:
  StatusOr<bool> UpdateFormat(const Av1Obu& sequence_header);

  const Rational frame_rate_;
  std::optional<StreamFormat> format_;
};

StatusOr<bool> Av1Reader::UpdateFormat(const Av1Obu& sequence_header) {
  HLSREC_ASSIGN_OR_RETURN(StreamFormat format, DescribeAv1(sequence_header));
  if (format.frame_rate.num == 0) format.frame_rate = frame_rate_;
  if (format_ == format) return false;
  format_ = std::move(format);
  return true;
}

Status Av1Reader::Configure(ByteSpan config) {
  // av1C: 4 bytes before the OBUs. An OBU's first bit is 0.
  if (!config.empty() && config.front() == 0x81) {
    if (config.size() < 4) return InvalidArgument("codec_config: av1C cut off");
    config = config.subspan(4);
  }
  while (!config.empty()) {
    const auto obu = ParseAv1Obu(config);
    if (!obu.has_value()) {
      return InvalidArgument("codec_config: neither av1C nor OBUs");
    }
    if (obu->type == kAv1SequenceHeader) {
      if (auto changed = UpdateFormat(*obu); !changed.ok()) {
        return InvalidArgument("codec_config: {}", changed.status().message());
      }
    }
    config = config.subspan(obu->whole.size());
  }
  return {};
}

StatusOr<AccessUnit> Av1Reader::Read(const Payload& payload) {
  AccessUnit unit;
  unit.payload = payload.Contiguous();
  if (unit.payload.empty()) return DataLoss("av1: empty");
  ByteSpan bytes = unit.payload.spans().front();
  std::optional<Av1Obu> sequence;
  bool has_frame = false;
  bool key = false;
  Units runs;  // what is between temporal delimiters
  while (!bytes.empty()) {
    const auto obu = ParseAv1Obu(bytes);
    if (!obu.has_value()) return DataLoss("av1: obu cut off or forbidden");
    bytes = bytes.subspan(obu->whole.size());
    if (obu->type == kAv1TemporalDelimiter) continue;
    if (obu->type == kAv1SequenceHeader) sequence = obu;
    if (obu->type == kAv1Frame || obu->type == kAv1FrameHeader) {
      key |= !has_frame && IsAv1KeyFrame(*obu);
      has_frame = true;
    }
    if (!runs.empty() &&
        runs.back().data() + runs.back().size() == obu->whole.data()) {
      runs.back() =
          ByteSpan(runs.back().data(), runs.back().size() + obu->whole.size());
    } else {
      runs.push_back(obu->whole);
    }
  }
  if (!has_frame) return DataLoss("av1: no frame");
  if (sequence.has_value() && key) {
    HLSREC_ASSIGN_OR_RETURN(unit.format_changed, UpdateFormat(*sequence));
    unit.random_access = true;
  }
  if (runs.size() > 1) {
    unit.payload = Payload(std::vector<ByteSpan>(runs.begin(), runs.end()),
                           std::make_shared<Payload>(unit.payload))
                       .Contiguous();
    runs.assign(1, unit.payload.spans().front());
  }
  unit.units = std::move(runs);
  return unit;
}

}  // namespace

StatusOr<AccessUnitReaderPtr> MakeAv1Reader(const Track& track) {
  auto reader = std::make_unique<Av1Reader>(track.frame_rate);
  HLSREC_RETURN_IF_ERROR(reader->Configure(track.codec_config));
  return AccessUnitReaderPtr(std::move(reader));
}

}  // namespace hlsrec::media
