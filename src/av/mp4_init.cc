#include "src/av/mp4_init.h"

extern "C" {
#include <libavutil/mem.h>
}

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "src/av/av_handles.h"
#include "src/av/av_status.h"
#include "src/av/mux_stream.h"
#include "src/base/status_util.h"

namespace hlsrec::av {
namespace {

using media::MuxTrack;
using media::StreamFormat;

constexpr std::size_t kBoxHeader = 8;
// What an E-AC-3 frame of one block takes to tell all of dec3.
constexpr int kFramesToTell = 6;

Status AddTrack(const MuxTrack& track, AVFormatContext& context) {
  HLSREC_ASSIGN_OR_RETURN(AVStream * stream, AddStream(track, context));
  if (track.format.codec == Codec::kH265) {
    stream->codecpar->codec_tag = MKTAG('h', 'v', 'c', '1');
  }
  return {};
}

Status FeedFrame(const MuxTrack& track, int index, AVFormatContext& context) {
  const Bytes& frame = track.format.config;
  for (int i = 0; i < kFramesToTell; ++i) {
    const AvPacketPtr packet(av_packet_alloc());
    if (packet == nullptr ||
        av_new_packet(packet.get(), static_cast<int>(frame.size())) < 0) {
      return ResourceExhausted("init section: out of memory");
    }
    std::copy(frame.begin(), frame.end(), packet->data);
    packet->stream_index = index;
    packet->duration = std::max(track.format.frame_samples, 1);
    packet->pts = packet->dts = i * packet->duration;
    packet->flags = AV_PKT_FLAG_KEY;
    const int error = av_write_frame(&context, packet.get());
    if (error < 0) return AvStatus(error, "init section");
  }
  return {};
}

// Runs the muxer over no media and appends everything it wrote.
Status RunMuxer(const media::Fmp4MuxerOptions& options,
                AVFormatContext& context) {
  const bool delayed =
      std::any_of(options.tracks.begin(), options.tracks.end(),
                  [](const MuxTrack& t) { return IsToldByFrame(t.format); });
  AvDictionary settings;
  settings.Set("movflags",
               std::string("frag_custom+empty_moov+default_base_moof+cmaf") +
                   (delayed ? "+delay_moov" : ""));
  settings.Set("use_editlist", "0");
  settings.Set("strict", "experimental");
  int error = avformat_write_header(&context, settings.get());
  if (error < 0) {
    return InvalidArgument("{}", AvStatus(error, "init section").message());
  }
  if (delayed) {
    for (std::size_t i = 0; i < options.tracks.size(); ++i) {
      if (!IsToldByFrame(options.tracks[i].format)) continue;
      HLSREC_RETURN_IF_ERROR(
          FeedFrame(options.tracks[i], static_cast<int>(i), context));
    }
    error = av_write_frame(&context, nullptr);
  }
  const int end = av_write_trailer(&context);
  if (error >= 0) error = end;
  return error < 0 ? AvStatus(error, "init section") : Status();
}

struct Box {
  std::string_view type = {};
  std::size_t begin = 0;  // of its header
  std::size_t end = 0;
};

std::vector<Box> BoxesIn(const Bytes& bytes, std::size_t begin,
                         std::size_t end) {
  std::vector<Box> boxes;
  while (end - begin >= kBoxHeader) {
    ByteReader reader(ByteSpan(bytes).subspan(begin, end - begin));
    const std::size_t size = reader.U32();
    if (size < kBoxHeader || size > end - begin) break;
    const char* type = reinterpret_cast<const char*>(bytes.data()) + begin + 4;
    boxes.push_back({.type = {type, 4}, .begin = begin, .end = begin + size});
    begin += size;
  }
  return boxes;
}

// A header box whose times stand behind creation and modification time.
void PutHeaderField(Bytes& bytes, const Box& box, std::size_t offset,
                    std::uint32_t value) {
  if (box.begin + offset + 4 > box.end) return;
  for (std::size_t i = 0; i < 4; ++i) {
    bytes[box.begin + offset + i] =
        static_cast<std::uint8_t>(value >> (24 - 8 * i));
  }
}

// A fragmented file's moov has no durations (the frames that tell AC-3's box
// leave some behind), and its timescales are those of the fragments.
void FixHeaders(const std::vector<MuxTrack>& tracks, Bytes& bytes,
                const Box& moov) {
  std::size_t track = 0;
  for (const Box& box : BoxesIn(bytes, moov.begin + kBoxHeader, moov.end)) {
    if (box.type == "mvhd") PutHeaderField(bytes, box, 24, 0);
    if (box.type != "trak" || track == tracks.size()) continue;
    for (const Box& inner : BoxesIn(bytes, box.begin + kBoxHeader, box.end)) {
      if (inner.type == "tkhd") PutHeaderField(bytes, inner, 28, 0);
      if (inner.type != "mdia") continue;
      const auto media = BoxesIn(bytes, inner.begin + kBoxHeader, inner.end);
      for (const Box& header : media) {
        if (header.type != "mdhd") continue;
        PutHeaderField(bytes, header, 20, tracks[track].timescale);
        PutHeaderField(bytes, header, 24, 0);
      }
    }
    ++track;
  }
}

// The first ftyp and moov of what the muxer wrote.
StatusOr<Bytes> TakeInit(const std::vector<MuxTrack>& tracks, Bytes bytes) {
  Bytes out;
  bool has_moov = false;
  for (const Box& box : BoxesIn(bytes, 0, bytes.size())) {
    if (box.type != "ftyp" && box.type != "moov") continue;
    if (box.type == "moov") {
      if (has_moov) continue;
      has_moov = true;
      FixHeaders(tracks, bytes, box);
    }
    Append(out, ByteSpan(bytes).subspan(box.begin, box.end - box.begin));
  }
  if (!has_moov) return Internal("init section: libavformat wrote none");
  return out;
}

}  // namespace

StatusOr<Bytes> BuildInitSection(const media::Fmp4MuxerOptions& options) {
  if (options.tracks.empty()) return InvalidArgument("fmp4: no tracks");
  AVFormatContext* raw = nullptr;
  int error = avformat_alloc_output_context2(&raw, nullptr, "mp4", nullptr);
  if (error < 0) return AvStatus(error, "init section");
  const AvOutputPtr context(raw);
  context->flags |= AVFMT_FLAG_BITEXACT;
  for (const MuxTrack& track : options.tracks) {
    HLSREC_RETURN_IF_ERROR(AddTrack(track, *context));
  }
  error = avio_open_dyn_buf(&context->pb);
  if (error < 0) return AvStatus(error, "init section");
  const Status status = RunMuxer(options, *context);
  std::uint8_t* data = nullptr;
  const int size = avio_close_dyn_buf(context->pb, &data);
  context->pb = nullptr;
  Bytes bytes(data, data + std::max(size, 0));
  av_free(data);
  HLSREC_RETURN_IF_ERROR(status);
  return TakeInit(options.tracks, std::move(bytes));
}

}  // namespace hlsrec::av
