#include "src/record/segmenter.h"

#include <algorithm>
#include <utility>

#include "src/base/rescale.h"

namespace hlsrec::record {

using media::TimedSample;

Segmenter::Segmenter(Options options, Callbacks callbacks)
    : options_(options),
      callbacks_(std::move(callbacks)),
      axis_(options.axis),
      next_index_(options.first_index) {}

void Segmenter::Add(std::vector<std::shared_ptr<Packager>> packagers) {
  renditions_.push_back({.packagers = std::move(packagers)});
}

Status Segmenter::Configure(int rendition,
                            const std::vector<media::MuxTrack>& tracks,
                            bool leads) {
  Rendition& state = renditions_[static_cast<std::size_t>(rendition)];
  state.leads = leads;
  if (tracks.empty()) return {};
  for (const auto& packager : state.packagers) {
    HLSREC_RETURN_IF_ERROR(packager->Configure(tracks));
  }
  return {};
}

void Segmenter::Anchor(std::int64_t ticks90, WallTime wall,
                       SteadyTime arrived) {
  if (const auto missing = axis_.TakeAbsence(arrived)) {
    AddGaps(*missing);
    wall = axis_.until();
  }
  axis_.Anchor(ticks90, wall);
}

void Segmenter::Begin(std::int64_t start90, bool discontinuity) {
  open_ = true;
  const std::uint64_t index = next_index_++;
  for (Rendition& rendition : renditions_) {
    BeginSegment(rendition, start90, index, discontinuity);
  }
}

void Segmenter::Write(int number, const TimedSample& sample, bool picture) {
  Rendition& rendition = renditions_[static_cast<std::size_t>(number)];
  const std::int64_t middle = sample.pts90 + (sample.end90 - sample.pts90) / 2;
  if (rendition.pending && middle >= rendition.pending->start) {
    CutNow(rendition);
  }
  if (picture && rendition.pictures++ == 0) {
    rendition.keyframe_first = sample.sample.keyframe;
    if (!sample.sample.keyframe) {
      callbacks_.on_forced(number, rendition.index);
    }
  }
  ++rendition.samples;
  for (const auto& packager : rendition.packagers) packager->Write(sample);
}

void Segmenter::Cut(const media::Cut& cut) {
  const std::uint64_t index = next_index_++;
  for (Rendition& rendition : renditions_) {
    if (rendition.leads) {
      EndSegment(rendition, cut.end);
      BeginSegment(rendition, cut.start, index,
                   cut.reason == media::CutReason::kDiscontinuity);
      continue;
    }
    // A rendition that still waits for the cut before is late by a segment.
    if (rendition.pending) CutNow(rendition);
    rendition.pending = cut;
  }
}

void Segmenter::CutNow(Rendition& rendition) {
  const media::Cut cut = *std::exchange(rendition.pending, std::nullopt);
  EndSegment(rendition, cut.end);
  BeginSegment(rendition, cut.start, rendition.index + 1,
               cut.reason == media::CutReason::kDiscontinuity);
}

void Segmenter::End(std::int64_t end90) {
  if (!std::exchange(open_, false)) return;
  for (Rendition& rendition : renditions_) {
    if (rendition.pending) CutNow(rendition);
    EndSegment(rendition, end90);
  }
}

void Segmenter::BeginSegment(Rendition& rendition, std::int64_t start90,
                             std::uint64_t index, bool discontinuity) {
  rendition.start90 = start90;
  rendition.start = axis_.At(start90);
  rendition.index = index;
  rendition.discontinuity = discontinuity;
  rendition.keyframe_first = true;
  rendition.pictures = 0;
  rendition.samples = 0;
  for (const auto& packager : rendition.packagers) {
    packager->Begin({.index = index,
                     .start90 = start90,
                     .start = rendition.start,
                     .discontinuity = discontinuity});
  }
}

void Segmenter::EndSegment(Rendition& rendition, std::int64_t end90) {
  const std::int64_t latest = rendition.start90 + options_.longest90;
  const SegmentTimes times{
      .index = rendition.index,
      .duration = Between90(rendition.start90,
                            std::clamp(end90, rendition.start90, latest)),
      .start = rendition.start,
      .discontinuity = rendition.discontinuity,
      .refused = options_.refuse_forced && !rendition.keyframe_first};
  if (times.refused) callbacks_.on_refused(times.index, rendition.samples);
  axis_.Cover(times.start + times.duration);
  if (rendition.leads) duration_ += times.duration;
  if (&rendition == renditions_.data()) ++segments_;
  for (const auto& packager : rendition.packagers) packager->End(times);
}

void Segmenter::AddGaps(std::chrono::milliseconds missing) {
  while (missing.count() > 0) {
    const auto length = std::min(missing, options_.target_duration);
    missing -= length;
    const SegmentTimes times{
        .index = next_index_++, .duration = length, .start = axis_.until()};
    axis_.Cover(times.start + length);
    ForEachPackager([&](Packager& packager) { packager.AddGap(times); });
  }
}

void Segmenter::FlushNow() {
  ForEachPackager([](Packager& packager) { packager.FlushNow(); });
}

bool Segmenter::FlushIfIdle() {
  bool again = false;
  ForEachPackager(
      [&](Packager& packager) { again = packager.FlushIfIdle() || again; });
  return again;
}

void Segmenter::Suspend() {
  ForEachPackager([](Packager& packager) { packager.Suspend(); });
}

void Segmenter::LetGo() {
  for (Rendition& rendition : renditions_) rendition.packagers.clear();
}

bool Segmenter::sealing() const {
  bool sealing = false;
  ForEachPackager([&](const Packager& packager) {
    sealing = sealing || packager.sealing() > 0;
  });
  return sealing;
}

std::uint64_t Segmenter::bytes_written() const {
  std::uint64_t bytes = 0;
  ForEachPackager(
      [&](const Packager& packager) { bytes += packager.bytes_written(); });
  return bytes;
}

}  // namespace hlsrec::record
