#include "src/check/i_frame_series.h"

#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace hlsrec::check {
namespace {

using playlist::Segment;

constexpr std::size_t kPacketSize = 188;
// Rounded durations, and timestamps of a millisecond.
constexpr double kTolerance = 0.05;

const TrackFacts* VideoOf(const SegmentFacts& facts) {
  for (const TrackFacts& track : facts.tracks) {
    if (track.video && track.samples > 0) return &track;
  }
  return nullptr;
}

// The first packet of `pid` in `tail` goes on with what came before.
bool GoesOn(ByteSpan tail, int pid) {
  for (std::size_t at = 0; at + kPacketSize <= tail.size(); at += kPacketSize) {
    const ByteSpan packet = tail.subspan(at, kPacketSize);
    if (packet[0] != 0x47) return false;
    if (((packet[1] & 0x1F) << 8 | packet[2]) != pid) continue;
    const bool payload = (packet[3] & 0x10U) != 0;
    if (!payload) continue;
    return (packet[1] & 0x40U) == 0;
  }
  return false;
}

}  // namespace

void IFrameSeries::CheckExtent(const Segment& segment, ByteSpan bytes,
                               const SegmentFacts& facts,
                               const TrackFacts& video, ByteSpan tail) {
  if (!video.starts_random_access) {
    Report(segment, "the picture is no I-frame");
  }
  if (facts.kind == SegmentKind::kFmp4) {
    if (video.held_samples == 0) {
      Report(segment, "the range ends inside the I-frame");
    } else if (video.held_samples > 1) {
      Report(segment,
             fmt::format("{} pictures in the range", video.held_samples));
    } else if (bytes.size() > video.first_sample_end && video.samples > 1) {
      findings_.Warning(
          "R78", segment.line,
          fmt::format("{}: {} bytes after the I-frame", segment.uri,
                      bytes.size() - video.first_sample_end));
    }
    return;
  }
  if (video.samples > 1) {
    Report(segment, fmt::format("{} pictures in the range", video.samples));
  } else if (bytes.size() % kPacketSize != 0 || GoesOn(tail, video.id)) {
    Report(segment, "the range ends inside the I-frame");
  }
}

void IFrameSeries::CheckDuration(const Segment& segment,
                                 const TrackFacts& video) {
  if (!last_ || segment.discontinuity ||
      last_->video.timescale != video.timescale) {
    return;
  }
  const double actual =
      static_cast<double>(TickDifference(
          video.first_pts, last_->video.first_pts, last_->clock_bits)) /
      video.timescale;
  const std::string& text = last_->segment.duration.text;
  const double written =
      std::chrono::duration<double>(last_->segment.duration.value).count();
  const double tolerance =
      text.find('.') == std::string::npos ? 0.5 + kTolerance : kTolerance;
  if (std::abs(actual - written) <= tolerance) return;
  Report(last_->segment, fmt::format("EXTINF says {:.3f} s, the next I-frame "
                                     "is {:.3f} s later",
                                     written, actual));
}

void IFrameSeries::Add(const Segment& segment, ByteSpan bytes,
                       const SegmentScope& scope, ByteSpan tail) {
  const SegmentFacts facts = ReadSegment(bytes, scope);
  const TrackFacts* video = VideoOf(facts);
  if (facts.kind != SegmentKind::kMpegTs && facts.kind != SegmentKind::kFmp4) {
    Report(segment, "neither MPEG-TS nor fMP4");
    Skip();
    return;
  }
  if (video == nullptr) {
    Report(segment, scope.map.empty() ? "no picture, or no EXT-X-MAP to find it"
                                      : "no picture");
    Skip();
    return;
  }
  if (!scope.samples_encrypted) {
    CheckExtent(segment, bytes, facts, *video, tail);
  }
  CheckDuration(segment, *video);
  last_ = Last{.segment = segment,
               .video = *video,
               .clock_bits = facts.kind == SegmentKind::kFmp4 ? 0 : 33};
}

}  // namespace hlsrec::check
