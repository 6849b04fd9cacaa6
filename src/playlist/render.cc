#include "src/playlist/render.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace hlsrec::playlist {
namespace {

bool IsUnreserved(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

// Sub-delimiters and the like that every server and player leaves alone.
bool IsSafeInPath(unsigned char c) {
  return IsUnreserved(c) || c == '/' || c == '@' || c == '!' || c == '$' ||
         c == '(' || c == ')' || c == ',' || c == '=';
}

// A quoted-string can hold no quote and no line break (RFC 8216 section 4.2).
std::string Quoted(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    quoted.push_back(c == '"' ? '\'' : byte < 0x20 || byte == 0x7f ? ' ' : c);
  }
  return quoted + "\"";
}

}  // namespace

std::string RenderHeader(const MediaHeader& header) {
  std::string text =
      fmt::format("#EXTM3U\n#EXT-X-VERSION:{}\n#EXT-X-TARGETDURATION:{}\n",
                  header.version, header.target_duration);
  if (header.type == PlaylistType::kEvent)
    text += "#EXT-X-PLAYLIST-TYPE:EVENT\n";
  if (header.type == PlaylistType::kVod) text += "#EXT-X-PLAYLIST-TYPE:VOD\n";
  if (header.independent_segments) text += "#EXT-X-INDEPENDENT-SEGMENTS\n";
  fmt::format_to(std::back_inserter(text),
                 "#EXT-X-MEDIA-SEQUENCE:{}\n#EXT-X-DISCONTINUITY-SEQUENCE:{}\n",
                 header.media_sequence, header.discontinuity_sequence);
  return text;
}

std::string RenderMap(std::string_view uri) {
  return fmt::format("#EXT-X-MAP:URI={}\n", Quoted(uri));
}

std::string RenderSegment(const SegmentLines& segment) {
  std::string text;
  if (segment.discontinuity) text += "#EXT-X-DISCONTINUITY\n";
  if (segment.program_date_time) {
    fmt::format_to(std::back_inserter(text), "#EXT-X-PROGRAM-DATE-TIME:{}\n",
                   FormatDateTime(*segment.program_date_time));
  }
  if (segment.gap) text += "#EXT-X-GAP\n";
  const std::int64_t us = segment.duration.count();
  fmt::format_to(std::back_inserter(text), "#EXTINF:{}.{:06},\n{}\n",
                 us / 1000000, us % 1000000, segment.uri);
  return text;
}

std::string RenderMultivariant(const MultivariantLines& playlist) {
  std::string text =
      fmt::format("#EXTM3U\n#EXT-X-VERSION:{}\n", playlist.version);
  if (playlist.independent_segments) text += "#EXT-X-INDEPENDENT-SEGMENTS\n";
  auto out = std::back_inserter(text);
  for (const AudioLines& audio : playlist.audio) {
    fmt::format_to(out, "#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID={},NAME={}",
                   Quoted(audio.group), Quoted(audio.name));
    if (!audio.language.empty()) {
      fmt::format_to(out, ",LANGUAGE={}", Quoted(audio.language));
    }
    fmt::format_to(out, ",DEFAULT={},AUTOSELECT=YES",
                   audio.is_default ? "YES" : "NO");
    if (audio.channels > 0) {
      fmt::format_to(out, ",CHANNELS=\"{}\"", audio.channels);
    }
    if (!audio.uri.empty()) fmt::format_to(out, ",URI={}", Quoted(audio.uri));
    text += "\n";
  }
  for (const VariantLines& variant : playlist.variants) {
    fmt::format_to(out, "#EXT-X-STREAM-INF:BANDWIDTH={}",
                   std::max<std::int64_t>(variant.bandwidth, 1));
    if (variant.average_bandwidth > 0) {
      fmt::format_to(out, ",AVERAGE-BANDWIDTH={}", variant.average_bandwidth);
    }
    if (!variant.codecs.empty()) {
      fmt::format_to(out, ",CODECS=\"{}\"", fmt::join(variant.codecs, ","));
    }
    if (variant.width > 0 && variant.height > 0) {
      fmt::format_to(out, ",RESOLUTION={}x{}", variant.width, variant.height);
    }
    if (variant.frame_rate > 0) {
      fmt::format_to(out, ",FRAME-RATE={:.3f}", variant.frame_rate);
    }
    if (!variant.video_range.empty()) {
      fmt::format_to(out, ",VIDEO-RANGE={}", variant.video_range);
    }
    if (!variant.audio_group.empty()) {
      fmt::format_to(out, ",AUDIO={}", Quoted(variant.audio_group));
    }
    fmt::format_to(out, "\n{}\n", variant.uri);
  }
  return text;
}

std::string FormatDateTime(std::chrono::system_clock::time_point time) {
  using std::chrono::days;
  using std::chrono::milliseconds;
  const auto ms = std::chrono::floor<milliseconds>(time);
  const auto day = std::chrono::floor<days>(ms);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(ms - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z",
                     static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()),
                     static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

std::string RelativeUri(std::string_view from, std::string_view to) {
  std::size_t common = 0;
  for (std::size_t i = 0; i < from.size() && i < to.size(); ++i) {
    if (from[i] != to[i]) break;
    if (from[i] == '/') common = i + 1;
  }
  std::string uri;
  const auto levels = std::count(
      from.begin() + static_cast<std::ptrdiff_t>(common), from.end(), '/');
  for (std::ptrdiff_t i = 0; i < levels; ++i) uri += "../";
  const std::string_view rest = to.substr(common);
  const std::size_t first_level = std::min(rest.find('/'), rest.size());
  // `a:b` would read as a scheme.
  for (std::size_t i = 0; i < rest.size(); ++i) {
    const auto byte = static_cast<unsigned char>(rest[i]);
    const bool colon_is_safe = byte == ':' && i > first_level;
    if (IsSafeInPath(byte) || colon_is_safe) {
      uri.push_back(rest[i]);
    } else {
      fmt::format_to(std::back_inserter(uri), "%{:02X}", byte);
    }
  }
  return uri;
}

}  // namespace hlsrec::playlist
