#include "src/serve/content_type.h"

#include <array>

#include "hlsrec/forward.h"

namespace hlsrec::serve {
namespace {

struct Type {
  std::string_view extensions;
  std::string_view type;
};

// RFC 8216 section 4, Apple's authoring rules 10.4, IANA.
constexpr std::array<Type, 16> kTypes = {{
    {"m3u8", "application/vnd.apple.mpegurl"},
    {"ts", "video/mp2t"},
    {"m4s,mp4,m4v,cmfv", "video/mp4"},
    {"m4a,cmfa", "audio/mp4"},
    {"aac", "audio/aac"},
    {"mp3", "audio/mpeg"},
    {"vtt", "text/vtt; charset=utf-8"},
    {"json", "application/json"},
    {"zip", "application/zip"},
    {"jpg,jpeg", "image/jpeg"},
    {"png", "image/png"},
    {"webp", "image/webp"},
    {"csv", "text/csv; charset=utf-8"},
    {"txt,log", "text/plain; charset=utf-8"},
    {"xml,mpd", "application/xml"},
    {"webm", "video/webm"},
}};

}  // namespace

std::string_view ContentTypeOf(std::string_view name) {
  for (const Type& type : kTypes) {
    if (HasExtension(name, type.extensions)) return type.type;
  }
  // Nothing that a browser would run: who uploads chooses names.
  return "application/octet-stream";
}

bool IsPlaylistName(std::string_view name) {
  return HasExtension(name, "m3u8");
}

}  // namespace hlsrec::serve
