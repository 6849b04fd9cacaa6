#include "src/av/hls_end.h"

extern "C" {
#include <libavformat/avio.h>
}

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <optional>

#include "src/av/av_handles.h"
#include "src/av/av_status.h"
#include "src/av/url_text.h"
#include "src/base/status_util.h"

namespace hlsrec::av {
namespace {

// A week of six-second segments in a list that names each with a long URI.
constexpr std::size_t kMaxPlaylistBytes = std::size_t{32} << 20;

struct IoCloser {
  void operator()(AVIOContext* io) const { avio_closep(&io); }
};

StatusOr<std::string> Fetch(const std::string& url,
                            const std::map<std::string, std::string>& options,
                            Interrupter& interrupter) {
  // What a playlist of the network names must not be a file of ours.
  const std::string scheme = UrlScheme(url);
  if (scheme != "http" && scheme != "https") {
    return PermissionDenied("read: {}: not an http url", RedactedUrl(url));
  }
  AvDictionary dictionary;
  for (const auto& [key, value] : options) dictionary.Set(key, value);
  const AVIOInterruptCB callback = interrupter.callback();
  AVIOContext* opened = nullptr;
  int result = avio_open2(&opened, url.c_str(), AVIO_FLAG_READ, &callback,
                          dictionary.get());
  const std::unique_ptr<AVIOContext, IoCloser> io(opened);
  const std::string context = "read: " + RedactedUrl(url);
  if (result < 0) return AvStatus(result, context);
  std::string text;
  std::array<unsigned char, 16384> block = {};
  while ((result = avio_read(io.get(), block.data(),
                             static_cast<int>(block.size()))) > 0) {
    text.append(reinterpret_cast<const char*>(block.data()),
                static_cast<std::size_t>(result));
    if (text.size() > kMaxPlaylistBytes) {
      return ResourceExhausted("{}: playlist too long", context);
    }
  }
  return text;
}

std::string_view NextLine(std::string_view& text) {
  const std::size_t end = std::min(text.find('\n'), text.size());
  std::string_view line = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  if (!line.empty() && line.back() == '\r') line.remove_suffix(1);
  return line;
}

bool StartsWith(std::string_view line, std::string_view start) {
  return line.substr(0, start.size()) == start;
}

bool HasEnd(std::string_view text) {
  while (!text.empty()) {
    if (NextLine(text) == "#EXT-X-ENDLIST") return true;
  }
  return false;
}

std::optional<std::string> FirstVariant(std::string_view text) {
  bool variant = false;
  while (!text.empty()) {
    const std::string_view line = NextLine(text);
    if (StartsWith(line, "#EXT-X-STREAM-INF:")) {
      variant = true;
    } else if (variant && !line.empty() && line.front() != '#') {
      return std::string(line);
    }
  }
  return std::nullopt;
}

}  // namespace

std::string ResolveReference(const std::string& base,
                             std::string_view reference) {
  if (!UrlScheme(reference).empty()) return std::string(reference);
  const std::size_t separator = base.find("://");
  if (separator == std::string::npos) return std::string(reference);
  if (StartsWith(reference, "//")) {
    return base.substr(0, separator + 1).append(reference);
  }
  const std::size_t authority = separator + 3;
  const std::size_t path =
      std::min(base.find_first_of("/?#", authority), base.size());
  if (StartsWith(reference, "/")) {
    return base.substr(0, path).append(reference);
  }
  const std::size_t query =
      std::min(base.find_first_of("?#", path), base.size());
  const std::size_t slash = base.substr(0, query).rfind('/');
  if (slash == std::string::npos || slash < path) {
    return base.substr(0, path).append("/").append(reference);
  }
  return base.substr(0, slash + 1).append(reference);
}

Status CheckHlsEnded(const std::string& url,
                     const std::map<std::string, std::string>& options,
                     Interrupter& interrupter) {
  std::string media_url = url;
  StatusOr<std::string> text = Fetch(media_url, options, interrupter);
  if (text.ok()) {
    if (const auto variant = FirstVariant(*text)) {
      media_url = ResolveReference(url, *variant);
      text = Fetch(media_url, options, interrupter);
    }
  }
  if (!text.ok()) return {StatusCode::kUnavailable, text.status().message()};
  if (!HasEnd(*text)) {
    return Unavailable("read: {}: stopped without EXT-X-ENDLIST",
                       RedactedUrl(media_url));
  }
  return {};
}

}  // namespace hlsrec::av
