#include "src/package/timeline_range.h"

#include <algorithm>

#include "src/base/status_util.h"
#include "src/playlist/parse_values.h"

namespace hlsrec {

StatusOr<RecordingPoint> ParseRecordingPoint(std::string_view text) {
  if (text.find('T') != std::string_view::npos) {
    const auto date = playlist::ParseDateTime(text);
    if (date) return RecordingPoint(date->time);
    return InvalidArgument("`{}`: want a date as 2026-01-31T23:59:59Z", text);
  }
  std::chrono::microseconds whole{0};
  int colons = 0;
  std::string_view rest = text;
  for (std::size_t colon = rest.find(':'); colon != std::string_view::npos;
       colon = rest.find(':'), ++colons) {
    const auto part = playlist::ParseDecimalInteger(rest.substr(0, colon));
    if (!part || *part > 100'000) break;
    whole = whole * 60 + std::chrono::seconds(*part);
    rest.remove_prefix(colon + 1);
  }
  const auto seconds = playlist::ParseDecimalSeconds(rest);
  if (colons > 2 || !seconds) {
    return InvalidArgument(
        "`{}`: want seconds (12.5), a clock (1:02:03.5) or a date "
        "(2026-01-31T23:59:59Z)",
        text);
  }
  return RecordingPoint((colons > 0 ? whole * 60 : whole) + *seconds);
}

}  // namespace hlsrec

namespace hlsrec::package {
namespace {

double Seconds(Micros time) {
  return std::chrono::duration<double>(time).count();
}

// Where that date is. What lies in a hole is where the hole ends.
StatusOr<Micros> Find(DateTime date, const playlist::MediaPlaylist& list) {
  const std::vector<SegmentTime> times = TimesOf(list);
  std::optional<Micros> found;
  for (std::size_t i = 0; i < times.size(); ++i) {
    if (!times[i].date) continue;
    if (*times[i].date > date) {
      if (!found) found = times[i].start;
      break;
    }
    found = times[i].start +
            std::min(date - *times[i].date, list.segments[i].duration.value);
  }
  if (!found) {
    return FailedPrecondition(
        "the playlist has no dates (EXT-X-PROGRAM-DATE-TIME): give seconds");
  }
  return *found;
}

StatusOr<std::optional<Micros>> Resolve(
    const std::optional<RecordingPoint>& point,
    const playlist::MediaPlaylist& list) {
  if (!point) return std::optional<Micros>();
  if (const auto* media = std::get_if<Micros>(&*point)) {
    return std::optional<Micros>(*media);
  }
  HLSREC_ASSIGN_OR_RETURN(const Micros found,
                          Find(std::get<DateTime>(*point), list));
  return std::optional<Micros>(found);
}

}  // namespace

std::vector<SegmentTime> TimesOf(const playlist::MediaPlaylist& list) {
  std::vector<SegmentTime> times;
  times.reserve(list.segments.size());
  Micros start{0};
  std::optional<DateTime> date;
  for (const playlist::Segment& segment : list.segments) {
    if (segment.date_time) date = segment.date_time->time;
    times.push_back({.start = start, .date = date});
    start += segment.duration.value;
    if (date) *date += segment.duration.value;
  }
  return times;
}

StatusOr<TimeRange> ResolveRange(const RecordingRange& range,
                                 const playlist::MediaPlaylist& list) {
  TimeRange result;
  HLSREC_ASSIGN_OR_RETURN(result.from, Resolve(range.from, list));
  HLSREC_ASSIGN_OR_RETURN(result.to, Resolve(range.to, list));
  Micros total{0};
  for (const auto& segment : list.segments) total += segment.duration.value;
  const Micros from = result.from.value_or(Micros(0));
  if (from < Micros(0) || from >= total) {
    return InvalidArgument("from: {:.3f} s: the recording has {:.3f} s",
                           Seconds(from), Seconds(total));
  }
  if (result.to && *result.to <= from) {
    return InvalidArgument("to: {:.3f} s: not behind {:.3f} s, where it begins",
                           Seconds(*result.to), Seconds(from));
  }
  return result;
}

SegmentRange SegmentsIn(const TimeRange& range,
                        const playlist::MediaPlaylist& list) {
  SegmentRange found{.end = list.segments.size()};
  Micros start{0};
  for (std::size_t i = 0; i < list.segments.size(); ++i) {
    const Micros end = start + list.segments[i].duration.value;
    if (range.from && end <= *range.from) found.begin = i + 1;
    if (range.to && start >= *range.to) {
      found.end = i;
      break;
    }
    start = end;
  }
  found.begin = std::min(found.begin, found.end);
  return found;
}

}  // namespace hlsrec::package
