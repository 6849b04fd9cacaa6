#include "src/deliver/manifest_rows.h"

#include <charconv>
#include <utility>

#include "src/base/status_util.h"
#include "src/manifest/manifest.h"

namespace hlsrec::deliver {
namespace {

constexpr std::size_t kSegmentsPerRead = 1000;

bool ParseHash(const std::string& hex, std::array<std::uint8_t, 32>& hash) {
  if (hex.size() != 2 * hash.size()) return false;
  for (std::size_t i = 0; i < hash.size(); ++i) {
    const char* digits = hex.data() + 2 * i;
    if (std::from_chars(digits, digits + 2, hash[i], 16).ptr != digits + 2) {
      return false;
    }
  }
  return true;
}

// Lifetime. Held by its calls in flight.
class Reader : public std::enable_shared_from_this<Reader> {
 public:
  Reader(std::shared_ptr<Strand> strand, spool::Journal& journal,
         std::vector<spool::SeriesPart> parts,
         std::function<bool(std::size_t, std::uint64_t)> is_there,
         std::function<void(StatusOr<std::vector<SeriesRows>>)> done)
      : strand_(std::move(strand)),
        journal_(journal),
        parts_(std::move(parts)),
        is_there_(std::move(is_there)),
        done_(std::move(done)),
        rows_(parts_.size()) {}

  void Next() {
    if (at_ == parts_.size()) return done_(std::move(rows_));
    parts_[at_].max_segments = kSegmentsPerRead;
    journal_.LoadPart(
        parts_[at_],
        [self = shared_from_this()](StatusOr<spool::JournaledRecording> part) {
          self->strand_->Post([self, part = std::move(part)] {
            if (!part.ok()) return self->done_(part.status());
            self->Take(*part);
          });
        });
  }

 private:
  void Take(const spool::JournaledRecording& part) {
    auto told = part.deliveries.begin();
    for (const spool::SegmentSealed& segment : part.segments) {
      while (told != part.deliveries.end() && told->index < segment.id.index) {
        ++told;
      }
      const bool known =
          told != part.deliveries.end() && told->index == segment.id.index;
      Add(segment, known ? &*told : nullptr);
    }
    if (part.segments.size() < kSegmentsPerRead) {
      ++at_;
    } else {
      parts_[at_].from_index = part.segments.back().id.index + 1;
    }
    Next();
  }

  void Add(const spool::SegmentSealed& segment,
           const spool::SegmentDelivered* told) {
    SeriesRows& rows = rows_[at_];
    SegmentRow row{.index = segment.id.index,
                   .start = segment.start,
                   .duration = segment.duration,
                   .start_ticks = ticks_[at_],
                   .size_bytes = segment.size_bytes,
                   .discontinuity = segment.discontinuity,
                   .no_media = segment.gap};
    ticks_[at_] += manifest::Ticks(segment.duration);
    rows.duration += segment.duration;
    if (segment.discontinuity) ++rows.discontinuities;
    if (segment.gap) return rows.gaps.push_back(row);
    // Of what nobody has told nothing is known.
    if (told == nullptr) return;
    row.outcome = told->outcome;
    if (row.outcome == spool::Outcome::kLost) return rows.gaps.push_back(row);
    if (!is_there_(at_, row.index)) return;
    row.etag = told->etag;
    row.has_sha256 = ParseHash(segment.sha256, row.sha256);
    rows.stored_bytes += row.size_bytes;
    if (!segment.init_hash.empty()) rows.init_hashes.insert(segment.init_hash);
    rows.stored.push_back(row);
  }

  const std::shared_ptr<Strand> strand_;
  spool::Journal& journal_;
  std::vector<spool::SeriesPart> parts_;
  const std::function<bool(std::size_t, std::uint64_t)> is_there_;
  const std::function<void(StatusOr<std::vector<SeriesRows>>)> done_;
  std::vector<SeriesRows> rows_;
  std::size_t at_ = 0;
  std::vector<std::int64_t> ticks_ =
      std::vector<std::int64_t>(parts_.size(), 0);
};

}  // namespace

void ReadRows(std::shared_ptr<Strand> strand, spool::Journal& journal,
              std::vector<spool::SeriesPart> parts,
              std::function<bool(std::size_t, std::uint64_t)> is_there,
              std::function<void(StatusOr<std::vector<SeriesRows>>)> done) {
  std::make_shared<Reader>(std::move(strand), journal, std::move(parts),
                           std::move(is_there), std::move(done))
      ->Next();
}

}  // namespace hlsrec::deliver
