#include "src/check/segment_series.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace hlsrec::check {
namespace {

using playlist::Segment;

// A deviation above this is no rounding: the playlist is wrong.
constexpr double kGross = 0.5;
// EXTINF is written with three digits by many.
constexpr double kRounding = 0.001;

double Seconds(std::chrono::microseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

double Seconds(const TrackFacts& track, std::int64_t ticks) {
  return static_cast<double>(ticks) / track.timescale;
}

int ClockBits(const SegmentFacts& facts) {
  return facts.kind == SegmentKind::kFmp4 ? 0 : 33;
}

double FrameSeconds(const TrackFacts& track) {
  return Seconds(track, track.sample_duration);
}

// EXTINF in whole seconds is as good as it gets before version 3.
double WrittenTolerance(const Segment& segment) {
  return segment.duration.text.find('.') == std::string::npos ? 0.5 : kRounding;
}

}  // namespace

void SegmentSeries::ReportIssues(const Segment& segment,
                                 const SegmentFacts& facts) {
  for (const Issue& issue : facts.issues) {
    const std::string message = segment.uri + ": " + issue.message;
    switch (issue.level) {
      case IssueLevel::kError:
        findings_.Error(issue.rule, segment.line, message);
        break;
      case IssueLevel::kWarning:
        findings_.Warning(issue.rule, segment.line, message);
        break;
      case IssueLevel::kApple:
        findings_.Apple(issue.rule, segment.line, message);
        break;
      case IssueLevel::kAppleOnly:
        findings_.AppleOnly(issue.rule, segment.line, message);
        break;
    }
  }
}

void SegmentSeries::CheckStart(const Segment& segment,
                               const SegmentFacts& facts) {
  if (!segment.keys.empty() &&
      media_->keys[segment.keys.front()].method != "AES-128") {
    return;
  }
  for (const TrackFacts& track : facts.tracks) {
    if (!track.video || track.codec == Codec::kUnknown) continue;
    if (!track.starts_random_access) {
      if (media_->independent_segments.present()) {
        findings_.Error("R17", segment.line,
                        segment.uri +
                            ": does not start with a key frame, though "
                            "EXT-X-INDEPENDENT-SEGMENTS says so");
      } else {
        findings_.Apple("R16", segment.line,
                        segment.uri + ": does not start with a key frame");
      }
    } else if (!track.starts_idr) {
      findings_.Apple("R16", segment.line,
                      segment.uri + ": starts with a key frame that is no IDR");
    }
  }
}

void SegmentSeries::CheckLength(const Segment& segment, double actual) {
  const double target = static_cast<double>(media_->target_duration.value);
  if (media_->target_duration.present() &&
      actual > target + kGross + kRounding) {
    findings_.Apple("R12", segment.line,
                    fmt::format("{}: {:.3f} s of media, above the target "
                                "duration by more than half a second",
                                segment.uri, actual));
  }
}

void SegmentSeries::CheckTracks(const Entry& last, const Entry& next) {
  if (last.facts.kind != next.facts.kind) {
    findings_.Error(
        "R25", next.segment.line,
        next.segment.uri + ": another file format without DISCONTINUITY");
    return;
  }
  if (next.facts.kind == SegmentKind::kMpegTs &&
      last.facts.ts.stream_types != next.facts.ts.stream_types &&
      !last.facts.ts.stream_types.empty() &&
      !next.facts.ts.stream_types.empty()) {
    findings_.Error(
        "R25", next.segment.line,
        next.segment.uri + ": other tracks in the PMT without DISCONTINUITY");
  }
  for (const auto& [pid, now] : next.facts.ts.pids) {
    const auto before = last.facts.ts.pids.find(pid);
    if (before == last.facts.ts.pids.end() || now.starts_marked) continue;
    const unsigned counter = before->second.last_counter;
    if (now.first_counter == ((counter + 1) & 0xFU)) continue;
    findings_.Error(
        "R52", next.segment.line,
        fmt::format("{}: PID {}: continuity counter begins with "
                    "{}, the segment before ends with {}",
                    next.segment.uri, pid, now.first_counter, counter));
  }
}

void SegmentSeries::CheckFormats(const Entry& last, const Entry& next) {
  for (const TrackFacts& track : next.facts.tracks) {
    const TrackFacts* before = last.facts.Find(track.id);
    if (before == nullptr || before->formats.empty() || track.formats.empty()) {
      continue;
    }
    const media::StreamFormat& a = before->formats.back();
    const media::StreamFormat& b = track.formats.front();
    if (a.codec_string == b.codec_string && a.width == b.width &&
        a.height == b.height && a.sample_rate == b.sample_rate &&
        a.channels == b.channels) {
      continue;
    }
    findings_.Error(
        "R25", next.segment.line,
        fmt::format("{}: track {}: {} {}x{} {} Hz {} channels, before it {} "
                    "{}x{} {} Hz {} channels, without DISCONTINUITY",
                    next.segment.uri, track.id, b.codec_string, b.width,
                    b.height, b.sample_rate, b.channels, a.codec_string,
                    a.width, a.height, a.sample_rate, a.channels));
  }
}

void SegmentSeries::CheckTiming(const Entry& last, const Entry& next) {
  const TrackFacts* main = next.facts.Main();
  const TrackFacts* before =
      main == nullptr ? nullptr : last.facts.Find(main->id);
  if (before == nullptr || before->timescale != main->timescale) return;
  const int bits = ClockBits(next.facts);
  const double extinf = Seconds(last.segment.duration.value);
  const double by_first =
      Seconds(*main, TickDifference(main->first_pts, before->first_pts, bits));
  const double by_min =
      Seconds(*main, TickDifference(main->min_pts, before->min_pts, bits));
  const double off =
      std::min(std::abs(by_first - extinf), std::abs(by_min - extinf));
  const double gap =
      Seconds(*main, TickDifference(main->first_dts, before->end_dts, bits));
  const double frame = std::max(FrameSeconds(*before), FrameSeconds(*main));
  const double written = WrittenTolerance(last.segment);
  if (off > kGross + written) {
    if (std::abs(gap) > frame + kRounding) {
      findings_.Error("R25", next.segment.line,
                      fmt::format("{}: timestamps jump by {:+.3f} s without "
                                  "DISCONTINUITY",
                                  next.segment.uri, gap));
      drift_ = Drift();
      return;
    }
    findings_.Error("R14", last.segment.line,
                    fmt::format("{}: EXTINF says {:.3f} s, the media lasts "
                                "{:.3f} s",
                                last.segment.uri, extinf, by_first));
    drift_ = Drift();
    return;
  }
  CheckLength(last.segment, std::min(by_first, by_min));
  if (next.facts.kind == SegmentKind::kFmp4 &&
      std::abs(gap) > frame + kRounding) {
    findings_.Apple("R59", next.segment.line,
                    fmt::format("{}: tfdt is {:+.3f} s off the end of the "
                                "segment before",
                                next.segment.uri, gap));
  } else if (gap < -frame - kRounding) {
    findings_.Error("R53", next.segment.line,
                    fmt::format("{}: timestamps go back by {:.3f} s",
                                next.segment.uri, -gap));
  }
  if (off > 2 * kRounding) CheckPictureCounts(last, next, *main, by_first);
  AddDrift(last.segment, by_first - extinf, by_min - extinf, frame);
}

// EXTINF that is not the picture's length may be the sound's.
void SegmentSeries::CheckPictureCounts(const Entry& last, const Entry& next,
                                       const TrackFacts& main, double picture) {
  if (!main.video || WrittenTolerance(last.segment) > kRounding) return;
  const double extinf = Seconds(last.segment.duration.value);
  for (const TrackFacts& track : next.facts.tracks) {
    const TrackFacts* before = last.facts.Find(track.id);
    if (before == nullptr || track.video ||
        before->timescale != track.timescale) {
      continue;
    }
    const double sound =
        Seconds(track, TickDifference(track.first_pts, before->first_pts,
                                      ClockBits(next.facts)));
    if (std::abs(sound - extinf) > kRounding) continue;
    findings_.Warning(
        "R15", last.segment.line,
        fmt::format("{}: EXTINF {} is how long the sound lasts, "
                    "the picture lasts {:.3f} s",
                    last.segment.uri, last.segment.duration.text, picture));
    return;
  }
}

// Small errors of one sign come apart in the long run.
void SegmentSeries::AddDrift(const Segment& segment, double by_first,
                             double by_min, double frame) {
  const double written = WrittenTolerance(segment);
  drift_.first_pts += by_first;
  drift_.min_pts += by_min;
  drift_.tolerance += written > kRounding ? written : 0;
  const double drift =
      std::min(std::abs(drift_.first_pts), std::abs(drift_.min_pts));
  if (!drift_.reported && drift > frame + kRounding + drift_.tolerance) {
    findings_.Apple("R14", segment.line,
                    fmt::format("{}: the sum of EXTINF and the media are "
                                "{:.3f} s apart, more than a frame",
                                segment.uri, drift));
    drift_.reported = true;
  }
}

// Sound may not stop and go at a border, whatever the picture does.
void SegmentSeries::CheckContinuity(const Entry& last, const Entry& next) {
  CheckTracks(last, next);
  CheckFormats(last, next);
  CheckTiming(last, next);
  const TrackFacts* main = next.facts.Main();
  for (const TrackFacts& track : next.facts.tracks) {
    const TrackFacts* before = last.facts.Find(track.id);
    if (before == nullptr || &track == main || track.video) continue;
    if (before->timescale != track.timescale) continue;
    const double gap =
        Seconds(track, TickDifference(track.first_dts, before->end_dts,
                                      ClockBits(next.facts)));
    const double frame = FrameSeconds(*before);
    if (std::abs(gap) > std::max(2 * frame, kGross)) {
      findings_.Warning("R53", next.segment.line,
                        fmt::format("{}: sound of track {} is {:+.3f} s off "
                                    "the end of the segment before",
                                    next.segment.uri, track.id, gap));
    }
  }
}

// The last segment of a run has no next one to measure it by.
void SegmentSeries::EndRun() {
  if (!last_) return;
  const TrackFacts* main = last_->facts.Main();
  drift_ = Drift();
  if (main == nullptr) {
    last_.reset();
    return;
  }
  const double extinf = Seconds(last_->segment.duration.value);
  double shortest = Seconds(*main, main->end_pts - main->min_pts);
  double longest = shortest;
  for (const TrackFacts& track : last_->facts.tracks) {
    if (track.codec == Codec::kUnknown) continue;
    const double length = Seconds(track, track.end_pts - track.min_pts);
    shortest = std::min(shortest, length);
    longest = std::max(longest, length);
  }
  const double tolerance =
      kGross + WrittenTolerance(last_->segment) + 2 * FrameSeconds(*main);
  if (extinf < shortest - tolerance || extinf > longest + tolerance) {
    findings_.Error("R14", last_->segment.line,
                    fmt::format("{}: EXTINF says {:.3f} s, the media lasts "
                                "{:.3f} s",
                                last_->segment.uri, extinf, longest));
  } else {
    CheckLength(last_->segment, Seconds(*main, main->end_pts - main->min_pts));
  }
  last_.reset();
}

void SegmentSeries::Collect(const Segment& segment, const SegmentFacts& facts) {
  summary_.pieces.push_back(
      {.duration = segment.duration.value, .bytes = facts.bytes});
  for (const TrackFacts& track : facts.tracks) {
    for (const media::StreamFormat& format : track.formats) {
      if (std::find(summary_.formats.begin(), summary_.formats.end(), format) ==
          summary_.formats.end()) {
        summary_.formats.push_back(format);
      }
    }
    if (track.video && track.samples > 1 && track.sample_duration > 0) {
      summary_.frames_per_second =
          std::max(summary_.frames_per_second, 1 / FrameSeconds(track));
    }
  }
  if (segment.bitrate_kbps && segment.duration.value.count() > 0) {
    const double actual = static_cast<double>(facts.bytes) * 8 / 1000 /
                          Seconds(segment.duration.value);
    const auto written = static_cast<double>(*segment.bitrate_kbps);
    if (written < actual * 0.9 || written > actual * 1.1) {
      findings_.Error("R111", segment.line,
                      fmt::format("{}: BITRATE {}, measured {:.0f} kbit/s",
                                  segment.uri, *segment.bitrate_kbps, actual));
    }
  }
}

void SegmentSeries::Gap(const Segment& segment) {
  if (last_) {
    const TrackFacts* main = last_->facts.Main();
    if (main != nullptr) {
      before_gap_ = BeforeGap{
          .main = *main,
          .clock_bits = ClockBits(last_->facts),
          .seconds = Seconds(last_->segment.duration.value),
      };
    }
  }
  EndRun();
  if (segment.discontinuity) before_gap_.reset();
  if (before_gap_) before_gap_->seconds += Seconds(segment.duration.value);
}

void SegmentSeries::Skip() {
  EndRun();
  before_gap_.reset();
}

void SegmentSeries::CheckGap(const Segment& segment,
                             const SegmentFacts& facts) {
  if (!before_gap_) return;
  const TrackFacts& before = before_gap_->main;
  const TrackFacts* main = facts.Find(before.id);
  if (segment.discontinuity || main == nullptr ||
      main->timescale != before.timescale) {
    return;
  }
  const double actual =
      Seconds(*main, TickDifference(main->first_pts, before.first_pts,
                                    before_gap_->clock_bits));
  const double off = actual - before_gap_->seconds;
  if (std::abs(off) > 2 * FrameSeconds(before) + kRounding) {
    findings_.Warning("R34", segment.line,
                      fmt::format("{}: begins {:+.3f} s off the end of the gap "
                                  "before it",
                                  segment.uri, off));
  }
}

void SegmentSeries::Add(const Segment& segment, SegmentFacts facts) {
  ReportIssues(segment, facts);
  if (facts.kind == SegmentKind::kUnknown) {
    Skip();
    return;
  }
  CheckGap(segment, facts);
  before_gap_.reset();
  CheckStart(segment, facts);
  Collect(segment, facts);
  if (segment.discontinuity) EndRun();
  Entry next{.segment = segment, .facts = std::move(facts)};
  if (last_) CheckContinuity(*last_, next);
  last_ = std::move(next);
}

}  // namespace hlsrec::check
