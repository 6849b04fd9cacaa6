#ifndef HLSREC_SRC_PACKAGE_PARTS_H_
#define HLSREC_SRC_PACKAGE_PARTS_H_

#include <cstddef>
#include <string>
#include <vector>

#include "hlsrec/status.h"
#include "src/package/presentation.h"
#include "src/package/timeline_range.h"

namespace hlsrec::package {

// A segment to be read: of MediaList `list`, by its place there.
struct PartSegment {
  std::size_t list = 0;
  std::size_t index = 0;
  Micros start{0};
};

// What has one clock and one init section: between two discontinuities or gaps.
struct Part {
  Micros start{0};
  Micros duration{0};
  Micros missing_before{0};  // gaps
  bool discontinuity = false;
  // By list; those of lists other than the first one fall where their middle
  // does.
  std::vector<std::vector<PartSegment>> segments = {};
};

struct Parts {
  std::vector<Part> parts = {};
  std::vector<PartSegment> gaps = {};  // of the first list
  // Where the first part begins, and how long all are.
  Micros start{0};
  Micros duration{0};
};

// kFailedPrecondition where a list changes its init section and the first one
// does not.
StatusOr<Parts> MakeParts(const std::vector<MediaList>& lists,
                          const TimeRange& range);

}  // namespace hlsrec::package

#endif  // HLSREC_SRC_PACKAGE_PARTS_H_
