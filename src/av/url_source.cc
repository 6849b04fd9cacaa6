#include "src/av/url_source.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <utility>

#include "hlsrec/ffmpeg.h"
#include "src/av/adts.h"
#include "src/av/av_status.h"
#include "src/av/hls_end.h"
#include "src/base/rescale.h"
#include "src/base/status_util.h"

namespace hlsrec {

Source::~Source() = default;

SourceCounters Source::counters() const { return {}; }

namespace av {
namespace {

// Damaged input: how often in a row the demuxer may say "invalid data".
constexpr int kMaxErrorsInARow = 64;
constexpr std::chrono::milliseconds kRetryInterval(10);
// No access unit is that large; a damaged length field may claim it.
constexpr int kMaxPacketBytes = 64 << 20;

bool AnyParameters(const AVFormatContext& input) {
  return std::any_of(input.streams, input.streams + input.nb_streams,
                     [](const AVStream* stream) {
                       return WhyUnusable(*stream).empty() &&
                              HasParameters(*stream);
                     });
}

}  // namespace

UrlSource::UrlSource(std::shared_ptr<Runtime> runtime,
                     const UrlSourceOptions& options, const Clock& clock)
    : runtime_(std::move(runtime)),
      options_(options),
      clock_(clock),
      interrupter_(clock),
      table_(options.all_programs) {}

Status UrlSource::Describe(int error, std::string_view action) const {
  const std::string context = fmt::format("{}: {}", action, url_.display);
  HLSREC_RETURN_IF_ERROR(interrupter_.Ended(context));
  Status status = AvStatus(error, context);
  // Some of libavformat's network code returns a plain -1.
  if (error == AVERROR(EPERM) && url_.display.find("://") != std::string::npos)
    return {StatusCode::kUnavailable, status.message()};
  return status;
}

Status UrlSource::Open(const std::function<bool()>& cancelled) {
  HLSREC_ASSIGN_OR_RETURN(url_, ResolveInputUrl(options_));
  packet_.reset(av_packet_alloc());
  if (packet_ == nullptr) return ResourceExhausted("open: out of memory");
  interrupter_.Poll(cancelled);
  HLSREC_RETURN_IF_ERROR(Connect());
  HLSREC_RETURN_IF_ERROR(Analyze());
  table_.Choose(*input_);
  HLSREC_RETURN_IF_ERROR(RequireTracks());
  interrupter_.Poll({});
  interrupter_.ClearTimeout();
  return {};
}

Status UrlSource::Connect() {
  if (url_.kind == InputUrl::Kind::kStandardInput) {
    HLSREC_ASSIGN_OR_RETURN(fd_input_, FdInput::StandardInput(interrupter_));
  } else if (url_.kind == InputUrl::Kind::kNamedPipe) {
    HLSREC_ASSIGN_OR_RETURN(fd_input_,
                            FdInput::NamedPipe(url_.url, interrupter_));
  }
  const AVInputFormat* format = nullptr;
  if (!url_.format.empty()) {
    format = av_find_input_format(url_.format.c_str());
    if (format == nullptr) {
      return InvalidArgument("format: {}: unknown", url_.format);
    }
  }
  AVFormatContext* context = avformat_alloc_context();
  if (context == nullptr) return ResourceExhausted("open: out of memory");
  context->interrupt_callback = interrupter_.callback();
  if (fd_input_ != nullptr) context->pb = fd_input_->io();

  AvDictionary dictionary;
  for (const auto& [key, value] : url_.options) dictionary.Set(key, value);
  const auto analyze =
      std::chrono::microseconds(options_.analyze_duration).count();
  dictionary.SetDefault("analyzeduration", std::to_string(analyze));
  dictionary.SetDefault("probesize", std::to_string(options_.analyze_bytes));
  // The timeline unwraps, here and in the segments of an HLS input.
  dictionary.SetDefault("correct_ts_overflow", "0");
  dictionary.SetDefault("seg_format_options", "correct_ts_overflow=0");
  dictionary.SetDefault("max_streams", "256");
  // What goes past the callbacks can't be counted.
  dictionary.SetDefault("http_persistent", "0");
  const bool watched = !options_.av_options.contains("http_persistent");
  if (watched) hls_watch_.Attach(*context);

  if (options_.connect_timeout.count() > 0) {
    interrupter_.SetTimeout(options_.connect_timeout);
  }
  const int error =
      avformat_open_input(&context, url_.url.c_str(), format, dictionary.get());
  input_.reset(context);  // null after an error
  if (error < 0) return Describe(error, "open");
  HLSREC_RETURN_IF_ERROR(CheckOptions(dictionary));
  if (watched) {
    AvDictionary options;
    for (const auto& [key, value] : options_.av_options) {
      options.Set(key, value);
    }
    hls_watch_.OnOpen(*input_, options);
  }
  return {};
}

Status UrlSource::CheckOptions(const AvDictionary& left) const {
  for (const auto& [key, value] : options_.av_options) {
    if (left.Has(key)) {
      return InvalidArgument("av_options: {}: {} knows no such option", key,
                             input_->iformat->name);
    }
  }
  return {};
}

Status UrlSource::Analyze() {
  // Variants that are not wanted shall not even be downloaded to look at them.
  if (input_->nb_programs > 1) {
    DiscardUnwanted(*input_, SelectStreams(*input_, options_.all_programs));
  }
  if (options_.timeout.count() > 0) {
    interrupter_.SetTimeout(options_.timeout + options_.analyze_duration);
  } else {
    interrupter_.ClearTimeout();
  }
  const int error = avformat_find_stream_info(input_.get(), nullptr);
  // Where it fell silent meanwhile, what is known of the tracks has to do: what
  // was received is recorded, and then Read() says how it ended.
  if (interrupter_.reason() == Interrupter::Reason::kTimedOut &&
      AnyParameters(*input_)) {
    return {};
  }
  if (interrupter_.reason() != Interrupter::Reason::kNone || error < 0) {
    return Describe(error, "analyze");
  }
  return {};
}

Status UrlSource::RequireTracks() const {
  if (!tracks().empty()) return {};
  if (skipped().empty()) {
    return DataLoss("open: {}: no tracks found", url_.display);
  }
  std::string reasons;
  for (const SkippedTrack& track : skipped()) {
    reasons += fmt::format("{}track {} ({}): {}", reasons.empty() ? "" : ", ",
                           track.index, track.codec, track.reason);
  }
  return FailedPrecondition("open: {}: no track that can be recorded: {}",
                            url_.display, reasons);
}

SourceCounters UrlSource::counters() const {
  SourceCounters counters = counters_;
  counters.segments_missed = hls_watch_.series().missed();
  counters.segments_cut_short = hls_watch_.series().cut_short();
  return counters;
}

StatusOr<Packet> UrlSource::Read() {
  if (!end_.ok()) return end_;
  if (options_.timeout.count() > 0) interrupter_.SetTimeout(options_.timeout);
  for (;;) {
    const int error = av_read_frame(input_.get(), packet_.get());
    if (interrupter_.reason() == Interrupter::Reason::kCancelled) {
      av_packet_unref(packet_.get());
      return end_ = Describe(AVERROR_EXIT, "read");
    }
    if (error < 0) {
      end_ = ReadFailed(error);
      if (!end_.ok()) return end_;
      continue;
    }
    errors_in_a_row_ = 0;
    std::optional<Packet> packet = Take();
    av_packet_unref(packet_.get());
    if (packet.has_value()) {
      if (options_.pacing == Pacing::kRealTime) Pace(*packet);
      return *std::move(packet);
    }
    // What is dropped is no sign of life.
    if (interrupter_.Check()) return end_ = Describe(AVERROR_EXIT, "read");
  }
}

Status UrlSource::ReadFailed(int error) {
  if (interrupter_.reason() != Interrupter::Reason::kNone) {
    return Describe(error, "read");
  }
  if (error == AVERROR(EAGAIN)) {
    interrupter_.SleepUntil(clock_.Steady() + kRetryInterval);
    return {};
  }
  const AVIOContext* io = input_->pb;
  if (error == AVERROR_EOF && io != nullptr && io->error < 0 &&
      io->error != AVERROR_EOF) {
    error = io->error;  // demuxers take an error of the transport for the end
  }
  if (error == AVERROR(EIO) && ClosingIsTheEnd()) error = AVERROR_EOF;
  if (error == AVERROR_INVALIDDATA) {
    ++counters_.demuxer_errors;
    if (++errors_in_a_row_ <= kMaxErrorsInARow) return {};
  }
  if (error == AVERROR_EOF && url_.http && IsHls()) {
    Status ended = CheckHlsEnded(url_.url, options_.av_options, interrupter_);
    if (!ended.ok()) return ended;
  }
  Status status = Describe(error, "read");
  if (status.code() == StatusCode::kEndOfStream) hls_watch_.OnEnd();
  if (status.code() == StatusCode::kEndOfStream ||
      status.code() == StatusCode::kDataLoss ||
      status.code() == StatusCode::kResourceExhausted) {
    return status;
  }
  return {StatusCode::kUnavailable, status.message()};
}

bool UrlSource::ClosingIsTheEnd() const {
  // EIO is all that RTMP and SRT say when a publisher hangs up.
  if (url_.listening) return true;
  // An HTTP body without a length ends where the server closes (RFC 9112
  // section 6.3); libavformat calls that premature.
  return url_.http && !IsHls() && input_->pb != nullptr &&
         avio_size(input_->pb) < 0;
}

bool UrlSource::IsHls() const {
  return std::string_view(input_->iformat->name) == "hls";
}

std::optional<Packet> UrlSource::Take() {
  using Use = TrackTable::Use;
  ++counters_.packets_read;
  const auto index = static_cast<unsigned>(packet_->stream_index);
  if (index >= input_->nb_streams) return std::nullopt;
  const AVStream& av_stream = *input_->streams[index];
  TrackTable::Stream& stream = table_.Find(*input_, av_stream);
  if (stream.use == Use::kReplaced) ++counters_.dropped_stale;
  if (stream.use != Use::kTaken && stream.use != Use::kSilent) {
    return std::nullopt;
  }
  if (packet_->size <= 0 || packet_->data == nullptr) {
    if (stream.use == Use::kTaken) TakeConfiguration(stream);
    ++counters_.dropped_empty;
    return std::nullopt;
  }
  if (packet_->size > kMaxPacketBytes) {
    ++counters_.dropped_oversized;
    return std::nullopt;
  }
  if (stream.use == Use::kSilent) {
    table_.Join(*input_, av_stream);
    return TakeFrom(table_.Find(*input_, av_stream));
  }
  return TakeFrom(stream);
}

std::optional<Packet> UrlSource::TakeFrom(TrackTable::Stream& stream) {
  TakeConfiguration(stream);
  if ((packet_->flags & AV_PKT_FLAG_CORRUPT) != 0) ++counters_.corrupt;
  StatusOr<Packet> packet = ConvertPacket();
  if (!packet.ok()) {
    ++counters_.dropped_oversized;
    return std::nullopt;
  }
  const Track& track = table_.track(stream);
  packet->track = track.id;
  if (CodecMediaType(track.codec) == MediaType::kAudio) packet->keyframe = true;
  if (stream.late) CompleteLate(stream, *packet);
  return *std::move(packet);
}

// libavformat learns an ADTS track's sample rate when it opens the input and at
// no other time; without it, it gives a timestamp to the first frame of each
// PES packet only.
void UrlSource::CompleteLate(TrackTable::Stream& stream, Packet& packet) {
  Track& track = table_.track(stream);
  if (track.codec != Codec::kAac || !track.codec_config.empty()) return;
  const auto header = ParseAdts(packet.payload.spans().front());
  if (!header.has_value()) return;
  track.sample_rate = header->sample_rate;
  track.channels = header->channels;
  packet.duration = Rescale(
      header->samples, {.num = 1, .den = header->sample_rate}, track.time_base);
  if (packet.pts == kNoTimestamp) packet.pts = stream.next_pts;
  if (packet.dts == kNoTimestamp) packet.dts = packet.pts;
  if (packet.pts != kNoTimestamp) {
    stream.next_pts = packet.pts + packet.duration;
  }
}

StatusOr<Packet> UrlSource::ConvertPacket() {
  AVBufferRef* buffer = packet_->buf;
  const auto size = static_cast<std::size_t>(packet_->size);
  if (buffer == nullptr || static_cast<std::size_t>(buffer->size) / 2 <= size) {
    return PacketFromAv(*packet_);
  }
  // libavformat mostly copies frames out of the demuxer's large buffers, but
  // not where a PES packet without a length holds one frame: then a few hundred
  // bytes keep 200 KB, and a queue would take far more memory than it counts.
  packet_->buf = nullptr;
  StatusOr<Packet> copy = PacketFromAv(*packet_);
  packet_->buf = buffer;
  return copy;
}

void UrlSource::TakeConfiguration(const TrackTable::Stream& stream) {
  std::size_t size = 0;
  const std::uint8_t* data =
      av_packet_get_side_data(packet_.get(), AV_PKT_DATA_NEW_EXTRADATA, &size);
  if (data == nullptr || size == 0) return;
  Track& track = table_.track(stream);
  const std::span<const std::uint8_t> config(data, size);
  if (std::equal(config.begin(), config.end(), track.codec_config.begin(),
                 track.codec_config.end())) {
    return;
  }
  track.codec_config.assign(config.begin(), config.end());
  // Those of the old configuration; the new bitstream tells its own.
  track.width = 0;
  track.height = 0;
  track.sample_rate = 0;
  track.channels = 0;
  table_.MarkChanged();
}

void UrlSource::Pace(const Packet& packet) {
  const auto track = std::find_if(
      tracks().begin(), tracks().end(),
      [&packet](const Track& other) { return other.id == packet.track; });
  const std::int64_t time =
      packet.dts == kNoTimestamp ? packet.pts : packet.dts;
  if (track == tracks().end() || time == kNoTimestamp) return;
  const std::chrono::microseconds position(
      Rescale(time, track->time_base, kMicroseconds));
  interrupter_.ClearTimeout();
  interrupter_.SleepUntil(pacer_.Due(position, clock_.Steady()));
}

}  // namespace av

StatusOr<std::unique_ptr<Source>> OpenUrlSource(
    std::shared_ptr<Runtime> runtime, const UrlSourceOptions& options,
    const std::function<bool()>& cancelled) {
  auto source = std::make_unique<av::UrlSource>(std::move(runtime), options,
                                                SystemClock());
  HLSREC_RETURN_IF_ERROR(source->Open(cancelled));
  return std::unique_ptr<Source>(std::move(source));
}

}  // namespace hlsrec
