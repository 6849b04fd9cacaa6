#ifndef HLSREC_SRC_RECEIVE_LISTED_H_
#define HLSREC_SRC_RECEIVE_LISTED_H_

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/sink.h"

namespace hlsrec::receive {

struct Reference {
  std::string key = {};
  // Of a segment's URI, from 1: it may become a gap. 0: the list is worth
  // nothing without it (a media playlist, an init section).
  int line = 0;
};

// What a playlist names of what can be stored below the same prefix, each once
// for each line; segments that are gaps already are not among them.
struct Listed {
  ObjectKind kind = ObjectKind::kMediaPlaylist;
  bool ended = false;
  // Media sequence numbers: of the first segment, and behind the last one.
  std::uint64_t first = 0;
  std::uint64_t end = 0;
  std::vector<Reference> references = {};
};

// Pure. Errors. kInvalidArgument: no playlist.
StatusOr<Listed> ReadListed(const std::string& list_key, std::string_view text);

// The text with EXT-X-GAP for the segments whose URIs are on those lines,
// ascending. Pure.
std::string WithGaps(std::string_view text, const std::vector<int>& lines);

}  // namespace hlsrec::receive

#endif  // HLSREC_SRC_RECEIVE_LISTED_H_
