#include "src/serve/playlist_text.h"

#include <algorithm>

namespace hlsrec::serve {
namespace {

bool IsRelative(std::string_view uri) {
  if (uri.starts_with("//")) return false;
  const std::size_t end = uri.find_first_of(":/?#");
  return end == uri.npos || uri[end] != ':';
}

void AppendUri(std::string& out, std::string_view uri, std::string_view query) {
  if (uri.empty() || !IsRelative(uri)) {
    out += uri;
    return;
  }
  const std::size_t fragment = std::min(uri.find('#'), uri.size());
  out += uri.substr(0, fragment);
  out += uri.substr(0, fragment).find('?') == uri.npos ? '?' : '&';
  out += query;
  out += uri.substr(fragment);
}

// A tag, whose attribute URI may stand anywhere but in another one's quotes.
void AppendTag(std::string& out, std::string_view line,
               std::string_view query) {
  constexpr std::string_view kName = "URI=\"";
  bool quoted = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const bool begins =
        !quoted && line.substr(i).starts_with(kName) && i > 0 &&
        (line[i - 1] == ':' || line[i - 1] == ',' || line[i - 1] == ' ');
    if (!begins) {
      if (line[i] == '"') quoted = !quoted;
      out += line[i];
      continue;
    }
    const std::size_t from = i + kName.size();
    const std::size_t to = std::min(line.find('"', from), line.size());
    out += kName;
    AppendUri(out, line.substr(from, to - from), query);
    i = to - 1;  // the closing quote comes next, and ends nothing that we began
    quoted = true;
  }
}

}  // namespace

bool IsEndedPlaylist(std::string_view text) {
  return text.find("\n#EXT-X-ENDLIST") != text.npos ||
         text.find("\n#EXT-X-STREAM-INF:") != text.npos;
}

std::string AddQueryToUris(std::string_view text, std::string_view query) {
  if (query.empty()) return std::string(text);
  std::string out;
  out.reserve(text.size() + text.size() / 2);
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    const bool carriage = line.ends_with('\r');
    if (carriage) line.remove_suffix(1);
    if (line.starts_with("#EXT")) {
      AppendTag(out, line, query);
    } else if (line.starts_with("#")) {
      out += line;
    } else {
      AppendUri(out, line, query);
    }
    if (carriage) out += '\r';
    if (end < text.size()) out += '\n';
    text.remove_prefix(std::min(text.size(), end + 1));
  }
  return out;
}

}  // namespace hlsrec::serve
