#ifndef HLSREC_SRC_DELIVER_MULTIVARIANT_LINES_H_
#define HLSREC_SRC_DELIVER_MULTIVARIANT_LINES_H_

#include <cstdint>
#include <string>
#include <vector>

#include "src/deliver/output_plan.h"
#include "src/playlist/render.h"

namespace hlsrec::deliver {

// A rendition as a multivariant playlist has it.
struct ListedRendition {
  const RenditionInfo& info;
  std::string uri = {};
  std::int64_t peak = 0;  // bits per second
  std::int64_t average = 0;
};

struct MultivariantOptions {
  bool fmp4 = false;
  bool independent_segments = false;
  // Of rates: what may come may be larger. 0: these are the last.
  int headroom_percent = 0;
};

// Sound beside pictures is one group, of which every variant is told.
playlist::MultivariantLines ListRenditions(
    const std::vector<ListedRendition>& renditions,
    const MultivariantOptions& options);

}  // namespace hlsrec::deliver

#endif  // HLSREC_SRC_DELIVER_MULTIVARIANT_LINES_H_
