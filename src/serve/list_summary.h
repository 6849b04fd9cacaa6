#ifndef HLSREC_SRC_SERVE_LIST_SUMMARY_H_
#define HLSREC_SRC_SERVE_LIST_SUMMARY_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/status.h"
#include "src/base/clock.h"

namespace hlsrec::serve {

// What /recordings.json wants to know of a playlist.
struct ListSummary {
  bool multivariant = false;
  bool ended = false;
  std::optional<WallTime> start = {};
  std::chrono::microseconds duration{0};
  std::uint64_t segments = 0;
  std::uint64_t size_bytes = 0;  // of what it names and is there
  struct Gap {
    std::chrono::microseconds offset{0};  // from the list's beginning
    std::chrono::microseconds duration{0};
  };
  std::vector<Gap> gaps = {};
  std::vector<std::string> children = {};  // of a multivariant one
  std::string clip_of = {};                // the list that it is a clip of
};

struct ReadList {
  ListSummary summary = {};            // without sizes
  std::set<std::string> objects = {};  // of a media playlist: what it names
};

// Of the list at `path`. Paths are below one root; what lies elsewhere is left
// out. Pure. Errors. kInvalidArgument: it is no playlist.
StatusOr<ReadList> Summarize(const std::string& path, std::string_view text);

}  // namespace hlsrec::serve

#endif  // HLSREC_SRC_SERVE_LIST_SUMMARY_H_
