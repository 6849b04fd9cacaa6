// The multivariant playlist of an output.
#include <algorithm>
#include <utility>

#include "src/base/status_util.h"
#include "src/deliver/output.h"

namespace hlsrec::deliver {
namespace {

// Later peaks may be higher: head room keeps the playlist from changing.
std::int64_t WithRoom(std::int64_t rate) { return rate + rate / 4; }

}  // namespace

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
  multivariant_.waits = false;
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
    Remember(multivariant_.key);
  }
  if (multivariant_.published && !final && !multivariant_.untrue) {
    bool holds = true;
    for (const Rendition& rendition : renditions_) {
      holds = holds && rendition.bandwidth.peak() <= rendition.promised_peak;
    }
    if (holds) return;
  }
  multivariant_.waits = TooSoon(multivariant_.pace, [](Output& output) {
    output.PublishMultivariant();
    output.CheckFinished();
  });
  if (multivariant_.waits) return;
  std::string text = RenderMultivariant(final);
  for (Rendition& rendition : renditions_) {
    rendition.promised_peak = WithRoom(rendition.bandwidth.peak());
  }
  multivariant_.untrue = false;
  multivariant_.in_flight = true;
  multivariant_.text = text;
  GzipList gzip;
  PutRequest request{.key = multivariant_.key,
                     .kind = ObjectKind::kMultivariantPlaylist,
                     .last_version = final};
  multivariant_.etag = TakeEtag(request);
  PutPlaylist(std::move(request),
              {std::make_shared<const std::string>(std::move(text))}, gzip,
              [self = shared_from_this(), final](const Status& status) {
                self->multivariant_.in_flight = false;
                self->multivariant_.pace.next =
                    self->clock_.Steady() + self->plan_.rewrite_interval;
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

}  // namespace hlsrec::deliver
