#ifndef HLSREC_SRC_CHECK_HISTORY_H_
#define HLSREC_SRC_CHECK_HISTORY_H_

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "src/check/date_drift.h"
#include "src/check/findings.h"
#include "src/playlist/model.h"

namespace hlsrec::check {

using ReadTime = std::chrono::steady_clock::time_point;

// What has been seen of one media playlist over time, and the rules between
// one version and the next.
class History {
 public:
  explicit History(Findings& findings)
      : findings_(findings), drift_(findings) {}

  // A version was read; times never go back.
  void Add(ReadTime time, std::string_view text,
           const playlist::MediaPlaylist& media);
  [[nodiscard]] std::vector<std::string> AvailableUris(ReadTime time) const;
  [[nodiscard]] bool ended() const { return ended_; }

 private:
  struct Known {
    std::string uri = {};  // with its byte range, if any
    std::string object = {};
    bool gap = false;
    std::uint64_t discontinuity_sequence = 0;
    std::string duration = {};
    std::optional<std::chrono::sys_time<std::chrono::microseconds>> date = {};
    std::string map = {};
    std::string keys = {};
    std::chrono::microseconds length{0};
    ReadTime first_seen = {};
    std::chrono::microseconds longest_list{0};
  };
  struct Leaving {
    std::string object = {};
    ReadTime until = {};
  };
  using Listed = std::map<std::uint64_t, Known>;

  [[nodiscard]] Listed List(ReadTime time,
                            const playlist::MediaPlaylist& media) const;
  void CheckHeader(const playlist::MediaPlaylist& media);
  void CheckText(std::string_view text, const playlist::MediaPlaylist& media);
  // False where the numbers no longer mean the same segments.
  bool CheckNumbers(const playlist::MediaPlaylist& media, const Listed& now);
  void CheckCommon(const playlist::MediaPlaylist& media, const Listed& now);
  void CheckRemoval(const playlist::MediaPlaylist& media, const Listed& now);
  void CheckDateRanges(const playlist::MediaPlaylist& media);
  void CheckProgress(ReadTime time, bool changed);
  void CheckParts(ReadTime time, const playlist::MediaPlaylist& media);
  void Remember(ReadTime time, std::string_view text,
                const playlist::MediaPlaylist& media, Listed now);

  Findings& findings_;
  bool first_ = true;
  bool ended_ = false;
  std::string text_;
  std::uint64_t target_duration_ = 0;
  std::uint64_t media_sequence_ = 0;
  std::uint64_t discontinuity_sequence_ = 0;
  bool had_discontinuity_ = false;
  playlist::ListType type_ = playlist::ListType::kNone;
  Listed listed_;
  // Every URI ever listed, and its number.
  std::unordered_map<std::string, std::uint64_t> number_of_;
  std::vector<Leaving> leaving_;
  std::map<std::string, std::string> date_ranges_;  // id -> START-DATE
  ReadTime last_segment_time_ = {};
  bool stall_reported_ = false;
  std::string newest_part_;
  ReadTime last_part_time_ = {};
  bool part_stall_reported_ = false;
  DateDrift drift_;
};

}  // namespace hlsrec::check

#endif  // HLSREC_SRC_CHECK_HISTORY_H_
