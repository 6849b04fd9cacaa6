#include "src/check/low_latency_rules.h"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "src/playlist/parse_values.h"

namespace hlsrec::check {
namespace {

using playlist::AttributeList;
using playlist::MediaPlaylist;
using playlist::OtherTag;
using playlist::Segment;
using std::chrono::microseconds;
using std::chrono::seconds;

double Seconds(microseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

AttributeList AttributesOf(const OtherTag& tag) {
  // The parser has told what is wrong with them.
  std::vector<std::string> problems;
  return playlist::ParseAttributeList(tag.value, problems);
}

const OtherTag* FindTag(const MediaPlaylist& media, std::string_view name) {
  const auto found =
      std::find_if(media.other_tags.begin(), media.other_tags.end(),
                   [&](const OtherTag& tag) { return tag.name == name; });
  return found == media.other_tags.end() ? nullptr : &*found;
}

std::optional<microseconds> SecondsOf(const AttributeList& attributes,
                                      std::string_view name) {
  return playlist::ParseDecimalSeconds(attributes.Get(name));
}

struct Part {
  int line = 0;
  microseconds duration{0};
  bool gap = false;
};

// Reads the parts; what they lack is told.
std::vector<Part> ReadParts(const MediaPlaylist& media, Findings& findings) {
  std::vector<Part> parts;
  for (const OtherTag& tag : media.other_tags) {
    if (tag.name != "EXT-X-PART") continue;
    const AttributeList attributes = AttributesOf(tag);
    const auto duration = SecondsOf(attributes, "DURATION");
    if (!duration || attributes.Get("URI").empty()) {
      findings.Error("R82", tag.line, "EXT-X-PART without DURATION or URI");
      continue;
    }
    parts.push_back({.line = tag.line,
                     .duration = *duration,
                     .gap = attributes.Get("GAP") == "YES"});
  }
  return parts;
}

// The first segment whose URI stands after `line`; past the last one where the
// segment is not whole yet.
std::size_t SegmentAfter(const MediaPlaylist& media, int line) {
  const auto found =
      std::find_if(media.segments.begin(), media.segments.end(),
                   [&](const Segment& s) { return s.line > line; });
  return static_cast<std::size_t>(found - media.segments.begin());
}

void CheckDurations(const MediaPlaylist& media, const std::vector<Part>& parts,
                    microseconds target, Findings& findings) {
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const Part& part = parts[i];
    if (part.duration > target) {
      findings.Error("R82", part.line,
                     fmt::format("a part of {:.3f} s, above the PART-TARGET of "
                                 "{:.3f} s",
                                 Seconds(part.duration), Seconds(target)));
      continue;
    }
    // The last part of a segment may be short.
    const bool last =
        i + 1 == parts.size() || SegmentAfter(media, part.line) !=
                                     SegmentAfter(media, parts[i + 1].line);
    if (!last && !part.gap && part.duration * 100 < target * 85) {
      findings.Error("R82", part.line,
                     fmt::format("a part of {:.3f} s amid a segment, below 85 "
                                 "% of the PART-TARGET of {:.3f} s",
                                 Seconds(part.duration), Seconds(target)));
    }
  }
}

void CheckServerControl(const MediaPlaylist& media,
                        std::optional<microseconds> part_target,
                        Findings& findings) {
  const OtherTag* tag = FindTag(media, "EXT-X-SERVER-CONTROL");
  if (tag == nullptr) {
    if (part_target) {
      findings.Error("R82", 1, "parts, but no EXT-X-SERVER-CONTROL");
    }
    return;
  }
  const AttributeList control = AttributesOf(*tag);
  const microseconds target =
      seconds(static_cast<std::int64_t>(media.target_duration.value));
  const auto at_least = [&](std::string_view name, microseconds least) {
    const auto value = SecondsOf(control, name);
    if (!value || *value >= least) return;
    findings.Error("R82", tag->line,
                   fmt::format("{} is {:.3f} s, {:.3f} s is the least", name,
                               Seconds(*value), Seconds(least)));
  };
  at_least("HOLD-BACK", 3 * target);
  at_least("CAN-SKIP-UNTIL", 6 * target);
  if (!part_target) return;
  const auto hold_back = SecondsOf(control, "PART-HOLD-BACK");
  if (!hold_back) {
    findings.Error("R82", tag->line, "parts, but no PART-HOLD-BACK");
  } else if (*hold_back < 2 * *part_target) {
    at_least("PART-HOLD-BACK", 2 * *part_target);
  } else if (*hold_back < 3 * *part_target) {
    findings.AppleOnly("R82", tag->line,
                       "PART-HOLD-BACK should be three times PART-TARGET");
  }
  if (control.Get("CAN-BLOCK-RELOAD") != "YES") {
    findings.Apple("R82", tag->line, "parts without CAN-BLOCK-RELOAD=YES");
  }
}

void CheckHints(const MediaPlaylist& media, Findings& findings) {
  std::set<std::string, std::less<>> types;
  for (const OtherTag& tag : media.other_tags) {
    if (tag.name != "EXT-X-PRELOAD-HINT") continue;
    const AttributeList hint = AttributesOf(tag);
    const std::string_view type = hint.Get("TYPE");
    if ((type != "PART" && type != "MAP") || hint.Get("URI").empty()) {
      findings.Error("R83", tag.line,
                     "EXT-X-PRELOAD-HINT without TYPE=PART or MAP, or URI");
    } else if (!types.emplace(type).second) {
      findings.Error("R83", tag.line,
                     fmt::format("two EXT-X-PRELOAD-HINT of TYPE={}", type));
    }
  }
}

// Parts are for the edge: three target durations behind it they are ballast.
void CheckPartsAge(const MediaPlaylist& media, const std::vector<Part>& parts,
                   Findings& findings) {
  if (parts.empty() || media.end_list.present()) return;
  const std::size_t first = SegmentAfter(media, parts.front().line);
  microseconds behind{0};
  for (std::size_t i = first + 1; i < media.segments.size(); ++i) {
    behind += media.segments[i].duration.value;
  }
  const microseconds most =
      3 * seconds(static_cast<std::int64_t>(media.target_duration.value));
  if (first < media.segments.size() && behind > most) {
    findings.Warning("R83", parts.front().line,
                     fmt::format("parts {:.3f} s behind the edge, three target "
                                 "durations are {:.3f} s",
                                 Seconds(behind), Seconds(most)));
  }
}

}  // namespace

bool HasParts(const MediaPlaylist& media) {
  return FindTag(media, "EXT-X-PART-INF") != nullptr ||
         FindTag(media, "EXT-X-PART") != nullptr;
}

std::optional<microseconds> PartTarget(const MediaPlaylist& media) {
  const OtherTag* tag = FindTag(media, "EXT-X-PART-INF");
  if (tag == nullptr) return std::nullopt;
  return SecondsOf(AttributesOf(*tag), "PART-TARGET");
}

std::string_view NewestPart(const MediaPlaylist& media) {
  const auto found = std::find_if(
      media.other_tags.rbegin(), media.other_tags.rend(),
      [](const OtherTag& tag) { return tag.name == "EXT-X-PART"; });
  return found == media.other_tags.rend() ? std::string_view() : found->value;
}

void CheckLowLatency(const MediaPlaylist& media, Findings& findings) {
  const OtherTag* information = FindTag(media, "EXT-X-PART-INF");
  const std::optional<microseconds> target = PartTarget(media);
  const std::vector<Part> parts = ReadParts(media, findings);
  if (information != nullptr && !target) {
    findings.Error("R82", information->line,
                   "EXT-X-PART-INF without PART-TARGET");
  } else if (!parts.empty() && !target) {
    findings.Error("R82", parts.front().line, "parts, but no EXT-X-PART-INF");
  }
  CheckServerControl(media, target, findings);
  CheckHints(media, findings);
  CheckPartsAge(media, parts, findings);
  if (target) CheckDurations(media, parts, *target, findings);
}

}  // namespace hlsrec::check
