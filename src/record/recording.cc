#include "src/record/recording.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "src/base/rescale.h"
#include "src/base/status_util.h"
#include "src/record/plan_text.h"
#include "src/record/rendition_info.h"

namespace hlsrec::record {
namespace {

using media::Cut;
using media::CutReason;
using media::TimedSample;

// Containers count audio in samples of the rate that the bitstream tells.
std::int64_t TimescaleOf(const media::StreamFormat& format) {
  if (CodecMediaType(format.codec) == MediaType::kVideo) return kClockRate;
  return format.sample_rate > 0 ? format.sample_rate : kClockRate;
}

std::uint64_t CountOwed(const RecordingPlan& plan) {
  std::uint64_t owed = 0;
  for (const auto& output : plan.restored) {
    for (const auto& rendition : output) {
      for (const deliver::RestoredSegment& segment : rendition) {
        if (segment.record.body != nullptr) ++owed;
      }
    }
  }
  return owed;
}

}  // namespace

Recording::Recording(std::shared_ptr<Runtime> runtime,
                     std::shared_ptr<Strand> strand, RecordingPlan plan,
                     spool::WriterLink writer_link,
                     std::function<void(RecordingResult)> finished)
    : runtime_(std::move(runtime)),
      core_(runtime_->core()),
      strand_(std::move(strand)),
      plan_(std::move(plan)),
      feed_(core_, plan_),
      writer_link_(std::move(writer_link)),
      finished_(std::move(finished)),
      outputs_(std::make_shared<OutputSet>(core_, strand_, plan_.recording)),
      segmenter_(MakeSegmenter()),
      cutter_(plan_.cutter) {}

Segmenter Recording::MakeSegmenter() {
  return Segmenter(
      {.first_index = plan_.next_index,
       .axis = DateAxis(plan_.started, plan_.not_before),
       .target_duration = plan_.options.segment.target_duration,
       .longest90 = plan_.cutter.limit,
       .refuse_forced =
           plan_.options.segment.missing_keyframe != MissingKeyframe::kCut},
      {.on_forced = [this](int rendition,
                           std::uint64_t index) { OnForced(rendition, index); },
       .on_refused =
           [this](std::uint64_t index, std::uint64_t samples) {
             OnRefused(index, samples);
           }});
}

Status Recording::Start() {
  for (const Track& track : plan_.options.tracks) {
    HLSREC_RETURN_IF_ERROR(
        media::AccessUnitReader::Create(track).status().WithContext(
            fmt::format("track {}", track.id)));
  }
  // They hold the recording until it is done; then it lets go of them. What is
  // recorded once another machine has one of them would be listed nowhere.
  outputs_->Open(
      plan_.outputs,
      [self = shared_from_this()](Event event) {
        self->Emit(std::move(event));
      },
      [self = shared_from_this()](const Status& status) {
        self->Fail(status);
      });
  for (std::size_t i = 0; i < plan_.renditions.size(); ++i) {
    renditions_.push_back({.tracks = plan_.renditions[i].tracks});
    segmenter_.Add(MakePackagers(static_cast<int>(i)));
  }
  if (StoresChat(plan_)) {
    chat_ = std::make_shared<ChatFeed>(core_, strand_, plan_.recording,
                                       plan_.next_chat, writer_link_.pending,
                                       [weak = weak_from_this()] {
                                         if (const auto self = weak.lock())
                                           self->FinishOutputs();
                                       });
  }
  StartRelays();
  MakeTracks(plan_.options.tracks);
  started_ = plan_.continued || plan_.next_index > 0;
  // On the strand, where what restoring sets off comes back to.
  strand_->Post([self = shared_from_this()] { self->Begin(); });
  return {};
}

std::vector<std::shared_ptr<Packager>> Recording::MakePackagers(int rendition) {
  std::vector<std::shared_ptr<Packager>> packagers;
  const auto outputs = outputs_->all();
  for (const bool fmp4 : {false, true}) {
    std::vector<std::shared_ptr<deliver::Output>> users;
    int owners = 0;
    for (std::size_t o = 0; o < plan_.outputs.size(); ++o) {
      if (plan_.outputs[o].fmp4 != fmp4) continue;
      users.push_back(outputs[o]);
      owners += plan_.outputs[o].keeps_media() ? 2 : 1;
    }
    if (users.empty()) continue;
    packagers.push_back(std::make_shared<Packager>(
        strand_, core_.clock(), core_.spool(),
        Packager::Options{
            .recording = plan_.recording,
            .writer = MakeWriterOptions(),
            .rendition = rendition,
            .fmp4 = fmp4,
            .flush_ticks = Ticks90(plan_.options.segment.flush_interval)},
        [self = weak_from_this(), users,
         owners](const deliver::SegmentRecord& record) {
          const auto recording = self.lock();
          // What nobody takes stays in the spool, owed.
          if (recording == nullptr || recording->done_) return;
          if (record.owed) *record.owed = owners;
          recording->OnSealed(record);
          for (const auto& output : users) output->Add(record);
          recording->FinishOutputs();
        },
        [self = weak_from_this()](const Packager::Failure& failure) {
          const auto recording = self.lock();
          if (recording != nullptr) recording->OnWriteFailed(failure);
        }));
  }
  return packagers;
}

void Recording::Begin() {
  Emit({.type = EventType::kRecordingStarted, .message = plan_.session});
  if (plan_.resumed) {
    Emit({.type = EventType::kRecordingResumed,
          .count = CountOwed(plan_),
          .message = plan_.rebuilt
                         ? "the journal was lost: goes on from its playlists"
                         : plan_.session});
    NotePause();
  }
  outputs_->Begin(std::exchange(plan_.restored, {}));
  // Who goes on says nothing older than was said before.
  SetState(started_ ? RecordingState::kRunning : RecordingState::kStarting);
  CheckAge();
}

void Recording::SetState(RecordingState state) {
  for (const auto& output : outputs_->all()) output->SetState(state);
}

void Recording::NotePause() {
  if (plan_.options.pause != Pause::kGaps || !started_) return;
  const auto pause = std::chrono::duration_cast<std::chrono::milliseconds>(
      core_.clock().Wall() - segmenter_.axis().until());
  const SteadyTime now = core_.clock().Steady();
  if (pause.count() >= 0) return segmenter_.axis().NoteAbsence(pause, now);
  // What was recorded came ahead of its time.
  segmenter_.axis().NoteAbsence({}, now - pause);
}

void Recording::OnSealed(const deliver::SegmentRecord& record) {
  if (record.gap) {
    ++progress_.segments_gap;
    return;
  }
  ++progress_.segments_sealed;
  ForgetOld(record.rendition);
  Emit({.type = EventType::kSegmentSealed,
        .rendition =
            plan_.renditions[static_cast<std::size_t>(record.rendition)].name,
        .sequence = record.index,
        .duration = record.duration,
        .size_bytes = record.body ? record.body->size() : 0});
}

void Recording::ForgetOld(int rendition) {
  // Not for each: one line in the journal is enough for a few.
  constexpr std::uint64_t kAtOnce = 16;
  std::uint64_t needed = UINT64_MAX;
  for (const auto& output : outputs_->all()) {
    needed = std::min(needed, output->NeededFrom(rendition));
  }
  RenditionState& state = renditions_[static_cast<std::size_t>(rendition)];
  if (needed < state.forgotten_below + kAtOnce || needed == UINT64_MAX) return;
  state.forgotten_below = needed;
  core_.spool().journal().Add(
      spool::SegmentsForgotten{.recording = plan_.recording,
                               .rendition = rendition,
                               .below_index = needed},
      {});
}

void Recording::MakeTracks(std::vector<Track> tracks) {
  tracks_.clear();
  if (plan_.options.renditions.empty()) {
    renditions_.front().tracks.resize(tracks.size());
    std::iota(renditions_.front().tracks.begin(),
              renditions_.front().tracks.end(), 0);
  }
  std::vector<media::TimelineTrack> timeline_tracks;
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    TrackState state;
    state.track = std::move(tracks[i]);
    state.video = CodecMediaType(state.track.codec) == MediaType::kVideo;
    auto reader = media::AccessUnitReader::Create(state.track);
    if (reader.ok()) {
      state.reader = std::move(reader).value();
      if (const auto& format = state.reader->format()) {
        state.format = std::make_shared<const media::StreamFormat>(*format);
        state.timescale = TimescaleOf(*format);
      }
    }
    for (std::size_t r = 0; r < renditions_.size(); ++r) {
      const auto& members = renditions_[r].tracks;
      if (std::find(members.begin(), members.end(), static_cast<int>(i)) !=
          members.end()) {
        state.renditions.push_back(static_cast<int>(r));
      }
    }
    timeline_tracks.push_back({.time_base = state.track.time_base,
                               .wrap_bits = state.track.timestamp_wrap_bits,
                               .timescale = state.timescale,
                               .video = state.video});
    tracks_.push_back(std::move(state));
  }
  if (timeline_) {
    timeline_->Restart(timeline_tracks);
  } else {
    timeline_.emplace(plan_.options.timeline, timeline_tracks);
  }
  interleaver_.emplace(tracks_.size(),
                       Ticks90(plan_.options.timeline.interleave));
}

