#include "src/package/clip_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "src/base/status_util.h"
#include "src/check/uri.h"
#include "src/playlist/clip_mark.h"
#include "src/playlist/parse_values.h"
#include "src/playlist/render.h"

namespace hlsrec::package {
namespace {

using playlist::ByteRange;
using playlist::DateRange;
using playlist::KeyTag;
using playlist::MapTag;
using playlist::MediaPlaylist;
using playlist::Segment;

// EXT-X-GAP came with version 8.
constexpr int kGapVersion = 8;

std::vector<std::string_view> LinesOf(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
  }
  return lines;
}

// A tag's line with another URI.
StatusOr<std::string> MoveTag(std::string_view line, const std::string& base,
                              const std::string& to) {
  constexpr std::string_view kUri = "URI=\"";
  const std::size_t at = line.find(kUri);
  if (at == std::string_view::npos) return std::string(line);
  const std::size_t begin = at + kUri.size();
  const std::size_t end = std::min(line.find('"', begin), line.size());
  HLSREC_ASSIGN_OR_RETURN(
      const std::string moved,
      MoveUri(base, std::string(line.substr(begin, end - begin)), to));
  return fmt::format("{}{}{}", line.substr(0, begin), moved, line.substr(end));
}

class ClipText {
 public:
  ClipText(const MediaList& list, std::string_view text, std::string clip)
      : list_(list), lines_(LinesOf(text)), clip_(std::move(clip)) {}

  StatusOr<std::string> Render(const SegmentRange& range,
                               const std::set<std::size_t>& missing) {
    const MediaPlaylist& media = list_.list;
    const Segment& first = media.segments[range.begin];
    playlist::MediaHeader header{
        .version = media.version.value,
        .type = PlaylistType::kVod,
        .target_duration =
            static_cast<std::int64_t>(media.target_duration.value),
        // The number is the initialisation vector of an encrypted segment.
        .media_sequence = first.sequence,
        .discontinuity_sequence = first.discontinuity_sequence,
        .independent_segments = media.independent_segments.present()};
    if (!missing.empty()) {
      header.version = std::max(header.version, kGapVersion);
    }
    std::string result = playlist::RenderHeader(header);
    const std::vector<SegmentTime> times = TimesOf(media);
    AddDateRanges(times, range, result);
    for (std::size_t i = range.begin; i < range.end; ++i) {
      HLSREC_RETURN_IF_ERROR(AddSegment(i, i == range.begin,
                                        missing.contains(i), times[i], result));
    }
    result += playlist::kEndList;
    return result;
  }

 private:
  [[nodiscard]] std::string_view Line(int number) const {
    const auto index = static_cast<std::size_t>(number) - 1;
    return number > 0 && index < lines_.size() ? lines_[index]
                                               : std::string_view();
  }

  // Those that begin in the clip.
  void AddDateRanges(const std::vector<SegmentTime>& times,
                     const SegmentRange& range, std::string& result) const {
    const auto& from = times[range.begin].date;
    if (!from) return;
    const auto& last = times[range.end - 1];
    const auto to = last.date.value_or(*from) +
                    list_.list.segments[range.end - 1].duration.value;
    for (const DateRange& each : list_.list.date_ranges) {
      const auto start = playlist::ParseDateTime(
          std::string(each.attributes.Get("START-DATE")));
      if (!start || start->time < *from || start->time >= to) continue;
      result += fmt::format("{}\n", Line(each.line));
    }
  }

  Status AddSegment(std::size_t index, bool first, bool missing,
                    const SegmentTime& time, std::string& result) {
    const MediaPlaylist& media = list_.list;
    const Segment& segment = media.segments[index];
    HLSREC_RETURN_IF_ERROR(AddKeys(segment, result));
    HLSREC_RETURN_IF_ERROR(AddMap(segment, result));
    if (segment.byte_range) {
      result +=
          fmt::format("#EXT-X-BYTERANGE:{}@{}\n", segment.byte_range->length,
                      segment.byte_range->offset);
    }
    HLSREC_ASSIGN_OR_RETURN(std::string uri,
                            MoveUri(list_.location, segment.uri, clip_));
    playlist::SegmentLines lines{
        .discontinuity = segment.discontinuity && !first,
        .gap = segment.gap || missing,
        .duration = segment.duration.value,
        .uri = std::move(uri)};
    if (time.date && (first || segment.date_time)) {
      lines.program_date_time = *time.date;
    }
    result += playlist::RenderSegment(lines);
    return {};
  }

