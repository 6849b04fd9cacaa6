#include "src/playlist/media_list.h"

#include <algorithm>
#include <utility>

#include "src/base/status_util.h"
#include "src/playlist/parse.h"

namespace hlsrec::playlist {
namespace {

// Small enough that compressing the open block anew for each version costs
// little, large enough that it compresses well.
constexpr std::size_t kBlockEntries = 256;

std::string_view TypeName(ListType type) {
  switch (type) {
    case ListType::kEvent:
      return "EVENT";
    case ListType::kVod:
      return "VOD";
    case ListType::kNone:
      return "live";
  }
  return "live";
}

// Tags that stand once per playlist, wherever they are written.
bool IsHeaderLine(std::string_view line) {
  constexpr std::string_view kTags[] = {"#EXTM3U",
                                        "#EXT-X-VERSION",
                                        "#EXT-X-TARGETDURATION",
                                        "#EXT-X-MEDIA-SEQUENCE",
                                        "#EXT-X-DISCONTINUITY-SEQUENCE",
                                        "#EXT-X-PLAYLIST-TYPE",
                                        "#EXT-X-INDEPENDENT-SEGMENTS",
                                        "#EXT-X-START",
                                        "#EXT-X-ALLOW-CACHE",
                                        "#EXT-X-SERVER-CONTROL",
                                        "#EXT-X-PART-INF",
                                        "#EXT-X-I-FRAMES-ONLY",
                                        "#EXT-X-DEFINE"};
  return std::any_of(
      std::begin(kTags), std::end(kTags), [&](std::string_view tag) {
        return line.starts_with(tag) &&
               (line.size() == tag.size() || line[tag.size()] == ':');
      });
}

// A playlist's text by what it belongs to.
struct SplitText {
  std::string header;
  std::vector<std::string> segments;  // one per URI line, with its tags
};

SplitText Split(std::string_view text) {
  SplitText split;
  std::string pending;
  bool in_header = true;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1);
    std::string_view line = text.substr(0, end + 1);
    text.remove_prefix(end + 1);
    while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) {
      line.remove_suffix(1);
    }
    if (line.empty() || line == "#EXT-X-ENDLIST") continue;
    if (in_header && IsHeaderLine(line)) {
      split.header.append(line).push_back('\n');
      continue;
    }
    in_header = false;
    if (IsHeaderLine(line)) continue;
    pending.append(line).push_back('\n');
    if (line.front() != '#')
      split.segments.push_back(std::exchange(pending, {}));
  }
  return split;
}

// The text of one segment without its EXT-X-MAP lines.
std::string WithoutMap(std::string_view text) {
  std::string kept;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1);
    const std::string_view line = text.substr(0, end + 1);
    text.remove_prefix(end + 1);
    if (!line.starts_with("#EXT-X-MAP:")) kept.append(line);
  }
  return kept;
}

}  // namespace

MediaList::MediaList(MediaListOptions options) : options_(std::move(options)) {}

StatusOr<MediaList> MediaList::Continue(MediaListOptions options,
                                        std::string_view text) {
  HLSREC_ASSIGN_OR_RETURN(const ParsedPlaylist parsed, ParsePlaylist(text));
  if (parsed.kind != PlaylistKind::kMedia) {
    return FailedPrecondition("append: is a multivariant playlist");
  }
  const MediaPlaylist& old = parsed.media;
  if (old.type.value == ListType::kVod) {
    return FailedPrecondition(
        "append: is a VOD playlist, which never changes: use a new session");
  }
  const PlaylistType type = options.policy->type();
  const ListType wanted =
      type == PlaylistType::kEvent ? ListType::kEvent : ListType::kNone;
  if (old.type.value != wanted && !(type == PlaylistType::kLive)) {
    return FailedPrecondition(
        "append: is a {} playlist, not {}: choose the same policy or a new "
        "session",
        TypeName(old.type.value), TypeName(wanted));
  }
  if (old.type.value == ListType::kEvent && type == PlaylistType::kLive) {
    return FailedPrecondition(
        "append: is an EVENT playlist, which may not lose segments: choose "
        "the event policy or a new session");
  }
  if (old.target_duration.value == 0) {
    return FailedPrecondition("append: has no EXT-X-TARGETDURATION");
  }
  if (type == PlaylistType::kEvent && old.version.value < options.version) {
    return FailedPrecondition(
        "append: says EXT-X-VERSION {}, what follows needs {}: use a new "
        "session",
        old.version.value, options.version);
  }
  if (!old.segments.empty() && !old.segments.back().keys.empty()) {
    return FailedPrecondition(
        "append: its last segment is encrypted, what follows would not be: use "
        "a new session");
  }
  constexpr int kMapVersion = 6;
  if (!old.segments.empty() && old.segments.back().map &&
      options.version < kMapVersion) {
    return FailedPrecondition(
        "append: holds fMP4, what follows is MPEG-TS: use container fmp4 or a "
        "new session");
  }
  options.target_duration =
      static_cast<std::int64_t>(old.target_duration.value);
  MediaList list(std::move(options));
  SplitText split = Split(text);
  if (split.segments.size() != old.segments.size()) {
    return FailedPrecondition("append: can't be read without doubt");
  }
  list.imported_header_ = std::move(split.header);
  list.media_sequence_ = old.media_sequence.value;
  list.discontinuity_sequence_ = old.discontinuity_sequence.value;
  list.next_sequence_ = old.media_sequence.value + old.segments.size();
  list.pending_discontinuity_ = !old.segments.empty();
  for (std::size_t i = 0; i < old.segments.size(); ++i) {
    const Segment& segment = old.segments[i];
    Line line;
    line.listed = {.sequence = segment.sequence,
                   .duration = segment.duration.value};
    if (segment.date_time) {
      line.listed.start =
          std::chrono::time_point_cast<std::chrono::system_clock::duration>(
              segment.date_time->time);
    } else if (i > 0) {
      line.listed.start =
          list.window_.newest.start + list.window_.newest.duration;
    }
    if (segment.map) line.map_uri = old.maps[*segment.map].uri;
    line.discontinuity = segment.discontinuity;
    list.window_.newest = line.listed;
    if (i == 0) list.window_.oldest = line.listed;
    ++list.window_.count;
    list.window_.duration += line.listed.duration;
    list.imported_uris_.push_back(segment.uri);
    list.last_map_uri_ = line.map_uri;
    if (type == PlaylistType::kLive) {
      line.text = WithoutMap(split.segments[i]);
      list.lines_.push_back(std::move(line));
    } else {
      list.AppendEntry(split.segments[i]);
    }
  }
  return list;
}

