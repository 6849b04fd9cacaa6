// The multivariant playlist of an output.
#include <utility>

#include "src/base/status_util.h"
#include "src/deliver/multivariant_lines.h"
#include "src/deliver/output.h"

namespace hlsrec::deliver {
namespace {

// Later peaks may be higher: head room keeps the playlist from changing.
constexpr int kHeadroomPercent = 25;
std::int64_t WithRoom(std::int64_t rate) {
  return rate + rate * kHeadroomPercent / 100;
}

}  // namespace

std::string Output::RenderMultivariant(bool final) const {
  std::vector<ListedRendition> listed;
  for (const Rendition& rendition : renditions_) {
    listed.push_back({.info = rendition.info,
                      .uri = playlist::RelativeUri(
                          multivariant_.key, rendition.playlists.front()->key),
                      .peak = rendition.bandwidth.peak(),
                      .average = rendition.bandwidth.average()});
  }
  return playlist::RenderMultivariant(ListRenditions(
      listed, {.fmp4 = plan_.fmp4,
               .independent_segments = plan_.independent_segments,
               .headroom_percent = final ? 0 : kHeadroomPercent}));
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
