#ifndef HLSREC_SRC_AV_HLS_SERIES_H_
#define HLSREC_SRC_AV_HLS_SERIES_H_

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace hlsrec::av {

// Which segments of an HLS input were passed over, told from the playlists that
// were read and the URLs that were opened: between two segments that were
// opened none may lie. It matters not why: expired, refused, not there.
//
// A segment that several byte ranges share, or that no playlist seen so far
// lists, has no number and counts for nothing.
class HlsSeries {
 public:
  // A playlist that was read from `url`.
  void OnPlaylist(const std::string& url, std::string_view text);
  void OnOpened(const std::string& url);
  // It may be tried again, and then be opened.
  void OnFailed(const std::string& url);
  // It broke off in the middle.
  void OnBroken(const std::string& url);
  // No more will be opened: what failed stays missed.
  void OnEnd();

  [[nodiscard]] bool knows_playlist() const { return !lists_.empty(); }
  [[nodiscard]] std::uint64_t missed() const { return missed_; }
  [[nodiscard]] std::uint64_t cut_short() const { return cut_short_; }

 private:
  struct List {
    std::map<std::string, std::int64_t> numbers;  // by URL
    std::optional<std::int64_t> last;             // that was opened
    std::set<std::int64_t> failed;                // behind `last`
  };
  struct Seen {
    std::string url;
    bool opened = false;
  };
  void Add(Seen segment);
  void Place(const Seen& segment);

  std::map<std::string, List> lists_;  // by URL
  std::deque<Seen> early_;             // while no playlist is known
  std::uint64_t missed_ = 0;
  std::uint64_t cut_short_ = 0;
};

}  // namespace hlsrec::av

#endif  // HLSREC_SRC_AV_HLS_SERIES_H_
