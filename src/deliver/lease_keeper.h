#ifndef HLSREC_SRC_DELIVER_LEASE_KEEPER_H_
#define HLSREC_SRC_DELIVER_LEASE_KEEPER_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "hlsrec/sink.h"
#include "src/base/clock.h"
#include "src/base/executor.h"
#include "src/deliver/lease.h"

namespace hlsrec::deliver {

// Keeps an output's lease alive while it records: round after round.
//
// Threads. Everything on the strand; the sink's replies are brought there.
// Lifetime. Held by its calls in flight. Ends with Release() or Stop().
class LeaseKeeper : public std::enable_shared_from_this<LeaseKeeper> {
 public:
  // `playlist`: whose lease it is. `lost`: once, with kConflict.
  LeaseKeeper(std::shared_ptr<Strand> strand, const Clock& clock,
              std::shared_ptr<Sink> sink, std::string playlist, Lease lease,
              std::function<void(Status)> lost);

  void Start();
  // No more rounds. Whoever waits for Release() is told.
  void Stop();
  // All is delivered and ended: the next writer need not wait. `done` when it
  // is stored, or can't be.
  void Release(std::function<void()> done);

  // As Lease::Check(), now.
  [[nodiscard]] Status Check() const { return lease_.Check(clock_.Steady()); }
  [[nodiscard]] bool lost() const { return lease_.lost(); }

 private:
  using Found = std::optional<LeaseRecord>;

  void Round();
  void Look(std::uint64_t generation,
            std::function<void(StatusOr<Found>)> found);
  void Put(const LeaseRecord& record, std::function<void(Status)> done);
  void OnOwn(const StatusOr<Found>& own);
  void OnPut(const Status& status);
  void OnNext(const StatusOr<Found>& next);
  void EndRound(bool succeeded);
  void Lose();
  void PutRelease();

  const std::shared_ptr<Strand> strand_;
  const Clock& clock_;
  const std::shared_ptr<Sink> sink_;
  const std::string playlist_;
  Lease lease_;
  std::function<void(Status)> lost_;
  std::function<void()> released_;
  bool in_round_ = false;
  bool stopped_ = false;
};

// Passes to a sink what the lease allows: where it has lapsed media alone, no
// playlist or what is made at the end, and no removal; where it is lost nothing
// but reads. What is refused is answered kUnavailable: who is stopped later
// still owes it.
std::shared_ptr<Sink> MakeLeasedSink(std::shared_ptr<Sink> sink,
                                     std::shared_ptr<LeaseKeeper> keeper);

// The record in what a sink answered; none: there is none.
inline constexpr std::uint64_t kMaxLeaseBytes = 65536;
StatusOr<std::optional<LeaseRecord>> LeaseFound(
    std::uint64_t generation, const StatusOr<std::string>& bytes);
PutRequest LeasePut(std::string_view playlist, const LeaseRecord& record,
                    IfExists if_exists);

}  // namespace hlsrec::deliver

#endif  // HLSREC_SRC_DELIVER_LEASE_KEEPER_H_
