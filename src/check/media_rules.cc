#include "src/check/media_rules.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdlib>
#include <map>
#include <set>
#include <string>

#include <fmt/format.h>

#include "src/check/low_latency_rules.h"
#include "src/check/uri.h"
#include "src/playlist/parse_values.h"

namespace hlsrec::check {
namespace {

using playlist::ListType;
using playlist::MediaPlaylist;
using playlist::Segment;
using std::chrono::microseconds;
using std::chrono::seconds;

double Seconds(microseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

microseconds TotalDuration(const MediaPlaylist& media) {
  microseconds total{0};
  for (const Segment& segment : media.segments) {
    total += segment.duration.value;
  }
  return total;
}

void CheckHeader(const MediaPlaylist& media, Independent independent,
                 Findings& findings) {
  const ListType type = media.type.value;
  const bool ended = media.end_list.present();
  if (!media.target_duration.present()) {
    findings.Error("R9", 1, "no EXT-X-TARGETDURATION");
  } else if (media.target_duration.value != 6) {
    findings.AppleOnly("R12", media.target_duration.line,
                       "the target duration should be 6 s");
  }
  if (type == ListType::kVod && !ended) {
    findings.Error("R32", media.type.line,
                   "a VOD playlist without EXT-X-ENDLIST");
  }
  if (ended && type == ListType::kNone) {
    findings.AppleOnly("R29", media.end_list.line,
                       "an ended playlist should have PLAYLIST-TYPE VOD");
  }
  if (!media.independent_segments.present() && !media.segments.empty() &&
      !media.i_frames_only.present() && independent == Independent::kUnknown) {
    findings.Apple("R17", 1, "no EXT-X-INDEPENDENT-SEGMENTS");
  }
  const bool sliding =
      type == ListType::kNone && !ended && media.media_sequence.value > 0;
  constexpr std::size_t kAppleWindow = 6;
  if (sliding && media.segments.size() < kAppleWindow) {
    findings.Apple("R22", 1,
                   fmt::format("a live window of {} segments, 6 are the "
                               "least",
                               media.segments.size()));
  }
  const bool discontinuous =
      std::any_of(media.segments.begin(), media.segments.end(),
                  [](const Segment& s) { return s.discontinuity; });
  if (sliding && discontinuous && !media.discontinuity_sequence.present()) {
    findings.Apple("R23", 1,
                   "a sliding playlist with EXT-X-DISCONTINUITY but without "
                   "EXT-X-DISCONTINUITY-SEQUENCE");
  }
}

void CheckStart(const MediaPlaylist& media, Findings& findings) {
  if (!media.start.present() || !media.start.value.offset) return;
  const microseconds total = TotalDuration(media);
  const microseconds offset = *media.start.value.offset;
  if (std::abs(offset.count()) > total.count()) {
    findings.Warning("R79", media.start.line,
                     "TIME-OFFSET is longer than the playlist");
    return;
  }
  const microseconds margin =
      3 * seconds(static_cast<std::int64_t>(media.target_duration.value));
  const microseconds from_end = offset.count() < 0 ? -offset : total - offset;
  if (!media.end_list.present() && from_end < margin) {
    findings.Warning("R79", media.start.line,
                     "TIME-OFFSET lies within three target durations of the "
                     "end of a live playlist");
  }
}

void CheckDuration(const MediaPlaylist& media, const Segment& segment,
                   Findings& findings) {
  if (segment.duration_line == 0 || !media.target_duration.present()) return;
  if (media.i_frames_only.present()) return;
  const std::uint64_t rounded = RoundedSeconds(segment.duration);
  if (rounded > media.target_duration.value) {
    findings.Error("R10", segment.duration_line,
                   fmt::format("EXTINF {} rounds to {} s, above the target "
                               "duration of {} s",
                               segment.duration.text, rounded,
                               media.target_duration.value));
  }
}

// A zone's offset between two times shows as a jump by half hours.
bool IsZoneJump(microseconds jump) {
  using std::chrono::minutes;
  constexpr microseconds kHalfHour = minutes(30);
  constexpr microseconds kLargest = std::chrono::hours(14);
  constexpr microseconds kSlack = seconds(2);
  const microseconds size(std::abs(jump.count()));
  if (size < kHalfHour - kSlack || size > kLargest + kSlack) return false;
  const microseconds rest = size % kHalfHour;
  return rest < kSlack || rest > kHalfHour - kSlack;
}

// Maps each date to the one before it, by the durations between them.
void CheckDates(const MediaPlaylist& media, Findings& findings) {
  const Segment* last = nullptr;
  microseconds between{0};
  bool discontinuity = false;
  for (const Segment& segment : media.segments) {
    discontinuity = discontinuity || segment.discontinuity;
    if (segment.date_time && last != nullptr) {
      const microseconds jump =
          segment.date_time->time - last->date_time->time - between;
      const std::string text = fmt::format(
          "PROGRAM-DATE-TIME is {:+.3f} s off the one before "
          "plus the durations between",
          Seconds(jump));
      if (jump <= -seconds(1)) {
        if (IsZoneJump(jump)) {
          findings.Error("R42", segment.line, text + ": a zone's offset");
        } else if (discontinuity) {
          findings.Warning("R38", segment.line, text);
        } else {
          findings.Error("R38", segment.line, text);
        }
      } else if (jump >= seconds(1) && !discontinuity) {
        if (IsZoneJump(jump)) {
          findings.Error("R42", segment.line, text + ": a zone's offset");
        } else {
          findings.Warning("R38", segment.line, text);
        }
      }
    }
    if (segment.date_time) {
      last = &segment;
      between = microseconds(0);
      discontinuity = false;
    }
    between += segment.duration.value;
  }
  if (last == nullptr) {
    if (!media.end_list.present() && !media.segments.empty()) {
      findings.Apple("R40", 1, "no EXT-X-PROGRAM-DATE-TIME in a live playlist");
    }
    return;
  }
  for (const Segment& segment : media.segments) {
    if (segment.discontinuity && !segment.date_time) {
      findings.Warning("R39", segment.line,
                       "no EXT-X-PROGRAM-DATE-TIME after a discontinuity, "
                       "though there are some");
    }
  }
}

bool IsFmp4Extension(std::string_view extension) {
  constexpr std::array<std::string_view, 6> kExtensions = {
      ".m4s", ".mp4", ".m4v", ".m4a", ".cmfv", ".cmfa"};
  return std::find(kExtensions.begin(), kExtensions.end(), extension) !=
         kExtensions.end();
}

void CheckMapsAndKeys(const MediaPlaylist& media, Findings& findings) {
  bool map_missing = false;
  for (const Segment& segment : media.segments) {
    if (!segment.map && !segment.gap && !map_missing &&
        IsFmp4Extension(ExtensionOf(segment.uri))) {
      findings.Error("R44", segment.line,
                     "an fMP4 segment without EXT-X-MAP before it");
      map_missing = true;
    }
  }
  for (const playlist::MapTag& map : media.maps) {
    CheckUri(map.uri, map.line, findings);
    for (const std::uint32_t key : map.keys) {
      if (media.keys[key].method == "AES-128" && media.keys[key].iv.empty()) {
        findings.Error("R48", map.line,
                       "an encrypted EXT-X-MAP needs a key with an IV");
      }
    }
  }
  std::map<std::pair<std::uint32_t, bool>, int> segments_of_iv;
  for (const Segment& segment : media.segments) {
    for (const std::uint32_t key : segment.keys) {
      if (media.keys[key].method != "AES-128" || media.keys[key].iv.empty()) {
        continue;
      }
      if (++segments_of_iv[{key, true}] == 2) {
        findings.Warning("R47", segment.line,
                         "one IV for several segments of one key");
      }
    }
  }
}

void CheckDateRanges(const MediaPlaylist& media, Findings& findings) {
  std::map<std::string_view, std::map<std::string_view, std::string_view>>
      known;
  for (const playlist::DateRange& range : media.date_ranges) {
    if (range.id.empty()) {
      findings.Error("R113", range.line, "EXT-X-DATERANGE without ID");
      continue;
    }
    const bool first = known.find(range.id) == known.end();
    auto& attributes = known[range.id];
    if (first && range.attributes.Get("START-DATE").empty()) {
      findings.Error(
          "R113", range.line,
          fmt::format("EXT-X-DATERANGE '{}' without START-DATE", range.id));
    }
    for (const playlist::Attribute& attribute : range.attributes.attributes) {
      const auto [entry, added] =
          attributes.emplace(attribute.name, attribute.value);
      if (!added && entry->second != attribute.value) {
        findings.Error("R113", range.line,
                       fmt::format("EXT-X-DATERANGE '{}' again with another {}",
                                   range.id, attribute.name));
      }
    }
    const auto date = [&](std::string_view name) {
      return playlist::ParseDateTime(range.attributes.Get(name));
    };
    for (const std::string_view name : {"START-DATE", "END-DATE"}) {
      if (range.attributes.Find(name) != nullptr && !date(name)) {
        findings.Error("R113", range.line,
                       fmt::format("{} is no date and time", name));
      }
    }
    const auto start = date("START-DATE");
    const auto end = date("END-DATE");
    if (start && end && end->time < start->time) {
      findings.Error(
          "R114", range.line,
          fmt::format("EXT-X-DATERANGE '{}' ends before it starts", range.id));
    }
  }
}

void CheckSegmentUris(const MediaPlaylist& media, Findings& findings) {
  std::set<std::string_view> seen;
  for (const Segment& segment : media.segments) {
    CheckUri(segment.uri, segment.line, findings);
    if (segment.gap || segment.byte_range) continue;
    if (!seen.insert(segment.uri).second) {
      findings.Warning("R21", segment.line,
                       fmt::format("{} is listed twice", segment.uri));
    }
  }
}

}  // namespace

std::uint64_t RoundedSeconds(const playlist::DecimalSeconds& duration) {
  const std::int64_t us = duration.value.count();
  return static_cast<std::uint64_t>((us + 500'000) / 1'000'000);
}

void CheckUri(std::string_view uri, int line, Findings& findings) {
  if (uri.empty()) return;
  constexpr std::array<std::string_view, 5> kSecrets = {
      "X-Amz-Signature=", "X-Amz-Credential=", "Signature=", "sig=", "token="};
  const std::size_t query = uri.find('?');
  if (query != std::string_view::npos) {
    for (const std::string_view secret : kSecrets) {
      const std::size_t at = uri.find(secret, query);
      if (at != std::string_view::npos &&
          (uri[at - 1] == '?' || uri[at - 1] == '&')) {
        findings.Warning("R115", line, "the URI's query looks like a secret");
        break;
      }
    }
  }
  if (uri.starts_with('/') && !uri.starts_with("//") &&
      !IsHttpUrl(findings.file())) {
    findings.Warning("R116", line,
                     fmt::format("{} is an absolute local path", uri));
  } else if (uri.starts_with("file:")) {
    findings.Warning("R116", line, fmt::format("{} is a local file", uri));
  }
  const bool unescaped = std::any_of(uri.begin(), uri.end(), [](char c) {
    return static_cast<unsigned char>(c) <= 0x20 ||
           std::string_view("\"<>\\^`{|}").find(c) != std::string_view::npos;
  });
  if (unescaped && uri.find("{$") == std::string_view::npos) {
    findings.Warning("R117", line,
                     fmt::format("'{}' needs percent-encoding", uri));
  }
}

void CheckText(const playlist::ParsedPlaylist& parsed, Findings& findings) {
  for (const playlist::SyntaxFinding& finding : parsed.findings) {
    if (finding.error) {
      findings.Error(finding.rule, finding.line, finding.message);
    } else {
      findings.Warning(finding.rule, finding.line, finding.message);
    }
  }
  const bool is_media = parsed.kind == playlist::PlaylistKind::kMedia;
  const playlist::Located<int>& version =
      is_media ? parsed.media.version : parsed.multivariant.version;
  const playlist::VersionNeed& need = parsed.version_need;
  if (version.value < need.version) {
    findings.Error("R3", need.line,
                   fmt::format("version {}, but {} needs {}", version.value,
                               need.reason, need.version));
  } else if (version.present() && version.value > need.version) {
    findings.AppleOnly("R2", version.line,
                       fmt::format("version {}, though {} is enough",
                                   version.value, need.version));
  }
  if (!parsed.ends_with_line_break) {
    findings.Warning("R30", 0,
                     "the text does not end in a line break: cut short?");
  }
}

void CheckMediaPlaylist(const MediaPlaylist& media, Findings& findings,
                        Independent independent) {
  CheckHeader(media, independent, findings);
  CheckStart(media, findings);
  for (const Segment& segment : media.segments) {
    CheckDuration(media, segment, findings);
  }
  if (!media.segments.empty() && media.segments.front().discontinuity &&
      media.media_sequence.value == 0 &&
      media.discontinuity_sequence.value == 0) {
    findings.Warning(
        "R26", media.segments.front().line,
        "DISCONTINUITY before the first segment of a new playlist");
  }
  CheckDates(media, findings);
  CheckMapsAndKeys(media, findings);
  CheckDateRanges(media, findings);
  CheckLowLatency(media, findings);
  CheckSegmentUris(media, findings);
}

}  // namespace hlsrec::check
