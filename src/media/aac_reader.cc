#include <utility>
#include <vector>

#include "src/base/status_util.h"
#include "src/media/aac.h"
#include "src/media/latm.h"
#include "src/media/readers.h"

namespace hlsrec::media {
namespace {

// AAC as raw frames, ADTS or LATM: told apart by the payload's first bytes, as
// sources do not always say.
class AacReader : public AccessUnitReader {
 public:
  Status Configure(ByteSpan config);
  StatusOr<AccessUnit> Read(const Payload& payload) override;
  [[nodiscard]] const std::optional<StreamFormat>& format() const override {
    return format_;
  }

 private:
  static Status SplitAdts(ByteSpan bytes, Units& units, AdtsHeader& first);
  StatusOr<AccessUnit> ReadLatm(ByteSpan bytes);
  bool UpdateFormat(const AacConfig& config, Bytes asc);

  std::optional<StreamFormat> format_;
  bool told_raw_ = false;  // the source has an AudioSpecificConfig
  std::optional<AdtsHeader> last_adts_;
  std::optional<LatmReader> latm_;
};

Status AacReader::Configure(ByteSpan config) {
  if (config.empty()) return {};
  auto parsed = ParseAacConfig(config);
  if (!parsed.ok()) {
    if (parsed.status().code() == StatusCode::kUnimplemented) {
      return parsed.status();
    }
    return InvalidArgument("codec_config: {}", parsed.status().message());
  }
  told_raw_ = true;
  UpdateFormat(*parsed, Bytes(config.begin(), config.end()));
  return {};
}

bool AacReader::UpdateFormat(const AacConfig& config, Bytes asc) {
  StreamFormat format;
  format.codec = Codec::kAac;
  format.codec_string = config.codec_string();
  format.sample_rate = config.output_rate;
  format.channels = config.channels;
  format.frame_samples = config.frame_samples();
  format.config = std::move(asc);
  if (format_ == format) return false;
  format_ = std::move(format);
  return true;
}

Status AacReader::SplitAdts(ByteSpan bytes, Units& units, AdtsHeader& first) {
  while (!bytes.empty()) {
    const auto header = ParseAdtsHeader(bytes);
    if (!header.has_value()) return DataLoss("adts: no frame where one is due");
    if (header->frame_size > bytes.size()) return DataLoss("adts: cut off");
    if (header->blocks != 1) return DataLoss("adts: several blocks in a frame");
    if (header->channel_config == 0) {
      return DataLoss("adts: channels by a program config element");
    }
    if (units.empty()) first = *header;
    if (!header->SameStream(first)) {
      return DataLoss("adts: the format changes within a packet");
    }
    units.push_back(bytes.subspan(header->header_size,
                                  header->frame_size - header->header_size));
    bytes = bytes.subspan(header->frame_size);
  }
  return {};
}

StatusOr<AccessUnit> AacReader::ReadLatm(ByteSpan bytes) {
  if (!latm_.has_value()) latm_.emplace();
  std::vector<Bytes> frames;
  const Status status = latm_->Read(bytes, frames);
  if (frames.empty()) {
    return status.ok() ? DataLoss("latm: no frame")
                       : DataLoss("{}", status.message());
  }
  AccessUnit unit;
  unit.format_changed = UpdateFormat(*latm_->config(), latm_->asc());
  Bytes all;
  for (const Bytes& frame : frames) Append(all, ByteSpan(frame));
  unit.payload = Payload::FromCopy(all);
  ByteReader reader(unit.payload.spans().front());
  for (const Bytes& frame : frames) {
    unit.units.push_back(reader.Take(frame.size()));
  }
  return unit;
}

StatusOr<AccessUnit> AacReader::Read(const Payload& payload) {
  AccessUnit unit;
  unit.payload = payload.Contiguous();
  if (unit.payload.empty()) return DataLoss("aac: empty");
  const ByteSpan bytes = unit.payload.spans().front();
  AdtsHeader header;
  const Status adts = SplitAdts(bytes, unit.units, header);
  if (!unit.units.empty() && (adts.ok() || !told_raw_)) {
    // A damaged end does not cost the frames before it.
    if (!last_adts_.has_value() || !header.SameStream(*last_adts_)) {
      Bytes asc = MakeAacConfig(header);
      HLSREC_ASSIGN_OR_RETURN(const AacConfig config,
                              ParseAacConfig(ByteSpan(asc)));
      // A configuration that says more (SBR) about the same core stays.
      const bool says_more = told_raw_ && !last_adts_.has_value();
      if (!says_more) {
        unit.format_changed = UpdateFormat(config, std::move(asc));
      }
      last_adts_ = header;
    }
  } else if (IsLoas(bytes)) {
    HLSREC_ASSIGN_OR_RETURN(unit, ReadLatm(bytes));
  } else if (told_raw_) {
    unit.units.assign(1, bytes);
  } else {
    return adts;
  }
  unit.random_access = true;
  unit.audio_samples =
      static_cast<int>(unit.units.size()) * format_->frame_samples;
  return unit;
}

}  // namespace

StatusOr<AccessUnitReaderPtr> MakeAacReader(const Track& track) {
  auto reader = std::make_unique<AacReader>();
  HLSREC_RETURN_IF_ERROR(reader->Configure(track.codec_config));
  return AccessUnitReaderPtr(std::move(reader));
}

}  // namespace hlsrec::media
