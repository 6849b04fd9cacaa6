// What an output does for the day when its recording has been kept for long
// enough, and about those whose day has come.
#include <utility>

#include "src/base/bytes.h"
#include "src/base/hash.h"
#include "src/deliver/output.h"

namespace hlsrec::deliver {

std::string HashOf(const GzipList::Parts& parts) {
  Sha256 hash;
  for (const auto& part : parts) {
    hash.Add(AsBytes(*part));
  }
  return hash.Hex();
}

void Output::StartRetention() {
  if (!plan_.retain || finishing_) return;
  retention_ = std::make_shared<Retention>(
      strand_, clock_, plan_.sink, uploader_,
      RetentionOptions{.stream = plan_.fields.stream,
                       .output = plan_.id,
                       .retain = *plan_.retain},
      [weak = weak_from_this()](Event event) {
        if (const auto self = weak.lock()) self->emit_(std::move(event));
      });
  retention_->Start();
}

// None where it would not be the truth: a list whose end is not stored, or that
// began before this recording.
std::optional<RetentionNote> Output::MakeNote() const {
  RetentionNote note{.ended = std::chrono::floor<std::chrono::seconds>(
                         clock_.Wall().time_since_epoch())};
  std::set<std::string> rest = all_keys_;
  rest.insert(plan_.ended.begin(), plan_.ended.end());
  if (!manifest_.key.empty()) {
    note.lists.push_back({.key = manifest_.key});
    rest.erase(manifest_.key);
  }
  if (!multivariant_.key.empty()) {
    note.lists.push_back({.key = multivariant_.key});
    rest.erase(multivariant_.key);
  }
  for (const Rendition& rendition : renditions_) {
    for (const auto* playlists : {&rendition.rotated, &rendition.playlists}) {
      for (const auto& playlist : *playlists) {
        if (!playlist->plan.imported.empty()) return std::nullopt;
        if (playlist->key.empty()) continue;
        if (!playlist->final_stored) return std::nullopt;
        std::string sha256 = playlist->sha256;
        if (sha256.empty() && !playlist->list.empty()) {
          sha256 = HashOf(playlist->list.Render(true));
        }
        note.lists.push_back(
            {.key = playlist->key, .sha256 = std::move(sha256)});
        rest.erase(playlist->key);
      }
    }
  }
  for (const std::string& key : rest) {
    if (key.ends_with(".m3u8")) {
      note.lists.push_back({.key = key});
    } else {
      note.objects.push_back(key);
    }
  }
  if (note.objects.empty()) return std::nullopt;
  return note;
}

bool Output::NoteIsSettled() {
  if (!plan_.retain || note_.settled) return true;
  if (note_.in_flight) return false;
  const std::optional<RetentionNote> note = MakeNote();
  if (!note) {
    note_.settled = true;
    return true;
  }
  note_.key = NoteKey(plan_.fields.stream, *note);
  note_.in_flight = true;
  uploader_->Put({.key = note_.key,
                  .body = MakeStringBody(RenderNote(*note)),
                  .kind = ObjectKind::kOther,
                  .content_type = "text/plain",
                  .last_version = true},
                 [self = shared_from_this()](const Status& status) {
                   self->note_.in_flight = false;
                   self->note_.settled = true;
                   self->note_.status = status;
                   self->CheckFinished();
                 });
  return note_.settled;
}

}  // namespace hlsrec::deliver
