#include "src/playlist/clip_mark.h"

#include <algorithm>

namespace hlsrec::playlist {
namespace {

constexpr std::string_view kMark = "#HLSREC-CLIP-OF:";

std::size_t EndOfFirstLine(std::string_view text) {
  return std::min(text.find('\n'), text.size() - 1) + 1;
}

}  // namespace

std::string MarkAsClip(std::string_view text, std::string_view uri) {
  const std::size_t first = text.empty() ? 0 : EndOfFirstLine(text);
  std::string marked(text.substr(0, first));
  marked += kMark;
  marked += uri;
  marked += '\n';
  // A clip of a clip has one mark: its own.
  text.remove_prefix(first);
  if (text.starts_with(kMark)) text.remove_prefix(EndOfFirstLine(text));
  return marked += text;
}

std::string_view ClipOf(std::string_view text) {
  if (text.empty()) return {};
  text.remove_prefix(EndOfFirstLine(text));
  if (!text.starts_with(kMark)) return {};
  text = text.substr(kMark.size(), text.find_first_of("\r\n") - kMark.size());
  return text;
}

}  // namespace hlsrec::playlist
