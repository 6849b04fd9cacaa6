#include "src/receive/listed.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "src/base/status_util.h"
#include "src/playlist/parse.h"
#include "src/playlist/reference.h"

namespace hlsrec::receive {
namespace {

class Reader {
 public:
  explicit Reader(const std::string& list_key) : list_key_(list_key) {}

  void Add(std::string_view uri, int line) {
    if (uri.empty()) return;
    std::optional<std::string> key = playlist::KeyOfReference(list_key_, uri);
    if (!key || *key == list_key_) return;
    listed.references.push_back({.key = std::move(*key), .line = line});
  }
  void Media(const playlist::MediaPlaylist& list) {
    listed.ended = list.end_list.present();
    listed.first = static_cast<std::uint64_t>(list.media_sequence.value);
    listed.end = listed.first + list.segments.size();
    for (const playlist::MapTag& map : list.maps) Add(map.uri, 0);
    for (const playlist::Segment& segment : list.segments) {
      if (!segment.gap) Add(segment.uri, segment.line);
    }
  }
  void Multivariant(const playlist::MultivariantPlaylist& list) {
    listed.kind = ObjectKind::kMultivariantPlaylist;
    for (const auto& variant : list.variants) Add(variant.uri, 0);
    for (const auto& variant : list.i_frame_variants) Add(variant.uri, 0);
    for (const auto& rendition : list.renditions) Add(rendition.uri, 0);
  }

  Listed listed;

 private:
  const std::string& list_key_;
};

}  // namespace

StatusOr<Listed> ReadListed(const std::string& list_key,
                            std::string_view text) {
  HLSREC_ASSIGN_OR_RETURN(const playlist::ParsedPlaylist parsed,
                          playlist::ParsePlaylist(text));
  Reader reader(list_key);
  if (parsed.kind == playlist::PlaylistKind::kMedia) {
    reader.Media(parsed.media);
  } else {
    reader.Multivariant(parsed.multivariant);
  }
  return std::move(reader.listed);
}

std::string WithGaps(std::string_view text, const std::vector<int>& lines) {
  std::string result;
  auto next = lines.begin();
  int line = 1;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    if (next != lines.end() && *next == line) {
      result += "#EXT-X-GAP\n";
      ++next;
    }
    result += text.substr(0, end);
    text.remove_prefix(end);
    ++line;
  }
  return result;
}

}  // namespace hlsrec::receive
