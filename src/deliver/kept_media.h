#ifndef HLSREC_SRC_DELIVER_KEPT_MEDIA_H_
#define HLSREC_SRC_DELIVER_KEPT_MEDIA_H_

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "hlsrec/sink.h"
#include "src/base/clock.h"

namespace hlsrec::deliver {

// A segment of a recording, whose bytes the spool has until its end.
struct KeptSegment {
  std::uint64_t index = 0;
  std::chrono::microseconds duration{0};
  WallTime start = {};
  bool discontinuity = false;
  std::string key = {};                         // as its output names it
  std::string init_key = {};                    // empty: none needed
  std::shared_ptr<const Body> init = {};        // likewise
  std::shared_ptr<const Body> body = {};        // null: a gap
  std::shared_ptr<std::atomic<int>> owed = {};  // counts us
  bool delivered = false;                       // its output is through with it
};

// By rendition, in order of index.
using KeptSegments = std::vector<std::vector<KeptSegment>>;

// All media of one output, for what is made of it at the end: the spool keeps
// it for as long as somebody may have to make it again, in a later run.
//
// Threads. The output's strand.
// Lifetime. Destroyed without Release() it leaves all to the next run.
class KeptMedia {
 public:
  explicit KeptMedia(std::size_t renditions) : segments_(renditions) {}

  // In order of index.
  void Add(std::size_t rendition, KeptSegment segment);
  void OnDelivered(std::size_t rendition, std::uint64_t index);
  // It is a gap from now on, and its room is free as far as we know.
  void Drop(std::size_t rendition, std::uint64_t index);
  // Likewise the oldest one that its output is through with; its key, or empty
  // where there is none.
  std::string DropOldest();
  // Nobody makes anything of it again: it leaves the spool.
  void Release();
  [[nodiscard]] const KeptSegments& segments() const { return segments_; }

 private:
  KeptSegment* Find(std::size_t rendition, std::uint64_t index);
  static void LetGo(KeptSegment& segment);

  KeptSegments segments_;
};

}  // namespace hlsrec::deliver

#endif  // HLSREC_SRC_DELIVER_KEPT_MEDIA_H_
