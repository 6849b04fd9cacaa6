#include "src/package/parts.h"

#include <optional>
#include <utility>

#include "src/base/status_util.h"

namespace hlsrec::package {
namespace {

using playlist::MediaPlaylist;
using playlist::Segment;

// The same init section may be named once for each segment.
bool SameMap(const MediaPlaylist& list, const Segment& a, const Segment& b) {
  if (a.map == b.map) return true;
  if (!a.map || !b.map) return false;
  const playlist::MapTag& one = list.maps[*a.map];
  const playlist::MapTag& other = list.maps[*b.map];
  const auto offset = [](const playlist::MapTag& map) {
    return map.byte_range ? map.byte_range->offset : 0;
  };
  return one.uri == other.uri && offset(one) == offset(other);
}

void MakeMain(const MediaPlaylist& list, const TimeRange& range,
              std::size_t lists, Parts& result) {
  const std::vector<SegmentTime> times = TimesOf(list);
  const SegmentRange chosen = SegmentsIn(range, list);
  if (chosen.begin < chosen.end) result.start = times[chosen.begin].start;
  Micros missing{0};
  std::optional<std::size_t> before;
  for (std::size_t i = chosen.begin; i < chosen.end; ++i) {
    const Segment& segment = list.segments[i];
    const PartSegment planned{.index = i, .start = times[i].start};
    result.duration += segment.duration.value;
    if (segment.gap) {
      missing += segment.duration.value;
      result.gaps.push_back(planned);
      continue;
    }
    const bool breaks =
        before && list.segments[*before].discontinuity_sequence !=
                      segment.discontinuity_sequence;
    if (!before || breaks || missing > Micros(0) ||
        !SameMap(list, list.segments[*before], segment)) {
      // Gaps at the front are not in the file.
      if (!before) {
        result.start = planned.start;
        result.duration = segment.duration.value;
        missing = Micros(0);
      }
      result.parts.push_back({.start = planned.start,
                              .missing_before = std::exchange(missing, {}),
                              .discontinuity = breaks});
      result.parts.back().segments.resize(lists);
    }
    result.parts.back().segments[0].push_back(planned);
    result.parts.back().duration += segment.duration.value;
    before = i;
  }
}

Status AddOther(const MediaList& other, std::size_t number, Parts& result) {
  const std::vector<SegmentTime> times = TimesOf(other.list);
  std::size_t part = 0;
  for (std::size_t i = 0; i < other.list.segments.size(); ++i) {
    const Segment& segment = other.list.segments[i];
    const Micros start = times[i].start;
    const Micros middle = start + segment.duration.value / 2;
    // Sound that begins before the picture is cut with it.
    if (start + segment.duration.value <= result.start || segment.gap) continue;
    if (middle >= result.start + result.duration) break;
    while (part + 1 < result.parts.size() &&
           middle >= result.parts[part + 1].start) {
      ++part;
    }
    auto& segments = result.parts[part].segments[number];
    if (!segments.empty() &&
        !SameMap(other.list, other.list.segments[segments.back().index],
                 segment)) {
      return FailedPrecondition(
          "{}: line {}: the init section changes, and not that of the picture",
          Shown(other.location), segment.line);
    }
    segments.push_back({.list = number, .index = i, .start = start});
  }
  return {};
}

}  // namespace

StatusOr<Parts> MakeParts(const std::vector<MediaList>& lists,
                          const TimeRange& range) {
  Parts result;
  MakeMain(lists.front().list, range, lists.size(), result);
  if (result.parts.empty()) return result;
  for (std::size_t i = 1; i < lists.size(); ++i) {
    HLSREC_RETURN_IF_ERROR(AddOther(lists[i], i, result));
  }
  return result;
}

}  // namespace hlsrec::package
