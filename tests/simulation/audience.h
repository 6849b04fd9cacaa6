#ifndef HLSREC_TESTS_SIMULATION_AUDIENCE_H_
#define HLSREC_TESTS_SIMULATION_AUDIENCE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "hlsrec/testing.h"
#include "src/playlist/model.h"
#include "tests/simulation/ledger.h"
#include "tests/simulation/verdict.h"

namespace hlsrec::simulation {

// Where an output's objects are, as its readers see them.
struct Shelf {
  std::function<std::optional<std::string>(const std::string& key)> read;
  std::function<std::vector<std::string>()> keys;
};

// Everybody who reads one output, from its first object to its last: looks at
// each change and remembers all it saw, in the lives of all processes.
class Audience {
 public:
  Audience(Verdict& verdict, const Ledger& ledger,
           const testing::ManualClock& clock, Shelf shelf)
      : verdict_(verdict),
        ledger_(ledger),
        clock_(clock),
        shelf_(std::move(shelf)) {}

  // A put of it was tried.
  void OnOffered(const std::string& key, const std::string& bytes);
  // It was given up, to make room, maybe before a put of it was tried.
  void OnGivenUp(const std::string& key) { given_up_.insert(key); }
  // Pauses between two lives are told by gaps, as long as they were.
  void ExpectPausesAsGaps() { pauses_are_gaps_ = true; }
  // It was put, or removed.
  void OnChange(const std::string& key);
  // Nobody knows what happened last.
  void LookAtAll();
  [[nodiscard]] bool saw_lists() const { return !lists_.empty(); }
  // Of a list that no other follows.
  [[nodiscard]] bool saw_end() const;
  // The recording has ended and says that all is stored.
  void CheckEnd();
  // R91: what the journal says of an object that was stored.
  void CheckStored(const std::string& key, const std::string& sha256);

 private:
  using Marks = std::map<char, std::vector<std::int64_t>>;
  struct Object {
    std::string bytes = {};
    Marks marks = {};
    bool present = false;
  };
  struct Listed {
    std::string uri = {};
    std::uint64_t discontinuity_sequence = 0;
    bool discontinuity = false;
    bool gap = false;
    microseconds duration{0};
    std::chrono::sys_time<microseconds> date = {};
    microseconds longest_list{0};  // of those that held it
  };
  // One URI, over all its versions.
  struct List {
    std::string text = {};
    std::uint64_t media_sequence = 0;
    std::uint64_t next_sequence = 0;
    playlist::ListType type = playlist::ListType::kNone;
    std::uint64_t target = 0;
    bool ended = false;
    std::map<std::uint64_t, Listed> listed = {};  // ever
  };
  // A segment that a list has dropped.
  struct Left {
    std::chrono::steady_clock::time_point at = {};
    microseconds hold{0};
  };

  static Marks MarksOf(const std::string& bytes);
  void LookAtObject(const std::string& key,
                    const std::optional<std::string>& bytes);
  void LookAtMedia(const std::string& key, const std::string& text,
                   const playlist::MediaPlaylist& media);
  void CheckVersion(const std::string& key, const List& before,
                    const std::string& text,
                    const playlist::MediaPlaylist& media);
  void CheckSegment(const std::string& key,
                    const playlist::MediaPlaylist& media,
                    const playlist::Segment& segment);
  void CheckSound(const std::string& key, const Object& segment,
                  const Object& init);
  void CheckPause(const std::string& series, const Listed& before,
                  const Listed& after);
  void CheckHistory(const std::string& key, List& list,
                    const playlist::MediaPlaylist& media);
  void CheckRemoved(const std::string& key);
  [[nodiscard]] bool Present(const std::string& key) const;
  void CheckSeries(const std::string& series,
                   std::map<std::uint64_t, Listed> listed);
  void CheckBreaks(const std::string& series,
                   const std::map<std::uint64_t, Listed>& listed);
  void CheckMissing(const std::string& series, char kind,
                    const std::set<std::int64_t>& seen,
                    const std::set<std::int64_t>& in_gaps);

  Verdict& verdict_;
  const Ledger& ledger_;
  const testing::ManualClock& clock_;
  const Shelf shelf_;
  std::map<std::string, Object> objects_;
  std::map<std::string, Marks> offered_;
  std::set<std::string> given_up_;
  bool pauses_are_gaps_ = false;
  std::map<std::string, List> lists_;
  std::map<std::string, Left> left_;
};

}  // namespace hlsrec::simulation

#endif  // HLSREC_TESTS_SIMULATION_AUDIENCE_H_
