#include "src/av/mux_stream.h"

extern "C" {
#include <libavutil/channel_layout.h>
#include <libavutil/mem.h>
}

#include <algorithm>
#include <cstdint>
#include <string>

#include "src/base/status_util.h"
#include "src/media/language_code.h"

namespace hlsrec::av {
namespace {

using media::MuxTrack;
using media::StreamFormat;

AVCodecID CodecIdOf(Codec codec) {
  switch (codec) {
    case Codec::kH264:
      return AV_CODEC_ID_H264;
    case Codec::kH265:
      return AV_CODEC_ID_HEVC;
    case Codec::kAv1:
      return AV_CODEC_ID_AV1;
    case Codec::kMpeg2Video:
      return AV_CODEC_ID_MPEG2VIDEO;
    case Codec::kAac:
      return AV_CODEC_ID_AAC;
    case Codec::kMp3:
      return AV_CODEC_ID_MP3;
    case Codec::kAc3:
      return AV_CODEC_ID_AC3;
    case Codec::kEac3:
      return AV_CODEC_ID_EAC3;
    case Codec::kOpus:
      return AV_CODEC_ID_OPUS;
    case Codec::kUnknown:
      break;
  }
  return AV_CODEC_ID_NONE;
}

Status SetExtradata(const Bytes& config, AVCodecParameters& parameters) {
  parameters.extradata = static_cast<std::uint8_t*>(
      av_mallocz(config.size() + AV_INPUT_BUFFER_PADDING_SIZE));
  if (parameters.extradata == nullptr) {
    return ResourceExhausted("muxer: out of memory");
  }
  std::copy(config.begin(), config.end(), parameters.extradata);
  parameters.extradata_size = static_cast<int>(config.size());
  return {};
}

}  // namespace

bool IsToldByFrame(const StreamFormat& format) {
  return format.codec == Codec::kAc3 || format.codec == Codec::kEac3;
}

StatusOr<AVStream*> AddStream(const MuxTrack& track, AVFormatContext& context) {
  const StreamFormat& format = track.format;
  AVStream* stream = avformat_new_stream(&context, nullptr);
  if (stream == nullptr) {
    return ResourceExhausted("muxer: out of memory");
  }
  AVCodecParameters& parameters = *stream->codecpar;
  parameters.codec_id = CodecIdOf(format.codec);
  if (parameters.codec_id == AV_CODEC_ID_NONE) {
    return FailedPrecondition("muxer: codec {}: not possible",
                              CodecName(format.codec));
  }
  if (CodecMediaType(format.codec) == MediaType::kVideo) {
    parameters.codec_type = AVMEDIA_TYPE_VIDEO;
    parameters.width = format.width;
    parameters.height = format.height;
  } else {
    parameters.codec_type = AVMEDIA_TYPE_AUDIO;
    parameters.sample_rate = format.sample_rate;
    parameters.frame_size = format.frame_samples;
    av_channel_layout_default(&parameters.ch_layout,
                              std::max(format.channels, 1));
  }
  stream->time_base = {1, static_cast<int>(track.timescale)};
  const std::string language = media::Iso639Part2(track.language);
  if (!language.empty()) {
    av_dict_set(&stream->metadata, "language", language.c_str(), 0);
  }
  if (format.config.empty() || IsToldByFrame(format)) return stream;
  HLSREC_RETURN_IF_ERROR(SetExtradata(format.config, parameters));
  return stream;
}

}  // namespace hlsrec::av
