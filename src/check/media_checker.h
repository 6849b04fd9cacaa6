#ifndef HLSREC_SRC_CHECK_MEDIA_CHECKER_H_
#define HLSREC_SRC_CHECK_MEDIA_CHECKER_H_

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "src/check/decrypt.h"
#include "src/check/fetch.h"
#include "src/check/findings.h"
#include "src/check/fmp4_init.h"
#include "src/check/i_frame_series.h"
#include "src/check/segment_reader.h"
#include "src/check/segment_series.h"
#include "src/playlist/model.h"

namespace hlsrec::check {

// Reads the segments of one media playlist, with their init sections and keys.
class MediaChecker {
 public:
  MediaChecker(std::string location, const CheckOptions& options,
               Fetcher& fetcher, Findings& findings);

  // Reads the segments of this version that were not in those before.
  void CheckNew(const playlist::MediaPlaylist& media);
  // No version follows.
  void Finish() { series_.Finish(); }
  [[nodiscard]] const MediaSummary& summary() const {
    return series_.summary();
  }

 private:
  struct Init {
    Bytes bytes = {};
    std::optional<InitFacts> facts = {};  // of an fMP4 init section
    bool read = false;
  };

  void CheckSegment(const playlist::Segment& segment);
  void CheckIFrame(const playlist::Segment& segment, const Bytes& bytes,
                   SegmentScope scope);
  // What comes first in a resource: its tables, where it is MPEG-TS.
  const Bytes& HeadOf(const std::string& uri);
  void Skip();
  const Init& InitOf(std::uint32_t map);
  // The object in the clear; none where it could not be read, which is told.
  std::optional<Bytes> Read(const std::string& uri, int line,
                            const std::optional<playlist::ByteRange>& range,
                            const std::vector<std::uint32_t>& keys,
                            std::uint64_t sequence);
  const std::optional<AesBlock>& KeyOf(std::uint32_t index);
  void ReportUnreadable(const Status& status, const std::string& uri, int line,
                        bool ranged);
  void CheckDelivery(const playlist::Segment& segment, SegmentKind kind);

  const std::string location_;
  const playlist::MediaPlaylist* media_ = nullptr;  // during CheckNew()
  std::optional<std::uint64_t> next_sequence_ = {};
  const CheckOptions& options_;
  Fetcher& fetcher_;
  Findings& findings_;
  SegmentSeries series_;
  IFrameSeries i_frames_;
  std::map<std::string, Init> inits_;  // by URI and range
  std::map<std::string, Bytes> heads_;
  std::map<std::string, std::optional<AesBlock>> keys_;
  Fetched answer_ = {};  // to the newest request, without its bytes
  bool lifetime_checked_ = false;
};

}  // namespace hlsrec::check

#endif  // HLSREC_SRC_CHECK_MEDIA_CHECKER_H_
