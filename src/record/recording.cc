#include "src/record/recording.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "src/base/rescale.h"
#include "src/base/status_util.h"
#include "src/record/plan_text.h"

namespace hlsrec::record {
namespace {

using media::Cut;
using media::CutReason;
using media::TimedSample;

// How much later than the first keyframe another track may tell its format and
// still be there from the start.
constexpr std::int64_t kFormatWait = kClockRate;
// What may wait for a keyframe.
constexpr std::uint64_t kMaxHeldBytes = std::uint64_t{16} << 20;

std::int64_t Ticks90(std::chrono::milliseconds duration) {
  return duration.count() * (kClockRate / 1000);
}

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

// What manifests say of a track.
manifest::Track ToldOf(const Track& track, const media::StreamFormat& format) {
  const bool video = CodecMediaType(format.codec) == MediaType::kVideo;
  manifest::Track told{.id = track.id,
                       .type = video ? "video" : "audio",
                       .codec = std::string(CodecName(format.codec)),
                       .codecs = format.codec_string,
                       .language = track.language,
                       .title = track.title};
  if (video) {
    told.width = format.width;
    told.height = format.height;
    const Rational rate =
        format.frame_rate.num > 0 ? format.frame_rate : track.frame_rate;
    if (rate.num > 0 && rate.den > 0) {
      told.frame_rate =
          static_cast<double>(rate.num) / static_cast<double>(rate.den);
    }
  } else {
    told.sample_rate = format.sample_rate;
    told.channels = format.channels;
  }
  return told;
}

std::string_view VideoRangeName(media::VideoRange range) {
  switch (range) {
    case media::VideoRange::kSdr:
      return "SDR";
    case media::VideoRange::kHlg:
      return "HLG";
    case media::VideoRange::kPq:
      return "PQ";
  }
  return "SDR";
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
      cutter_(plan_.cutter) {}

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
  const auto outputs = outputs_->all();
  for (std::size_t i = 0; i < plan_.renditions.size(); ++i) {
    RenditionState rendition;
    rendition.tracks = plan_.renditions[i].tracks;
    for (const bool fmp4 : {false, true}) {
      std::vector<std::shared_ptr<deliver::Output>> users;
      int owners = 0;
      for (std::size_t o = 0; o < plan_.outputs.size(); ++o) {
        if (plan_.outputs[o].fmp4 != fmp4) continue;
        users.push_back(outputs[o]);
        owners += plan_.outputs[o].keeps_media() ? 2 : 1;
      }
      if (users.empty()) continue;
      rendition.packagers.push_back(std::make_shared<Packager>(
          strand_, core_.clock(), core_.spool(),
          Packager::Options{
              .recording = plan_.recording,
              .writer = MakeWriterOptions(),
              .rendition = static_cast<int>(i),
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
    renditions_.push_back(std::move(rendition));
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
  anchor_wall_ = plan_.started;
  recorded_until_ = plan_.not_before;
  next_index_ = plan_.next_index;
  started_ = plan_.continued || next_index_ > 0;
  // On the strand, where what restoring sets off comes back to.
  strand_->Post([self = shared_from_this()] { self->Begin(); });
  return {};
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
      core_.clock().Wall() - recorded_until_);
  const SteadyTime now = core_.clock().Steady();
  if (pause.count() >= 0) return NoteAbsence(pause, now);
  // What was recorded came ahead of its time.
  NoteAbsence({}, now - pause);
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

// Behind the break window.
void Recording::Pass(TimedSample sample) {
  TrackState& track = tracks_[static_cast<std::size_t>(sample.sample.track)];
  TakeFormat(sample);
  if (phase_ == Phase::kWaiting) return Hold(std::move(sample));
  if (phase_ != Phase::kRunning) return Drop(track, "came after the end");
  if (!track.active) {
    // It joins with the next segment that starts at a keyframe.
    if (track.format != nullptr && (!track.video || sample.sample.keyframe)) {
      if (track.video && video_given_up_) return Return(std::move(sample));
      cutter_.Request();
    }
    return Drop(track, "before the keyframe its track joins at");
  }
  if (track.video && track.needs_keyframe) {
    if (!sample.sample.keyframe)
      return Drop(track, "before its first keyframe");
    if (video_given_up_) return Return(std::move(sample));
    track.needs_keyframe = false;
  }
  Record(sample);
}

// The keyframe of a picture that was given up.
void Recording::Return(TimedSample keyframe) {
  video_given_up_ = false;
  EndAllSegments();
  Hold(std::move(keyframe));
}

void Recording::Hold(TimedSample sample) {
  phase_ = Phase::kWaiting;
  if (Keep(std::move(sample))) TryOpenGate(Gate::kWhenReady);
}

bool Recording::Keep(TimedSample sample) {
  TrackState& track = tracks_[static_cast<std::size_t>(sample.sample.track)];
  if (track.video && track.needs_keyframe) {
    if (!sample.sample.keyframe) {
      Drop(track, "before the first keyframe");
      return false;
    }
    track.needs_keyframe = false;
  }
  held_bytes_ += sample.sample.payload.size();
  held_.push_back(std::move(sample));
  return true;
}

int Recording::ChooseLeader() const {
  if (!video_given_up_) {
    for (const RenditionState& rendition : renditions_) {
      for (const int track : rendition.tracks) {
        if (tracks_[static_cast<std::size_t>(track)].video) return track;
      }
    }
  }
  for (const RenditionState& rendition : renditions_) {
    for (const int track : rendition.tracks) {
      const TrackState& state = tracks_[static_cast<std::size_t>(track)];
      if (!state.video && state.format != nullptr) return track;
    }
  }
  return -1;
}

// What waits is in memory. After a break that is media which a kill must not
// cost. Before the first keyframe there is no recording yet; tracks that began
// anew have no place beside which sound could go on.
std::int64_t Recording::LongestWait90() const {
  const std::int64_t wait = Ticks90(plan_.options.timeline.wait_for_keyframe);
  const bool goes_on = !fresh_ && leader_ >= 0 &&
                       tracks_[static_cast<std::size_t>(leader_)].active;
  return goes_on ? std::min(wait, media::BreakWindow::kLength) : wait;
}

void Recording::TryOpenGate(Gate gate) {
  if (held_.empty()) return;
  leader_ = ChooseLeader();
  const std::int64_t newest = held_.back().dts90;
  const bool waited = gate == Gate::kLastChance ||
                      held_bytes_ > kMaxHeldBytes ||
                      newest - held_.front().dts90 >= LongestWait90();
  const auto keyframe =
      std::find_if(held_.begin(), held_.end(), [&](const TimedSample& sample) {
        return sample.sample.track == leader_ && sample.sample.keyframe;
      });
  if (keyframe == held_.end()) {
    if (!waited) return;
    if (!video_given_up_ && leader_ >= 0 &&
        tracks_[static_cast<std::size_t>(leader_)].video) {
      video_given_up_ = true;
      Emit({.type = EventType::kForcedCut,
            .message = "no keyframe came: recording without video"});
      return TryOpenGate(gate);
    }
    // Nothing that could lead: bounded by letting go of the oldest.
    Drop(tracks_[static_cast<std::size_t>(held_.front().sample.track)],
         "no track can lead");
    held_bytes_ -= held_.front().sample.payload.size();
    held_.pop_front();
    return;
  }
  const bool all_known =
      std::all_of(tracks_.begin(), tracks_.end(), [](const TrackState& track) {
        return track.renditions.empty() || track.format != nullptr;
      });
  if (!all_known && !waited && newest - keyframe->dts90 < kFormatWait) return;
  OpenGate(static_cast<std::size_t>(keyframe - held_.begin()));
}

void Recording::OpenGate(std::size_t keyframe) {
  if (Status status = ConfigurePackagers(); !status.ok()) return Fail(status);
  std::deque<TimedSample> samples;
  samples.swap(held_);
  held_bytes_ = 0;
  const std::int64_t start = samples[keyframe].pts90;
  const bool first = !started_;
  const bool fresh = std::exchange(fresh_, false);
  anchor90_ = start;
  // Never back: the date axis only goes on (R38).
  // The journal counts in microseconds: what is said now is said again later.
  anchor_wall_ = std::max(
      recorded_until_, WallTime(std::chrono::floor<std::chrono::microseconds>(
                           samples[keyframe].wall)));
  if (pending_gap_) {
    NoteAbsence({}, samples[keyframe].arrived);
    AddGaps(*std::exchange(pending_gap_, {}));
    anchor_wall_ = recorded_until_;
  }
  phase_ = Phase::kRunning;
  started_ = true;
  SetState(RecordingState::kRunning);
  const std::uint64_t index = next_index_++;
  if (!first) ++progress_.discontinuities;
  for (RenditionState& rendition : renditions_) {
    BeginSegment(rendition, start, index, !first);
  }
  for (TimedSample& sample : samples) {
    TrackState& track = tracks_[static_cast<std::size_t>(sample.sample.track)];
    // A run starts with its first picture; after a break everything that was
    // accepted is kept.
    if (fresh && !track.video && sample.end90 <= start) {
      Drop(track, "before the first keyframe");
    } else if (!track.active) {
      Drop(track, "before the keyframe its track joins at");
    } else if (phase_ != Phase::kRunning) {
      Drop(track, "came after the end");
    } else {
      sample.discontinuity = false;
      sample.format = nullptr;
      Record(sample);
    }
  }
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
    RenditionState& rendition = renditions_[r];
    std::vector<media::MuxTrack> mux_tracks;
    deliver::RenditionInfo info;
    rendition.leads = false;
    for (const int number : rendition.tracks) {
      const TrackState& track = tracks_[static_cast<std::size_t>(number)];
      rendition.leads = rendition.leads || number == leader_;
      if (!track.active) continue;
      const media::StreamFormat& format = *track.format;
      mux_tracks.push_back(MuxTrackOf(number));
      if (!format.codec_string.empty()) {
        info.codecs.push_back(format.codec_string);
      }
      info.tracks.push_back(ToldOf(track.track, format));
      if (track.video) {
        info.has_video = true;
        info.width = format.width;
        info.display_height = format.height;
        info.video_range = VideoRangeName(format.video_range);
        const Rational rate = format.frame_rate.num > 0
                                  ? format.frame_rate
                                  : track.track.frame_rate;
        if (rate.num > 0 && rate.den > 0) {
          info.frame_rate =
              static_cast<double>(rate.num) / static_cast<double>(rate.den);
        }
      } else {
        info.language = track.track.language;
        info.title = track.track.title;
        info.channels = format.channels;
      }
    }
    if (mux_tracks.empty()) continue;
    for (const auto& packager : rendition.packagers) {
      HLSREC_RETURN_IF_ERROR(packager->Configure(mux_tracks));
    }
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
    RenditionState& rendition = renditions_[static_cast<std::size_t>(r)];
    if (rendition.pending && sample.pts90 + (sample.end90 - sample.pts90) / 2 >=
                                 rendition.pending->start) {
      const Cut cut = *std::exchange(rendition.pending, std::nullopt);
      EndSegment(rendition, cut.end);
      BeginSegment(rendition, cut.start, rendition.index + 1,
                   cut.reason == CutReason::kDiscontinuity);
    }
    WriteTo(rendition, sample);
  }
  for (const auto& relay : relays_) relay->Write(sample.sample);
  ++progress_.packets_written;
}

void Recording::WriteTo(RenditionState& rendition, const TimedSample& sample) {
  const TrackState& track =
      tracks_[static_cast<std::size_t>(sample.sample.track)];
  if (track.video && rendition.samples == 0) {
    rendition.keyframe_first = sample.sample.keyframe;
    if (!sample.sample.keyframe) {
      Emit({.type = EventType::kForcedCut,
            .rendition = plan_
                             .renditions[static_cast<std::size_t>(
                                 &rendition - renditions_.data())]
                             .name,
            .sequence = rendition.index,
            .message = "the segment does not start at a keyframe"});
    }
  }
  if (track.video) ++rendition.samples;
  ++rendition.written;
  for (const auto& packager : rendition.packagers) packager->Write(sample);
}

bool Recording::HasEnough() const {
  const RecordingOptions& options = plan_.options;
  if (options.max_segments && progress_.segments + 1 >= *options.max_segments) {
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
  const std::uint64_t index = next_index_++;
  if (joins) {
    for (RenditionState& rendition : renditions_) {
      rendition.pending.reset();
      EndSegment(rendition, cut.end);
    }
    if (Status status = ConfigurePackagers(); !status.ok()) {
      return Fail(status);
    }
    ++progress_.discontinuities;
    Emit({.type = EventType::kTracksChanged, .message = "a track joined"});
    for (RenditionState& rendition : renditions_) {
      BeginSegment(rendition, cut.start, index, true);
    }
    return;
  }
  for (RenditionState& rendition : renditions_) {
    if (rendition.leads) {
      EndSegment(rendition, cut.end);
      BeginSegment(rendition, cut.start, index,
                   cut.reason == CutReason::kDiscontinuity);
      continue;
    }
    // A rendition that still waits for the cut before is late by a segment.
    if (rendition.pending) {
      const Cut late = *std::exchange(rendition.pending, std::nullopt);
      EndSegment(rendition, late.end);
      BeginSegment(rendition, late.start, rendition.index + 1,
                   late.reason == CutReason::kDiscontinuity);
    }
    rendition.pending = cut;
  }
}

void Recording::BeginSegment(RenditionState& rendition, std::int64_t start90,
                             std::uint64_t index, bool discontinuity) {
  rendition.start90 = start90;
  rendition.start_wall = WallAt(start90);
  rendition.index = index;
  rendition.discontinuity = discontinuity;
  rendition.keyframe_first = true;
  rendition.samples = 0;
  rendition.written = 0;
  for (const auto& packager : rendition.packagers) {
    packager->Begin({.index = index,
                     .start90 = start90,
                     .start = rendition.start_wall,
                     .discontinuity = discontinuity});
  }
}

void Recording::EndSegment(RenditionState& rendition, std::int64_t end90) {
  const SegmentTimes times{
      .index = rendition.index,
      .duration = Between90(rendition.start90,
                            std::clamp(end90, rendition.start90,
                                       rendition.start90 + plan_.cutter.limit)),
      .start = rendition.start_wall,
      .discontinuity = rendition.discontinuity,
      .refused =
          plan_.options.segment.missing_keyframe != MissingKeyframe::kCut &&
          !rendition.keyframe_first};
  if (times.refused) {
    progress_.packets_dropped += rendition.written;
    progress_.packets_written -= rendition.written;
    Emit({.type = EventType::kPacketsDropped,
          .sequence = times.index,
          .count = rendition.written,
          .message = "their segment does not start at a keyframe"});
    if (plan_.options.segment.missing_keyframe == MissingKeyframe::kFail) {
      Fail(FailedPrecondition(
          "segment {}: no keyframe within {} s: shorten the encoder's GOP or "
          "allow for it",
          times.index, plan_.target_duration));
    }
  }
  recorded_until_ = std::max(recorded_until_, times.start + times.duration);
  if (rendition.leads) progress_.duration += times.duration;
  if (&rendition == renditions_.data()) ++progress_.segments;
  for (const auto& packager : rendition.packagers) packager->End(times);
}

void Recording::EndAllSegments() { EndAllSegments(cutter_.end()); }

void Recording::EndAllSegments(std::int64_t end) {
  if (phase_ != Phase::kRunning) return;
  for (RenditionState& rendition : renditions_) {
    if (rendition.pending) {
      const Cut cut = *std::exchange(rendition.pending, std::nullopt);
      EndSegment(rendition, cut.end);
      BeginSegment(rendition, cut.start, rendition.index + 1,
                   cut.reason == CutReason::kDiscontinuity);
    }
    EndSegment(rendition, end);
  }
  cutter_.Close();
  for (TrackState& track : tracks_) track.needs_keyframe = true;
  phase_ = Phase::kWaiting;
}

// `missing` and what the clock says are of one time where a gap is pending.
void Recording::NoteAbsence(std::chrono::milliseconds missing, SteadyTime now) {
  if (pending_gap_) {
    missing =
        std::max(missing, std::chrono::duration_cast<std::chrono::milliseconds>(
                              now - absent_until_));
    now = std::max(now, absent_until_);
  }
  pending_gap_ = pending_gap_.value_or(std::chrono::milliseconds(0)) + missing;
  absent_until_ = now;
}

void Recording::AddGaps(std::chrono::milliseconds missing) {
  WallTime start = recorded_until_;
  while (missing.count() > 0) {
    const auto length =
        std::min(missing, plan_.options.segment.target_duration);
    missing -= length;
    const SegmentTimes times{
        .index = next_index_++, .duration = length, .start = start};
    start += length;
    for (RenditionState& rendition : renditions_) {
      for (const auto& packager : rendition.packagers) packager->AddGap(times);
    }
  }
  recorded_until_ = start;
}

WallTime Recording::WallAt(std::int64_t ticks90) const {
  return anchor_wall_ + std::chrono::duration_cast<WallTime::duration>(
                            Between90(anchor90_, ticks90));
}

}  // namespace hlsrec::record
