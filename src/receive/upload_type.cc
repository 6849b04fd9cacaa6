#include "src/receive/upload_type.h"

#include <algorithm>
#include <array>

#include "src/net/header_text.h"

namespace hlsrec::receive {
namespace {

constexpr std::string_view kPlaylist = "application/vnd.apple.mpegurl";

constexpr std::array<UploadType, 16> kTypes = {{
    {"m3u8", kPlaylist, ObjectKind::kMediaPlaylist},
    {"ts", "video/mp2t"},
    {"m4s", "video/iso.segment"},
    {"fmp4", "video/iso.segment"},
    {"cmfv", "video/mp4"},
    {"cmfa", "audio/mp4"},
    {"mp4", "video/mp4", ObjectKind::kInitSection},
    {"m4a", "audio/mp4"},
    {"aac", "audio/aac"},
    {"mp3", "audio/mpeg"},
    {"ac3", "audio/ac3"},
    {"ec3", "audio/eac3"},
    {"vtt", "text/vtt"},
    {"webvtt", "text/vtt"},
    {"json", "application/json", ObjectKind::kManifest},
    {"txt", "text/plain", ObjectKind::kOther},  // hlsrec validate
}};

// What senders say that know no better, or that use an older name.
constexpr std::array<std::string_view, 2> kAnything = {
    "application/octet-stream", "binary/octet-stream"};
constexpr std::array<std::string_view, 4> kPlaylists = {
    kPlaylist, "application/x-mpegurl", "audio/mpegurl", "audio/x-mpegurl"};

bool IsMedia(std::string_view type) {
  return type.starts_with("video/") || type.starts_with("audio/");
}

}  // namespace

const UploadType* FindUploadType(std::string_view extension) {
  const auto found = std::find_if(
      kTypes.begin(), kTypes.end(),
      [&](const UploadType& type) { return type.extension == extension; });
  return found == kTypes.end() ? nullptr : &*found;
}

bool IsForm(std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find_first_of("; "));
  return net::EqualsIgnoringCase(content_type,
                                 "application/x-www-form-urlencoded");
}

bool Accepts(const UploadType& type, std::string_view content_type) {
  content_type = content_type.substr(0, content_type.find(';'));
  while (content_type.ends_with(' ')) content_type.remove_suffix(1);
  const auto is = [&](std::string_view name) {
    return net::EqualsIgnoringCase(content_type, name);
  };
  if (content_type.empty() || is(type.content_type)) return true;
  if (std::any_of(kAnything.begin(), kAnything.end(), is)) return true;
  if (IsForm(content_type)) return true;
  if (type.kind == ObjectKind::kMediaPlaylist) {
    return std::any_of(kPlaylists.begin(), kPlaylists.end(), is);
  }
  // Encoders do not agree on which of them a segment is.
  return IsMedia(type.content_type) && IsMedia(content_type);
}

}  // namespace hlsrec::receive
