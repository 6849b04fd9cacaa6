#include "src/check/multivariant_rules.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <set>

#include <fmt/format.h>

#include "src/check/media_rules.h"
#include "src/playlist/parse_values.h"

namespace hlsrec::check {
namespace {

using playlist::MediaPlaylist;
using playlist::MultivariantPlaylist;
using playlist::Rendition;
using playlist::Segment;
using playlist::Variant;
using std::chrono::microseconds;

constexpr std::string_view kHex = "0123456789abcdefABCDEF";

bool IsHexRun(std::string_view text, std::size_t size) {
  return text.size() == size &&
         text.find_first_not_of(kHex) == std::string_view::npos;
}

void CheckCodecs(const Variant& variant, Findings& findings) {
  if (variant.codecs.empty()) {
    findings.Apple("R70", variant.line, "no CODECS");
    return;
  }
  for (const std::string& codec : SplitCodecs(variant.codecs)) {
    if (!IsCodecString(codec)) {
      findings.Error("R70", variant.line,
                     fmt::format("'{}' is not of the form of RFC 6381", codec));
    }
  }
}

void CheckVideoAttributes(const Variant& variant, bool i_frames,
                          Findings& findings) {
  const std::vector<std::string> codecs = SplitCodecs(variant.codecs);
  const bool video = std::any_of(codecs.begin(), codecs.end(), IsVideoCodec);
  if (video && variant.width == 0) {
    findings.Apple("R71", variant.line, "no RESOLUTION, though there is video");
  }
  if (video && variant.frame_rate.empty() && !i_frames) {
    findings.Apple("R72", variant.line, "no FRAME-RATE, though there is video");
  }
  const std::size_t dot = variant.frame_rate.find('.');
  if (!variant.frame_rate.empty() &&
      (dot == std::string::npos || variant.frame_rate.size() - dot != 4)) {
    findings.AppleOnly("R72", variant.line,
                       "FRAME-RATE should have three decimals");
  }
  constexpr std::array<std::string_view, 4> kRanges = {"", "SDR", "HLG", "PQ"};
  if (std::find(kRanges.begin(), kRanges.end(), variant.video_range) ==
      kRanges.end()) {
    findings.Error("R73", variant.line,
                   fmt::format("VIDEO-RANGE '{}' is not SDR, HLG or PQ",
                               variant.video_range));
  }
}

void CheckBandwidth(const Variant& variant, Findings& findings) {
  if (!variant.average_bandwidth) {
    findings.Apple("R69", variant.line, "no AVERAGE-BANDWIDTH");
  } else if (*variant.average_bandwidth > variant.bandwidth) {
    findings.Error("R69", variant.line,
                   fmt::format("AVERAGE-BANDWIDTH {} is above BANDWIDTH {}",
                               *variant.average_bandwidth, variant.bandwidth));
  }
}

void CheckGroupOf(const MultivariantPlaylist& list, const Variant& variant,
                  std::string_view type, const std::string& group,
                  Findings& findings) {
  if (group.empty() || (type == "CLOSED-CAPTIONS" && group == "NONE")) return;
  const bool exists = std::any_of(
      list.renditions.begin(), list.renditions.end(), [&](const Rendition& r) {
        return r.type == type && r.group_id == group;
      });
  if (!exists) {
    findings.Error("R74", variant.line,
                   fmt::format("no EXT-X-MEDIA of TYPE={} with GROUP-ID '{}'",
                               type, group));
  }
}

void CheckRenditions(const MultivariantPlaylist& list, Findings& findings) {
  std::set<std::pair<std::string, std::string>> names;
  std::map<std::string, int> defaults;
  for (const Rendition& rendition : list.renditions) {
    const std::string group = rendition.type + " " + rendition.group_id;
    const int line = rendition.line;
    if (!names.insert({group, rendition.name}).second) {
      findings.Error("R74", line,
                     fmt::format("NAME '{}' twice in group '{}'",
                                 rendition.name, rendition.group_id));
    }
    if (rendition.is_default && ++defaults[group] > 1) {
      findings.Error(
          "R74", line,
          fmt::format("DEFAULT=YES twice in group '{}'", rendition.group_id));
    }
    const playlist::Attribute* autoselect =
        rendition.attributes.Find("AUTOSELECT");
    if (rendition.is_default && autoselect != nullptr &&
        !rendition.autoselect) {
      findings.Error("R74", line, "DEFAULT=YES with AUTOSELECT other than YES");
    }
    const bool captions = rendition.type == "CLOSED-CAPTIONS";
    if (captions && !rendition.uri.empty()) {
      findings.Error("R74", line, "closed captions have no URI");
    }
    if (captions && rendition.attributes.Get("INSTREAM-ID").empty()) {
      findings.Error("R74", line, "closed captions without INSTREAM-ID");
    }
    if (rendition.type == "SUBTITLES" && rendition.uri.empty()) {
      findings.Error("R74", line, "subtitles without URI");
    }
    CheckUri(rendition.uri, line, findings);
  }
}

void CheckClosedCaptions(const MultivariantPlaylist& list, Findings& findings) {
  const auto is_none = [](const Variant& v) {
    const playlist::Attribute* attribute = v.attributes.Find("CLOSED-CAPTIONS");
    return attribute != nullptr && !attribute->quoted &&
           attribute->value == "NONE";
  };
  const auto none =
      std::count_if(list.variants.begin(), list.variants.end(), is_none);
  if (none == 0 || none == std::ssize(list.variants)) return;
  const auto other =
      std::find_if_not(list.variants.begin(), list.variants.end(), is_none);
  findings.Error("R74", other->line,
                 "CLOSED-CAPTIONS=NONE must be on all variants or on none");
}

// The numbers of discontinuities that a list covers.
struct DiscontinuityRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

DiscontinuityRange DiscontinuitiesOf(const MediaPlaylist& media) {
  const Segment& front = media.segments.front();
  return {.first = front.discontinuity_sequence - (front.discontinuity ? 1 : 0),
          .last = media.segments.back().discontinuity_sequence};
}

// Where each discontinuity lies, in time from the start of the list.
std::map<std::uint64_t, microseconds> DiscontinuityTimes(
    const MediaPlaylist& media) {
  std::map<std::uint64_t, microseconds> times;
  microseconds now{0};
  for (const Segment& segment : media.segments) {
    if (segment.discontinuity) times[segment.discontinuity_sequence] = now;
    now += segment.duration.value;
  }
  return times;
}

void CheckDiscontinuitiesMatch(const MediaPlaylist& first,
                               const MediaPlaylist& other, microseconds slack,
                               Findings& findings) {
  const DiscontinuityRange a = DiscontinuitiesOf(first);
  const DiscontinuityRange b = DiscontinuitiesOf(other);
  const bool ended = first.end_list.present() && other.end_list.present();
  if (ended && (a.first != b.first || a.last != b.last)) {
    findings.Error("R27", 0,
                   fmt::format("discontinuities {}-{}, another playlist of the "
                               "presentation has {}-{}",
                               b.first, b.last, a.first, a.last));
    return;
  }
  if (!ended && (a.last < b.first || b.last < a.first)) {
    findings.Error("R27", 0,
                   fmt::format("discontinuities {}-{} have nothing in common "
                               "with another playlist's {}-{}",
                               b.first, b.last, a.first, a.last));
    return;
  }
  if (!ended) return;
  const auto times = DiscontinuityTimes(first);
  for (const auto& [number, time] : DiscontinuityTimes(other)) {
    const auto match = times.find(number);
    if (match == times.end()) continue;
    const microseconds difference = time - match->second;
    if (std::abs(difference.count()) > slack.count()) {
      findings.Error(
          "R27", 0,
          fmt::format("discontinuity {} lies {:+.3f} s from where another "
                      "playlist has it",
                      number,
                      std::chrono::duration<double>(difference).count()));
    }
  }
}

void CheckPair(const MediaPlaylist& first, const NamedPlaylist& named,
               Findings& findings) {
  const MediaPlaylist& other = *named.media;
  const auto target = std::chrono::seconds(static_cast<std::int64_t>(
      std::min(first.target_duration.value, other.target_duration.value)));
  if (first.target_duration.value != other.target_duration.value &&
      !named.subtitles) {
    findings.Error(
        "R76", other.target_duration.line,
        fmt::format("target duration {} s, another playlist of the "
                    "presentation has {} s",
                    other.target_duration.value, first.target_duration.value));
  }
  if (first.type.value != other.type.value) {
    findings.Error("R76", other.type.line,
                   "EXT-X-PLAYLIST-TYPE differs from another playlist's of "
                   "the presentation");
  }
  const auto dated = [](const MediaPlaylist& media) {
    return std::any_of(
        media.segments.begin(), media.segments.end(),
        [](const Segment& s) { return s.date_time.has_value(); });
  };
  if (dated(first) != dated(other) && !other.segments.empty() &&
      !first.segments.empty()) {
    findings.Error("R40", 0,
                   "EXT-X-PROGRAM-DATE-TIME must be in all playlists of a "
                   "presentation or in none");
  }
  if (first.segments.empty() || other.segments.empty()) return;
  CheckDiscontinuitiesMatch(first, other, target, findings);
  if (!first.end_list.present() || !other.end_list.present()) return;
  microseconds difference{0};
  for (const Segment& s : other.segments) difference += s.duration.value;
  for (const Segment& s : first.segments) difference -= s.duration.value;
  if (std::abs(difference.count()) > microseconds(target).count()) {
    findings.Error(
        "R76", 0,
        fmt::format("{:+.3f} s longer than another playlist of the "
                    "presentation",
                    std::chrono::duration<double>(difference).count()));
  }
}

}  // namespace

std::vector<std::string> SplitCodecs(std::string_view codecs) {
  std::vector<std::string> result;
  while (!codecs.empty()) {
    const std::size_t comma = std::min(codecs.find(','), codecs.size());
    std::string_view codec = codecs.substr(0, comma);
    while (codec.starts_with(' ')) codec.remove_prefix(1);
    while (codec.ends_with(' ')) codec.remove_suffix(1);
    if (!codec.empty()) result.emplace_back(codec);
    codecs.remove_prefix(std::min(comma + 1, codecs.size()));
  }
  return result;
}

bool IsVideoCodec(std::string_view codec) {
  constexpr std::array<std::string_view, 12> kVideo = {
      "avc1", "avc3", "hvc1", "hev1", "dvh1", "dvhe",
      "av01", "dav1", "vp09", "vp08", "mp4v", "jpeg"};
  return std::find(kVideo.begin(), kVideo.end(), codec.substr(0, 4)) !=
         kVideo.end();
}

bool IsCodecString(std::string_view codec) {
  const std::size_t dot = codec.find('.');
  const std::string_view kind = codec.substr(0, dot);
  const std::string_view rest =
      dot == std::string_view::npos ? "" : codec.substr(dot + 1);
  if (kind == "avc1" || kind == "avc3") {
    if (IsHexRun(rest, 6)) return true;
    // What players of the first years wanted: "avc1.77.30".
    const std::size_t second = rest.find('.');
    return second != std::string_view::npos &&
           playlist::ParseDecimalInteger(rest.substr(0, second)) &&
           playlist::ParseDecimalInteger(rest.substr(second + 1));
  }
  if (kind == "hvc1" || kind == "hev1") {
    return std::count(rest.begin(), rest.end(), '.') >= 2;
  }
  if (kind == "mp4a") return rest.size() >= 2;
  if (kind == "av01") return std::count(rest.begin(), rest.end(), '.') >= 2;
  return codec.find_first_of(" \"") == std::string_view::npos;
}

void CheckMultivariantPlaylist(const MultivariantPlaylist& list,
                               Findings& findings) {
  if (list.variants.empty()) {
    findings.Error("R67", 0, "no variant");
  }
  for (const Variant& variant : list.variants) {
    CheckUri(variant.uri, variant.uri_line, findings);
    CheckBandwidth(variant, findings);
    CheckCodecs(variant, findings);
    CheckVideoAttributes(variant, false, findings);
    CheckGroupOf(list, variant, "AUDIO", variant.audio, findings);
    CheckGroupOf(list, variant, "VIDEO", variant.video, findings);
    CheckGroupOf(list, variant, "SUBTITLES", variant.subtitles, findings);
    CheckGroupOf(list, variant, "CLOSED-CAPTIONS", variant.closed_captions,
                 findings);
  }
  for (const Variant& variant : list.i_frame_variants) {
    CheckUri(variant.uri, variant.uri_line, findings);
    CheckBandwidth(variant, findings);
    CheckCodecs(variant, findings);
    CheckVideoAttributes(variant, true, findings);
  }
  CheckRenditions(list, findings);
  CheckClosedCaptions(list, findings);
  if (list.i_frame_variants.empty() &&
      std::any_of(list.variants.begin(), list.variants.end(),
                  [](const Variant& v) { return v.width > 0; })) {
    findings.Apple("R77", 0, "no I-frame playlist");
  }
  const auto has_video = [](const Variant& variant) {
    const std::vector<std::string> codecs = SplitCodecs(variant.codecs);
    return variant.width > 0 || codecs.empty() ||
           std::any_of(codecs.begin(), codecs.end(), IsVideoCodec);
  };
  if (!list.variants.empty() &&
      std::all_of(list.variants.begin(), list.variants.end(), has_video)) {
    findings.AppleOnly("R80", 0, "no variant of sound alone");
  }
}

void CheckPlaylistsMatch(const std::vector<NamedPlaylist>& playlists,
                         Findings& findings) {
  const MediaPlaylist* first = nullptr;
  for (const NamedPlaylist& named : playlists) {
    if (named.media->i_frames_only.present()) continue;
    if (first == nullptr) {
      first = named.media;
      continue;
    }
    findings.SetFile(named.file);
    CheckPair(*first, named, findings);
  }
}

}  // namespace hlsrec::check
