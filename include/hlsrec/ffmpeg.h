#ifndef HLSREC_FFMPEG_H_
#define HLSREC_FFMPEG_H_

// Opt-in (target hlsrec::ffmpeg): takes over what an application already has
// as libav structures. FFmpeg 5.1 to 8. Header-only, so that hlsrec itself and
// the application may have been built against different releases of FFmpeg.

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavcodec/codec_desc.h>
#include <libavformat/avformat.h>
#include <libavutil/avutil.h>
#include <libavutil/buffer.h>
#include <libavutil/dict.h>
}

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "hlsrec/media.h"
#include "hlsrec/status.h"

namespace hlsrec {

// kUnknown for what hlsrec does not carry.
inline Codec CodecFromAv(AVCodecID id) {
  switch (id) {
    case AV_CODEC_ID_H264:
      return Codec::kH264;
    case AV_CODEC_ID_HEVC:
      return Codec::kH265;
    case AV_CODEC_ID_AV1:
      return Codec::kAv1;
    case AV_CODEC_ID_MPEG2VIDEO:
      return Codec::kMpeg2Video;
    case AV_CODEC_ID_AAC:
    case AV_CODEC_ID_AAC_LATM:
      return Codec::kAac;
    case AV_CODEC_ID_MP3:
      return Codec::kMp3;
    case AV_CODEC_ID_AC3:
      return Codec::kAc3;
    case AV_CODEC_ID_EAC3:
      return Codec::kEac3;
    case AV_CODEC_ID_OPUS:
      return Codec::kOpus;
    default:
      return Codec::kUnknown;
  }
}

inline Rational RationalFromAv(AVRational value) {
  return {.num = value.num, .den = value.den == 0 ? 1 : value.den};
}

// A track with what codec parameters tell. `time_base` is that of the packets.
// kUnimplemented for a codec that hlsrec does not carry.
inline StatusOr<Track> TrackFromAv(const AVCodecParameters& parameters,
                                   AVRational time_base, int id) {
  Track track;
  track.id = id;
  track.codec = CodecFromAv(parameters.codec_id);
  if (track.codec == Codec::kUnknown) {
    return Status(StatusCode::kUnimplemented,
                  "track " + std::to_string(id) + ": codec " +
                      avcodec_get_name(parameters.codec_id) +
                      " can't be recorded");
  }
  track.time_base = RationalFromAv(time_base);
  // LATM describes itself; a configuration would mean raw frames.
  if (parameters.extradata != nullptr && parameters.extradata_size > 0 &&
      parameters.codec_id != AV_CODEC_ID_AAC_LATM) {
    track.codec_config.assign(parameters.extradata,
                              parameters.extradata + parameters.extradata_size);
  }
  track.bit_rate = parameters.bit_rate > 0 ? parameters.bit_rate : 0;
  if (CodecMediaType(track.codec) == MediaType::kVideo) {
    track.width = parameters.width;
    track.height = parameters.height;
  } else {
    track.sample_rate = parameters.sample_rate;
    track.channels = parameters.ch_layout.nb_channels;
  }
  return track;
}

// The same for a stream of a demuxer; Track::id is its index.
inline StatusOr<Track> TrackFromAv(const AVStream& stream) {
  StatusOr<Track> result =
      TrackFromAv(*stream.codecpar, stream.time_base, stream.index);
  if (!result.ok()) return result;
  Track& track = *result;
  if (stream.pts_wrap_bits > 0 && stream.pts_wrap_bits < 63) {
    track.timestamp_wrap_bits = stream.pts_wrap_bits;
  }
  if (stream.avg_frame_rate.num > 0 && stream.avg_frame_rate.den > 0) {
    track.frame_rate = RationalFromAv(stream.avg_frame_rate);
  }
  const auto text = [&stream](const char* key) -> std::string {
    const AVDictionaryEntry* entry =
        av_dict_get(stream.metadata, key, nullptr, 0);
    return entry == nullptr ? std::string() : std::string(entry->value);
  };
  track.language = text("language");
  if (track.language == "und") track.language.clear();
  track.title = text("title");
  return result;
}

// Refers to the packet's data, which it keeps alive; a packet that is not
// reference-counted is copied. Its track is `stream_index`, its timestamps
// stay as they are. kResourceExhausted when out of memory.
inline StatusOr<Packet> PacketFromAv(const AVPacket& packet) {
  Packet result;
  result.track = packet.stream_index;
  result.pts = packet.pts == AV_NOPTS_VALUE ? kNoTimestamp : packet.pts;
  result.dts = packet.dts == AV_NOPTS_VALUE ? kNoTimestamp : packet.dts;
  result.duration = packet.duration > 0 ? packet.duration : 0;
  result.keyframe = (packet.flags & AV_PKT_FLAG_KEY) != 0;
  std::size_t size = 0;
  if (const std::uint8_t* data =
          av_packet_get_side_data(&packet, AV_PKT_DATA_PRFT, &size);
      data != nullptr && size >= sizeof(AVProducerReferenceTime)) {
    const auto* prft = reinterpret_cast<const AVProducerReferenceTime*>(data);
    result.capture_time = std::chrono::system_clock::time_point(
        std::chrono::microseconds(prft->wallclock));
  }
  if (packet.size <= 0 || packet.data == nullptr) return result;
  const Payload::Span bytes(packet.data, static_cast<std::size_t>(packet.size));
  if (packet.buf == nullptr) {
    result.payload = Payload::FromCopy(bytes);
    return result;
  }
  AVBufferRef* buffer = av_buffer_ref(packet.buf);
  if (buffer == nullptr) {
    return Status(StatusCode::kResourceExhausted, "packet: out of memory");
  }
  result.payload = Payload(
      bytes,
      std::shared_ptr<const void>(buffer->data, [buffer](const void*) mutable {
        av_buffer_unref(&buffer);
      }));
  return result;
}

}  // namespace hlsrec

#endif  // HLSREC_FFMPEG_H_
