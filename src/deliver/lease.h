#ifndef HLSREC_SRC_DELIVER_LEASE_H_
#define HLSREC_SRC_DELIVER_LEASE_H_

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "hlsrec/status.h"
#include "src/base/clock.h"

// Who may write an output's playlists, told by objects beside them; see
// "Another machine takes over" in ARCHITECTURE.md. Pure: values in, values out;
// lease_keeper.h and record/takeover.h do what is decided here.
namespace hlsrec::deliver {

// What one generation's object says.
struct LeaseRecord {
  std::uint64_t generation = 1;  // in the object's name
  std::string run = {};          // the writer's; {run} in its segments' names
  std::uint64_t beat = 0;        // counts while the writer lives
  std::chrono::milliseconds lease{0};
  bool released = false;  // the writer has ended in good order

  friend bool operator==(const LeaseRecord&, const LeaseRecord&) = default;
};

// "index.m3u8" has "index.m3u8.lease-1", ...
std::string LeaseKey(std::string_view playlist, std::uint64_t generation);
std::string RenderLease(const LeaseRecord& record);
// kDataLoss where it is no lease.
StatusOr<LeaseRecord> ParseLease(std::uint64_t generation,
                                 std::string_view text);

inline constexpr std::string_view kLeaseType = "application/json";

// Between two beats; between two looks at somebody else's.
inline std::chrono::milliseconds BeatInterval(std::chrono::milliseconds lease) {
  return lease / 3;
}
// After a claim, for one that replaces it unseen.
inline std::chrono::milliseconds SettleTime(std::chrono::milliseconds lease) {
  return lease / 8;
}

// Decides whether another's lease may be taken over, by watching it.
class LeaseWatch {
 public:
  enum class Verdict {
    kOurs,     // goes on: it was this run's before
    kClaim,    // the next generation may be put
    kLookOn,   // look again after a beat's time
    kRefused,  // it lives
  };

  explicit LeaseWatch(std::string run) : run_(std::move(run)) {}

  // The newest generation as it was read at `now`; none: there is none.
  Verdict See(const std::optional<LeaseRecord>& newest, SteadyTime now);

  // What the claimed generation was when it was seen last; the claim is for the
  // one after it.
  [[nodiscard]] const std::optional<LeaseRecord>& seen() const { return seen_; }

 private:
  const std::string run_;
  std::optional<LeaseRecord> seen_;
  SteadyTime since_ = {};
};

// The writer's side: what it put last, and until when it may rely on it.
class Lease {
 public:
  // `began`: before `record` was put, or read.
  Lease(LeaseRecord record, SteadyTime began);

  // Another writer was found: for good.
  [[nodiscard]] bool lost() const { return lost_.has_value(); }
  // The lease may be relied on.
  [[nodiscard]] bool ValidAt(SteadyTime now) const;
  // OK where it may, kUnavailable where it lapsed, kConflict where it is lost.
  [[nodiscard]] Status Check(SteadyTime now) const;

  // One round: Begin, then what is found under its own name, then the put of
  // next(), then what is found under the next generation's. A step that fails
  // ends the round without a trace.
  void Begin(SteadyTime now) { round_began_ = now; }
  // False: lost.
  bool FoundOwn(const std::optional<LeaseRecord>& own);
  [[nodiscard]] LeaseRecord Next() const;
  [[nodiscard]] LeaseRecord Release() const;
  void Put() { ++record_.beat; }
  // False: lost.
  bool FoundNext(const std::optional<LeaseRecord>& next);

  [[nodiscard]] const LeaseRecord& record() const { return record_; }

 private:
  LeaseRecord record_;
  SteadyTime valid_from_;  // the start of the round that succeeded last
  SteadyTime round_began_;
  struct Loss {
    std::uint64_t generation = 0;
    std::string run = {};  // empty: its object is gone
  };
  std::optional<Loss> lost_;
};

}  // namespace hlsrec::deliver

#endif  // HLSREC_SRC_DELIVER_LEASE_H_