  Status AddKeys(const Segment& segment, std::string& result) {
    if (segment.keys == keys_) return {};
    keys_ = segment.keys;
    if (keys_.empty()) result += "#EXT-X-KEY:METHOD=NONE\n";
    for (const std::uint32_t number : keys_) {
      HLSREC_ASSIGN_OR_RETURN(
          const std::string line,
          MoveTag(Line(list_.list.keys[number].line), list_.location, clip_));
      result += line + "\n";
    }
    return {};
  }

  Status AddMap(const Segment& segment, std::string& result) {
    if (segment.map == map_ || !segment.map) return {};
    map_ = segment.map;
    const MapTag& map = list_.list.maps[*map_];
    HLSREC_ASSIGN_OR_RETURN(const std::string line,
                            MoveTag(Line(map.line), list_.location, clip_));
    result += line + "\n";
    return {};
  }

  const MediaList& list_;
  const std::vector<std::string_view> lines_;
  const std::string clip_;
  std::vector<std::uint32_t> keys_;
  std::optional<std::uint32_t> map_;
};

}  // namespace

StatusOr<std::string> MoveUri(const std::string& base, const std::string& uri,
                              const std::string& to) {
  // Keys of other schemes (skd:, data:) and whole URLs stay as they are.
  if (check::HasScheme(uri)) return uri;
  HLSREC_ASSIGN_OR_RETURN(const std::string location, Store::Locate(base, uri));
  if (check::IsHttpUrl(location)) return location;
  // What a server wants to be asked with goes along.
  const std::size_t query = std::min(uri.find('?'), uri.size());
  return playlist::RelativeUri(to, location) + uri.substr(query);
}

StatusOr<std::string> RenderClip(const MediaList& list, std::string_view text,
                                 const SegmentRange& range,
                                 const std::set<std::size_t>& missing,
                                 const std::string& clip) {
  HLSREC_ASSIGN_OR_RETURN(const std::string clipped,
                          ClipText(list, text, clip).Render(range, missing));
  return playlist::MarkAsClip(clipped,
                              playlist::RelativeUri(clip, list.location));
}

StatusOr<std::string> RenderMultivariantClip(
    std::string_view text, const std::string& location,
    const std::map<std::string, std::string>& clips, const std::string& clip) {
  std::string result;
  const auto moved = [&](std::string_view uri) -> StatusOr<std::string> {
    HLSREC_ASSIGN_OR_RETURN(const std::string media,
                            Store::Locate(location, std::string(uri)));
    const auto found = clips.find(media);
    if (found == clips.end()) return MoveUri(location, std::string(uri), clip);
    return playlist::RelativeUri(clip, found->second);
  };
  for (const std::string_view line : LinesOf(text)) {
    if (line.starts_with("#EXT-X-I-FRAME-STREAM-INF")) continue;
    if (line.starts_with("#EXT-X-MEDIA:")) {
      constexpr std::string_view kUri = "URI=\"";
      const std::size_t at = line.find(kUri);
      if (at != std::string_view::npos) {
        const std::size_t begin = at + kUri.size();
        const std::size_t end = std::min(line.find('"', begin), line.size());
        HLSREC_ASSIGN_OR_RETURN(const std::string uri,
                                moved(line.substr(begin, end - begin)));
        result += fmt::format("{}{}{}\n", line.substr(0, begin), uri,
                              line.substr(end));
        continue;
      }
    }
    if (line.empty() || line.starts_with('#')) {
      result += fmt::format("{}\n", line);
      continue;
    }
    HLSREC_ASSIGN_OR_RETURN(const std::string uri, moved(line));
    result += uri + "\n";
  }
  return playlist::MarkAsClip(result, playlist::RelativeUri(clip, location));
}

}  // namespace hlsrec::package
