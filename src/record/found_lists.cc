#include "src/record/found_lists.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include "src/base/bytes.h"
#include "src/base/hash.h"
#include "src/base/status_util.h"
#include "src/playlist/parse.h"
#include "src/playlist/render.h"
#include "src/record/stored.h"

namespace hlsrec::record {
namespace {

using deliver::OutputPlan;
using deliver::PlaylistPlan;
using deliver::RenditionPlan;
using playlist::MediaPlaylist;
using Kind = ListBefore::Kind;

// As long as the part of a hash that is in names, and in no other name.
constexpr std::string_view kNoHash = "zzzzzzzzzzzz";

// Reads what the lists of one rendition say.
class ListReader {
 public:
  ListReader(RuntimeCore& core, const OutputPlan& output,
             const RenditionPlan& rendition)
      : core_(core), output_(output), rendition_(rendition) {}

  // Those of the recording; of a list that it continued others come first.
  StatusOr<std::vector<ListedBefore>> Read(const std::string& key,
                                           const MediaPlaylist& media) {
    std::vector<ListedBefore> segments;
    WallTime next = {};
    for (const playlist::Segment& segment : media.segments) {
      ListedBefore listed{.duration = segment.duration.value,
                          .start = next,
                          .discontinuity = segment.discontinuity,
                          .gap = segment.gap};
      if (segment.date_time) {
        listed.start = std::chrono::time_point_cast<WallTime::duration>(
            segment.date_time->time);
      }
      next = listed.start + listed.duration;
      if (segment.sequence < rendition_.first_sequence) continue;
      listed.index = segment.sequence - rendition_.first_sequence;
      if (segment.map) {
        HLSREC_ASSIGN_OR_RETURN(listed.init_hash,
                                HashOf(key, media.maps[*segment.map].uri));
      }
      listed.ours = IsOurs(key, segment, listed);
      segments.push_back(std::move(listed));
    }
    return segments;
  }

 private:
  [[nodiscard]] bool IsOurs(const std::string& list,
                            const playlist::Segment& segment,
                            const ListedBefore& listed) const {
    PathFields fields = NameFields(output_, rendition_);
    fields.extension = output_.fmp4 ? "m4s" : "ts";
    fields.sequence = rendition_.first_number + listed.index;
    fields.segment_time = listed.start;
    const StatusOr<std::string> key = output_.segment.Expand(fields);
    return key.ok() && playlist::RelativeUri(list, *key) == segment.uri &&
           output_.fmp4 == !listed.init_hash.empty();
  }

  // Of the init section at `uri`; empty: it is not one of ours.
  StatusOr<std::string> HashOf(const std::string& list,
                               const std::string& uri) {
    const auto known = hashes_.find(uri);
    if (known != hashes_.end()) return known->second;
    std::string& hash = hashes_[uri];
    PathFields fields = NameFields(output_, rendition_);
    fields.extension = output_.fmp4 ? "m4s" : "ts";
    fields.hash = std::string(kNoHash);
    StatusOr<std::string> key = output_.init.Expand(fields);
    if (!key.ok()) return hash;
    const std::size_t at = playlist::RelativeUri(list, *key).find(kNoHash);
    if (at != std::string::npos && at + kNoHash.size() <= uri.size()) {
      fields.hash = uri.substr(at, kNoHash.size());
      key = output_.init.Expand(fields);
    }
    if (!key.ok() || playlist::RelativeUri(list, *key) != uri) return hash;
    HLSREC_ASSIGN_OR_RETURN(const std::optional<std::string> bytes,
                            GetPlaylist(core_, *output_.sink, *key));
    if (!bytes) return hash;
    hash = Sha256Hex(AsBytes(*bytes));
    if (at != std::string::npos && !hash.starts_with(fields.hash)) {
      hash.clear();
    }
    return hash;
  }

