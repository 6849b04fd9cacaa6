#include "src/check/delivery_rules.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>

#include <fmt/format.h>

#include "src/check/low_latency_rules.h"
#include "src/check/uri.h"

namespace hlsrec::check {
namespace {

using playlist::MediaPlaylist;

std::string_view WithoutParameters(std::string_view content_type) {
  return content_type.substr(0, content_type.find(';'));
}

void CheckPlaylistType(const std::string& location,
                       const std::string& content_type, Findings& findings) {
  constexpr std::array<std::string_view, 5> kTypes = {
      "application/vnd.apple.mpegurl", "audio/mpegurl", "audio/x-mpegurl",
      "application/x-mpegurl", "application/x-mpegURL"};
  const bool named = std::find(kTypes.begin(), kTypes.end(),
                               WithoutParameters(content_type)) != kTypes.end();
  if (named) return;
  const std::string extension = ExtensionOf(location);
  if (extension != ".m3u8" && extension != ".m3u") {
    findings.Error("R85", 0,
                   fmt::format("neither the name nor the content type '{}' "
                               "says that this is a playlist",
                               content_type));
  } else {
    findings.Apple("R85", 0,
                   fmt::format("content type '{}', expected "
                               "application/vnd.apple.mpegurl",
                               content_type));
  }
}

void CheckLiveDelivery(const Fetched& fetched, const MediaPlaylist& media,
                       Findings& findings) {
  if (media.end_list.present()) return;
  const auto target = std::chrono::seconds(
      static_cast<std::int64_t>(media.target_duration.value));
  if (fetched.fresh_for && 2 * *fetched.fresh_for > target) {
    findings.Warning("R37", 0,
                     fmt::format("caches may keep a live playlist for {} s, "
                                 "more than half its target duration of {} s",
                                 fetched.fresh_for->count(), target.count()));
  }
  if (HasParts(media) && fetched.http_version == 1) {
    findings.Apple("R84", 0,
                   "a low-latency playlist is delivered by HTTP/1, not HTTP/2");
  }
}

std::string_view ExpectedType(SegmentKind kind, std::string_view uri) {
  const std::string extension = ExtensionOf(uri);
  switch (kind) {
    case SegmentKind::kMpegTs:
      return "video/mp2t";
    case SegmentKind::kFmp4:
      return extension == ".m4s" ? "video/iso.segment" : "video/mp4";
    case SegmentKind::kWebVtt:
      return "text/vtt";
    case SegmentKind::kPackedAudio:
      return extension == ".aac"   ? "audio/aac"
             : extension == ".mp3" ? "audio/mpeg"
                                   : "";
    case SegmentKind::kUnknown:
      break;
  }
  return "";
}

}  // namespace

void CheckPlaylistDelivery(const std::string& location, const Fetched& fetched,
                           const playlist::ParsedPlaylist& parsed,
                           Findings& findings) {
  if (!IsHttpUrl(location)) return;
  if (fetched.content_encoding != "gzip") {
    findings.Apple("R86", 0, "the playlist is not delivered as gzip");
  }
  CheckPlaylistType(location, fetched.content_type, findings);
  if (parsed.kind == playlist::PlaylistKind::kMedia) {
    CheckLiveDelivery(fetched, parsed.media, findings);
  }
}

void CheckSegmentType(const std::string& content_type,
                      const playlist::Segment& segment, SegmentKind kind,
                      Findings& findings) {
  if (content_type.empty()) return;
  const std::string_view expected = ExpectedType(kind, segment.uri);
  const std::string_view type = WithoutParameters(content_type);
  constexpr std::array<std::string_view, 4> kFmp4 = {
      "video/mp4", "audio/mp4", "video/iso.segment", "application/mp4"};
  const bool alternative =
      kind == SegmentKind::kFmp4 &&
      std::find(kFmp4.begin(), kFmp4.end(), type) != kFmp4.end();
  if (expected.empty() || type == expected || alternative) return;
  findings.Apple("R85", segment.line,
                 fmt::format("{}: content type {}, expected {}", segment.uri,
                             content_type, expected));
}

bool IsSliding(const MediaPlaylist& media) {
  return media.type.value == playlist::ListType::kNone &&
         !media.end_list.present() && media.media_sequence.value > 0;
}

}  // namespace hlsrec::check
