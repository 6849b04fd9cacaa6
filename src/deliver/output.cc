#include "src/deliver/output.h"

#include <algorithm>
#include <utility>

#include "src/base/status_util.h"

namespace hlsrec::deliver {
namespace {

using playlist::MediaListEntry;

// RFC 8216 and Apple's authoring rules 10.4.
constexpr std::string_view kPlaylistType = "application/vnd.apple.mpegurl";

std::string_view SegmentType(bool fmp4, bool video) {
  if (!fmp4) return "video/mp2t";
  return video ? "video/iso.segment" : "audio/iso.segment";
}

// Later peaks may be higher: head room keeps the playlist from changing.
std::int64_t WithRoom(std::int64_t rate) { return rate + rate / 4; }

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

Output::Output(std::shared_ptr<Strand> strand, const Clock& clock,
               OutputPlan plan, std::function<void(Event)> emit)
    : strand_(std::move(strand)),
      clock_(clock),
      plan_(std::move(plan)),
      emit_(std::move(emit)) {
  uploader_ = std::make_shared<Uploader>(
      strand_, clock_, plan_.sink, UploaderOptions{.retry = plan_.retry},
      [this](const AttemptFailed& failed) {
        emit_({.type = EventType::kOutputDegraded,
               .output = plan_.id,
               .key = failed.key,
               .attempt = failed.attempt,
               .status = failed.status});
      },
      [this] {
        emit_({.type = EventType::kOutputRecovered, .output = plan_.id});
      });
  for (const RenditionPlan& rendition_plan : plan_.renditions) {
    Rendition rendition;
    rendition.number = static_cast<int>(renditions_.size());
    rendition.info = rendition_plan.info;
    rendition.first_sequence = rendition_plan.first_sequence;
    rendition.first_number = rendition_plan.first_number;
    std::int64_t target = 6;
    for (const PlaylistPlan& playlist_plan : rendition_plan.playlists) {
      target = playlist_plan.list.target_duration();
      rendition.playlists.push_back(std::make_shared<Playlist>(playlist_plan));
      if (plan_.delete_after_end && !playlist_plan.key.empty()) {
        all_keys_.push_back(playlist_plan.key);
      }
    }
    rendition.bandwidth = BandwidthMeter(std::chrono::seconds(target));
    renditions_.push_back(std::move(rendition));
  }
}

PathFields Output::FieldsFor(const Rendition& rendition) const {
  PathFields fields = plan_.fields;
  fields.rendition = rendition.info.name;
  fields.height = rendition.info.height;
  fields.kbps = rendition.info.kbps;
  fields.layer = rendition.info.layer;
  fields.extension = plan_.fmp4 ? "m4s" : "ts";
  return fields;
}

bool Output::KeepsEverything(const Rendition& rendition) const {
  return plan_.expired == ExpiredSegments::kKeep ||
         std::any_of(rendition.playlists.begin(), rendition.playlists.end(),
                     [](const auto& playlist) {
                       return playlist->list.type() != PlaylistType::kLive;
                     });
}

void Output::EmitFor(EventType type, const Rendition& rendition,
                     const Pending& pending, const Status& status) {
  emit_({.type = type,
         .output = plan_.id,
         .rendition = rendition.info.name,
         .key = pending.key,
         .sequence = rendition.first_sequence + pending.record.index,
         .duration = pending.record.duration,
         .size_bytes = pending.record.body ? pending.record.body->size() : 0,
         .status = status});
}

void Output::Describe(int rendition, RenditionInfo info) {
  Rendition& target = renditions_[static_cast<std::size_t>(rendition)];
  info.name = target.info.name;
  info.height = target.info.height;
  info.kbps = target.info.kbps;
  info.layer = target.info.layer;
  // Everything that any segment needs (R75).
  for (const std::string& codec : target.info.codecs) {
    if (std::find(info.codecs.begin(), info.codecs.end(), codec) ==
        info.codecs.end()) {
      info.codecs.push_back(codec);
    }
  }
  info.frame_rate = std::max(info.frame_rate, target.info.frame_rate);
  if (target.info.display_height > info.display_height) {
    info.width = target.info.width;
    info.display_height = target.info.display_height;
  }
  multivariant_.untrue =
      multivariant_.untrue || info.codecs != target.info.codecs;
  target.info = std::move(info);
}

void Output::Add(SegmentRecord record) {
  Rendition& rendition =
      renditions_[static_cast<std::size_t>(record.rendition)];
  rendition.pending.push_back({.record = std::move(record), .key = {}});
  Pending& pending = rendition.pending.back();
  rendition.next_index = pending.record.index + 1;
  PathFields fields = FieldsFor(rendition);
  fields.sequence = rendition.first_number + pending.record.index;
  fields.segment_time = pending.record.start;
  StatusOr<std::string> key = plan_.segment.Expand(fields);
  if (!key.ok()) {
    pending.state = Pending::State::kLost;
    ++lost_;
    EmitFor(EventType::kSegmentLost, rendition, pending, key.status());
    return Advance(rendition);
  }
  pending.key = std::move(key).value();
  if (pending.record.gap) {
    pending.state = Pending::State::kLost;
    return Advance(rendition);
  }
  if (pending.record.init_hash.empty()) return PutSegment(rendition, pending);
  const auto init = rendition.inits.find(pending.record.init_hash);
  if (init == rendition.inits.end()) return PutInit(rendition, pending.record);
  if (init->second) PutSegment(rendition, pending);
}

void Output::PutInit(Rendition& rendition, const SegmentRecord& record) {
  rendition.inits[record.init_hash] = false;
  PathFields fields = FieldsFor(rendition);
  fields.hash = record.init_hash.substr(0, 12);
  StatusOr<std::string> key = plan_.init.Expand(fields);
  if (!key.ok()) {
    return OnInitStored(rendition.number, record.init_hash, key.status());
  }
  if (plan_.delete_after_end) all_keys_.push_back(*key);
  uploader_->Put(
      {.key = *key,
       .body = record.init,
       .kind = ObjectKind::kInitSection,
       .if_exists = IfExists::kFail,
       .content_type = rendition.info.has_video ? "video/mp4" : "audio/mp4"},
      [self = shared_from_this(), number = rendition.number,
       hash = record.init_hash](const Status& status) {
        // Named by its content: who is there already is the same.
        const bool there = status.code() == StatusCode::kAlreadyExists;
        self->OnInitStored(number, hash, there ? Status() : status);
      });
}

void Output::OnInitStored(int number, const std::string& hash,
                          const Status& status) {
  Rendition& rendition = renditions_[static_cast<std::size_t>(number)];
  rendition.inits[hash] = status.ok();
  for (Pending& pending : rendition.pending) {
    if (pending.record.init_hash != hash ||
        pending.state != Pending::State::kWaiting) {
      continue;
    }
    if (status.ok()) {
      PutSegment(rendition, pending);
    } else {
      pending.state = Pending::State::kLost;
      ++lost_;
      missing_.push_back(pending.key);
      if (pending.record.keep) *pending.record.keep = true;
      EmitFor(EventType::kSegmentLost, rendition, pending, status);
    }
  }
  if (!status.ok()) {
    rendition.inits.erase(hash);  // the next segment tries again
    Advance(rendition);
  }
}

void Output::PutSegment(Rendition& rendition, Pending& pending) {
  if (plan_.delete_after_end) all_keys_.push_back(pending.key);
  uploader_->Put({.key = pending.key,
                  .body = pending.record.body,
                  .kind = ObjectKind::kSegment,
                  .if_exists = IfExists::kFail,
                  .content_type = std::string(
                      SegmentType(plan_.fmp4, rendition.info.has_video))},
                 [self = shared_from_this(), number = rendition.number,
                  index = pending.record.index](const Status& status) {
                   self->OnStored(number, index, status);
                 });
}

void Output::OnStored(int number, std::uint64_t index, const Status& status) {
  Rendition& rendition = renditions_[static_cast<std::size_t>(number)];
  // Pending holds consecutive indices, so that this one's place is known.
  if (rendition.pending.empty() ||
      index < rendition.pending.front().record.index) {
    return;
  }
  Pending& pending = rendition.pending[static_cast<std::size_t>(
      index - rendition.pending.front().record.index)];
  if (pending.state != Pending::State::kWaiting) return;
  if (status.ok()) {
    pending.state = Pending::State::kStored;
    ++stored_;
    rendition.bandwidth.Add(pending.record.body->size(),
                            pending.record.duration);
    EmitFor(EventType::kSegmentStored, rendition, pending, status);
  } else {
    pending.state = Pending::State::kLost;
    ++lost_;
    missing_.push_back(pending.key);
    if (pending.record.keep) *pending.record.keep = true;
    EmitFor(EventType::kSegmentLost, rendition, pending, status);
  }
  // The spool may forget it as soon as every output is through with it.
  pending.record.body = nullptr;
  Advance(rendition);
}

void Output::Advance(Rendition& rendition) {
  bool listed = false;
  while (!rendition.pending.empty() &&
         rendition.pending.front().state != Pending::State::kWaiting) {
    List(rendition, rendition.pending.front());
    rendition.pending.pop_front();
    listed = true;
  }
  if (!listed) return;
  for (const auto& playlist : rendition.playlists) {
    Publish(rendition, playlist);
  }
  if (finishing_) EndLists();
}

void Output::List(Rendition& rendition, const Pending& pending) {
  const std::uint64_t sequence =
      rendition.first_sequence + pending.record.index;
  if (!KeepsEverything(rendition) && pending.state == Pending::State::kStored) {
    rendition.expirable[sequence] = {.key = pending.key};
  }
  for (auto& playlist : rendition.playlists) {
    AppendTo(rendition, playlist, pending);
  }
}

void Output::AppendTo(Rendition& rendition, std::shared_ptr<Playlist>& playlist,
                      const Pending& pending) {
  const SegmentRecord& record = pending.record;
  MediaListEntry entry{.sequence = rendition.first_sequence + record.index,
                       .duration = record.duration,
                       .start = record.start,
                       .discontinuity = record.discontinuity,
                       .gap = pending.state == Pending::State::kLost};
  if (playlist->list.StartsNew(entry)) {
    playlist->ended = true;
    playlist->dirty = true;
    rendition.rotated.push_back(playlist);
    multivariant_.untrue = true;
    Publish(rendition, playlist);
    PlaylistPlan plan = playlist->plan;
    plan.key.clear();
    plan.list = playlist::MediaList(plan.list_options);
    playlist = std::make_shared<Playlist>(std::move(plan));
  }
  PathFields fields = FieldsFor(rendition);
  fields.extension = "m3u8";
  fields.sequence = rendition.first_number + record.index;
  fields.segment_time = record.start;
  if (playlist->key.empty()) {
    StatusOr<std::string> key = playlist->plan.path.Expand(fields);
    if (!key.ok()) {
      playlist->status = key.status();
      return;
    }
    playlist->key = std::move(key).value();
    if (plan_.delete_after_end) all_keys_.push_back(playlist->key);
  }
  entry.uri = playlist::RelativeUri(playlist->key, pending.key);
  if (!record.init_hash.empty()) {
    fields = FieldsFor(rendition);
    fields.hash = record.init_hash.substr(0, 12);
    const StatusOr<std::string> init = plan_.init.Expand(fields);
    if (init.ok()) {
      entry.map_uri = playlist::RelativeUri(playlist->key, *init);
    }
  }
  for (const playlist::RemovedSegment& removed : playlist->list.Append(entry)) {
    const auto found = rendition.expirable.find(removed.sequence);
    if (found == rendition.expirable.end()) continue;
    found->second.hold =
        std::max(found->second.hold, removed.duration + removed.longest_list);
  }
  playlist->dirty = true;
}

void Output::Publish(Rendition& rendition,
                     const std::shared_ptr<Playlist>& playlist) {
  if (!playlist->dirty || playlist->in_flight || playlist->key.empty()) return;
  if (playlist->list.type() == PlaylistType::kVod && !playlist->ended) return;
  playlist->dirty = false;
  playlist->in_flight = true;
  const bool ended = playlist->ended;
  const std::uint64_t oldest = playlist->list.window().oldest.sequence;
  uploader_->Put(
      {.key = playlist->key,
       .body = std::make_shared<PartsBody>(playlist->list.Render(ended)),
       .kind = ObjectKind::kMediaPlaylist,
       .content_type = std::string(kPlaylistType)},
      [self = shared_from_this(), number = rendition.number, playlist, ended,
       oldest](const Status& status) {
        self->OnPublished(self->renditions_[static_cast<std::size_t>(number)],
                          playlist, ended, oldest, status);
      });
}

void Output::OnPublished(Rendition& rendition,
                         const std::shared_ptr<Playlist>& playlist, bool ended,
                         std::uint64_t oldest, const Status& status) {
  const std::uint64_t newest = playlist->list.window().newest.sequence;
  playlist->in_flight = false;
  playlist->status = status;
  if (status.ok()) {
    playlist->published = true;
    playlist->stored_oldest = oldest;
    playlist->final_stored = ended;
    const bool rotated_out =
        ended &&
        std::find(rendition.playlists.begin(), rendition.playlists.end(),
                  playlist) == rendition.playlists.end();
    // Its text is not needed any more.
    if (rotated_out) {
      playlist->list = playlist::MediaList(playlist->plan.list_options);
    }
    emit_({.type = EventType::kPlaylistPublished,
           .output = plan_.id,
           .rendition = rendition.info.name,
           .key = playlist->key,
           .sequence = newest});
    Expire(rendition);
  }
  // A version that was refused for good is not put again; a newer one is.
  Publish(rendition, playlist);
  PublishMultivariant();
  CheckFinished();
}

void Output::Expire(Rendition& rendition) {
  std::uint64_t oldest = UINT64_MAX;
  for (const auto& playlist : rendition.playlists) {
    oldest = std::min(oldest, playlist->stored_oldest);
  }
  while (!rendition.expirable.empty() &&
         rendition.expirable.begin()->first < oldest) {
    const auto expired =
        rendition.expirable.extract(rendition.expirable.begin()).mapped();
    // A recording that has ended removes nothing behind its owner's back.
    const auto remove = [weak = weak_from_this(), key = expired.key] {
      const auto self = weak.lock();
      if (self == nullptr) return;
      self->uploader_->Remove(key, [self, key](const Status& status) {
        self->emit_({.type = EventType::kObjectRemoved,
                     .output = self->plan_.id,
                     .key = key,
                     .status = status});
      });
    };
    const auto hold =
        std::chrono::ceil<std::chrono::milliseconds>(expired.hold);
    strand_->PostAt(clock_.Steady() + hold, remove);
  }
}

std::string Output::RenderMultivariant(bool final) const {
  playlist::MultivariantLines lines{
      .version = plan_.fmp4 ? 6 : 3,
      .independent_segments = plan_.independent_segments};
  const bool any_video =
      std::any_of(renditions_.begin(), renditions_.end(),
                  [](const Rendition& r) { return r.info.has_video; });
  constexpr std::string_view kGroup = "audio";
  std::vector<std::string> group_codecs;
  std::int64_t group_peak = 0;
  std::int64_t group_average = 0;
  const auto with_room = [&](std::int64_t rate) {
    return final ? rate : WithRoom(rate);
  };
  for (const Rendition& rendition : renditions_) {
    if (!any_video || rendition.info.has_video) continue;
    std::string name = rendition.info.title;
    if (name.empty()) name = rendition.info.language;
    if (name.empty()) name = rendition.info.name;
    for (const auto& other : lines.audio) {
      if (other.name == name) name += " (" + rendition.info.name + ")";
    }
    lines.audio.push_back(
        {.group = std::string(kGroup),
         .name = name,
         .language = rendition.info.language,
         .is_default = lines.audio.empty(),
         .channels = rendition.info.channels,
         .uri = playlist::RelativeUri(multivariant_.key,
                                      rendition.playlists.front()->key)});
    for (const std::string& codec : rendition.info.codecs) {
      if (std::find(group_codecs.begin(), group_codecs.end(), codec) ==
          group_codecs.end()) {
        group_codecs.push_back(codec);
      }
    }
    group_peak = std::max(group_peak, rendition.bandwidth.peak());
    group_average = std::max(group_average, rendition.bandwidth.average());
  }
  for (const Rendition& rendition : renditions_) {
    if (any_video && !rendition.info.has_video) continue;
    playlist::VariantLines variant{
        .uri = playlist::RelativeUri(multivariant_.key,
                                     rendition.playlists.front()->key),
        .bandwidth = with_room(rendition.bandwidth.peak() + group_peak),
        .average_bandwidth =
            with_room(rendition.bandwidth.average() + group_average),
        .codecs = rendition.info.codecs,
        .width = rendition.info.width,
        .height = rendition.info.display_height,
        .frame_rate = rendition.info.frame_rate,
        .video_range = rendition.info.video_range};
    for (const std::string& codec : group_codecs) {
      if (std::find(variant.codecs.begin(), variant.codecs.end(), codec) ==
          variant.codecs.end()) {
        variant.codecs.push_back(codec);
      }
    }
    if (!lines.audio.empty()) variant.audio_group = kGroup;
    lines.variants.push_back(std::move(variant));
  }
  return playlist::RenderMultivariant(lines);
}

void Output::PublishMultivariant() {
  if (!plan_.multivariant || multivariant_.in_flight) return;
  bool final = finishing_;
  for (const Rendition& rendition : renditions_) {
    const Playlist& first = *rendition.playlists.front();
    if (!first.published) return;
    final = final && first.final_stored;
  }
  if (multivariant_.final_stored || multivariant_.refused) return;
  if (multivariant_.key.empty()) {
    PathFields fields = plan_.fields;
    fields.extension = "m3u8";
    StatusOr<std::string> key = plan_.multivariant->Expand(fields);
    if (!key.ok()) {
      multivariant_.status = key.status();
      return;
    }
    multivariant_.key = std::move(key).value();
    if (plan_.delete_after_end) all_keys_.push_back(multivariant_.key);
  }
  if (multivariant_.published && !final && !multivariant_.untrue) {
    bool holds = true;
    for (const Rendition& rendition : renditions_) {
      holds = holds && rendition.bandwidth.peak() <= rendition.promised_peak;
    }
    if (holds) return;
  }
  std::string text = RenderMultivariant(final);
  for (Rendition& rendition : renditions_) {
    rendition.promised_peak = WithRoom(rendition.bandwidth.peak());
  }
  multivariant_.untrue = false;
  multivariant_.in_flight = true;
  uploader_->Put({.key = multivariant_.key,
                  .body = MakeStringBody(std::move(text)),
                  .kind = ObjectKind::kMultivariantPlaylist,
                  .content_type = std::string(kPlaylistType)},
                 [self = shared_from_this(), final](const Status& status) {
                   self->multivariant_.in_flight = false;
                   self->multivariant_.status = status;
                   if (status.ok()) {
                     self->multivariant_.published = true;
                     self->multivariant_.final_stored = final;
                     self->emit_({.type = EventType::kPlaylistPublished,
                                  .output = self->plan_.id,
                                  .key = self->multivariant_.key});
                     self->PublishMultivariant();
                   } else {
                     self->multivariant_.refused = true;
                   }
                   self->CheckFinished();
                 });
}

void Output::Finish(std::function<void(OutputResult)> done) {
  done_ = std::move(done);
  finishing_ = true;
  EndLists();
  CheckFinished();
}

void Output::EndLists() {
  for (Rendition& rendition : renditions_) {
    if (!rendition.pending.empty()) continue;
    for (const auto& playlist : rendition.playlists) {
      if (playlist->ended || playlist->list.empty()) continue;
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
      if (!rendition.pending.empty()) return;
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
    if (multivariant_.in_flight) return;
  }
  finished_ = true;
  ScheduleDeleteAfterEnd();
  done_(MakeResult());
}

void Output::GiveUp() {
  if (finished_) return;
  given_up_ = true;
  uploader_->Stop();
  CheckFinished();
}

void Output::ScheduleDeleteAfterEnd() {
  if (!plan_.delete_after_end) return;
  // What lists goes before what is listed.
  std::stable_partition(
      all_keys_.begin(), all_keys_.end(),
      [](const std::string& key) { return key.ends_with(".m3u8"); });
  strand_->PostAt(clock_.Steady() + *plan_.delete_after_end,
                  [self = shared_from_this()] { self->DeleteNext(0); });
}

void Output::DeleteNext(std::size_t next) {
  if (next == all_keys_.size()) {
    return emit_({.type = EventType::kRecordingDeleted, .output = plan_.id});
  }
  const std::string& key = all_keys_[next];
  uploader_->Remove(
      key, [self = shared_from_this(), next, key](const Status& status) {
        self->emit_({.type = EventType::kObjectRemoved,
                     .output = self->plan_.id,
                     .key = key,
                     .status = status});
        self->DeleteNext(next + 1);
      });
}

OutputResult Output::MakeResult() const {
  OutputResult result{.id = plan_.id, .missing = missing_};
  const auto note = [&](const std::string& key, bool stored,
                        const Status& status) {
    result.playlists.push_back(key);
    if (stored) return;
    result.missing.push_back(key);
    if (result.status.ok() && !status.ok()) result.status = status;
  };
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