  RuntimeCore& core_;
  const OutputPlan& output_;
  const RenditionPlan& rendition_;
  std::map<std::string, std::string> hashes_;  // by URI
};

// What all names of a rotating policy's lists begin with.
StatusOr<std::string> CommonPrefix(const PathTemplate& path,
                                   PathFields fields) {
  const auto expand = [&](std::uint64_t number, std::chrono::years years) {
    fields.sequence = number;
    fields.segment_time = WallTime(years + std::chrono::hours(23));
    return path.Expand(fields);
  };
  // Two that differ in every digit of their numbers.
  HLSREC_ASSIGN_OR_RETURN(const std::string one,
                          expand(111111111, std::chrono::years(0)));
  HLSREC_ASSIGN_OR_RETURN(const std::string two,
                          expand(222222222, std::chrono::years(60)));
  return std::string(
      one.begin(),
      std::mismatch(one.begin(), one.end(), two.begin(), two.end()).first);
}

// One list of a rotating policy; none: it is somebody else's.
std::optional<spool::PlaylistPublished> VersionOf(
    const OutputPlan& output, const RenditionPlan& rendition,
    const PlaylistPlan& plan, const std::string& key,
    const MediaPlaylist& media) {
  if (media.segments.empty()) return std::nullopt;
  const playlist::Segment& first = media.segments.front();
  if (first.sequence < rendition.first_sequence) return std::nullopt;
  PathFields fields = NameFields(output, rendition);
  fields.extension = "m3u8";
  fields.sequence =
      rendition.first_number + first.sequence - rendition.first_sequence;
  if (first.date_time) {
    fields.segment_time =
        std::chrono::time_point_cast<WallTime::duration>(first.date_time->time);
  }
  const StatusOr<std::string> expected = plan.path.Expand(fields);
  if (!expected.ok() || *expected != key) return std::nullopt;
  return spool::PlaylistPublished{
      .recording = output.recording,
      .output = output.id,
      .key = key,
      .oldest_sequence = first.sequence,
      .newest_sequence = media.segments.back().sequence,
      .discontinuity_sequence = media.discontinuity_sequence.value,
      .ended = media.end_list.present()};
}

bool IsBefore(const spool::PlaylistPublished& a,
              const spool::PlaylistPublished& b) {
  return a.oldest_sequence < b.oldest_sequence;
}

Status GoOnBehind(std::string key, std::string text, PlaylistPlan& plan) {
  HLSREC_ASSIGN_OR_RETURN(
      plan.list, playlist::MediaList::Continue(plan.list_options, text));
  plan.key = std::move(key);
  plan.imported = std::move(text);
  plan.list_from = plan.list.next_sequence();
  return {};
}

// The newest of them goes on where it has no end; those before it have theirs.
StatusOr<ListBefore> GoOnRotating(RuntimeCore& core, const OutputPlan& output,
                                  const RenditionPlan& rendition,
                                  PlaylistPlan& plan) {
  PathFields fields = NameFields(output, rendition);
  fields.extension = "m3u8";
  HLSREC_ASSIGN_OR_RETURN(const std::string prefix,
                          CommonPrefix(plan.path, fields));
  const StatusOr<std::vector<ObjectInfo>> objects =
      ListObjects(core, *output.sink, prefix);
  ListBefore before;
  if (objects.status().code() == StatusCode::kUnimplemented) return before;
  HLSREC_RETURN_IF_ERROR(objects.status());
  before.kind = Kind::kMissing;
  plan.key.clear();
  ListReader reader(core, output, rendition);
  std::string newest;
  for (const ObjectInfo& object : *objects) {
    if (!object.key.ends_with(".m3u8")) continue;
    HLSREC_ASSIGN_OR_RETURN(const std::optional<std::string> text,
                            GetPlaylist(core, *output.sink, object.key));
    if (!text) continue;
    const auto parsed = playlist::ParsePlaylist(*text);
    if (!parsed.ok()) continue;
    auto version =
        VersionOf(output, rendition, plan, object.key, parsed->media);
    if (!version) continue;
    before.kind = Kind::kFound;
    if (before.versions.empty() ||
        version->oldest_sequence > before.versions.back().oldest_sequence) {
      newest = *text;
    }
    before.versions.push_back(*std::move(version));
    std::sort(before.versions.begin(), before.versions.end(), IsBefore);
    HLSREC_ASSIGN_OR_RETURN(std::vector<ListedBefore> segments,
                            reader.Read(object.key, parsed->media));
    // A list does not say so of its first segment.
    segments.front().discontinuity = segments.front().index > 0;
    before.segments.insert(before.segments.end(), segments.begin(),
                           segments.end());
  }
  if (before.versions.empty()) return before;
  std::sort(before.segments.begin(), before.segments.end(),
            [](const ListedBefore& a, const ListedBefore& b) {
              return a.index < b.index;
            });
  for (auto older = before.versions.begin();
       std::next(older) != before.versions.end(); ++older) {
    older->ended = true;
  }
  if (!before.versions.back().ended) {
    HLSREC_RETURN_IF_ERROR(
        GoOnBehind(before.versions.back().key, std::move(newest), plan));
  }
  return before;
}

StatusOr<ListBefore> GoOnFrom(RuntimeCore& core, OutputPlan& output,
                              const RenditionPlan& of, PlaylistPlan& plan) {
  ListBefore before;
  const PlaylistType type = plan.list_options.policy->type();
  if (type != PlaylistType::kLive) before.kind = Kind::kMissing;
  std::string key = plan.key;
  if (key.empty()) {
    PathFields fields = NameFields(output, of);
    fields.extension = "m3u8";
    HLSREC_ASSIGN_OR_RETURN(key, plan.path.Expand(fields));
  }
  HLSREC_ASSIGN_OR_RETURN(const std::optional<std::string> text,
                          GetPlaylist(core, *output.sink, key));
  if (!text) return before;
  if (text->ends_with(playlist::kEndList)) output.ended.insert(key);
  HLSREC_ASSIGN_OR_RETURN(const playlist::ParsedPlaylist parsed,
                          playlist::ParsePlaylist(*text));
  if (type == PlaylistType::kVod) {
    // It has said all there is to say.
    plan.key = key;
    plan.list_from = UINT64_MAX;
  } else {
    HLSREC_RETURN_IF_ERROR(GoOnBehind(key, *text, plan));
  }
  before.kind = Kind::kFound;
  HLSREC_ASSIGN_OR_RETURN(before.segments,
                          ListReader(core, output, of).Read(key, parsed.media));
  return before;
}

}  // namespace

StatusOr<std::vector<std::vector<ListBefore>>> GoOnFromPlaylists(
    RuntimeCore& core, OutputPlan& output) {
  std::vector<std::vector<ListBefore>> renditions;
  for (std::size_t r = 0; r < output.renditions.size(); ++r) {
    RenditionPlan& rendition = output.renditions[r];
    std::vector<ListBefore>& lists = renditions.emplace_back();
    for (std::size_t p = 0; p < rendition.playlists.size(); ++p) {
      PlaylistPlan& plan = rendition.playlists[p];
      const bool rotates = plan.list_options.policy->rotates();
      HLSREC_ASSIGN_OR_RETURN(
          ListBefore list, rotates ? GoOnRotating(core, output, rendition, plan)
                                   : GoOnFrom(core, output, rendition, plan));
      for (spool::PlaylistPublished& version : list.versions) {
        version.rendition = static_cast<int>(r);
        version.playlist = static_cast<int>(p);
      }
      lists.push_back(std::move(list));
    }
  }
  return renditions;
}

}  // namespace hlsrec::record
