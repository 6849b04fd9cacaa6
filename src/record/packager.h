#ifndef HLSREC_SRC_RECORD_PACKAGER_H_
#define HLSREC_SRC_RECORD_PACKAGER_H_

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "hlsrec/status.h"
#include "src/base/executor.h"
#include "src/deliver/output_plan.h"
#include "src/media/interleaver.h"
#include "src/media/muxer.h"
#include "src/spool/spool.h"

namespace hlsrec::record {

// What is known of a segment when it begins.
struct SegmentBegin {
  std::uint64_t index = 0;
  std::int64_t start90 = 0;
  WallTime start = {};
  bool discontinuity = false;
};

// What is known of it when it is sealed.
struct SegmentTimes {
  std::uint64_t index = 0;
  std::chrono::microseconds duration{0};
  WallTime start = {};
  bool discontinuity = false;
  // Its media is not to be published: EXT-X-GAP stands for it.
  bool refused = false;
};

// One rendition in one container: samples in, sealed segments out, in order.
//
// Threads. Everything on the recording's strand.
// Lifetime. Held by its seals in flight.
class Packager : public std::enable_shared_from_this<Packager> {
 public:
  struct Options {
    spool::RecordingId recording = 0;
    spool::WriterOptions writer = {};
    int rendition = 0;
    bool fmp4 = false;
    std::int64_t flush_ticks = 0;  // 90 kHz
  };
  // In order of index; what failed ends with `failed`, once.
  using OnSegment = std::function<void(const deliver::SegmentRecord&)>;
  // Media, or the journal's word of a gap, could not be written.
  struct Failure {
    Status status = {};
    int rendition = 0;
    std::uint64_t index = 0;
    std::uint64_t samples = 0;  // that are gone
  };
  using OnFailed = std::function<void(const Failure&)>;

  Packager(std::shared_ptr<Strand> strand, const Clock& clock,
           spool::Spool& spool, Options options, OnSegment on_segment,
           OnFailed on_failed);

  // The tracks from the next segment on. Not within a segment.
  Status Configure(std::vector<media::MuxTrack> tracks);
  void Begin(const SegmentBegin& begin);
  void Write(const media::TimedSample& sample);
  // Brings what is whole to the spool, unless that happened since the last
  // call: for sources that fall silent. True: ask again later.
  bool FlushIfIdle();
  // Likewise, whatever happened before.
  void FlushNow();
  void End(const SegmentTimes& times);
  void AddGap(const SegmentTimes& times);
  // No more samples, and nobody to take the open segment: the next run does.
  void Suspend();

  [[nodiscard]] bool in_segment() const { return in_segment_; }
  // Of the open segment.
  [[nodiscard]] std::uint64_t samples() const { return samples_; }
  // Segments that are not yet handed on.
  [[nodiscard]] std::size_t sealing() const { return slots_.size(); }
  [[nodiscard]] std::uint64_t bytes_written() const { return bytes_written_; }

 private:
  struct Slot {
    deliver::SegmentRecord record;
    bool ready = false;
    std::uint64_t samples = 0;
  };
  void Open();
  void Flush();
  void Spill();
  void OnSealed(std::uint64_t index, StatusOr<spool::SealedSegment> sealed);
  void Drain();
  void MarkChunk();
  void JournalInit(const std::string& hash,
                   const std::shared_ptr<const std::string>& bytes);
  void JournalGap(const Slot& slot);
  void OnGapJournaled(std::uint64_t index, const Status& status);
  std::deque<Slot>::iterator FindSlot(std::uint64_t index);
  deliver::SegmentRecord MakeRecord(const SegmentTimes& times) const;

  const std::shared_ptr<Strand> strand_;
  const Clock& clock_;
  spool::Spool& spool_;
  const Options options_;
  const OnSegment on_segment_;
  const OnFailed on_failed_;

  std::unique_ptr<media::Muxer> muxer_;
  std::string init_hash_;
  std::shared_ptr<const Body> init_;
  std::set<std::string> journaled_inits_;  // hashes
  std::unique_ptr<spool::SegmentWriter> writer_;
  Bytes out_;
  bool in_segment_ = false;
  SegmentBegin begin_;
  int timing_track_ = -1;   // whose samples a chunk lasts for; -1: all
  bool timed_ = false;      // a sample of it came in this segment
  std::int64_t end90_ = 0;  // of them
  std::uint64_t samples_ = 0;
  std::int64_t flushed_at_ = 0;
  std::uint64_t unflushed_bytes_ = 0;
  bool flushed_ = false;  // since the last FlushIfIdle()
  std::uint64_t bytes_written_ = 0;
  std::deque<Slot> slots_;  // in order; the front is handed on first
};

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_PACKAGER_H_
