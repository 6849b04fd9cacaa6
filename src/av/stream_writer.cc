#include "src/av/stream_writer.h"

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <utility>

#include "src/av/av_handles.h"
#include "src/av/av_status.h"
#include "src/av/mux_stream.h"
#include "src/av/url_text.h"
#include "src/base/rescale.h"
#include "src/base/status_util.h"

namespace hlsrec::av {
namespace {

using media::MuxTrack;
using media::Sample;

// A path names the stream by its key: who knows it may publish.
std::string WithoutStreamKey(const std::string& url) {
  std::string shown = RedactedUrl(url);
  const std::size_t host = shown.find("://");
  const std::size_t app = shown.find('/', host + 3);
  if (app == std::string::npos) return shown;
  const std::size_t key = shown.find('/', app + 1);
  return key == std::string::npos ? shown : shown.substr(0, key + 1) + "...";
}

// The transport's own error is the reason; what the muxer made of it is not.
Status ConnectionStatus(int error, std::string_view action,
                        const StreamTarget& target, Interrupter& interrupter) {
  const std::string context = fmt::format("{}: {}", action, target.display);
  HLSREC_RETURN_IF_ERROR(interrupter.Ended(context));
  return {StatusCode::kUnavailable, AvStatus(error, context).message()};
}

struct IoCloser {
  void operator()(AVIOContext* io) const { avio_close(io); }
};
using IoPtr = std::unique_ptr<AVIOContext, IoCloser>;

StatusOr<IoPtr> OpenIo(const StreamTarget& target, Interrupter& interrupter) {
  AvDictionary dictionary;
  for (const auto& [key, value] : target.av_options) dictionary.Set(key, value);
  const AVIOInterruptCB callback = interrupter.callback();
  AVIOContext* io = nullptr;
  const int error = avio_open2(&io, target.url.c_str(), AVIO_FLAG_WRITE,
                               &callback, dictionary.get());
  if (error < 0) {
    return ConnectionStatus(error, "connect", target, interrupter);
  }
  IoPtr owner(io);
  if (const std::string left = dictionary.FirstKey(); !left.empty()) {
    return InvalidArgument("relay: {}: option {}: the protocol knows no such",
                           target.display, left);
  }
  return owner;
}

// MPEG-TS by our own muxer, in the datagrams of the protocol.
class TsStreamWriter final : public StreamWriter {
 public:
  TsStreamWriter(StreamTarget target, Interrupter& interrupter, IoPtr io,
                 std::unique_ptr<media::Muxer> muxer)
      : target_(std::move(target)),
        interrupter_(interrupter),
        io_(std::move(io)),
        muxer_(std::move(muxer)) {}

  Status Write(const Sample& sample) override {
    // Whoever tunes in needs the tables: a stream has no segments.
    if (sample.keyframe && (out_of_tables_ || sample.track == first_track_)) {
      if (out_of_tables_) first_track_ = sample.track;
      muxer_->Flush(out_);
      muxer_->Begin(out_);
      out_of_tables_ = false;
    }
    muxer_->Write(sample, out_);
    return Send();
  }

  Status End() override {
    muxer_->End(out_);
    return Send();
  }

 private:
  Status Send() {
    if (out_.size() > std::numeric_limits<int>::max()) {
      return ResourceExhausted("relay: a sample is too large");
    }
    avio_write(io_.get(), out_.data(), static_cast<int>(out_.size()));
    avio_flush(io_.get());
    out_.clear();
    if (io_->error == 0) return {};
    return ConnectionStatus(io_->error, "send", target_, interrupter_);
  }

  const StreamTarget target_;
  Interrupter& interrupter_;
  const IoPtr io_;
  const std::unique_ptr<media::Muxer> muxer_;
  bool out_of_tables_ = true;
  int first_track_ = -1;
  Bytes out_;
};

struct FlvCloser {
  void operator()(AVFormatContext* context) const {
    avio_closep(&context->pb);
    avformat_free_context(context);
  }
};
using FlvPtr = std::unique_ptr<AVFormatContext, FlvCloser>;

// FLV as RTMP wants it, by libavformat.
class FlvStreamWriter final : public StreamWriter {
 public:
  FlvStreamWriter(StreamTarget target, Interrupter& interrupter)
      : target_(std::move(target)), interrupter_(interrupter) {}

  Status Open(const std::vector<MuxTrack>& tracks) {
    AVFormatContext* context = nullptr;
    avformat_alloc_output_context2(&context, nullptr, "flv",
                                   target_.url.c_str());
    if (context == nullptr) return ResourceExhausted("relay: out of memory");
    flv_.reset(context);
    flv_->interrupt_callback = interrupter_.callback();
    // A stream has no place to write its length back to.
    flv_->flags |= AVFMT_FLAG_FLUSH_PACKETS;
    for (const MuxTrack& track : tracks) {
      HLSREC_RETURN_IF_ERROR(AddStream(track, *flv_).status());
      tracks_.push_back(track);
    }
    HLSREC_ASSIGN_OR_RETURN(IoPtr io, OpenIo(target_, interrupter_));
    flv_->pb = io.release();
    AvDictionary dictionary;
    dictionary.Set("flvflags", "no_duration_filesize");
    const int error = avformat_write_header(flv_.get(), dictionary.get());
    if (error < 0) return Describe(error, "announce");
    return {};
  }

