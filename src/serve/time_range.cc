#include "src/serve/time_range.h"

#include <algorithm>
#include <vector>

#include "src/base/status_util.h"
#include "src/playlist/parse.h"
#include "src/playlist/parse_values.h"
#include "src/playlist/render.h"
#include "src/serve/playlist_text.h"
#include "src/serve/query.h"

namespace hlsrec::serve {
namespace {

using playlist::MediaPlaylist;
using playlist::Segment;
using Time = TimeRange::Time;

StatusOr<std::optional<Time>> ReadTime(std::string_view query,
                                       std::string_view name) {
  const auto text = QueryValue(query, name);
  if (!text) return std::optional<Time>();
  const auto seconds = playlist::ParseDecimalSeconds(*text);
  if (!seconds) {
    return InvalidArgument("request: {}: want seconds since 1970", name);
  }
  return std::optional<Time>(Time(*seconds));
}

// When each segment begins; none where no segment has a date.
std::optional<std::vector<Time>> DatesOf(const MediaPlaylist& list) {
  const auto& segments = list.segments;
  std::vector<Time> dates(segments.size());
  const auto first = std::find_if(
      segments.begin(), segments.end(),
      [](const Segment& one) { return one.date_time.has_value(); });
  if (first == segments.end()) return std::nullopt;
  const auto known = static_cast<std::size_t>(first - segments.begin());
  dates[known] = first->date_time->time;
  for (std::size_t i = known; i-- > 0;) {
    dates[i] = dates[i + 1] - segments[i].duration.value;
  }
  for (std::size_t i = known + 1; i < segments.size(); ++i) {
    dates[i] = segments[i].date_time
                   ? segments[i].date_time->time
                   : dates[i - 1] + segments[i - 1].duration.value;
  }
  return dates;
}

std::string RangeText(const playlist::ByteRange& range) {
  return fmt::format("{}@{}", range.length, range.offset);
}

// Writes segments with what is in scope for them.
class Writer {
 public:
  explicit Writer(const MediaPlaylist& list) : list_(list) {}

  void Header(const Segment& first, int version, bool ended) {
    text_ = "#EXTM3U\n";
    text_ += fmt::format("#EXT-X-VERSION:{}\n", version);
    text_ +=
        fmt::format("#EXT-X-TARGETDURATION:{}\n", list_.target_duration.value);
    text_ += fmt::format("#EXT-X-MEDIA-SEQUENCE:{}\n", first.sequence);
    text_ += fmt::format("#EXT-X-DISCONTINUITY-SEQUENCE:{}\n",
                         first.discontinuity_sequence);
    const bool event = list_.type.value == playlist::ListType::kEvent;
    if (ended) {
      text_ += "#EXT-X-PLAYLIST-TYPE:VOD\n";
    } else if (event) {
      text_ += "#EXT-X-PLAYLIST-TYPE:EVENT\n";
    }
    if (list_.independent_segments.present()) {
      text_ += "#EXT-X-INDEPENDENT-SEGMENTS\n";
    }
    if (list_.i_frames_only.present()) text_ += "#EXT-X-I-FRAMES-ONLY\n";
  }

  void Add(const Segment& segment, Time date) {
    if (segment.discontinuity && any_) text_ += "#EXT-X-DISCONTINUITY\n";
    if (segment.map && segment.map != map_) {
      const playlist::MapTag& map = list_.maps[*segment.map];
      Keys(map.keys);
      text_ += fmt::format("#EXT-X-MAP:URI=\"{}\"", map.uri);
      if (map.byte_range) {
        text_ += fmt::format(",BYTERANGE=\"{}\"", RangeText(*map.byte_range));
      }
      text_ += '\n';
    }
    map_ = segment.map;
    Keys(segment.keys);
    if (segment.date_time) {
      Tag("EXT-X-PROGRAM-DATE-TIME", segment.date_time->text);
    } else if (!any_) {
      Tag("EXT-X-PROGRAM-DATE-TIME", playlist::FormatDateTime(date));
    }
    if (segment.gap) text_ += "#EXT-X-GAP\n";
    if (segment.bitrate_kbps) {
      text_ += fmt::format("#EXT-X-BITRATE:{}\n", *segment.bitrate_kbps);
    }
    for (const playlist::OtherTag& tag : segment.other_tags) {
      Tag(tag.name, tag.value);
    }
    text_ +=
        fmt::format("#EXTINF:{},{}\n", segment.duration.text, segment.title);
    if (segment.byte_range) {
      text_ +=
          fmt::format("#EXT-X-BYTERANGE:{}\n", RangeText(*segment.byte_range));
    }
    text_ += segment.uri;
    text_ += '\n';
    any_ = true;
  }

