#include "src/deliver/output.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "src/base/status_util.h"

namespace hlsrec::deliver {
namespace {

// The same in each run of a recording.
std::uint32_t SeedOf(const OutputPlan& plan) {
  const std::string name =
      plan.fields.stream + "\n" + plan.fields.session + "\n" + plan.id;
  return static_cast<std::uint32_t>(std::hash<std::string>()(name));
}

}  // namespace

Output::Output(std::shared_ptr<Strand> strand, const Clock& clock,
               spool::Journal& journal, OutputPlan plan,
               std::function<void(Event)> emit)
    : strand_(std::move(strand)),
      clock_(clock),
      journal_(journal),
      plan_(std::move(plan)),
      emit_(std::move(emit)),
      kept_(plan_.keeps_media()
                ? std::make_shared<KeptMedia>(plan_.renditions.size())
                : nullptr) {
  uploader_ = std::make_shared<Uploader>(
      strand_, clock_, plan_.sink,
      UploaderOptions{.retry = plan_.retry,
                      .rewrite_interval = plan_.rewrite_interval,
                      .seed = SeedOf(plan_)},
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
  if (plan_.manifest || (plan_.chat && plan_.chat->captions_path)) {
    journal_.KeepSegments(plan_.recording);
  }
  for (const RenditionPlan& rendition_plan : plan_.renditions) {
    Rendition rendition;
    rendition.number = static_cast<int>(renditions_.size());
    rendition.info = rendition_plan.info;
    rendition.first_sequence = rendition_plan.first_sequence;
    rendition.first_number = rendition_plan.first_number;
    std::int64_t target = 6;
    for (const PlaylistPlan& playlist_plan : rendition_plan.playlists) {
      target = playlist_plan.list.target_duration();
      rendition.playlists.push_back(std::make_shared<Playlist>(
          rendition.playlists.size(), playlist_plan));
      if (!playlist_plan.key.empty()) Remember(playlist_plan.key);
    }
    rendition.bandwidth = BandwidthMeter(std::chrono::seconds(target));
    renditions_.push_back(std::move(rendition));
  }
}

PathFields Output::FieldsFor(const Rendition& rendition) const {
  PathFields fields = FieldsOf(plan_, rendition.info);
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
         .size_bytes = pending.record.size_bytes,
         .status = status});
}

const RenditionInfo& Output::Describe(int rendition, RenditionInfo info) {
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
  return target.info;
}

Output::Pending& Output::Enqueue(Rendition& rendition, SegmentRecord record) {
  rendition.next_index = record.index + 1;
  if (record.init != nullptr && plan_.manifest) {
    rendition.init_sizes[record.init_hash] = record.init->size();
  }
  Pending& pending = rendition.pending.emplace_back();
  pending.record = std::move(record);
  pending.owed_since = clock_.Steady();
  PathFields fields = FieldsFor(rendition);
  fields.sequence = rendition.first_number + pending.record.index;
  fields.segment_time = pending.record.start;
  StatusOr<std::string> key = plan_.segment.Expand(fields);
  if (!key.ok()) {
    pending.state = Pending::State::kLost;
    ++lost_;
    EmitFor(EventType::kSegmentLost, rendition, pending, key.status());
    return pending;
  }
  pending.key = std::move(key).value();
  if (pending.record.gap) pending.state = Pending::State::kLost;
  return pending;
}

void Output::Add(SegmentRecord record) {
  Rendition& rendition =
      renditions_[static_cast<std::size_t>(record.rendition)];
  if (kept_ != nullptr) record.kept = record.body;
  Pending& pending = Enqueue(rendition, std::move(record));
  Keep(rendition, pending);
  if (retention_ == nullptr) StartRetention();
  if (pending.state == Pending::State::kLost) return Advance(rendition);
  if (holds_back()) return Hold(pending);
  Bring(rendition, pending);
}

}  // namespace hlsrec::deliver
