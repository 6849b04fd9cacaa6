#include "src/record/packager.h"

#include <algorithm>
#include <utility>

#include "src/av/mp4_init.h"
#include "src/base/hash.h"
#include "src/base/rescale.h"
#include "src/base/status_util.h"
#include "src/record/plan.h"

namespace hlsrec::record {
namespace {

// Large enough to make the hand-over to the I/O strand cheap.
constexpr std::size_t kBlock = std::size_t{256} << 10;

// A fragment is held in memory; timestamps alone do not bound it.
constexpr std::uint64_t kMaxFragment = std::uint64_t{8} << 20;

constexpr std::chrono::seconds kJournalRetry{1};

}  // namespace

Packager::Packager(std::shared_ptr<Strand> strand, const Clock& clock,
                   spool::Spool& spool, Options options, OnSegment on_segment,
                   OnFailed on_failed)
    : strand_(std::move(strand)),
      clock_(clock),
      spool_(spool),
      options_(std::move(options)),
      on_segment_(std::move(on_segment)),
      on_failed_(std::move(on_failed)) {}

Status Packager::Configure(std::vector<media::MuxTrack> tracks) {
  timing_track_ = -1;
  for (const media::MuxTrack& track : tracks) {
    if (CodecMediaType(track.format.codec) == MediaType::kVideo) {
      timing_track_ = track.track;
    }
  }
  if (!options_.fmp4) {
    HLSREC_ASSIGN_OR_RETURN(muxer_,
                            media::MakeTsMuxer({.tracks = std::move(tracks)}));
    return {};
  }
  const media::Fmp4MuxerOptions options{.tracks = std::move(tracks)};
  HLSREC_ASSIGN_OR_RETURN(const Bytes init, av::BuildInitSection(options));
  HLSREC_ASSIGN_OR_RETURN(muxer_, media::MakeFmp4Muxer(options));
  const std::string before = std::exchange(init_hash_, Sha256Hex(init));
  const auto bytes =
      std::make_shared<const std::string>(init.begin(), init.end());
  init_ = MakeStringBody(*bytes);
  // One that comes again may be forgotten, with the segments that had it.
  if (init_hash_ != before) journaled_inits_.erase(init_hash_);
  if (!journaled_inits_.contains(init_hash_)) JournalInit(init_hash_, bytes);
  return {};
}

// Nobody gets a segment that the next run could not tell the init section of.
void Packager::JournalInit(const std::string& hash,
                           const std::shared_ptr<const std::string>& bytes) {
  spool_.journal().Add(
      spool::InitSection{.recording = options_.recording,
                         .rendition = options_.rendition,
                         .packaging = PackagingOf(options_.fmp4),
                         .hash = hash,
                         .bytes = *bytes},
      [self = shared_from_this(), hash, bytes](const Status& status) {
        self->strand_->Post([self, hash, bytes, ok = status.ok()] {
          if (ok) {
            self->journaled_inits_.insert(hash);
            return self->Drain();
          }
          self->strand_->PostAt(self->clock_.Steady() + kJournalRetry,
                                [weak = self->weak_from_this(), hash, bytes] {
                                  if (const auto packager = weak.lock()) {
                                    packager->JournalInit(hash, bytes);
                                  }
                                });
        });
      });
}

void Packager::Begin(const SegmentBegin& begin) {
  in_segment_ = true;
  begin_ = begin;
  end90_ = begin.start90;
  timed_ = false;
  samples_ = 0;
}

// Late, so that a segment without samples leaves no trace.
void Packager::Open() {
  writer_ = spool_.Create({.id = {.recording = options_.recording,
                                  .rendition = options_.rendition,
                                  .packaging = PackagingOf(options_.fmp4),
                                  .index = begin_.index},
                           .start = begin_.start,
                           .discontinuity = begin_.discontinuity,
                           .init_hash = init_hash_,
                           .extension = options_.fmp4 ? "m4s" : "ts"},
                          options_.writer);
  unflushed_bytes_ = 0;
  muxer_->Begin(out_);
}

void Packager::Write(const media::TimedSample& sample) {
  if (samples_ == 0) {
    Open();
    flushed_at_ = sample.dts90;
  }
  muxer_->Write(sample.sample, out_);
  ++samples_;
  // Sound counts as long as no picture came.
  const bool timing = timing_track_ < 0 || sample.sample.track == timing_track_;
  timed_ = timed_ || timing;
  if (timing || !timed_) end90_ = std::max(end90_, sample.end90);
  unflushed_bytes_ += sample.sample.payload.size();
  if (sample.dts90 - flushed_at_ >= options_.flush_ticks ||
      unflushed_bytes_ >= kMaxFragment) {
    flushed_at_ = sample.dts90;
    Flush();
  } else if (out_.size() >= kBlock) {
    Spill();
  }
}

bool Packager::FlushIfIdle() {
  if (!in_segment_ || samples_ == 0) return false;
  if (std::exchange(flushed_, false)) return true;
  Flush();
  flushed_ = false;
  return false;
}

void Packager::FlushNow() {
  if (in_segment_ && samples_ > 0 && unflushed_bytes_ > 0) Flush();
}

void Packager::Flush() {
  muxer_->Flush(out_);
  flushed_ = true;
  unflushed_bytes_ = 0;
  Spill();
  MarkChunk();
}

void Packager::MarkChunk() {
  writer_->MarkChunk(Between90(begin_.start90, end90_));
}

void Packager::Spill() {
  if (out_.empty()) return;
  bytes_written_ += out_.size();
  writer_->Append(std::exchange(out_, spool_.TakeBuffer()));
}

deliver::SegmentRecord Packager::MakeRecord(const SegmentTimes& times) const {
  return {.rendition = options_.rendition,
          .index = times.index,
          .duration = times.duration,
          .start = times.start,
          .discontinuity = times.discontinuity};
}

void Packager::End(const SegmentTimes& times) {
  in_segment_ = false;
  if (samples_ > 0) muxer_->End(out_);
  if (samples_ == 0 || times.refused) {
    out_.clear();
    writer_ = nullptr;
    return AddGap(times);
  }
  Spill();
  Slot& slot = slots_.emplace_back(Slot{.record = MakeRecord(times)});
  slot.record.init_hash = init_hash_;
  slot.record.init = init_;
  slot.samples = samples_;
  // Weakly: a segment may wait for room for ever, and nobody for it. What is
  // sealed then stays in the spool, owed.
  writer_->Seal(times.duration, [weak = weak_from_this(), strand = strand_,
                                 index = times.index](
                                    StatusOr<spool::SealedSegment> sealed) {
    strand->Post([weak, index, sealed = std::move(sealed)]() mutable {
      const auto self = weak.lock();
      if (self != nullptr) {
        self->OnSealed(index, std::move(sealed));
      }
    });
  });
  writer_ = nullptr;
}

void Packager::AddGap(const SegmentTimes& times) {
  Slot slot{.record = MakeRecord(times)};
  slot.record.gap = true;
  slots_.push_back(std::move(slot));
  JournalGap(slots_.back());
}

// A gap is written down before anybody sees it: the next run says the same.
void Packager::JournalGap(const Slot& slot) {
  const deliver::SegmentRecord& record = slot.record;
  spool_.journal().Add(
      spool::SegmentSealed{.id = {.recording = options_.recording,
                                  .rendition = options_.rendition,
                                  .packaging = PackagingOf(options_.fmp4),
                                  .index = record.index},
                           .duration = record.duration,
                           .start = record.start,
                           .discontinuity = record.discontinuity,
                           .gap = true},
      [self = shared_from_this(), index = record.index](Status status) {
        self->strand_->Post([self, index, status = std::move(status)] {
          self->OnGapJournaled(index, status);
        });
      });
}

void Packager::OnGapJournaled(std::uint64_t index, const Status& status) {
  const auto slot = FindSlot(index);
  if (slot == slots_.end()) return;
  if (!status.ok()) {
    // Whoever lists it without the journal may have to take it back.
    on_failed_(
        {.status = status, .rendition = options_.rendition, .index = index});
    strand_->PostAt(clock_.Steady() + kJournalRetry,
                    [self = shared_from_this(), index] {
                      const auto again = self->FindSlot(index);
                      if (again != self->slots_.end()) {
                        self->JournalGap(*again);
                      }
                    });
    return;
  }
  slot->ready = true;
  Drain();
}

std::deque<Packager::Slot>::iterator Packager::FindSlot(std::uint64_t index) {
  return std::find_if(slots_.begin(), slots_.end(), [index](const Slot& slot) {
    return slot.record.index == index;
  });
}

void Packager::OnSealed(std::uint64_t index,
                        StatusOr<spool::SealedSegment> sealed) {
  const auto slot = FindSlot(index);
  if (slot == slots_.end()) return;
  if (!sealed.ok()) {
    // The media is gone: a hole that everybody shall see.
    slot->record.gap = true;
    slot->record.init_hash.clear();
    on_failed_({.status = sealed.status(),
                .rendition = options_.rendition,
                .index = index,
                .samples = slot->samples});
    return JournalGap(*slot);
  }
  slot->ready = true;
  slot->record.body = std::move(sealed->body);
  slot->record.size_bytes = slot->record.body->size();
  slot->record.sha256 = std::move(sealed->sha256);
  slot->record.owed = std::move(sealed->owed);
  Drain();
}

void Packager::Suspend() {
  if (!std::exchange(in_segment_, false) || samples_ == 0) return;
  Flush();
  // Nobody takes it: it stays in the spool, owed.
  writer_->Seal(Between90(begin_.start90, end90_),
                [](const StatusOr<spool::SealedSegment>&) {});
  writer_ = nullptr;
}

void Packager::Drain() {
  while (!slots_.empty() && slots_.front().ready) {
    const std::string& init = slots_.front().record.init_hash;
    if (!init.empty() && !journaled_inits_.contains(init)) return;
    const deliver::SegmentRecord record = std::move(slots_.front().record);
    slots_.pop_front();
    on_segment_(record);
  }
}

}  // namespace hlsrec::record
