#ifndef HLSREC_SRC_PACKAGE_CONTENTS_H_
#define HLSREC_SRC_PACKAGE_CONTENTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "hlsrec/status.h"
#include "src/package/store.h"

namespace hlsrec::package {

struct ContentObject {
  std::string location = {};
  // A playlist's; others are read when they are needed.
  std::optional<std::string> text = {};
};

// All that a recording is made of, playlists first, each object once.
struct Contents {
  std::vector<ContentObject> objects = {};
  std::uint64_t gaps = 0;
  std::string folder = {};  // that all have in common, with its last `/`
};

// Follows the playlist at `key`. kFailedPrecondition where one has no end, or
// names what is not in the store.
StatusOr<Contents> ReadContents(Store& store, const std::string& key);

}  // namespace hlsrec::package

#endif  // HLSREC_SRC_PACKAGE_CONTENTS_H_
