#ifndef HLSREC_SRC_DELIVER_MANIFEST_ROWS_H_
#define HLSREC_SRC_DELIVER_MANIFEST_ROWS_H_

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "src/base/clock.h"
#include "src/base/executor.h"
#include "src/spool/journal.h"

namespace hlsrec::deliver {

// What a manifest says of a segment, small: there may be a million.
struct SegmentRow {
  std::uint64_t index = 0;
  WallTime start = {};
  std::chrono::microseconds duration{0};
  std::int64_t start_ticks = 0;
  std::uint64_t size_bytes = 0;
  std::array<std::uint8_t, 32> sha256 = {};
  bool has_sha256 = false;
  bool discontinuity = false;
  spool::Outcome outcome = spool::Outcome::kStored;
  bool no_media = false;
  std::string etag = {};
};

// Of one rendition at one output, by index.
struct SeriesRows {
  std::vector<SegmentRow> stored;
  std::vector<SegmentRow> gaps;
  std::set<std::string> init_hashes;  // that stored ones need
  std::chrono::microseconds duration{0};
  std::uint64_t stored_bytes = 0;
  std::uint64_t discontinuities = 0;
};

// Reads them from the journal, a part at a time: `parts` says where each series
// begins. `is_there`: what was stored is not removed. `done` once, on the
// strand.
//
// Threads. The strand's, where it has to be called.
void ReadRows(
    std::shared_ptr<Strand> strand, spool::Journal& journal,
    std::vector<spool::SeriesPart> parts,
    std::function<bool(std::size_t part, std::uint64_t index)> is_there,
    std::function<void(StatusOr<std::vector<SeriesRows>>)> done);

}  // namespace hlsrec::deliver

#endif  // HLSREC_SRC_DELIVER_MANIFEST_ROWS_H_