MediaList MediaList::Resume(MediaListOptions options, std::uint64_t oldest,
                            std::uint64_t discontinuity_sequence) {
  MediaList list(std::move(options));
  list.media_sequence_ = oldest;
  list.next_sequence_ = oldest;
  list.discontinuity_sequence_ = discontinuity_sequence;
  list.resumed_ = true;
  return list;
}

bool MediaList::StartsNew(const MediaListEntry& entry) const {
  if (empty()) return false;
  return options_.policy->StartsNewPlaylist(window_,
                                            {.sequence = entry.sequence,
                                             .duration = entry.duration,
                                             .start = entry.start});
}

std::vector<RemovedSegment> MediaList::Append(const MediaListEntry& entry) {
  Line line;
  line.listed = {.sequence = entry.sequence,
                 .duration = entry.duration,
                 .start = entry.start};
  line.map_uri = entry.map_uri;
  // A fresh list has nothing to be discontinuous with.
  line.discontinuity =
      (!empty() || resumed_) && (entry.discontinuity || pending_discontinuity_);
  pending_discontinuity_ = false;
  SegmentLines text{.discontinuity = line.discontinuity,
                    .gap = entry.gap,
                    .duration = entry.duration,
                    .uri = entry.uri};
  if (options_.program_date_time) text.program_date_time = entry.start;
  line.text = RenderSegment(text);

  if (window_.count == 0) {
    window_.oldest = line.listed;
    media_sequence_ = entry.sequence;
  }
  window_.newest = line.listed;
  ++window_.count;
  window_.duration += entry.duration;
  next_sequence_ = entry.sequence + 1;

  if (type() != PlaylistType::kLive) {
    // Behind EXT-X-DISCONTINUITY or before it makes no difference to a reader;
    // before keeps a segment's own lines together.
    if (!entry.map_uri.empty() && entry.map_uri != last_map_uri_) {
      open_block_ += RenderMap(entry.map_uri);
    }
    last_map_uri_ = entry.map_uri;
    AppendEntry(line.text);
    return {};
  }
  lines_.push_back(std::move(line));
  return Slide();
}

std::vector<RemovedSegment> MediaList::Slide() {
  for (Line& line : lines_) {
    line.longest_list = std::max(line.longest_list, window_.duration);
  }
  std::vector<RemovedSegment> removed;
  const std::chrono::seconds shortest(3 * options_.target_duration);
  while (window_.count > 1 && options_.policy->MayRemoveOldest(window_) &&
         window_.duration - window_.oldest.duration >= shortest) {
    const Line& oldest = lines_.front();
    removed.push_back({.sequence = oldest.listed.sequence,
                       .duration = oldest.listed.duration,
                       .longest_list = oldest.longest_list});
    if (oldest.discontinuity) ++discontinuity_sequence_;
    window_.duration -= oldest.listed.duration;
    --window_.count;
    lines_.pop_front();
    window_.oldest = lines_.front().listed;
    media_sequence_ = window_.oldest.sequence;
  }
  return removed;
}

void MediaList::AppendEntry(std::string_view text) {
  open_block_ += text;
  if (++open_entries_ == kBlockEntries) {
    open_entries_ = 0;
    frozen_.push_back(
        std::make_shared<const std::string>(std::exchange(open_block_, {})));
  }
}

std::string MediaList::Header() const {
  if (type() == PlaylistType::kEvent && !imported_header_.empty()) {
    return imported_header_;
  }
  return RenderHeader({.version = options_.version,
                       .type = type(),
                       .target_duration = options_.target_duration,
                       .media_sequence = media_sequence_,
                       .discontinuity_sequence = discontinuity_sequence_,
                       .independent_segments = options_.independent_segments});
}

std::vector<std::shared_ptr<const std::string>> MediaList::Render(
    bool ended) const {
  std::vector<std::shared_ptr<const std::string>> parts;
  parts.push_back(std::make_shared<const std::string>(Header()));
  parts.insert(parts.end(), frozen_.begin(), frozen_.end());
  std::string tail = open_block_;
  std::string_view map_uri;
  for (const Line& line : lines_) {
    if (!line.map_uri.empty() && line.map_uri != map_uri) {
      tail += RenderMap(line.map_uri);
    }
    map_uri = line.map_uri;
    tail += line.text;
  }
  if (ended) tail += kEndList;
  parts.push_back(std::make_shared<const std::string>(std::move(tail)));
  return parts;
}

}  // namespace hlsrec::playlist
