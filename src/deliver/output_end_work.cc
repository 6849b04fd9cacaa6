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
      .is_there = [weak = weak_from_this()](std::size_t r,
                                            std::uint64_t index) {
        const auto self = weak.lock();
        return self != nullptr && self->IsThere(self->renditions_[r], index);
      }});
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
                           .size_bytes = object.size.value_or(0)});
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