  Status Write(const Sample& sample) override {
    const auto track = std::find_if(
        tracks_.begin(), tracks_.end(),
        [&](const MuxTrack& each) { return each.track == sample.track; });
    if (track == tracks_.end()) return {};
    const auto index = static_cast<int>(track - tracks_.begin());
    if (track->format.codec == Codec::kH264) {
      Bytes picture;
      for (const ByteSpan unit : sample.units) {
        AppendU32(picture, unit.size());
        Append(picture, unit);
      }
      return Send(index, *track, sample, sample.dts, picture);
    }
    const auto frames = static_cast<std::int64_t>(sample.units.size());
    std::int64_t number = 0;
    for (const ByteSpan unit : sample.units) {
      HLSREC_RETURN_IF_ERROR(
          Send(index, *track, sample,
               sample.dts + sample.duration * number++ / frames, unit));
    }
    return {};
  }

  Status End() override {
    const int error = av_write_trailer(flv_.get());
    return error < 0 ? Describe(error, "end") : Status();
  }

 private:
  [[nodiscard]] Status Describe(int error, std::string_view action) const {
    return ConnectionStatus(error, action, target_, interrupter_);
  }

  Status Send(int index, const MuxTrack& track, const Sample& sample,
              std::int64_t dts, ByteSpan bytes) {
    const AvPacketPtr packet(av_packet_alloc());
    if (packet == nullptr || bytes.size() > std::numeric_limits<int>::max() ||
        av_new_packet(packet.get(), static_cast<int>(bytes.size())) < 0) {
      return ResourceExhausted("relay: out of memory");
    }
    std::copy(bytes.begin(), bytes.end(), packet->data);
    const Rational from{.num = 1, .den = track.timescale};
    const AVRational& tick = flv_->streams[index]->time_base;
    const Rational to{.num = tick.num, .den = tick.den};
    if (!start_us_) start_us_ = Rescale(dts, from, kMicroseconds);
    const std::int64_t start = Rescale(*start_us_, kMicroseconds, to);
    packet->stream_index = index;
    packet->dts = std::max<std::int64_t>(Rescale(dts, from, to) - start, 0);
    packet->pts = packet->dts + Rescale(sample.pts - sample.dts, from, to);
    packet->duration = Rescale(sample.duration, from, to);
    if (sample.keyframe) packet->flags |= AV_PKT_FLAG_KEY;
    int error = av_write_frame(flv_.get(), packet.get());
    if (error >= 0 && flv_->pb->error < 0) error = flv_->pb->error;
    return error < 0 ? Describe(error, "send") : Status();
  }

  const StreamTarget target_;
  Interrupter& interrupter_;
  FlvPtr flv_;
  std::vector<MuxTrack> tracks_;
  // RTMP's clock starts with the connection.
  std::optional<std::int64_t> start_us_;
};

}  // namespace

StatusOr<StreamTarget> ResolveStreamTarget(
    const std::string& url,
    const std::map<std::string, std::string>& av_options) {
  const std::string scheme = UrlScheme(url);
  StreamTarget target{
      .url = url, .display = RedactedUrl(url), .av_options = av_options};
  if (scheme == "rtmp" || scheme == "rtmps") {
    target.flv = true;
    target.display = WithoutStreamKey(url);
    return target;
  }
  if (scheme == "srt" || scheme == "udp") {
    // Seven transport packets: more may be cut up on its way.
    if (url.find("pkt_size=") == std::string::npos) {
      target.av_options.try_emplace("pkt_size", "1316");
    }
    // Closing would drop what is not acknowledged yet: the end of the stream.
    if (scheme == "srt" && url.find("linger=") == std::string::npos) {
      target.av_options.try_emplace("linger", "5");
    }
    return target;
  }
  return InvalidArgument("relay: {}: want rtmp://, rtmps://, srt:// or udp://",
                         target.display);
}

bool CarriesTrack(const StreamTarget& target,
                  const std::vector<MuxTrack>& chosen, const MuxTrack& track) {
  const Codec codec = track.format.codec;
  if (!target.flv) return codec != Codec::kAv1 && codec != Codec::kOpus;
  if (codec != Codec::kH264 && codec != Codec::kAac && codec != Codec::kMp3) {
    return false;
  }
  return std::none_of(chosen.begin(), chosen.end(), [&](const MuxTrack& each) {
    return CodecMediaType(each.format.codec) == CodecMediaType(codec);
  });
}

StatusOr<std::unique_ptr<StreamWriter>> ConnectStream(
    const StreamTarget& target, const std::vector<MuxTrack>& tracks,
    Interrupter& interrupter) {
  if (target.flv) {
    auto writer = std::make_unique<FlvStreamWriter>(target, interrupter);
    HLSREC_RETURN_IF_ERROR(writer->Open(tracks));
    return std::unique_ptr<StreamWriter>(std::move(writer));
  }
  HLSREC_ASSIGN_OR_RETURN(std::unique_ptr<media::Muxer> muxer,
                          media::MakeTsMuxer({.tracks = tracks}));
  HLSREC_ASSIGN_OR_RETURN(IoPtr io, OpenIo(target, interrupter));
  return std::unique_ptr<StreamWriter>(std::make_unique<TsStreamWriter>(
      target, interrupter, std::move(io), std::move(muxer)));
}

}  // namespace hlsrec::av
