#ifndef HLSREC_TESTS_CHECK_LIVE_LIST_H_
#define HLSREC_TESTS_CHECK_LIVE_LIST_H_

#include <string>
#include <vector>

namespace hlsrec::check {

struct ListEntry {
  std::string uri;
  std::string tags = {};  // before EXTINF
  std::string duration = "4.000";
};

// One version of a live playlist.
struct List {
  int sequence = 0;
  int discontinuity_sequence = -1;  // -1: no tag
  int target = 4;
  std::string type = {};
  std::vector<ListEntry> entries = {};
  bool ended = false;
  bool sequence_tag = true;

  [[nodiscard]] std::string Text() const {
    std::string text = "#EXTM3U\n#EXT-X-VERSION:6\n#EXT-X-TARGETDURATION:" +
                       std::to_string(target) + "\n";
    if (!type.empty()) text += "#EXT-X-PLAYLIST-TYPE:" + type + "\n";
    if (sequence_tag) {
      text += "#EXT-X-MEDIA-SEQUENCE:" + std::to_string(sequence) + "\n";
    }
    if (discontinuity_sequence >= 0) {
      text += "#EXT-X-DISCONTINUITY-SEQUENCE:" +
              std::to_string(discontinuity_sequence) + "\n";
    }
    for (const ListEntry& entry : entries) {
      text +=
          entry.tags + "#EXTINF:" + entry.duration + ",\n" + entry.uri + "\n";
    }
    if (ended) text += "#EXT-X-ENDLIST\n";
    return text;
  }
};

// Segments `first` and on.
inline List Numbered(int first, int count) {
  List list{.sequence = first};
  for (int i = first; i < first + count; ++i) {
    list.entries.push_back({.uri = std::to_string(i) + ".ts"});
  }
  return list;
}

}  // namespace hlsrec::check

#endif  // HLSREC_TESTS_CHECK_LIVE_LIST_H_
