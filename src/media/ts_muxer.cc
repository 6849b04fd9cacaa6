#include <absl/container/inlined_vector.h>

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "src/base/rescale.h"
#include "src/base/status_util.h"
#include "src/media/aac.h"
#include "src/media/muxer.h"
#include "src/media/ts_packet.h"
#include "src/media/ts_tables.h"

namespace hlsrec::media {
namespace {

// How much earlier than the decoding time a sample's PCR is: more than audio is
// held back for, so that its bytes are there in time as well.
constexpr std::int64_t kPcrLead = 90000 * 3 / 10;
constexpr std::int64_t kMaxPcrGap = 90000 / 10;
// Beyond, PCRs say that time went on; nobody needs them every 100 ms.
constexpr std::int64_t kMaxPcrFill = std::int64_t{90000} * 30;

// Audio frames share a PES packet up to this.
constexpr std::size_t kMaxAudioPes = 2900;
constexpr std::int64_t kMaxAudioSpan = 90000 / 5;

constexpr std::array<std::uint8_t, 3> kStartCode = {0, 0, 1};
constexpr std::array<std::uint8_t, 6> kH264Aud = {0, 0, 0, 1, 0x09, 0xf0};
constexpr std::array<std::uint8_t, 7> kH265Aud = {0, 0, 0, 1, 0x46, 0x01, 0x50};

struct TsTrack {
  int track = 0;
  Codec codec = Codec::kUnknown;
  bool video = false;
  std::uint32_t timescale = 90000;
  std::uint8_t stream_id = 0;
  TsPid pid = {};
  // H.264, H.265: the parameter sets with start codes.
  Bytes parameter_sets = {};
  AacConfig aac = {};

  // The audio PES that is open: its frames, and when the first begins.
  Bytes frames = {};
  std::int64_t begin = 0;  // 90 kHz
  std::int64_t next = 0;   // where the next frame is due, in `timescale`
};

class TsMuxer : public Muxer {
 public:
  Status Init(const TsMuxerOptions& options);

  void Begin(Bytes& out) override;
  void Write(const Sample& sample, Bytes& out) override;
  void Flush(Bytes& out) override { FlushAudio(out); }
  void End(Bytes& out) override { FlushAudio(out); }

 private:
  Status AddTrack(const MuxTrack& track, std::uint16_t pid);
  void WriteVideo(TsTrack& track, const Sample& sample, Bytes& out);
  void WriteAudio(TsTrack& track, const Sample& sample, Bytes& out);
  void FlushAudio(Bytes& out);
  void FlushOpenPes(TsTrack& track, Bytes& out);
  // The PCR that goes with the sample at `dts`, after filling the time since
  // the last one; none where `track` is not the one that carries it.
  std::optional<std::int64_t> NextPcr(const TsTrack& track, std::int64_t dts,
                                      Bytes& out);

