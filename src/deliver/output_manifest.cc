// An output's manifest: what its recording is, and in the end all it stored.
#include <algorithm>
#include <span>
#include <utility>

#include "src/base/bytes.h"
#include "src/base/hash.h"
#include "src/base/status_util.h"
#include "src/deliver/manifest_rows.h"
#include "src/deliver/output.h"
#include "src/manifest/lazy_body.h"
#include "src/manifest/manifest.h"

namespace hlsrec::deliver {
namespace {

constexpr std::string_view kJsonType = "application/json";

// What it takes to tell a segment's name again.
struct SeriesNames {
  std::string rendition;
  PathTemplate segment;
  PathFields fields;
  std::uint64_t first_number = 0;
  std::uint64_t first_sequence = 0;

  [[nodiscard]] std::string KeyOf(const SegmentRow& row) const {
    PathFields of = fields;
    of.sequence = first_number + row.index;
    of.segment_time = row.start;
    const StatusOr<std::string> key = segment.Expand(of);
    return key.ok() ? *key : std::string();
  }
  [[nodiscard]] std::string Object(const SegmentRow& row) const {
    return manifest::RenderObject(
        {.key = KeyOf(row),
         .kind = std::string(manifest::kSegment),
         .rendition = rendition,
         .sequence = first_sequence + row.index,
         .size = row.size_bytes,
         .sha256 = row.has_sha256 ? HexDigits(row.sha256) : std::string(),
         .etag = row.etag,
         .duration = row.duration,
         .start_ticks = row.start_ticks,
         .date_time = row.start,
         .discontinuity = row.discontinuity,
         .listed_as_gap = row.outcome == spool::Outcome::kBackfilled});
  }
  [[nodiscard]] std::string Gap(const SegmentRow& row) const {
    return manifest::RenderGap(
        {.rendition = rendition,
         .sequence = first_sequence + row.index,
         .duration = row.duration,
         .start_ticks = row.start_ticks,
         .date_time = row.start,
         .discontinuity = row.discontinuity,
         .key = row.no_media ? std::string() : KeyOf(row)});
  }
};

std::string Before(bool& first) {
  return std::string(std::exchange(first, false) ? manifest::kFirstEntry
                                                 : manifest::kBetweenEntries);
}

// A part with the entries of `rows`; `first`: none is before it in its list.
manifest::Part PartOf(std::vector<SegmentRow> rows, const SeriesNames& names,
                      std::string (SeriesNames::*render)(const SegmentRow&)
                          const,
                      bool& first) {
  manifest::Part part{.entries = rows.size()};
  if (rows.empty()) return part;
  part.text = Before(first);
  part.entry = [rows = std::move(rows), names, render](std::size_t i) {
    return (names.*render)(rows[i]);
  };
  return part;
}

std::uint64_t SizeOf(const GzipList::Parts& text) {
  std::uint64_t size = 0;
  for (const auto& part : text) size += part->size();
  return size;
}

}  // namespace

std::shared_ptr<std::string> EtagOf(PutRequest& request) {
  // Nothing that is told makes a manifest large.
  constexpr std::size_t kLongest = 256;
  auto etag = std::make_shared<std::string>();
  request.on_etag = [etag](std::string told) {
    *etag = told.size() > kLongest ? std::string() : std::move(told);
  };
  return etag;
}

std::shared_ptr<std::string> Output::TakeEtag(PutRequest& request) const {
  return plan_.manifest ? EtagOf(request) : nullptr;
}

void Output::SetState(RecordingState state) {
  if (!plan_.manifest || finished_ || manifest_.state == state) return;
  manifest_.state = state;
  manifest_.dirty = true;
  PublishManifest();
}

bool Output::NameManifest() {
  if (!manifest_.key.empty()) return true;
  PathFields fields = plan_.fields;
  fields.extension = "json";
  StatusOr<std::string> key = plan_.manifest->path.Expand(fields);
  manifest_.status = key.status();
  if (!key.ok()) return false;
  manifest_.key = std::move(key).value();
  Remember(manifest_.key);
  return true;
}

// While it goes on: its state, and what changes seldom. What is stored
// meanwhile the playlists tell.
void Output::PublishManifest() {
  // Behind the end of a recording nobody says again that it goes on.
  if (!manifest_.dirty || manifest_.in_flight || manifest_.refused ||
      plan_.ending || holds_back() || given_up_ || manifest_.reading) {
    return;
  }
  const bool too_soon =
      TooSoon(manifest_.pace, [](Output& output) { output.PublishManifest(); });
  if (too_soon || !NameManifest()) return;
  manifest_.dirty = false;
  PutManifest(MakeStringBody(manifest::RenderRunning(MakeHead())), false);
}

void Output::PutManifest(std::shared_ptr<const Body> body, bool last) {
  manifest_.in_flight = true;
  uploader_->Put({.key = manifest_.key,
                  .body = std::move(body),
                  .kind = ObjectKind::kManifest,
                  .content_type = std::string(kJsonType),
                  .last_version = last},
                 [self = shared_from_this(), last](const Status& status) {
                   self->OnManifestPut(last, status);
                 });
}

void Output::OnManifestPut(bool last, const Status& status) {
  manifest_.in_flight = false;
  manifest_.pace.next = clock_.Steady() + plan_.rewrite_interval;
  manifest_.status = status;
  // What is refused for good is tried once more, at the end.
  manifest_.refused = !status.ok();
  if (last) {
    manifest_.settled = true;
    manifest_.stored = status.ok();
    // Who resumes what is complete has nothing to say.
    if (status.ok() && manifest_.state == RecordingState::kCompleted) {
      journal_.Add(spool::PlaylistPublished{.recording = plan_.recording,
                                            .output = plan_.id,
                                            .rendition = -1,
                                            .key = manifest_.key,
                                            .ended = true},
                   {});
    }
  } else {
    PublishManifest();
  }
  CheckFinished();
}

manifest::Head Output::MakeHead() const {
  const WallTime now = clock_.Wall();
  manifest::Head head{
      .id = plan_.manifest->id,
      .state = manifest_.state.value_or(RecordingState::kStarting),
      .stream = plan_.fields.stream,
      .session = plan_.fields.session,
      .started = plan_.fields.time.value_or(now),
      .updated = now,
      .identity = plan_.fields.identity,
      .output = plan_.id,
      .key = manifest_.key,
      .container = plan_.fmp4 ? "fmp4" : "mpegts"};
  if (multivariant_.published) head.multivariant = multivariant_.key;
  for (const Rendition& rendition : renditions_) {
    const RenditionInfo& info = rendition.info;
    manifest::Rendition told{
        .name = info.name,
        .layer_index = plan_.fields.identity.layer_index.value_or(info.layer),
        .codecs = info.codecs,
        .width = info.width,
        .height = info.display_height,
        .frame_rate = info.frame_rate,
        .video_range = std::string(info.video_range),
        .bandwidth = rendition.bandwidth.peak(),
        .average_bandwidth = rendition.bandwidth.average(),
        .first_sequence = rendition.first_sequence,
        .tracks = info.tracks};
    for (const auto* playlists : {&rendition.rotated, &rendition.playlists}) {
      for (const auto& playlist : *playlists) {
        if (playlist->published) told.playlists.push_back(playlist->key);
      }
    }
    head.renditions.push_back(std::move(told));
  }
  return head;
}

bool Output::ManifestIsSettled() {
  if (!plan_.manifest || manifest_.settled) return true;
  // What is about to be removed must not be named.
  if (manifest_.in_flight || manifest_.reading || removals_ > 0) return false;
  if (!NameManifest() || plan_.ended.contains(manifest_.key)) {
    manifest_.settled = true;
    manifest_.stored = manifest_.status.ok();
    return true;
  }
  manifest_.waits =
      TooSoon(manifest_.pace, [](Output& output) { output.CheckFinished(); });
  if (manifest_.waits) return false;
  manifest_.reading = true;
  ReadRows(
      strand_, journal_, Series(),
      [self = shared_from_this()](std::size_t r, std::uint64_t index) {
        return self->IsThere(self->renditions_[r], index);
      },
      [self = shared_from_this()](StatusOr<std::vector<SeriesRows>> rows) {
        self->OnRows(std::move(rows));
      });
  return manifest_.settled;
}

// What windows drop is removed, each in its time.
bool Output::IsThere(const Rendition& rendition, std::uint64_t index) const {
  const std::uint64_t sequence = rendition.first_sequence + index;
  return KeepsEverything(rendition) || rendition.expirable.contains(sequence) ||
         rendition.leaving.contains(sequence);
}

void Output::OnRows(StatusOr<std::vector<SeriesRows>> rows) {
  manifest_.reading = false;
  if (given_up_ || finished_) return;
  if (!rows.ok()) {
    manifest_.status = rows.status().WithContext("manifest");
    manifest_.settled = true;
    return CheckFinished();
  }
  OutputResult result = EndedResult();
  std::vector<manifest::Part> objects = ListParts();
  bool first = objects.empty();
  std::vector<manifest::Part> gaps;
  bool first_gap = true;
  manifest::Counts counts{.retries = uploader_->retries()};
  for (std::size_t r = 0; r < rows->size(); ++r) {
    const Rendition& rendition = renditions_[r];
    SeriesRows& series = (*rows)[r];
    const SeriesNames names{.rendition = rendition.info.name,
                            .segment = plan_.segment,
                            .fields = FieldsFor(rendition),
                            .first_number = rendition.first_number,
                            .first_sequence = rendition.first_sequence};
    counts.segments += series.stored.size();
    counts.bytes += series.stored_bytes;
    counts.gaps += series.gaps.size();
    counts.discontinuities += series.discontinuities;
    for (const SegmentRow& row : series.gaps) {
      if (row.no_media) continue;
      std::string key = names.KeyOf(row);
      if (std::find(result.missing.begin(), result.missing.end(), key) ==
          result.missing.end()) {
        result.missing.push_back(std::move(key));
      }
    }
    AddInitParts(rendition, series.init_hashes, first, objects);
    objects.push_back(
        PartOf(std::move(series.stored), names, &SeriesNames::Object, first));
    gaps.push_back(
        PartOf(std::move(series.gaps), names, &SeriesNames::Gap, first_gap));
  }
  counts.undelivered = result.missing.size();
  const Status& failure = failure_.ok() ? result.status : failure_;
  const bool complete = failure.ok() && result.missing.empty();
  manifest_.state =
      complete ? RecordingState::kCompleted : RecordingState::kFailed;
  manifest::Head head = MakeHead();
  head.ended = head.updated;
  head.error = failure.message();
  head.counts = counts;
  if (!rows->empty()) head.duration = rows->front().duration;
  std::vector<manifest::Part> all;
  all.push_back({.text = manifest::OpenLists(head)});
  std::move(objects.begin(), objects.end(), std::back_inserter(all));
  all.push_back({.text = std::string(manifest::kBetweenLists)});
  std::move(gaps.begin(), gaps.end(), std::back_inserter(all));
  all.push_back({.text = manifest::CloseLists(result.missing)});
  PutManifest(manifest::MakeLazyBody(std::move(all),
                                     std::string(manifest::kBetweenEntries)),
              true);
}

// Of playlists, whose last versions are stored.
std::vector<manifest::Part> Output::ListParts() const {
  std::vector<manifest::Part> parts;
  bool first = true;
  const auto add = [&](manifest::Object object) {
    if (plan_.gzip_playlists) object.encoding = "gzip";
    parts.push_back({.text = Before(first) + manifest::RenderObject(object)});
  };
  if (multivariant_.final_stored) {
    add({.key = multivariant_.key,
         .kind = std::string(manifest::kMultivariant),
         .size = multivariant_.text.size(),
         .sha256 = Sha256Hex(AsBytes(multivariant_.text)),
         .etag = Told(multivariant_.etag)});
  }
  std::set<std::string> told;
  const auto add_list = [&](const Rendition& rendition,
                            const Playlist& playlist) {
    if (!playlist.final_stored || playlist.key.empty()) return;
    manifest::Object object{.key = playlist.key,
                            .kind = std::string(manifest::kPlaylist),
                            .rendition = rendition.info.name,
                            .sha256 = playlist.sha256,
                            .etag = Told(playlist.etag)};
    if (!playlist.sha256.empty()) {
      object.size = playlist.size_bytes;
    } else if (!playlist.list.empty()) {
      // An earlier run put it.
      const GzipList::Parts text = playlist.list.Render(true);
      object.sha256 = HashOf(text);
      object.size = SizeOf(text);
    }
    told.insert(playlist.key);
    add(std::move(object));
  };
  for (const Rendition& rendition : renditions_) {
    for (const auto* playlists : {&rendition.rotated, &rendition.playlists}) {
      for (const auto& playlist : *playlists) add_list(rendition, *playlist);
    }
  }
  for (const manifest::Object& object : end_work_.made.objects) {
    parts.push_back({.text = Before(first) + manifest::RenderObject(object)});
  }
  // Those that earlier runs have ended.
  for (const std::string& key : plan_.ended) {
    if (told.contains(key) || key == manifest_.key) continue;
    add({.key = key, .kind = std::string(manifest::kPlaylist)});
  }
  return parts;
}

void Output::AddInitParts(const Rendition& rendition,
                          const std::set<std::string>& hashes, bool& first,
                          std::vector<manifest::Part>& parts) const {
  for (const std::string& hash : hashes) {
    const StatusOr<std::string> key = InitKey(rendition, hash);
    if (!key.ok()) continue;
    manifest::Object object{.key = *key,
                            .kind = std::string(manifest::kInitSection),
                            .rendition = rendition.info.name,
                            .sha256 = hash};
    const auto size = rendition.init_sizes.find(hash);
    if (size != rendition.init_sizes.end()) object.size = size->second;
    const auto etag = rendition.init_etags.find(hash);
    if (etag != rendition.init_etags.end()) object.etag = Told(etag->second);
    parts.push_back({.text = Before(first) + manifest::RenderObject(object)});
  }
}

}  // namespace hlsrec::deliver
