// How an output publishes: playlists of what is stored, and what leaves them.
#include <algorithm>
#include <utility>

#include "src/base/status_util.h"
#include "src/deliver/output.h"

namespace hlsrec::deliver {
namespace {

// One body over parts that are shared with other versions of the list.
class PartsBody final : public Body {
 public:
  explicit PartsBody(std::vector<std::shared_ptr<const std::string>> parts)
      : parts_(std::move(parts)) {
    for (const auto& part : parts_) size_ += part->size();
  }
  std::uint64_t size() const override { return size_; }
  Status ReadAt(std::uint64_t offset, std::span<std::byte> out) const override {
    for (const auto& part : parts_) {
      if (out.empty()) break;
      if (offset >= part->size()) {
        offset -= part->size();
        continue;
      }
      const auto at = static_cast<std::size_t>(offset);
      const std::size_t count = std::min(part->size() - at, out.size());
      std::copy_n(std::as_bytes(std::span(*part)).begin() +
                      static_cast<std::ptrdiff_t>(at),
                  count, out.begin());
      out = out.subspan(count);
      offset = 0;
    }
    if (!out.empty()) return DataLoss("playlist: read beyond {} bytes", size_);
    return {};
  }

 private:
  const std::vector<std::shared_ptr<const std::string>> parts_;
  std::uint64_t size_ = 0;
};

}  // namespace

void Output::Publish(Rendition& rendition,
                     const std::shared_ptr<Playlist>& playlist) {
  if (!playlist->dirty || playlist->in_flight || playlist->key.empty()) return;
  const bool vod = playlist->list.type() == PlaylistType::kVod;
  const bool only_ended = vod || plan_.ending || plan_.at_end;
  if (holds_back() || (only_ended && !playlist->ended)) return;
  // An earlier run may have listed them, and told nobody before it died.
  if (!rendition.pending.empty() && rendition.pending.front().restored) return;
  // One list at a time has no end: the next run can tell which one.
  if (playlist->before != nullptr &&
      (playlist->before->dirty || playlist->before->in_flight)) {
    return;
  }
  playlist->before = nullptr;
  const bool too_soon = TooSoon(
      playlist->pace, [number = rendition.number, playlist](Output& output) {
        output.Publish(output.renditions_[static_cast<std::size_t>(number)],
                       playlist);
      });
  if (too_soon) return;
  playlist->dirty = false;
  playlist->in_flight = true;
  const bool ended = playlist->ended;
  const spool::PlaylistPublished version{
      .recording = plan_.recording,
      .output = plan_.id,
      .rendition = rendition.number,
      .key = playlist->key,
      .oldest_sequence = playlist->list.window().oldest.sequence,
      .newest_sequence = playlist->list.window().newest.sequence,
      .discontinuity_sequence = playlist->list.discontinuity_sequence(),
      .ended = ended,
      .playlist = static_cast<int>(playlist->number)};
  // A VOD list never changes, though what it calls a gap may have come since.
  const bool once = vod && plan_.ending && playlist->plan.imported.empty();
  GzipList::Parts text = playlist->list.Render(ended);
  if (ended && (plan_.retain || plan_.manifest)) {
    playlist->sha256 = HashOf(text);
    playlist->size_bytes = 0;
    for (const auto& part : text) playlist->size_bytes += part->size();
  }
  PutRequest request{.key = playlist->key,
                     .kind = ObjectKind::kMediaPlaylist,
                     .if_exists = once ? IfExists::kFail : IfExists::kReplace,
                     .last_version = ended};
  if (ended) playlist->etag = TakeEtag(request);
  PutPlaylist(
      std::move(request), std::move(text), playlist->gzip,
      [self = shared_from_this(), number = rendition.number, playlist, version,
       once](const Status& status) {
        const bool there = once && status.code() == StatusCode::kAlreadyExists;
        self->OnPublished(self->renditions_[static_cast<std::size_t>(number)],
                          playlist, version, there ? Status() : status);
      });
}

void Output::PublishAll(Rendition& rendition) {
  for (const auto* playlists : {&rendition.rotated, &rendition.playlists}) {
    for (const auto& playlist : *playlists) Publish(rendition, playlist);
  }
}

// Where lists follow each other, those behind one that has its end.
void Output::PublishNext(Rendition& rendition, const Playlist& ended) {
  for (const auto* playlists : {&rendition.rotated, &rendition.playlists}) {
    for (const auto& playlist : *playlists) {
      if (playlist->before.get() == &ended) Publish(rendition, playlist);
    }
  }
}

void Output::OnPublished(Rendition& rendition,
                         const std::shared_ptr<Playlist>& playlist,
                         const spool::PlaylistPublished& version,
                         const Status& status) {
  playlist->in_flight = false;
  playlist->pace.next = clock_.Steady() + plan_.rewrite_interval;
  playlist->status = status;
  if (status.ok()) {
    playlist->published = true;
    playlist->stored_oldest = version.oldest_sequence;
    playlist->final_stored = version.ended;
    journal_.Add(version, {});
    const bool rotated_out =
        version.ended &&
        std::find(rendition.playlists.begin(), rendition.playlists.end(),
                  playlist) == rendition.playlists.end();
    // Its text is not needed any more.
    if (rotated_out) {
      playlist->list = playlist::MediaList(playlist->plan.list_options);
      playlist->gzip = {};
    }
    emit_({.type = EventType::kPlaylistPublished,
           .output = plan_.id,
           .rendition = rendition.info.name,
           .key = playlist->key,
           .sequence = version.newest_sequence});
    Expire(rendition);
  }
  // A version that was refused for good is not put again; a newer one is.
  Publish(rendition, playlist);
  if (playlist->ended && !playlist->dirty) PublishNext(rendition, *playlist);
  PublishMultivariant();
  CheckFinished();
}

void Output::PutPlaylist(PutRequest request, GzipList::Parts text,
                         GzipList& gzip, Uploader::Done done) {
  request.content_type = kPlaylistType;
  if (plan_.gzip_playlists) {
    // Without the memory for it the text itself goes.
    StatusOr<GzipList::Parts> member = gzip.Encode(text);
    if (member.ok()) {
      text = std::move(member).value();
      request.content_encoding = "gzip";
    }
  }
  request.body = std::make_shared<PartsBody>(std::move(text));
  uploader_->Put(std::move(request), std::move(done));
}

// What changes meanwhile is in the version that is put then.
bool Output::TooSoon(Pace& pace, std::function<void(Output&)> again) {
  if (given_up_ || clock_.Steady() >= pace.next) return false;
  if (std::exchange(pace.timer, pace.next) != pace.next) {
    strand_->PostAt(pace.next,
                    [weak = weak_from_this(), again = std::move(again)] {
                      const auto self = weak.lock();
                      if (self != nullptr && !self->finished_) again(*self);
                    });
  }
  return true;
}

// At most, as far as can be told.
std::chrono::microseconds Output::LongestOf(const Rendition& rendition) {
  std::chrono::microseconds longest{0};
  for (const auto& playlist : rendition.playlists) {
    const std::chrono::microseconds target =
        std::chrono::seconds(playlist->list.target_duration());
    const ListedWindow& window = playlist->list.window();
    longest = std::max({longest, window.duration + target, 4 * target,
                        target * static_cast<int>(window.count)});
  }
  return longest;
}

void Output::Expire(Rendition& rendition) {
  std::uint64_t oldest = UINT64_MAX;
  for (const auto& playlist : rendition.playlists) {
    oldest = std::min(oldest, playlist->stored_oldest);
  }
  while (!rendition.expirable.empty() &&
         rendition.expirable.begin()->first < oldest) {
    auto node = rendition.expirable.extract(rendition.expirable.begin());
    // How long lists were, and when it left them, the earlier run knew.
    if (node.key() < rendition.restored_until) {
      node.mapped().hold = std::max(
          node.mapped().hold, node.mapped().duration + LongestOf(rendition));
    }
    rendition.leaving.insert(node.key());
    const auto hold =
        std::chrono::ceil<std::chrono::milliseconds>(node.mapped().hold);
    // A recording that has ended removes nothing behind its owner's back.
    strand_->PostAt(clock_.Steady() + hold,
                    [weak = weak_from_this(), number = rendition.number,
                     sequence = node.key(), key = node.mapped().key] {
                      if (const auto self = weak.lock()) {
                        self->RemoveExpired(number, sequence, key);
                      }
                    });
  }
}

void Output::RemoveExpired(int number, std::uint64_t sequence,
                           const std::string& key) {
  // The manifest is about to name it.
  if (plan_.manifest && finishing_) return;
  ++removals_;
  uploader_->Remove(key, [self = shared_from_this(), number, sequence,
                          key](const Status& status) {
    --self->removals_;
    Rendition& rendition = self->renditions_[static_cast<std::size_t>(number)];
    rendition.leaving.erase(sequence);
    // With the next version that is published.
    if (status.ok()) self->Forget(key);
    if (IsRetryable(status.code())) {
      rendition.expirable[sequence] = {.key = key};
    }
    self->emit_({.type = EventType::kObjectRemoved,
                 .output = self->plan_.id,
                 .key = key,
                 .status = status});
    self->CheckFinished();
  });
}

}  // namespace hlsrec::deliver
