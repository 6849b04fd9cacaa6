#include "src/av/movie_file.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <span>
#include <string_view>
#include <utility>

#include "src/av/av_status.h"
#include "src/base/status_util.h"

namespace hlsrec::av {
namespace {

constexpr AVRational kMicros = {1, 1'000'000};
// Sound whose timestamps are off by less (0.1 ms) follows its predecessor.
constexpr int kExactPerSecond = 10'000;

const char* MuxerName(MovieFormat format) {
  switch (format) {
    case MovieFormat::kMp4:
      return "mp4";
    case MovieFormat::kTs:
      return "mpegts";
    case MovieFormat::kMatroska:
      return "matroska";
  }
  return "mp4";
}

std::string Describe(const AVCodecParameters& format) {
  const char* name = avcodec_get_name(format.codec_id);
  if (format.codec_type == AVMEDIA_TYPE_VIDEO) {
    return fmt::format("{} {}x{}", name, format.width, format.height);
  }
  return fmt::format("{} {} Hz, {} channels", name, format.sample_rate,
                     format.ch_layout.nb_channels);
}

std::span<const std::uint8_t> Config(const AVCodecParameters& format) {
  return {format.extradata, static_cast<std::size_t>(format.extradata_size)};
}

// Whether units have lengths in front (avcC, hvcC), not start codes.
bool HasLengths(const AVCodecParameters& format) {
  const auto config = Config(format);
  const bool nal = format.codec_id == AV_CODEC_ID_H264 ||
                   format.codec_id == AV_CODEC_ID_HEVC;
  return nal && config.size() > 3 && config.front() == 1;
}

bool InTs(AVCodecID codec) {
  switch (codec) {
    case AV_CODEC_ID_H264:
    case AV_CODEC_ID_HEVC:
    case AV_CODEC_ID_MPEG2VIDEO:
    case AV_CODEC_ID_AAC:
    case AV_CODEC_ID_MP2:
    case AV_CODEC_ID_MP3:
    case AV_CODEC_ID_AC3:
    case AV_CODEC_ID_EAC3:
    case AV_CODEC_ID_OPUS:
      return true;
    default:
      return false;
  }
}

// Whether one file can hold the one behind the other.
bool Fit(const AVCodecParameters& a, const AVCodecParameters& b,
         MovieFormat format) {
  if (a.codec_id != b.codec_id) return false;
  const auto one = Config(a);
  const auto other = Config(b);
  // A TS says it all with the media itself, but for AAC without ADTS.
  const bool itself =
      a.codec_type == AVMEDIA_TYPE_VIDEO || (one.empty() && other.empty());
  if (format == MovieFormat::kTs && itself) return true;
  return a.width == b.width && a.height == b.height &&
         a.sample_rate == b.sample_rate &&
         a.ch_layout.nb_channels == b.ch_layout.nb_channels &&
         std::equal(one.begin(), one.end(), other.begin(), other.end());
}

std::size_t CountOf(const PartReader& part, AVMediaType type) {
  return static_cast<std::size_t>(
      std::count_if(part.tracks().begin(), part.tracks().end(),
                    [type](const PartReader::Track& track) {
                      return track.stream->codecpar->codec_type == type;
                    }));
}

constexpr AVMediaType kTypes[] = {AVMEDIA_TYPE_VIDEO, AVMEDIA_TYPE_AUDIO};

}  // namespace

std::string_view MovieSuffix(MovieFormat format) {
  switch (format) {
    case MovieFormat::kMp4:
      return ".mp4";
    case MovieFormat::kTs:
      return ".ts";
    case MovieFormat::kMatroska:
      return ".mkv";
  }
  return ".mp4";
}

MovieFile::~MovieFile() {
  if (context_ != nullptr) avio_closep(&context_->pb);
}

Status MovieFile::Describe(int error, std::string_view what) const {
  return AvStatus(error, fmt::format("{}: {}", what, options_.path));
}

Status MovieFile::BeginPart(const std::string& name,
                            const std::vector<PartReader::Track>& tracks) {
  part_time_bases_.clear();
  for (const PartReader::Track& track : tracks) {
    part_time_bases_.push_back(track.stream->time_base);
  }
  if (context_ == nullptr) {
    HLSREC_RETURN_IF_ERROR(Create(tracks).WithContext(name));
    places_.resize(tracks.size());
    for (std::size_t i = 0; i < tracks.size(); ++i) places_[i] = i;
    return {};
  }
  return Match(name, tracks);
}

void MovieFile::Expect(std::unique_ptr<PartReader> part) {
  const bool more =
      std::any_of(std::begin(kTypes), std::end(kTypes), [&](AVMediaType type) {
        return std::all_of(expected_.begin(), expected_.end(),
                           [&](const auto& each) {
                             return CountOf(*each, type) < CountOf(*part, type);
                           });
      });
  if (more) expected_.push_back(std::move(part));
}

Status MovieFile::AddExpected() {
  for (const auto& part : std::exchange(expected_, {})) {
    for (const AVMediaType type : kTypes) {
      auto known = std::count_if(tracks_.begin(), tracks_.end(),
                                 [type](const Track& track) {
                                   return track.format->codec_type == type;
                                 });
      for (const PartReader::Track& track : part->tracks()) {
        if (track.stream->codecpar->codec_type != type) continue;
        if (known-- > 0) continue;
        HLSREC_RETURN_IF_ERROR(AddTrack(track));
      }
    }
  }
  return {};
}

Status MovieFile::Create(const std::vector<PartReader::Track>& tracks) {
  AVFormatContext* context = nullptr;
  const int error = avformat_alloc_output_context2(
      &context, nullptr, MuxerName(options_.format), options_.path.c_str());
  context_.reset(context);
  if (error < 0) return Describe(error, "write");
  for (const PartReader::Track& track : tracks) {
    HLSREC_RETURN_IF_ERROR(AddTrack(track));
  }
  HLSREC_RETURN_IF_ERROR(AddExpected());
  const auto lead =
      std::find_if(tracks_.begin(), tracks_.end(), [](const Track& track) {
        return track.format->codec_type == AVMEDIA_TYPE_VIDEO;
      });
  lead_ = lead == tracks_.end()
              ? 0
              : static_cast<std::size_t>(lead - tracks_.begin());
  return Open();
}

Status MovieFile::AddTrack(const PartReader::Track& source) {
  const AVCodecParameters& format = *source.stream->codecpar;
  const bool ts = options_.format == MovieFormat::kTs;
  const bool possible =
      ts ? InTs(format.codec_id)
         : avformat_query_codec(context_->oformat, format.codec_id,
                                FF_COMPLIANCE_NORMAL) != 0;
  if (!possible) {
    return FailedPrecondition("{}: not possible in {}: take another container",
                              avcodec_get_name(format.codec_id),
                              MovieSuffix(options_.format));
  }
  Track track;
  track.stream = avformat_new_stream(context_.get(), nullptr);
  track.format.reset(avcodec_parameters_alloc());
  if (track.stream == nullptr || track.format == nullptr ||
      avcodec_parameters_copy(track.format.get(), &format) < 0) {
    return ResourceExhausted("write: out of memory");
  }
  HLSREC_RETURN_IF_ERROR(Frame(track, *source.stream));
  AVCodecParameters& own = *track.stream->codecpar;
  const unsigned in_band = MKTAG('h', 'e', 'v', '1');
  own.codec_tag = 0;
  if (options_.format == MovieFormat::kMp4 &&
      own.codec_id == AV_CODEC_ID_HEVC) {
    // Apple's players take no other.
    own.codec_tag =
        format.codec_tag == in_band ? in_band : MKTAG('h', 'v', 'c', '1');
  }
  const bool sound = format.codec_type == AVMEDIA_TYPE_AUDIO;
  track.time_base =
      sound ? AVRational{1, format.sample_rate} : source.stream->time_base;
  track.stream->time_base = track.time_base;
  track.stream->avg_frame_rate = source.stream->avg_frame_rate;
  track.stream->sample_aspect_ratio = source.stream->sample_aspect_ratio;
  if (!source.language.empty()) {
    av_dict_set(&track.stream->metadata, "language", source.language.c_str(),
                0);
  }
  tracks_.push_back(std::move(track));
  return {};
}

// A TS wants start codes; the other containers' muxers convert by themselves.
Status MovieFile::Frame(Track& track, const AVStream& source) {
  const AVCodecParameters& format = *source.codecpar;
  AVCodecParameters& own = *track.stream->codecpar;
  track.framing.reset();
  if (options_.format != MovieFormat::kTs || !HasLengths(format)) {
    if (avcodec_parameters_copy(&own, &format) < 0) {
      return ResourceExhausted("write: out of memory");
    }
    return {};
  }
  const AVBitStreamFilter* filter = av_bsf_get_by_name(
      format.codec_id == AV_CODEC_ID_H264 ? "h264_mp4toannexb"
                                          : "hevc_mp4toannexb");
  AVBSFContext* bsf = nullptr;
  if (filter == nullptr || av_bsf_alloc(filter, &bsf) < 0) {
    return ResourceExhausted("write: no filter to Annex-B");
  }
  track.framing.reset(bsf);
  int error = avcodec_parameters_copy(bsf->par_in, &format);
  bsf->time_base_in = source.time_base;
  if (error >= 0) error = av_bsf_init(bsf);
  if (error >= 0) error = avcodec_parameters_copy(&own, bsf->par_out);
  return error < 0 ? Describe(error, "write") : Status();
}

Status MovieFile::Open() {
  AVFormatContext& context = *context_;
  AvDictionary options;
  if (options_.format == MovieFormat::kMp4) {
    options.Set("movflags", "faststart");
  }
  if (options_.start_date) {
    const auto seconds =
        std::chrono::floor<std::chrono::seconds>(*options_.start_date);
    av_dict_set(&context.metadata, "creation_time",
                fmt::format("{:%Y-%m-%dT%H:%M:%S}Z",
                            fmt::gmtime(static_cast<time_t>(seconds.count())))
                    .c_str(),
                0);
  }
  // Rearranging an MP4 reads and writes all of it once more.
  if (options_.stop) {
    context.interrupt_callback = {
        .callback =
            [](void* asked) {
              return static_cast<const MovieOptions*>(asked)->stop() ? 1 : 0;
            },
        .opaque = const_cast<MovieOptions*>(&options_)};
  }
  int error = avio_open2(&context.pb, ("file:" + options_.path).c_str(),
                         AVIO_FLAG_WRITE, &context.interrupt_callback, nullptr);
  if (error >= 0) error = avformat_write_header(&context, options.get());
  return error < 0 ? Describe(error, "write") : Status();
}

Status MovieFile::Match(const std::string& name,
                        const std::vector<PartReader::Track>& tracks) {
  places_.assign(tracks.size(), 0);
  std::vector<bool> taken(tracks_.size());
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    const AVCodecParameters& format = *tracks[i].stream->codecpar;
    std::size_t place = 0;
    while (place < tracks_.size() &&
           (taken[place] ||
            tracks_[place].format->codec_type != format.codec_type)) {
      ++place;
    }
    if (place == tracks_.size()) {
      return FailedPrecondition(
          "{}: a track joins here ({}), for which the file has no place: "
          "export "
          "what is before and what is behind by itself",
          name, av::Describe(format));
    }
    if (!Fit(*tracks_[place].format, format, options_.format)) {
      return FailedPrecondition(
          "{}: the format changes here, from {} to {}, which one {} file can't "
          "hold: export what is before and what is behind by itself",
          name, av::Describe(*tracks_[place].format), av::Describe(format),
          MovieSuffix(options_.format));
    }
    taken[place] = true;
    places_[i] = place;
    if (options_.format == MovieFormat::kTs) {
      HLSREC_RETURN_IF_ERROR(Frame(tracks_[place], *tracks[i].stream));
    }
  }
  return {};
}

