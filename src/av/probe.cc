#include "hlsrec/probe.h"

#include <algorithm>
#include <cstddef>
#include <map>
#include <optional>
#include <utility>

#include "src/base/clock.h"
#include "src/base/rescale.h"
#include "src/base/status_util.h"

namespace hlsrec {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;

constexpr milliseconds kTargetDuration(6000);
constexpr std::int64_t kMicrosecondsPerSecond = 1'000'000;

// `value` as the nearest to `previous` of all that it may stand for.
std::int64_t Unwrap(std::int64_t value, std::int64_t previous, int bits) {
  if (bits <= 0 || bits >= 63) return value;
  const std::int64_t period = std::int64_t{1} << bits;
  std::int64_t difference = (value - previous) % period;
  if (difference >= period / 2) difference -= period;
  if (difference < -period / 2) difference += period;
  return previous + difference;
}

// Measures one track.
class Meter {
 public:
  explicit Meter(Track track) { result_.track = std::move(track); }

  void Add(const Packet& packet) {
    ++result_.packets;
    result_.size_bytes += packet.payload.size();
    if (packet.keyframe) ++result_.keyframes;
    std::int64_t time = packet.dts == kNoTimestamp ? packet.pts : packet.dts;
    if (time == kNoTimestamp) return;
    if (last_.has_value()) {
      time = Unwrap(time, *last_, result_.track.timestamp_wrap_bits);
    } else {
      first_ = time;
    }
    last_ = time;
    if (time > *first_) {
      result_.duration = Span(*first_, time + packet.duration);
    }
    if (packet.keyframe) AddKeyframe(time);
  }

  [[nodiscard]] microseconds duration() const { return result_.duration; }

  ProbedTrack Finish(const Track& track) {
    result_.track = track;
    if (result_.duration.count() > 0) {
      result_.bits_per_second = static_cast<std::int64_t>(result_.size_bytes) *
                                8 * kMicrosecondsPerSecond /
                                result_.duration.count();
    }
    GopLengths& gop = result_.gop;
    if (CodecMediaType(track.codec) == MediaType::kAudio) gop = {};
    if (gop.count > 0) {
      gop.average = sum_ / static_cast<std::int64_t>(gop.count);
    }
    return result_;
  }

 private:
  [[nodiscard]] microseconds Span(std::int64_t from, std::int64_t to) const {
    return microseconds(
        Rescale(to - from, result_.track.time_base, kMicroseconds));
  }

  void AddKeyframe(std::int64_t time) {
    if (last_keyframe_.has_value() && time > *last_keyframe_) {
      GopLengths& gop = result_.gop;
      const microseconds length = Span(*last_keyframe_, time);
      gop.min = gop.count == 0 ? length : std::min(gop.min, length);
      gop.max = std::max(gop.max, length);
      sum_ += length;
      ++gop.count;
    }
    last_keyframe_ = time;
  }

  ProbedTrack result_;
  std::optional<std::int64_t> first_;
  std::optional<std::int64_t> last_;
  std::optional<std::int64_t> last_keyframe_;
  microseconds sum_{0};
};

bool FitsMpegTs(Codec codec) {
  return codec != Codec::kAv1 && codec != Codec::kOpus;
}

bool FitsFmp4(Codec codec) { return codec != Codec::kMpeg2Video; }

// HLS wants H.265 in fMP4 (Apple's authoring rules 1.5), and players take
// E-AC-3 there; MPEG-TS can carry both for who asks.
bool PlaysInMpegTs(Codec codec) {
  return FitsMpegTs(codec) && codec != Codec::kH265 && codec != Codec::kEac3;
}

milliseconds SuggestDuration(const std::vector<ProbedTrack>& tracks) {
  microseconds gop{0};
  for (const ProbedTrack& track : tracks) gop = std::max(gop, track.gop.max);
  if (gop.count() == 0) return kTargetDuration;
  const std::int64_t whole = std::max<std::int64_t>(kTargetDuration / gop, 1);
  return std::chrono::round<milliseconds>(gop * whole);
}

}  // namespace

Container ChooseContainer(const std::vector<Track>& tracks) {
  const auto all = [&](bool (*fits)(Codec)) {
    return std::all_of(tracks.begin(), tracks.end(),
                       [fits](const Track& t) { return fits(t.codec); });
  };
  if (all(&PlaysInMpegTs)) return Container::kMpegTs;
  // MPEG-2 keeps what stands beside it in MPEG-TS.
  return all(&FitsFmp4) || !all(&FitsMpegTs) ? Container::kFmp4
                                             : Container::kMpegTs;
}

StatusOr<ProbeReport> ProbeUrl(std::shared_ptr<Runtime> runtime,
                               const UrlSourceOptions& options,
                               milliseconds duration,
                               const std::function<bool()>& cancelled) {
  if (duration.count() <= 0) {
    return InvalidArgument("duration: must be more than zero");
  }
  HLSREC_ASSIGN_OR_RETURN(
      std::unique_ptr<Source> source,
      OpenUrlSource(std::move(runtime), options, cancelled));
  ProbeReport report = {.url = RedactUrl(options.url)};
  std::map<int, Meter> meters;
  for (const Track& track : source->tracks()) meters.emplace(track.id, track);

  const SteadyTime until = SystemClock().Steady() + duration;
  while (report.duration < duration && SystemClock().Steady() < until) {
    if (cancelled && cancelled()) {
      return Cancelled("probe: {}: cancelled", report.url);
    }
    StatusOr<Packet> packet = source->Read();
    if (!packet.ok()) {
      report.end = packet.status();
      break;
    }
    if (source->TracksChanged()) {
      for (const Track& track : source->tracks()) {
        meters.emplace(track.id, track);
      }
    }
    const auto meter = meters.find(packet->track);
    if (meter == meters.end()) continue;
    meter->second.Add(*packet);
    report.duration = std::max(report.duration, meter->second.duration());
  }
  for (const Track& track : source->tracks()) {
    report.tracks.push_back(meters.at(track.id).Finish(track));
  }
  report.programs = source->programs();
  report.skipped = source->skipped();
  report.counters = source->counters();
  report.container = ChooseContainer(source->tracks());
  report.suggested_segment_duration = SuggestDuration(report.tracks);
  return report;
}

}  // namespace hlsrec