void Recording::OnPacket(const Packet& packet, int number) {
  TrackState& track = tracks_[static_cast<std::size_t>(number)];
  ++progress_.packets_accepted;
  if (phase_ != Phase::kWaiting && phase_ != Phase::kRunning) {
    return Drop(track, "came after the end");
  }
  if (paused_since_) {
    ++paused_packets_;
    ++progress_.packets_paused;
    return;
  }
  if (track.reader == nullptr || track.renditions.empty()) {
    return Drop(track, "in no rendition");
  }
  StatusOr<media::AccessUnit> unit = track.reader->Read(packet.payload);
  if (!unit.ok()) return Drop(track, unit.status().message());
  if (unit->format_changed && track.reader->format()) {
    track.timescale = TimescaleOf(*track.reader->format());
    timeline_->SetTimescale(number, track.timescale);
  }
  const std::optional<media::Placed> placed =
      timeline_->Place(number, {.pts = packet.pts,
                                .dts = packet.dts,
                                .duration = packet.duration,
                                .audio_samples = unit->audio_samples});
  if (!placed) return Drop(track, "has no timestamp and none before it");
  if (placed->repaired) ++progress_.packets_repaired;

  TimedSample sample;
  sample.sample = {.track = number,
                   .pts = placed->pts,
                   .dts = placed->dts,
                   .duration = placed->duration,
                   .keyframe = !track.video || unit->random_access,
                   .units = std::move(unit->units),
                   .payload = std::move(unit->payload)};
  const Rational tick{.num = 1, .den = track.timescale};
  sample.dts90 = Rescale(placed->dts, tick, kClock);
  sample.pts90 = Rescale(placed->pts, tick, kClock);
  sample.end90 = Rescale(placed->pts + placed->duration, tick, kClock);
  sample.discontinuity = placed->discontinuity;
  sample.wall = packet.capture_time.value_or(core_.clock().Wall());
  sample.arrived = core_.clock().Steady();
  if (unit->format_changed && track.reader->format()) {
    sample.format =
        std::make_shared<const media::StreamFormat>(*track.reader->format());
  }
  if (sample.discontinuity) {
    while (auto earlier = interleaver_->Pop(/*drain=*/true)) {
      Route(std::move(*earlier));
    }
    Emit({.type = EventType::kDiscontinuity,
          .message = std::string(placed->reason)});
  }
  interleaver_->Push(std::move(sample));
  while (auto next = interleaver_->Pop()) Route(std::move(*next));
  ArmFlushTimer();
}

