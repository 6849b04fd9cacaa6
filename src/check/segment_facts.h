#ifndef HLSREC_SRC_CHECK_SEGMENT_FACTS_H_
#define HLSREC_SRC_CHECK_SEGMENT_FACTS_H_

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/media.h"
#include "src/base/bytes.h"
#include "src/media/stream_format.h"

// What the bytes of one segment show, whatever its container.
namespace hlsrec::check {

enum class IssueLevel { kError, kWarning, kApple, kAppleOnly };

struct Issue {
  std::string_view rule;  // static storage
  IssueLevel level = IssueLevel::kError;
  std::string message = {};
};

enum class SegmentKind { kUnknown, kMpegTs, kFmp4, kPackedAudio, kWebVtt };

struct TrackFacts {
  int id = 0;  // PID or track_ID
  Codec codec = Codec::kUnknown;
  bool video = false;
  // Ticks per second; times are in ticks, unwrapped within the segment.
  std::uint32_t timescale = 90000;
  std::size_t samples = 0;
  std::uint64_t bytes = 0;
  std::int64_t first_dts = 0;
  std::int64_t last_dts = 0;
  std::int64_t first_pts = 0;  // of the first sample
  std::int64_t min_pts = 0;
  // After the last sample, as its container or codec tells.
  std::int64_t end_dts = 0;
  std::int64_t end_pts = 0;
  // The usual time from one sample to the next; 0 where unknown.
  std::int64_t sample_duration = 0;
  // The first sample: a decoder may start there; it is an IDR picture.
  bool starts_random_access = true;
  bool starts_idr = true;
  std::size_t random_access_points = 0;
  // fMP4: samples whose bytes are all in the segment, and where the first ends.
  std::size_t held_samples = 0;
  std::size_t first_sample_end = 0;
  // In order of appearance, each once.
  std::vector<media::StreamFormat> formats = {};
};

struct PidFacts {
  std::uint8_t first_counter = 0;
  std::uint8_t last_counter = 0;
  bool starts_marked = false;  // discontinuity_indicator on the first packet
  bool has_payload = false;
};

struct TsFacts {
  std::map<int, PidFacts> pids = {};
  int pmt_pid = -1;
  int pcr_pid = -1;
  std::optional<std::uint64_t> first_pcr = {};  // 27 MHz
  std::optional<std::uint64_t> last_pcr = {};
  std::map<int, int> stream_types = {};  // by PID, as the PMT says
};

struct SegmentFacts {
  SegmentKind kind = SegmentKind::kUnknown;
  std::uint64_t bytes = 0;
  std::vector<TrackFacts> tracks = {};
  TsFacts ts = {};
  std::vector<Issue> issues = {};

  [[nodiscard]] const TrackFacts* Find(int id) const {
    for (const TrackFacts& track : tracks) {
      if (track.id == id) return &track;
    }
    return nullptr;
  }
  // The video track, or else the first.
  [[nodiscard]] const TrackFacts* Main() const {
    for (const TrackFacts& track : tracks) {
      if (track.video && track.samples > 0) return &track;
    }
    for (const TrackFacts& track : tracks) {
      if (track.samples > 0) return &track;
    }
    return nullptr;
  }
};

// `later - earlier` on a clock of `bits` bits; 0: it never wraps.
inline std::int64_t TickDifference(std::int64_t later, std::int64_t earlier,
                                   int bits) {
  std::int64_t difference = later - earlier;
  if (bits == 0) return difference;
  const std::int64_t cycle = std::int64_t{1} << bits;
  difference %= cycle;
  if (difference >= cycle / 2) difference -= cycle;
  if (difference < -cycle / 2) difference += cycle;
  return difference;
}

}  // namespace hlsrec::check

#endif  // HLSREC_SRC_CHECK_SEGMENT_FACTS_H_
