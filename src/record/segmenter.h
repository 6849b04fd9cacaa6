#ifndef HLSREC_SRC_RECORD_SEGMENTER_H_
#define HLSREC_SRC_RECORD_SEGMENTER_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "src/base/status_util.h"
#include "src/media/cutter.h"
#include "src/media/interleaver.h"
#include "src/media/muxer.h"
#include "src/record/date_axis.h"
#include "src/record/packager.h"

namespace hlsrec::record {

// The segments of all renditions: one numbering, one axis of dates, and the
// same cuts for each, which a rendition beside the leading one follows when its
// own samples get there.
//
// Threads. Everything on the recording's strand.
class Segmenter {
 public:
  struct Options {
    std::uint64_t first_index = 0;
    DateAxis axis;
    std::chrono::milliseconds target_duration{0};  // of segments that are gaps
    std::int64_t longest90 = 0;  // what a segment may last, in 90 kHz
    bool refuse_forced = false;  // see Callbacks::on_refused
  };
  struct Callbacks {
    // A segment's first picture is no keyframe.
    std::function<void(int rendition, std::uint64_t index)> on_forced;
    // Such a segment ended, and EXT-X-GAP stands for it: with it go `samples`.
    std::function<void(std::uint64_t index, std::uint64_t samples)> on_refused;
  };

  Segmenter(Options options, Callbacks callbacks);

  // A rendition, by its number from 0 on; a packager for each container.
  void Add(std::vector<std::shared_ptr<Packager>> packagers);
  // From the next Begin() on. `leads`: its samples are what cuts are made for.
  // No tracks: those before stay.
  Status Configure(int rendition, const std::vector<media::MuxTrack>& tracks,
                   bool leads);

  // What follows, from `ticks90` on, came at `wall` and `arrived`; what is
  // absent until then becomes gaps. Not within segments.
  void Anchor(std::int64_t ticks90, WallTime wall, SteadyTime arrived);
  void Begin(std::int64_t start90, bool discontinuity);
  void Write(int rendition, const media::TimedSample& sample, bool picture);
  void Cut(const media::Cut& cut);
  void End(std::int64_t end90);

  // As DateAxis.
  [[nodiscard]] DateAxis& axis() { return axis_; }

  // Brings what is whole to the spool. FlushIfIdle() where nothing did since it
  // was asked last; true: ask again later.
  void FlushNow();
  bool FlushIfIdle();
  // No more samples, and nobody to take the open segments: the next run does.
  void Suspend();
  // What is not handed on yet is not any more.
  void LetGo();

  // Whether segments are not handed on yet.
  [[nodiscard]] bool sealing() const;
  [[nodiscard]] std::uint64_t bytes_written() const;
  // Ended, of the first rendition.
  [[nodiscard]] std::uint64_t segments() const { return segments_; }
  // Of ended segments of the rendition that leads.
  [[nodiscard]] std::chrono::microseconds duration() const { return duration_; }

 private:
  struct Rendition {
    std::vector<std::shared_ptr<Packager>> packagers = {};
    bool leads = false;
    // The open segment.
    std::int64_t start90 = 0;
    WallTime start = {};
    std::uint64_t index = 0;
    bool discontinuity = false;
    bool keyframe_first = true;
    std::uint64_t pictures = 0;
    std::uint64_t samples = 0;               // of all tracks
    std::optional<media::Cut> pending = {};  // to be made at its instant
  };

  void BeginSegment(Rendition& rendition, std::int64_t start90,
                    std::uint64_t index, bool discontinuity);
  void EndSegment(Rendition& rendition, std::int64_t end90);
  // The cut that it waits for.
  void CutNow(Rendition& rendition);
  void AddGaps(std::chrono::milliseconds missing);
  template <typename Act>
  void ForEachPackager(Act act) const {
    for (const Rendition& rendition : renditions_) {
      for (const auto& packager : rendition.packagers) act(*packager);
    }
  }

  const Options options_;
  const Callbacks callbacks_;
  std::vector<Rendition> renditions_;
  DateAxis axis_;
  std::uint64_t next_index_;
  bool open_ = false;
  std::uint64_t segments_ = 0;
  std::chrono::microseconds duration_{0};
};

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_SEGMENTER_H_
