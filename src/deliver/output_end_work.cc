// What is made of an output when its media has ended.
#include <utility>

#include "src/base/status_util.h"
#include "src/deliver/output.h"

namespace hlsrec::deliver {

void Output::AddEndWork(std::shared_ptr<EndWork> work) {
  end_work_.waiting.push_back(std::move(work));
}

std::vector<spool::SeriesPart> Output::Series() const {
  std::vector<spool::SeriesPart> series;
  for (const Rendition& rendition : renditions_) {
    series.push_back({.recording = plan_.recording,
                      .rendition = rendition.number,
                      .packaging = PackagingOf(plan_.fmp4),
                      .output = plan_.id});
  }
  return series;
}

void Output::Keep(const Rendition& rendition, Pending& pending) {
  auto body = std::exchange(pending.record.kept, nullptr);
  if (kept_ == nullptr) return;
  const SegmentRecord& record = pending.record;
  KeptSegment segment{.index = record.index,
                      .duration = record.duration,
                      .start = record.start,
                      .discontinuity = record.discontinuity,
                      .key = pending.key,
                      .init = record.init,
                      .body = std::move(body),
                      .owed = record.owed};
  if (!record.init_hash.empty()) {
    auto init = InitKey(rendition, record.init_hash);
    if (init.ok()) segment.init_key = *std::move(init);
  }
  kept_->Add(static_cast<std::size_t>(rendition.number), std::move(segment));
  if (pending.key.empty()) DropKept(rendition, record.index);
}

void Output::Through(const Rendition& rendition, std::uint64_t index) {
  if (kept_ == nullptr) return;
  kept_->OnDelivered(static_cast<std::size_t>(rendition.number), index);
}

void Output::DropKept(const Rendition& rendition, std::uint64_t index) {
  if (kept_ == nullptr) return;
  kept_->Drop(static_cast<std::size_t>(rendition.number), index);
}

bool Output::DropOldestKept() {
  if (kept_ == nullptr || finishing_) return false;
  const std::string key = kept_->DropOldest();
  if (key.empty()) return false;
  emit_({.type = EventType::kSpoolFull,
         .output = plan_.id,
         .key = key,
         .count = 1,
         .status = ResourceExhausted(
             "{}: is stored, but not kept for the recording's end, to make "
             "room: what is made there has a gap",
             key)});
  return true;
}

bool Output::EndWorkIsDone() {
  if (end_work_.waiting.empty()) return true;
  if (std::exchange(end_work_.at_work, true)) return false;
  SetState(RecordingState::kPostProcessing);
  const auto ended = std::make_shared<EndedMedia>(EndedMedia{
      .media = MediaResult(),
      .strand = strand_,
      .journal = journal_,
      .uploader = uploader_,
      .series = Series(),
      .is_there =
          [weak = weak_from_this()](std::size_t r, std::uint64_t index) {
            const auto self = weak.lock();
            return self != nullptr &&
                   self->IsThere(self->renditions_[r], index);
          },
      .renditions = {},
      .kept = kept_ == nullptr
                  ? nullptr
                  : std::make_shared<const KeptSegments>(kept_->segments())});
  for (const Rendition& rendition : renditions_) {
    ended->renditions.push_back(rendition.info);
  }
  const auto work = end_work_.waiting.front();
  work->Start(ended, [weak = weak_from_this()](MadeAtEnd made) {
    if (const auto self = weak.lock()) self->OnMade(std::move(made));
  });
  // Who was done at once has gone on from there.
  return false;
}

void Output::OnMade(MadeAtEnd made) {
  // Given up: it is owed still.
  if (end_work_.waiting.empty() || finished_ || given_up_) return;
  end_work_.progress += end_work_.waiting.front()->progress();
  end_work_.waiting.pop_front();
  end_work_.at_work = false;
  MadeAtEnd& all = end_work_.made;
  if (all.status.ok()) all.status = std::move(made.status);
  for (manifest::Object& object : made.objects) {
    Remember(object.key);
    all.objects.push_back(std::move(object));
  }
  for (std::string& key : made.missing) all.missing.push_back(std::move(key));
  CheckFinished();
}

OutputResult Output::EndedResult() const {
  OutputResult result = MediaResult();
  const MadeAtEnd& made = end_work_.made;
  if (result.status.ok()) result.status = made.status;
  for (const manifest::Object& object : made.objects) {
    result.made.push_back({.kind = object.kind,
                           .key = object.key,
                           .size_bytes = object.size.value_or(0),
                           .rendition = object.rendition});
    for (const Rendition& rendition : renditions_) {
      if (object.rendition != rendition.info.name) continue;
      result.made.back().layer = rendition.info.layer;
      result.made.back().width = rendition.info.width;
      result.made.back().height = rendition.info.display_height;
    }
  }
  result.missing.insert(result.missing.end(), made.missing.begin(),
                        made.missing.end());
  for (const auto& work : end_work_.waiting) {
    for (std::string& key : work->Owed()) {
      result.missing.push_back(std::move(key));
    }
  }
  if (!result.missing.empty() && result.status.ok()) {
    result.status = Unavailable("output {}: {} objects are not stored",
                                plan_.id, result.missing.size());
  }
  return result;
}

}  // namespace hlsrec::deliver
