#include "src/media/ts_tables.h"

#include <string_view>

#include "src/base/status_util.h"
#include "src/media/language_code.h"
#include "src/media/ts_packet.h"

namespace hlsrec::media {
namespace {

constexpr std::uint16_t kTransportStreamId = 1;
constexpr std::uint16_t kProgramNumber = 1;

// From section_length on `section` lacks its CRC, which counts.
Bytes Finish(std::uint8_t table_id, std::uint16_t id_extension, ByteSpan body) {
  Bytes out;
  AppendU8(out, table_id);
  AppendU16(out, 0xb000U | (5 + body.size() + 4));
  AppendU16(out, id_extension);
  AppendU8(out, 0xc1);  // version 0, current
  AppendU16(out, 0);    // the only section
  Append(out, body);
  return out;
}

// format_identifier of the registration descriptor; empty where none is due.
std::string_view Registration(Codec codec) {
  switch (codec) {
    case Codec::kH265:
      return "HEVC";
    case Codec::kAc3:
      return "AC-3";
    case Codec::kEac3:
      return "EAC3";
    default:
      return {};
  }
}

Bytes Descriptors(const MuxTrack& track) {
  Bytes out;
  const std::string_view registration = Registration(track.format.codec);
  if (!registration.empty()) {
    AppendU8(out, 0x05);
    AppendU8(out, 4);
    Append(out, registration);
  }
  const std::string language = Iso639Part2(track.language);
  if (!language.empty()) {
    AppendU8(out, 0x0a);
    AppendU8(out, 4);
    Append(out, language);
    AppendU8(out, 0);  // audio_type: undefined
  }
  return out;
}

}  // namespace

StatusOr<TsStream> TsStreamOf(const StreamFormat& format) {
  switch (format.codec) {
    case Codec::kH264:
      return TsStream{.type = 0x1b, .id = 0xe0};
    case Codec::kH265:
      return TsStream{.type = 0x24, .id = 0xe0};
    case Codec::kMpeg2Video:
      return TsStream{.type = 0x02, .id = 0xe0};
    case Codec::kAac:
      return TsStream{.type = 0x0f, .id = 0xc0};
    case Codec::kMp3:  // 0x04: the low rates of ISO/IEC 13818-3
      return TsStream{
          .type = static_cast<std::uint8_t>(format.sample_rate < 32000 ? 4 : 3),
          .id = 0xc0};
    case Codec::kAc3:
      return TsStream{.type = 0x81, .id = 0xbd};
    case Codec::kEac3:
      return TsStream{.type = 0x87, .id = 0xbd};
    default:
      return FailedPrecondition(
          "mpeg-ts: codec {}: not possible in HLS; use --container fmp4",
          CodecName(format.codec));
  }
}

Bytes MakePat() {
  Bytes body;
  AppendU16(body, kProgramNumber);
  AppendU16(body, 0xe000U | kTsPmtPid);
  return Finish(0x00, kTransportStreamId, body);
}

StatusOr<Bytes> MakePmt(std::span<const MuxTrack> tracks,
                        std::uint16_t pcr_pid) {
  Bytes body;
  AppendU16(body, 0xe000U | pcr_pid);
  AppendU16(body, 0xf000);  // no program descriptors
  std::uint16_t pid = kTsFirstPid;
  for (const MuxTrack& track : tracks) {
    HLSREC_ASSIGN_OR_RETURN(const TsStream stream, TsStreamOf(track.format));
    const Bytes descriptors = Descriptors(track);
    AppendU8(body, stream.type);
    AppendU16(body, 0xe000U | pid++);
    AppendU16(body, 0xf000U | descriptors.size());
    Append(body, ByteSpan(descriptors));
  }
  Bytes section = Finish(0x02, kProgramNumber, body);
  if (section.size() > kMaxTsSection) {
    return FailedPrecondition("mpeg-ts: {} tracks: too many for one program",
                              tracks.size());
  }
  return section;
}

}  // namespace hlsrec::media
