// How an output ends.
#include <algorithm>
#include <utility>

#include "src/base/status_util.h"
#include "src/deliver/output.h"

namespace hlsrec::deliver {

void Output::Finish(std::function<void(OutputResult)> done) {
  done_ = std::move(done);
  finishing_ = true;
  uploader_->Hurry();
  SetState(RecordingState::kStopping);
  BringHeld();
  if (plan_.at_end) {
    for (Rendition& rendition : renditions_) PublishAll(rendition);
  }
  EndLists();
  CheckFinished();
}

void Output::EndLists() {
  for (Rendition& rendition : renditions_) {
    if (!rendition.pending.empty()) continue;
    for (const auto& playlist : rendition.playlists) {
      if (playlist->ended || playlist->list.empty()) continue;
      if (!playlist->held.empty()) continue;
      playlist->ended = true;
      playlist->dirty = true;
      Publish(rendition, playlist);
    }
  }
}

void Output::CheckFinished() {
  if (!finishing_ || finished_) return;
  if (!given_up_) {
    for (const Rendition& rendition : renditions_) {
      if (!rendition.pending.empty() || !rendition.late.empty()) return;
      const auto open = [](const std::shared_ptr<Playlist>& playlist) {
        return !playlist->final_stored && !playlist->list.empty() &&
               (playlist->in_flight || playlist->dirty || !playlist->ended);
      };
      if (std::any_of(rendition.playlists.begin(), rendition.playlists.end(),
                      open) ||
          std::any_of(rendition.rotated.begin(), rendition.rotated.end(),
                      open)) {
        return;
      }
    }
    if (multivariant_.in_flight) return;
    PublishMultivariant();
    if (multivariant_.in_flight || multivariant_.waits) return;
    if (!EndWorkIsDone()) return;
    if (!ManifestIsSettled() || !NoteIsSettled()) return;
  }
  if (finished_) return;
  finished_ = true;
  if (retention_ != nullptr) retention_->Stop();
  ScheduleDeleteAfterEnd();
  done_(MakeResult());
}

void Output::GiveUp() {
  if (finished_ && removed_ != nullptr) {
    removal_ = Cancelled("output {}: not removed in time", plan_.id);
    uploader_->Stop();
    return EndRemoval();
  }
  if (finished_) return;
  given_up_ = true;
  for (const auto& work : end_work_.waiting) work->Stop();
  if (retention_ != nullptr) retention_->Stop();
  uploader_->Stop();
  CheckFinished();
}

void Output::LetGo() {
  done_ = nullptr;
  for (const auto& work : end_work_.waiting) work->Stop();
  end_work_.waiting.clear();
  if (retention_ != nullptr) retention_->Stop();
  uploader_->LetGo();
}

OutputResult Output::MakeResult() const {
  OutputResult result = EndedResult();
  if (!plan_.manifest || manifest_.stored) return result;
  result.missing.push_back(manifest_.key.empty() ? plan_.manifest->path.text()
                                                 : manifest_.key);
  if (result.status.ok()) {
    result.status =
        manifest_.status.ok()
            ? Unavailable("output {}: its manifest is not stored", plan_.id)
            : manifest_.status;
  }
  return result;
}

OutputResult Output::MediaResult() const {
  OutputResult result{.id = plan_.id, .missing = missing_};
  const auto note = [&](const std::string& key, bool stored,
                        const Status& status) {
    result.playlists.push_back(key);
    if (stored) return;
    result.missing.push_back(key);
    if (result.status.ok() && !status.ok()) result.status = status;
  };
  if (note_.in_flight || !note_.status.ok()) {
    result.missing.push_back(note_.key);
    result.status = note_.status;
  }
  if (!multivariant_.key.empty()) {
    note(multivariant_.key, multivariant_.final_stored, multivariant_.status);
  }
  for (const Rendition& rendition : renditions_) {
    for (const Pending& pending : rendition.pending) {
      result.missing.push_back(pending.key);
    }
    for (const auto* playlists : {&rendition.rotated, &rendition.playlists}) {
      for (const auto& playlist : *playlists) {
        if (playlist->key.empty()) {
          if (result.status.ok()) result.status = playlist->status;
          continue;
        }
        note(playlist->key, playlist->final_stored, playlist->status);
      }
    }
  }
  if (!result.missing.empty() && result.status.ok()) {
    result.status = Unavailable("output {}: {} objects are not stored",
                                plan_.id, result.missing.size());
  }
  return result;
}

}  // namespace hlsrec::deliver
