#ifndef HLSREC_SRC_DELIVER_UPLOADER_H_
#define HLSREC_SRC_DELIVER_UPLOADER_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "hlsrec/sink.h"
#include "src/base/clock.h"
#include "src/base/executor.h"
#include "src/deliver/retry.h"

namespace hlsrec::deliver {

struct UploaderOptions {
  int parallel = 4;
  RetryOptions retry = {};
  // Nor is an object tried again before: an attempt that failed may have
  // written it.
  std::chrono::milliseconds rewrite_interval{0};
  // What is there is read to see whether it is ours; of what is larger the name
  // and the size are enough, where the sink tells them: archives don't fit in
  // memory.
  std::uint64_t max_read_bytes = std::uint64_t{64} << 20;
  // Of the jitter: outputs that fail together must not come back together.
  std::uint32_t seed = 1;
};

// What one attempt came to; told while the object is still on its way.
struct AttemptFailed {
  std::string key = {};
  int attempt = 0;
  Status status = {};
};

// Brings objects to one sink: several at once, each tried until it is stored
// or can't be. The only place that retries.
//
// What failed waits for itself, and is tried at once when something else gets
// through. A sink that says how long to leave it alone gets no attempt before.
// One that refuses two objects in a row for who we are is parked: one object at
// a time finds out whether it still does.
//
// Threads. Everything on the strand given; the sink's replies are brought
// there. Lifetime. Held by its calls in flight. After Stop() waiting objects
// are
//     answered with the last failure, and no attempt begins.
class Uploader : public std::enable_shared_from_this<Uploader> {
 public:
  using Done = std::function<void(Status)>;
  // Whether somebody before us may have stored the object already.
  enum class Earlier { kNone, kMaybeStored };

  Uploader(std::shared_ptr<Strand> strand, const Clock& clock,
           std::shared_ptr<Sink> sink, const UploaderOptions& options,
           std::function<void(const AttemptFailed&)> on_failure,
           std::function<void()> on_recovery);

  // Puts in order of calls as far as there is room; `done` on the strand.
  void Put(PutRequest request, Done done, Earlier earlier = Earlier::kNone);
  // Gives one put up, wherever it is; a reply that still comes is ignored.
  void Abandon(const std::string& key);
  // From now on all others go before this one.
  void Defer(const std::string& key);
  // Time is short: a parked sink is tried now.
  void Hurry();
  // An object that may be there, and of which we have no copy.
  struct Expected {
    std::string key = {};
    std::uint64_t size_bytes = 0;  // 0: not known, as it is then
    std::string sha256 = {};  // hex; empty: the name and the size are enough
  };
  // OK where it is there; as Put() otherwise.
  void Confirm(Expected expected, Done done);
  // One attempt, beside the puts.
  void Remove(const std::string& key, Done done);
  void Stop();
  // Nobody is told, what is held goes: the strand will not run again.
  void LetGo();

  [[nodiscard]] std::uint64_t backlog_objects() const { return jobs_.size(); }
  [[nodiscard]] std::uint64_t backlog_bytes() const { return backlog_bytes_; }
  [[nodiscard]] std::uint64_t retries() const { return retries_; }
  [[nodiscard]] bool degraded() const { return degraded_; }

 private:
  struct Job {
    PutRequest request;
    Done done;
    bool maybe_stored = false;
    // Not put, only looked for.
    std::optional<Expected> expected = {};
    int attempt = 0;
    SteadyTime last_attempt = {};
    SteadyTime not_before = {};
    bool deferred = false;
    // Waits after a failure; the number tells whose timer it was.
    bool backing_off = false;
    // The sink told how long, or who we are is the matter: nothing else tells.
    bool patient = false;
    Status last = {};
  };
  using JobId = std::uint64_t;

  void Start();
  void Attempt(JobId id);
  void OnReply(JobId id, Status status);
  void Add(Job job);
  void Look(JobId id, Status otherwise);
  static std::uint64_t SizeOf(const Job& job);
  void Measure(JobId id, const Status& otherwise);
  void OnMeasured(JobId id, const Status& otherwise,
                  const StatusOr<ObjectInfo>& info);
  void Read(JobId id, Status otherwise);
  void OnExisting(JobId id, const Status& conflict,
                  const StatusOr<std::string>& existing);
  void Finish(JobId id, const Status& status);
  void BackOff(JobId id, const Status& status);
  void Denied(JobId id);
  void GotThrough();
  void Ready(JobId id);
  void ReadyAt(SteadyTime when, JobId id);
  void PauseUntil(SteadyTime when);
  [[nodiscard]] double Jitter();

  const std::shared_ptr<Strand> strand_;
  const Clock& clock_;
  // Let go of by Stop(): a sink that never answers holds us.
  std::shared_ptr<Sink> sink_;
  const UploaderOptions options_;
  const std::function<void(const AttemptFailed&)> on_failure_;
  const std::function<void()> on_recovery_;

  std::map<JobId, Job> jobs_;
  std::deque<JobId> waiting_;
  JobId next_id_ = 1;
  int in_flight_ = 0;
  bool stopped_ = false;
  bool degraded_ = false;
  // No attempt begins before.
  SteadyTime paused_until_ = {};
  int denied_in_a_row_ = 0;
  std::uint64_t backlog_bytes_ = 0;
  std::uint64_t retries_ = 0;
  std::minstd_rand random_{options_.seed};
};

}  // namespace hlsrec::deliver

#endif  // HLSREC_SRC_DELIVER_UPLOADER_H_