media::MuxTrack Recording::MuxTrackOf(int number) const {
  const TrackState& track = tracks_[static_cast<std::size_t>(number)];
  return {.track = number,
          .format = *track.format,
          .timescale = static_cast<std::uint32_t>(TimescaleOf(*track.format)),
          .language = track.track.language};
}

// With sound. A picture that is awaited keeps its place beside it, so that one
// init section holds for all: players do not take tracks away and back.
bool Recording::SharesSegments(const TrackState& track) const {
  return std::any_of(
      track.renditions.begin(), track.renditions.end(), [&](int r) {
        const auto& numbers = renditions_[static_cast<std::size_t>(r)].tracks;
        return std::any_of(numbers.begin(), numbers.end(), [&](int number) {
          const TrackState& other = tracks_[static_cast<std::size_t>(number)];
          return !other.video && other.format != nullptr;
        });
      });
}

Status Recording::ConfigurePackagers() {
  for (TrackState& track : tracks_) {
    track.active = track.format != nullptr && !track.renditions.empty() &&
                   (!(track.video && video_given_up_) ||
                    (track.active && SharesSegments(track)));
  }
  for (std::size_t r = 0; r < renditions_.size(); ++r) {
    std::vector<media::MuxTrack> mux_tracks;
    deliver::RenditionInfo info;
    bool leads = false;
    for (const int number : renditions_[r].tracks) {
      const TrackState& track = tracks_[static_cast<std::size_t>(number)];
      leads = leads || number == leader_;
      if (!track.active) continue;
      mux_tracks.push_back(MuxTrackOf(number));
      AddTrack(track.track, *track.format, info);
    }
    HLSREC_RETURN_IF_ERROR(
        segmenter_.Configure(static_cast<int>(r), mux_tracks, leads));
    if (mux_tracks.empty()) continue;
    if (outputs_->empty()) continue;
    // With what it was before: the next run's lists tell of that, too.
    deliver::RenditionInfo described;
    for (const auto& output : outputs_->all()) {
      described = output->Describe(static_cast<int>(r), info);
    }
    core_.spool().journal().Add(
        spool::RenditionDescribed{.recording = plan_.recording,
                                  .rendition = static_cast<int>(r),
                                  .info = SaveInfo(described)},
        {});
  }
  ConfigureRelays();
  return {};
}

