#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <utility>

#include "src/base/status_util.h"
#include "src/media/h264.h"
#include "src/media/h265.h"
#include "src/media/nal.h"
#include "src/media/readers.h"

namespace hlsrec::media {
namespace {

enum class NalKind { kOther, kPicture, kRandomAccess, kParameterSet, kAud };

NalKind H264Kind(ByteSpan nal) {
  const int type = nal.front() & 0x1f;
  if (type == kH264Idr) return NalKind::kRandomAccess;
  if (type >= kH264Slice && type < kH264Idr) return NalKind::kPicture;
  if (type == kH264Sps || type == kH264Pps) return NalKind::kParameterSet;
  return type == kH264Aud ? NalKind::kAud : NalKind::kOther;
}

NalKind H265Kind(ByteSpan nal) {
  if (nal.size() < 2) return NalKind::kOther;
  const int type = H265TypeOf(nal);
  if (type >= kH265Bla && type <= kH265Cra) return NalKind::kRandomAccess;
  if (type < kH265Vps) return NalKind::kPicture;
  if (type <= kH265Pps) return NalKind::kParameterSet;
  return type == kH265Aud ? NalKind::kAud : NalKind::kOther;
}

// H.264 and H.265: the same framing, the same way with parameter sets.
class NalReader : public AccessUnitReader {
 public:
  explicit NalReader(const Track& track)
      : h265_(track.codec == Codec::kH265),
        codec_(track.codec),
        frame_rate_(track.frame_rate) {}

  Status Configure(ByteSpan config);
  StatusOr<AccessUnit> Read(const Payload& payload) override;
  [[nodiscard]] const std::optional<StreamFormat>& format() const override {
    return format_;
  }

 private:
  // By type, then id: the order in which they are written.
  using ParameterSetKey = std::pair<int, int>;

  [[nodiscard]] NalKind KindOf(ByteSpan nal) const {
    return h265_ ? H265Kind(nal) : H264Kind(nal);
  }
  [[nodiscard]] StatusOr<ParameterSetKey> KeyOf(ByteSpan nal) const;
  Status Split(ByteSpan bytes, Units& units) const;
  // False: exactly that set is already active.
  StatusOr<bool> Activate(ByteSpan nal);
  // Makes the active parameter sets the format; whether that changed it.
  StatusOr<bool> UpdateFormat();
  [[nodiscard]] StatusOr<StreamFormat> Describe() const;