  std::string Finish(bool ended) && {
    if (ended) text_ += playlist::kEndList;
    return std::move(text_);
  }

 private:
  void Tag(std::string_view name, std::string_view value) {
    text_ += fmt::format("#{}", name);
    if (!value.empty()) text_ += fmt::format(":{}", value);
    text_ += '\n';
  }

  void Keys(const std::vector<std::uint32_t>& keys) {
    if (keys == keys_) return;
    keys_ = keys;
    if (keys.empty()) text_ += "#EXT-X-KEY:METHOD=NONE\n";
    for (const std::uint32_t index : keys) {
      std::string attributes;
      for (const auto& one : list_.keys[index].attributes.attributes) {
        const std::string_view quote = one.quoted ? "\"" : "";
        attributes += fmt::format("{}{}={}{}{}", attributes.empty() ? "" : ",",
                                  one.name, quote, one.value, quote);
      }
      Tag("EXT-X-KEY", attributes);
    }
  }

  const MediaPlaylist& list_;
  std::string text_;
  bool any_ = false;
  std::optional<std::uint32_t> map_;
  std::vector<std::uint32_t> keys_;
};

}  // namespace

StatusOr<std::optional<TimeRange>> ParseTimeRange(std::string_view query) {
  TimeRange range;
  HLSREC_ASSIGN_OR_RETURN(range.start, ReadTime(query, "start"));
  HLSREC_ASSIGN_OR_RETURN(range.end, ReadTime(query, "end"));
  if (!range.start && !range.end) return std::optional<TimeRange>();
  if (range.start && range.end && *range.start >= *range.end) {
    return InvalidArgument("request: end: is not after start");
  }
  return std::optional<TimeRange>(range);
}

std::string TimeRangeQuery(std::string_view query) {
  return KeepOfQuery(query, {"start", "end"});
}

StatusOr<std::string> SliceByTime(std::string_view text, const TimeRange& range,
                                  std::string_view query) {
  HLSREC_ASSIGN_OR_RETURN(const playlist::ParsedPlaylist parsed,
                          playlist::ParsePlaylist(text));
  if (parsed.kind == playlist::PlaylistKind::kMultivariant) {
    return AddQueryToUris(text, query);
  }
  const MediaPlaylist& list = parsed.media;
  const auto dates = DatesOf(list);
  if (!dates) {
    return FailedPrecondition(
        "playlist: no segment has an EXT-X-PROGRAM-DATE-TIME");
  }
  std::vector<std::size_t> chosen;
  bool complete = list.end_list.present();
  for (std::size_t i = 0; i < list.segments.size(); ++i) {
    const Time end = (*dates)[i] + list.segments[i].duration.value;
    if (range.end && end >= *range.end) complete = true;
    if (range.end && (*dates)[i] >= *range.end) continue;
    if (range.start && end <= *range.start) continue;
    chosen.push_back(i);
  }
  if (chosen.empty()) return NotFound("playlist: nothing is in the range");
  // Without holes, which numbers would not show: dates may jump at a break.
  Writer writer(list);
  const int version =
      std::max({list.version.value, parsed.version_need.version, 3});
  writer.Header(list.segments[chosen.front()], version, complete);
  for (std::size_t i = chosen.front(); i <= chosen.back(); ++i) {
    writer.Add(list.segments[i], (*dates)[i]);
  }
  return std::move(writer).Finish(complete);
}

}  // namespace hlsrec::serve
