#include "src/check/history.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "src/check/low_latency_rules.h"
#include "src/playlist/parse_values.h"

namespace hlsrec::check {
namespace {

using playlist::ListType;
using playlist::MediaPlaylist;
using playlist::Segment;
using std::chrono::microseconds;
using std::chrono::seconds;

std::string RangeText(const std::optional<playlist::ByteRange>& range) {
  if (!range) return {};
  return fmt::format(" bytes {}@{}", range->length, range->offset);
}

std::string KeysText(const MediaPlaylist& media, const Segment& segment) {
  std::string text;
  for (const std::uint32_t index : segment.keys) {
    const playlist::KeyTag& key = media.keys[index];
    text += fmt::format("{} {} {} {};", key.method, key.uri, key.iv,
                        key.key_format);
  }
  return text;
}

microseconds TotalDuration(const MediaPlaylist& media) {
  microseconds total{0};
  for (const Segment& segment : media.segments) {
    total += segment.duration.value;
  }
  return total;
}

}  // namespace

void History::Add(ReadTime time, std::string_view text,
                  const MediaPlaylist& media) {
  CheckParts(time, media);
  if (!first_ && text == text_) {
    CheckProgress(time, false);
    return;
  }
  drift_.Add(time, media);
  Listed now = List(time, media);
  if (first_) {
    last_segment_time_ = time;
  } else {
    const bool grown =
        !now.empty() &&
        (listed_.empty() || now.rbegin()->first > listed_.rbegin()->first);
    CheckHeader(media);
    CheckText(text, media);
    if (CheckNumbers(media, now)) {
      CheckCommon(media, now);
      CheckRemoval(media, now);
    } else {
      number_of_.clear();
    }
    CheckDateRanges(media);
    CheckProgress(time, grown);
  }
  Remember(time, text, media, std::move(now));
}

History::Listed History::List(ReadTime time, const MediaPlaylist& media) const {
  const microseconds total = TotalDuration(media);
  Listed now;
  for (const Segment& segment : media.segments) {
    Known known{
        .uri = segment.uri + RangeText(segment.byte_range),
        .object = segment.uri,
        .gap = segment.gap,
        .discontinuity_sequence = segment.discontinuity_sequence,
        .duration = segment.duration.text,
        .keys = KeysText(media, segment),
        .length = segment.duration.value,
        .first_seen = time,
        .longest_list = total,
    };
    if (segment.date_time) known.date = segment.date_time->time;
    if (segment.map) {
      const playlist::MapTag& map = media.maps[*segment.map];
      known.map = map.uri + RangeText(map.byte_range);
    }
    const auto before = listed_.find(segment.sequence);
    if (before != listed_.end()) {
      known.first_seen = before->second.first_seen;
      known.longest_list = std::max(total, before->second.longest_list);
    }
    now.emplace(segment.sequence, std::move(known));
  }
  return now;
}

void History::CheckHeader(const MediaPlaylist& media) {
  if (media.target_duration.value != target_duration_) {
    findings_.Error("R11", media.target_duration.line,
                    fmt::format("TARGETDURATION was {} and is {}",
                                target_duration_, media.target_duration.value));
  }
  if (type_ == ListType::kNone && media.type.value != ListType::kNone) {
    findings_.Error("R7", media.type.line,
                    "PLAYLIST-TYPE appeared in a running playlist");
  }
}

void History::CheckText(std::string_view text, const MediaPlaylist& media) {
  if (type_ == ListType::kVod) {
    findings_.Error("R29", 0, "a VOD playlist has changed");
    return;
  }
  if (type_ != ListType::kEvent) return;
  if (media.type.value == ListType::kVod) {
    findings_.Error("R29", media.type.line,
                    "PLAYLIST-TYPE went from EVENT to VOD in place");
  } else if (!HasParts(media) && !text.starts_with(text_)) {
    // Only what follows the last segment may go: ENDLIST, at a restart.
    const std::size_t end = text_.rfind("#EXT-X-ENDLIST");
    if (end == std::string::npos || !text.starts_with(text_.substr(0, end))) {
      findings_.Error("R28", 0, "an EVENT playlist has changed before its end");
    }
  }
}

bool History::CheckNumbers(const MediaPlaylist& media, const Listed& now) {
  if (now.empty() || listed_.empty()) {
    if (media.media_sequence.value < media_sequence_) {
      findings_.Error("R20", media.media_sequence.line,
                      fmt::format("MEDIA-SEQUENCE went back from {} to {}",
                                  media_sequence_, media.media_sequence.value));
      return false;
    }
    return true;
  }
  for (const auto& [number, known] : now) {
    if (known.gap) continue;
    const auto before = number_of_.find(known.uri);
    if (before == number_of_.end() || before->second == number) continue;
    if (!media.media_sequence.present()) {
      findings_.Error("R19", 0,
                      "segments left the playlist, which has no "
                      "MEDIA-SEQUENCE");
    } else {
      findings_.Error(
          "R20", media.media_sequence.line,
          fmt::format("{} had number {} and has {}: MEDIA-SEQUENCE does not "
                      "count the segments that left",
                      known.uri, before->second, number));
    }
    return false;
  }
  if (media.media_sequence.value < media_sequence_) {
    findings_.Error("R20", media.media_sequence.line,
                    fmt::format("MEDIA-SEQUENCE went back from {} to {}",
                                media_sequence_, media.media_sequence.value));
    return false;
  }
  if (now.rbegin()->first < listed_.rbegin()->first) {
    findings_.Error("R21", 0,
                    fmt::format("the newest segment, {}, left the playlist",
                                listed_.rbegin()->second.uri));
    return false;
  }
  for (const auto& [number, known] : now) {
    const auto before = listed_.find(number);
    if (before != listed_.end() && before->second.uri != known.uri) {
      findings_.Error("R21", 0,
                      fmt::format("number {} was {} and is {}", number,
                                  before->second.uri, known.uri));
      return false;
    }
  }
  return true;
}

void History::CheckCommon(const MediaPlaylist& media, const Listed& now) {
  bool discontinuity_reported = false;
  for (const Segment& segment : media.segments) {
    const auto before = listed_.find(segment.sequence);
    if (before == listed_.end()) continue;
    const Known& old = before->second;
    const Known& known = now.at(segment.sequence);
    if (known.discontinuity_sequence != old.discontinuity_sequence &&
        !discontinuity_reported) {
      const bool absent = !media.discontinuity_sequence.present();
      findings_.Error(absent ? "R23" : "R24", media.discontinuity_sequence.line,
                      fmt::format("{}: discontinuity number was {} and is {}{}",
                                  segment.uri, old.discontinuity_sequence,
                                  known.discontinuity_sequence,
                                  absent ? ": no DISCONTINUITY-SEQUENCE" : ""));
      discontinuity_reported = true;
    }
    if (known.duration != old.duration) {
      findings_.Error("R21", segment.duration_line,
                      fmt::format("{}: EXTINF was {} and is {}", segment.uri,
                                  old.duration, known.duration));
    }
    // A date may leave with the segment that carried it, never move.
    if (known.date && old.date && *known.date != *old.date) {
      findings_.Error(
          "R38", segment.line,
          fmt::format("{}: PROGRAM-DATE-TIME has changed", segment.uri));
    }
    if (known.map != old.map) {
      findings_.Error("R44", segment.line,
                      fmt::format("{}: EXT-X-MAP was '{}' and is '{}'",
                                  segment.uri, old.map, known.map));
    }
    if (known.keys != old.keys) {
      findings_.Error(
          "R49", segment.line,
          fmt::format("{}: its EXT-X-KEY has changed", segment.uri));
    }
  }
}

void History::CheckRemoval(const MediaPlaylist& media, const Listed& now) {
  if (media.discontinuity_sequence.value < discontinuity_sequence_) {
    const bool any_common =
        !now.empty() && listed_.find(now.begin()->first) != listed_.end();
    if (!any_common) {
      findings_.Error("R24", media.discontinuity_sequence.line,
                      fmt::format("DISCONTINUITY-SEQUENCE went back from {} "
                                  "to {}",
                                  discontinuity_sequence_,
                                  media.discontinuity_sequence.value));
    }
  }
  const bool removed = media.media_sequence.value > media_sequence_;
  if (!removed) return;
  if (type_ == ListType::kEvent) {
    // The prefix rule has told.
    return;
  }
  const auto least =
      3 * seconds(static_cast<std::int64_t>(media.target_duration.value));
  const microseconds total = TotalDuration(media);
  if (!media.end_list.present() && total < least) {
    findings_.Error(
        "R22", 0,
        fmt::format("segments left a playlist of {:.3f} s, below three target "
                    "durations",
                    std::chrono::duration<double>(total).count()));
  }
  const bool any_common =
      !now.empty() && listed_.find(now.begin()->first) != listed_.end();
  if (had_discontinuity_ && !media.discontinuity_sequence.present() &&
      !any_common) {
    findings_.Error("R23", 0,
                    "segments left a playlist with DISCONTINUITY but without "
                    "DISCONTINUITY-SEQUENCE");
  }
}

void History::CheckDateRanges(const MediaPlaylist& media) {
  const auto dated =
      std::find_if(media.segments.begin(), media.segments.end(),
                   [](const Segment& s) { return s.date_time.has_value(); });
  if (dated == media.segments.end()) return;
  for (const auto& entry : date_ranges_) {
    const std::string& id = entry.first;
    const bool listed = std::any_of(
        media.date_ranges.begin(), media.date_ranges.end(),
        [&](const playlist::DateRange& range) { return range.id == id; });
    const auto date = playlist::ParseDateTime(entry.second);
    if (!listed && date && date->time >= dated->date_time->time) {
      findings_.Error("R113", 0,
                      fmt::format("EXT-X-DATERANGE '{}' left before the "
                                  "segments it lies on",
                                  id));
    }
  }
}

void History::CheckProgress(ReadTime time, bool changed) {
  if (changed) {
    last_segment_time_ = time;
    stall_reported_ = false;
    return;
  }
  if (ended_ || stall_reported_ || target_duration_ == 0) return;
  const auto limit = std::chrono::milliseconds(
      static_cast<std::int64_t>(target_duration_) * 1500);
  if (time - last_segment_time_ > limit) {
    findings_.Error(
        "R33", 0,
        fmt::format(
            "no new segment for {:.3f} s, more than 1.5 target "
            "durations",
            std::chrono::duration<double>(time - last_segment_time_).count()));
    stall_reported_ = true;
  }
}

void History::CheckParts(ReadTime time, const MediaPlaylist& media) {
  const auto target = PartTarget(media);
  const std::string_view newest = NewestPart(media);
  if (first_ || !target || newest != newest_part_) {
    newest_part_ = newest;
    last_part_time_ = time;
    part_stall_reported_ = false;
    return;
  }
  const auto waited = time - last_part_time_;
  if (media.end_list.present() || part_stall_reported_ || waited <= *target) {
    return;
  }
  findings_.Error(
      "R83", 0,
      fmt::format("no new part for {:.3f} s, PART-TARGET is {:.3f} s",
                  std::chrono::duration<double>(waited).count(),
                  std::chrono::duration<double>(*target).count()));
  part_stall_reported_ = true;
}

void History::Remember(ReadTime time, std::string_view text,
                       const MediaPlaylist& media, Listed now) {
  if (!first_ && ended_ && media.end_list.present() && !now.empty() &&
      (listed_.empty() || now.rbegin()->first > listed_.rbegin()->first) &&
      type_ != ListType::kVod) {
    findings_.Error("R32", media.end_list.line,
                    "segments were added after EXT-X-ENDLIST");
  }
  std::erase_if(leaving_,
                [&](const Leaving& leaving) { return leaving.until < time; });
  for (const auto& [number, known] : listed_) {
    if (now.find(number) != now.end() || known.gap) continue;
    const ReadTime from = ended_ ? time : known.first_seen;
    leaving_.push_back({.object = known.object,
                        .until = from + known.length + known.longest_list});
  }
  for (const auto& [number, known] : now) {
    if (!known.gap) number_of_.emplace(known.uri, number);
  }
  date_ranges_.clear();
  for (const playlist::DateRange& range : media.date_ranges) {
    date_ranges_.emplace(range.id, range.attributes.Get("START-DATE"));
  }
  had_discontinuity_ =
      std::any_of(media.segments.begin(), media.segments.end(),
                  [](const Segment& s) { return s.discontinuity; });
  text_ = text;
  target_duration_ = media.target_duration.value;
  media_sequence_ = media.media_sequence.value;
  discontinuity_sequence_ = media.discontinuity_sequence.value;
  type_ = media.type.value;
  ended_ = media.end_list.present();
  listed_ = std::move(now);
  first_ = false;
}

std::vector<std::string> History::AvailableUris(ReadTime time) const {
  std::vector<std::string> uris;
  for (const auto& [number, known] : listed_) {
    if (!known.gap) uris.push_back(known.object);
  }
  for (const Leaving& leaving : leaving_) {
    if (leaving.until >= time) uris.push_back(leaving.object);
  }
  std::sort(uris.begin(), uris.end());
  uris.erase(std::unique(uris.begin(), uris.end()), uris.end());
  return uris;
}

}  // namespace hlsrec::check
