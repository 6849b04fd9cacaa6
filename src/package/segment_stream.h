#ifndef HLSREC_SRC_PACKAGE_SEGMENT_STREAM_H_
#define HLSREC_SRC_PACKAGE_SEGMENT_STREAM_H_

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "hlsrec/export_recording.h"
#include "hlsrec/status.h"
#include "src/package/parts.h"
#include "src/package/presentation.h"
#include "src/package/store.h"

namespace hlsrec::package {

// What segment streams share: told of what they read.
struct StreamListener {
  // Before a segment is read; not OK ends it all.
  std::function<Status()> on_next = {};
  std::function<void(const PartSegment&, std::size_t bytes)> on_read = {};
  // It is not there, and may be missing.
  std::function<void(const PartSegment&, const std::string& location)>
      on_missing = {};
};

struct StreamOptions {
  int ahead = 4;
  MissingSegments missing = MissingSegments::kFail;
};

// Init section and segments of one list in one part, decrypted, as bytes one
// after the other. Some segments are asked for ahead.
//
// Lifetime. `store`, `list`, `listener` outlive it.
class SegmentStream {
 public:
  SegmentStream(Store& store, const MediaList& list,
                std::vector<PartSegment> segments, const StreamOptions& options,
                const StreamListener& listener)
      : store_(store),
        list_(list),
        segments_(std::move(segments)),
        options_(options),
        listener_(listener) {}

  // False: there is no segment, or all of them are missing. Before Read().
  StatusOr<bool> Begin();
  // 0: there is no more.
  StatusOr<std::size_t> Read(std::span<std::uint8_t> out);

 private:
  struct Ahead {
    std::string location;
    SinkReader::Question question;
  };
  Status Fill();
  StatusOr<std::string> ReadMap();
  Status AskAhead();
  StatusOr<std::string> ReadSegment(const playlist::Segment& segment);
  StatusOr<std::string> Decrypt(std::string bytes,
                                const std::vector<std::uint32_t>& keys,
                                std::uint64_t sequence);
  StatusOr<std::string> Key(const std::string& location);

  Store& store_;
  const MediaList& list_;
  const std::vector<PartSegment> segments_;
  const StreamOptions options_;
  const StreamListener& listener_;
  std::deque<Ahead> ahead_;
  std::size_t asked_ = 0;
  std::size_t next_ = 0;
  std::string bytes_;
  std::size_t position_ = 0;
  std::map<std::string, std::string> keys_;
};

}  // namespace hlsrec::package

#endif  // HLSREC_SRC_PACKAGE_SEGMENT_STREAM_H_