  absl::InlinedVector<TsTrack, 2> tracks_;
  std::size_t pcr_track_ = 0;
  std::int64_t max_audio_span_ = kMaxAudioSpan;
  std::optional<std::int64_t> last_pcr_;  // within this segment
  TsPid pat_pid_ = {.pid = 0};
  TsPid pmt_pid_ = {.pid = kTsPmtPid};
  Bytes pat_;
  Bytes pmt_;
  std::vector<ByteSpan> pieces_;  // scratch
};

std::int64_t To90k(std::int64_t ticks, const TsTrack& track) {
  return Rescale(ticks, {.num = 1, .den = track.timescale}, kClock);
}

Status TsMuxer::Init(const TsMuxerOptions& options) {
  if (options.tracks.empty()) return InvalidArgument("mpeg-ts: no tracks");
  std::uint16_t pid = kTsFirstPid;
  for (const MuxTrack& track : options.tracks) {
    HLSREC_RETURN_IF_ERROR(AddTrack(track, pid++));
  }
  const auto video = std::find_if(tracks_.begin(), tracks_.end(),
                                  [](const TsTrack& t) { return t.video; });
  if (video == tracks_.end()) {
    max_audio_span_ = kMaxPcrGap;
  } else {
    pcr_track_ = static_cast<std::size_t>(video - tracks_.begin());
  }
  pat_ = MakePat();
  HLSREC_ASSIGN_OR_RETURN(pmt_,
                          MakePmt(options.tracks, tracks_[pcr_track_].pid.pid));
  return {};
}

Status TsMuxer::AddTrack(const MuxTrack& track, std::uint16_t pid) {
  HLSREC_ASSIGN_OR_RETURN(const TsStream stream, TsStreamOf(track.format));
  TsTrack added;
  added.track = track.track;
  added.codec = track.format.codec;
  added.video = CodecMediaType(added.codec) == MediaType::kVideo;
  added.timescale = std::max(track.timescale, 1U);
  added.stream_id = stream.id;
  added.pid.pid = pid;
  for (const Bytes& set : track.format.parameter_sets) {
    AppendU8(added.parameter_sets, 0);
    Append(added.parameter_sets, ByteSpan(kStartCode));
    Append(added.parameter_sets, ByteSpan(set));
  }
  if (added.codec == Codec::kAac) {
    HLSREC_ASSIGN_OR_RETURN(added.aac,
                            ParseAacConfig(ByteSpan(track.format.config)));
    if (!AdtsCanSay(added.aac)) {
      return FailedPrecondition(
          "mpeg-ts: aac: adts cannot say this configuration; use --container "
          "fmp4");
    }
  }
  tracks_.push_back(std::move(added));
  return {};
}

void TsMuxer::Begin(Bytes& out) {
  WriteTsSection(pat_pid_, pat_, out);
  WriteTsSection(pmt_pid_, pmt_, out);
  last_pcr_.reset();
}

void TsMuxer::Write(const Sample& sample, Bytes& out) {
  const auto track =
      std::find_if(tracks_.begin(), tracks_.end(),
                   [&](const TsTrack& t) { return t.track == sample.track; });
  if (track == tracks_.end() || sample.units.empty()) return;
  if (track->video) {
    WriteVideo(*track, sample, out);
  } else {
    WriteAudio(*track, sample, out);
  }
}

std::optional<std::int64_t> TsMuxer::NextPcr(const TsTrack& track,
                                             std::int64_t dts, Bytes& out) {
  const TsTrack& carrier = tracks_[pcr_track_];
  if (&track != &carrier) return std::nullopt;
  const std::int64_t pcr = dts - kPcrLead;
  if (last_pcr_.has_value()) {
    const std::int64_t gap = pcr - *last_pcr_;
    const std::int64_t steps = (gap + kMaxPcrGap - 1) / kMaxPcrGap;
    if (gap <= kMaxPcrFill) {
      for (std::int64_t i = 1; i < steps; ++i) {
        WriteTsPcr(carrier.pid, *last_pcr_ + gap * i / steps, out);
      }
    }
  }
  last_pcr_ = pcr;
  return pcr;
}

void TsMuxer::WriteVideo(TsTrack& track, const Sample& sample, Bytes& out) {
  const std::int64_t dts = To90k(sample.dts, track);
  const std::int64_t pts = To90k(sample.pts, track);
  for (TsTrack& other : tracks_) {
    if (!other.frames.empty() &&
        (sample.keyframe || dts - other.begin >= max_audio_span_)) {
      FlushOpenPes(other, out);
    }
  }
  const bool nal_units =
      track.codec == Codec::kH264 || track.codec == Codec::kH265;
  pieces_.clear();
  pieces_.emplace_back();  // the header, when the size is known
  if (nal_units) {
    pieces_.push_back(track.codec == Codec::kH264 ? ByteSpan(kH264Aud)
                                                  : ByteSpan(kH265Aud));
    if (sample.keyframe) pieces_.emplace_back(track.parameter_sets);
  }
  for (const ByteSpan unit : sample.units) {
    if (nal_units) pieces_.emplace_back(kStartCode);
    pieces_.push_back(unit);
  }
  std::size_t size = 0;
  for (const ByteSpan piece : pieces_) size += piece.size();
  const PesHeader header = MakePesHeader(track.stream_id, pts, dts, size);
  pieces_.front() = header.span();
  const auto pcr = NextPcr(track, dts, out);
  WriteTsPes(track.pid, pieces_, {.random_access = sample.keyframe, .pcr = pcr},
             out);
}

void TsMuxer::WriteAudio(TsTrack& track, const Sample& sample, Bytes& out) {
  const bool aac = track.codec == Codec::kAac;
  std::size_t size = 0;
  for (const ByteSpan unit : sample.units) {
    size += unit.size() + (aac ? kAdtsHeaderSize : 0);
  }
  const std::int64_t dts = To90k(sample.dts, track);
  const std::int64_t end = To90k(sample.dts + sample.duration, track);
  // Frames after the first have no time of their own: they must follow on.
  const std::int64_t slack = track.timescale / 1000;
  const std::int64_t error = sample.dts - track.next;
  if (!track.frames.empty() && (track.frames.size() + size > kMaxAudioPes ||
                                end - track.begin > max_audio_span_ ||
                                error > slack || error < -slack)) {
    FlushOpenPes(track, out);
  }
  if (track.frames.empty()) {
    track.begin = dts;
    track.next = sample.dts;
  }
  track.next += sample.duration;
  for (const ByteSpan unit : sample.units) {
    // ADTS cannot say more; no encoder's frame gets there.
    if (aac && unit.size() > kMaxAdtsPayload) continue;
    if (aac) {
      Append(track.frames, ByteSpan(MakeAdtsHeader(track.aac, unit.size())));
    }
    Append(track.frames, unit);
  }
}

void TsMuxer::FlushAudio(Bytes& out) {
  for (TsTrack& track : tracks_) {
    if (!track.frames.empty()) FlushOpenPes(track, out);
  }
}

void TsMuxer::FlushOpenPes(TsTrack& track, Bytes& out) {
  const PesHeader header = MakePesHeader(track.stream_id, track.begin,
                                         track.begin, track.frames.size());
  const std::array<ByteSpan, 2> pieces = {header.span(),
                                          ByteSpan(track.frames)};
  const auto pcr = NextPcr(track, track.begin, out);
  WriteTsPes(track.pid, pieces, {.random_access = true, .pcr = pcr}, out);
  track.frames.clear();
}

}  // namespace

StatusOr<std::unique_ptr<Muxer>> MakeTsMuxer(const TsMuxerOptions& options) {
  auto muxer = std::make_unique<TsMuxer>();
  HLSREC_RETURN_IF_ERROR(muxer->Init(options));
  return std::unique_ptr<Muxer>(std::move(muxer));
}

}  // namespace hlsrec::media