  const bool h265_;
  const Codec codec_;
  const Rational frame_rate_;
  int length_size_ = 0;  // 0: Annex-B
  // What a decoder that read everything up to here holds.
  std::map<ParameterSetKey, Bytes> active_;
  bool format_is_stale_ = false;
  std::optional<StreamFormat> format_;
};

Status NalReader::Configure(ByteSpan config) {
  if (config.empty()) return {};
  Units sets;
  if (config.front() == 1) {
    HLSREC_ASSIGN_OR_RETURN(const LengthPrefixedConfig parsed,
                            h265_ ? ParseHvcC(config) : ParseAvcC(config));
    length_size_ = parsed.length_size;
    sets.assign(parsed.parameter_sets.begin(), parsed.parameter_sets.end());
  } else {
    SplitAnnexB(config, sets);
  }
  for (const ByteSpan nal : sets) {
    if (KindOf(nal) != NalKind::kParameterSet) continue;
    if (auto changed = Activate(nal); !changed.ok()) {
      return InvalidArgument("codec_config: {}", changed.status().message());
    }
  }
  // A configuration without all of them is completed by the first packets.
  UpdateFormat().status().Ignore("the stream may tell what is missing");
  return {};
}

StatusOr<NalReader::ParameterSetKey> NalReader::KeyOf(ByteSpan nal) const {
  HLSREC_ASSIGN_OR_RETURN(
      const int id, h265_ ? H265ParameterSetId(nal) : H264ParameterSetId(nal));
  return ParameterSetKey(h265_ ? H265TypeOf(nal) : nal.front() & 0x1f, id);
}

Status NalReader::Split(ByteSpan bytes, Units& units) const {
  if (length_size_ == 0) {
    SplitAnnexB(bytes, units);
    return {};
  }
  // Some sources declare avcC and then send start codes all the same. With
  // lengths of 4 bytes, 00 00 00 01 would be a unit of one byte.
  constexpr std::uint8_t kStart[] = {0, 0, 0, 1};
  if (length_size_ == 4 && bytes.size() > 5 &&
      std::equal(std::begin(kStart), std::end(kStart), bytes.begin())) {
    SplitAnnexB(bytes, units);
    return {};
  }
  return SplitLengthPrefixed(bytes, length_size_, units);
}

StatusOr<bool> NalReader::Activate(ByteSpan nal) {
  HLSREC_ASSIGN_OR_RETURN(const ParameterSetKey key, KeyOf(nal));
  Bytes& set = active_[key];
  if (std::equal(set.begin(), set.end(), nal.begin(), nal.end())) return false;
  set.assign(nal.begin(), nal.end());
  format_is_stale_ = true;
  return true;
}

StatusOr<AccessUnit> NalReader::Read(const Payload& payload) {
  AccessUnit unit;
  unit.payload = payload.Contiguous();
  if (unit.payload.empty()) return DataLoss("{}: empty", CodecName(codec_));
  Units all;
  const Status split = Split(unit.payload.spans().front(), all);
  bool has_picture = false;
  for (const ByteSpan nal : all) {
    const NalKind kind = KindOf(nal);
    unit.random_access |= kind == NalKind::kRandomAccess;
    has_picture |= kind == NalKind::kRandomAccess || kind == NalKind::kPicture;
  }
  for (const ByteSpan nal : all) {
    const NalKind kind = KindOf(nal);
    if (kind == NalKind::kAud) continue;
    if (kind == NalKind::kParameterSet) {
      // A damaged one goes on as it is; the decoder judges.
      const auto changed = Activate(nal);
      // Without a picture there is nothing to carry it: the next random access
      // picture's format will.
      if (changed.ok() && (unit.random_access || !*changed)) continue;
    }
    unit.units.push_back(nal);
  }
  if (!has_picture) {
    return split.ok() ? DataLoss("{}: no picture", CodecName(codec_)) : split;
  }
  if (unit.random_access && (format_is_stale_ || !format_.has_value())) {
    const auto changed = UpdateFormat();
    unit.format_changed = changed.ok() && *changed;
  }
  // Nothing can be decoded before the parameter sets are known.
  unit.random_access = unit.random_access && format_.has_value();
  return unit;
}

StatusOr<bool> NalReader::UpdateFormat() {
  HLSREC_ASSIGN_OR_RETURN(StreamFormat format, Describe());
  format_is_stale_ = false;
  if (format_ == format) return false;
  format_ = std::move(format);
  return true;
}

StatusOr<StreamFormat> NalReader::Describe() const {
  StreamFormat format;
  format.codec = codec_;
  const Bytes* first_sps = nullptr;
  bool has_pps = false;
  bool has_vps = !h265_;
  for (const auto& [key, set] : active_) {
    format.parameter_sets.push_back(set);
    const int type = key.first;
    has_pps |= type == (h265_ ? int{kH265Pps} : int{kH264Pps});
    has_vps |= h265_ && type == kH265Vps;
    if (type == (h265_ ? int{kH265Sps} : int{kH264Sps}) &&
        first_sps == nullptr) {
      first_sps = &set;
    }
  }
  if (first_sps == nullptr || !has_pps || !has_vps) {
    return DataLoss("{}: parameter sets are missing", CodecName(codec_));
  }
  const auto take = [&](const auto& sps) {
    format.width = sps.width;
    format.height = sps.height;
    format.frame_rate = sps.frame_rate.num > 0 ? sps.frame_rate : frame_rate_;
    format.video_range = sps.video_range;
  };
  if (h265_) {
    HLSREC_ASSIGN_OR_RETURN(const H265Sps sps, ParseH265Sps(*first_sps));
    take(sps);
    format.codec_string = H265CodecString(sps);
    format.config = MakeHvcC(sps, format.parameter_sets);
  } else {
    HLSREC_ASSIGN_OR_RETURN(const H264Sps sps, ParseH264Sps(*first_sps));
    take(sps);
    format.codec_string = fmt::format("avc1.{:02X}{:02X}{:02X}", sps.profile,
                                      sps.constraints, sps.level);
    format.config = MakeAvcC(sps, format.parameter_sets);
  }
  return format;
}

}  // namespace

StatusOr<AccessUnitReaderPtr> MakeNalReader(const Track& track) {
  auto reader = std::make_unique<NalReader>(track);
  HLSREC_RETURN_IF_ERROR(reader->Configure(track.codec_config));
  return AccessUnitReaderPtr(std::move(reader));
}

}  // namespace hlsrec::media