void Recording::Record(const TimedSample& sample) {
  const TrackState& track =
      tracks_[static_cast<std::size_t>(sample.sample.track)];
  if (sample.sample.track == leader_) {
    const std::optional<Cut> cut =
        cutter_.Before({.pts = sample.pts90,
                        .dts = sample.dts90,
                        .duration = sample.end90 - sample.pts90,
                        .keyframe = sample.sample.keyframe});
    if (cut) MakeCut(*cut, sample.sample.keyframe);
    if (phase_ != Phase::kRunning) {
      return Drop(track, "came after the last segment asked for");
    }
  }
  for (const int r : track.renditions) {
    segmenter_.Write(r, sample, track.video);
  }
  for (const auto& relay : relays_) relay->Write(sample.sample);
  ++progress_.packets_written;
}

bool Recording::HasEnough() const {
  const RecordingOptions& options = plan_.options;
  if (options.max_segments &&
      segmenter_.segments() + 1 >= *options.max_segments) {
    return true;
  }
  return options.max_bytes && Progress().bytes_written >= *options.max_bytes;
}

void Recording::MakeCut(const Cut& cut, bool leader_keyframe) {
  if (cut.reason == CutReason::kDiscontinuity) {
    ++progress_.discontinuities;
    Emit({.type = EventType::kDiscontinuity, .message = "media is missing"});
  }
  if (cut.reason == CutReason::kForced && !leader_keyframe) {
    Emit({.type = EventType::kForcedCut,
          .message = "no keyframe within the target duration"});
  }
  if (HasEnough()) {
    // This was the last one: what follows has no place.
    EndAllSegments(cut.end);
    strand_->Post([self = shared_from_this()] { self->OnFinish(); });
    phase_ = Phase::kFull;
    return;
  }
  // Tracks that joined since the last start come in here.
  const bool joins =
      std::any_of(tracks_.begin(), tracks_.end(), [&](const TrackState& track) {
        return !track.active && track.format != nullptr &&
               !track.renditions.empty() && !(track.video && video_given_up_);
      });
  if (!joins) return segmenter_.Cut(cut);
  segmenter_.End(cut.end);
  if (Status status = ConfigurePackagers(); !status.ok()) {
    phase_ = Phase::kFull;  // what follows has no segment
    return Fail(status);
  }
  ++progress_.discontinuities;
  Emit({.type = EventType::kTracksChanged, .message = "a track joined"});
  segmenter_.Begin(cut.start, true);
}

void Recording::OnForced(int rendition, std::uint64_t index) {
  Emit({.type = EventType::kForcedCut,
        .rendition = plan_.renditions[static_cast<std::size_t>(rendition)].name,
        .sequence = index,
        .message = "the segment does not start at a keyframe"});
}

void Recording::OnRefused(std::uint64_t index, std::uint64_t samples) {
  progress_.packets_dropped += samples;
  progress_.packets_written -= samples;
  Emit({.type = EventType::kPacketsDropped,
        .sequence = index,
        .count = samples,
        .message = "their segment does not start at a keyframe"});
  if (plan_.options.segment.missing_keyframe == MissingKeyframe::kFail) {
    Fail(FailedPrecondition(
        "segment {}: no keyframe within {} s: shorten the encoder's GOP or "
        "allow for it",
        index, plan_.target_duration));
  }
}

void Recording::EndAllSegments() { EndAllSegments(cutter_.end()); }

void Recording::EndAllSegments(std::int64_t end) {
  if (phase_ != Phase::kRunning) return;
  segmenter_.End(end);
  cutter_.Close();
  for (TrackState& track : tracks_) track.needs_keyframe = true;
  phase_ = Phase::kWaiting;
}

}  // namespace hlsrec::record