Status MovieFile::Write(PartPacket part, std::int64_t offset_us) {
  Track& track = tracks_[TrackOf(part.track)];
  AVPacket& packet = *part.packet;
  const AVRational from = part_time_bases_[part.track];
  const std::int64_t offset = av_rescale_q(offset_us, kMicros, from);
  packet.pts += offset;
  packet.dts += offset;
  packet.stream_index = track.stream->index;
  packet.pos = -1;
  if (track.framing == nullptr) {
    av_packet_rescale_ts(&packet, from, track.time_base);
    return Put(track, packet);
  }
  int error = av_bsf_send_packet(track.framing.get(), &packet);
  if (error < 0) return Describe(error, "write");
  while ((error = av_bsf_receive_packet(track.framing.get(), &packet)) >= 0) {
    av_packet_rescale_ts(&packet, from, track.time_base);
    HLSREC_RETURN_IF_ERROR(Put(track, packet));
  }
  return error == AVERROR(EAGAIN) ? Status() : Describe(error, "write");
}

// A TS rounds sound to 90 kHz.
void MovieFile::MakeExact(Track& track, AVPacket& packet) const {
  const AVCodecParameters& format = *track.format;
  if (format.codec_type != AVMEDIA_TYPE_AUDIO) return;
  // What fMP4 leaves to the next fragment, which the last one has not.
  if (packet.duration <= 0) packet.duration = std::max(0, format.frame_size);
  if (packet.duration <= 0 && track.last_pts != AV_NOPTS_VALUE) {
    packet.duration = packet.pts - track.last_pts;
  }
  track.last_pts = packet.pts;
  if (format.frame_size <= 0) return;
  const int slack = format.sample_rate / kExactPerSecond;
  if (track.next_pts != AV_NOPTS_VALUE &&
      std::llabs(packet.pts - track.next_pts) <= slack) {
    packet.pts = track.next_pts;
    packet.dts = track.next_pts;
  }
  if (std::llabs(packet.duration - format.frame_size) <= slack) {
    packet.duration = format.frame_size;
  }
  track.next_pts = packet.pts + packet.duration;
}

Status MovieFile::Put(Track& track, AVPacket& packet) {
  MakeExact(track, packet);
  av_packet_rescale_ts(&packet, track.time_base, track.stream->time_base);
  // By a tick, where a part begins before the one in front of it has ended.
  if (track.last_dts != AV_NOPTS_VALUE && packet.dts <= track.last_dts) {
    packet.dts = track.last_dts + 1;
    packet.pts = std::max(packet.pts, packet.dts);
  }
  track.last_dts = packet.dts;
  ++packets_;
  const int error = av_interleaved_write_frame(context_.get(), &packet);
  return error < 0 ? Describe(error, "write") : Status();
}

Status MovieFile::Finish() {
  int error = av_write_trailer(context_.get());
  if (error >= 0) error = context_->pb->error;
  const int closed = avio_closep(&context_->pb);
  if (error >= 0) error = closed;
  return error < 0 ? Describe(error, "write") : Status();
}

std::vector<std::string> MovieFile::TrackNames() const {
  std::vector<std::string> names;
  names.reserve(tracks_.size());
  for (const Track& track : tracks_) {
    names.emplace_back(avcodec_get_name(track.format->codec_id));
  }
  return names;
}

}  // namespace hlsrec::av
