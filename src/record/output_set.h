#ifndef HLSREC_SRC_RECORD_OUTPUT_SET_H_
#define HLSREC_SRC_RECORD_OUTPUT_SET_H_

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "hlsrec/recorder.h"
#include "src/base/executor.h"
#include "src/base/runtime_core.h"
#include "src/deliver/lease_keeper.h"
#include "src/deliver/output.h"
#include "src/record/notification_feed.h"

namespace hlsrec::record {

// The outputs of one recording, whether it is in motion or what a run before
// left of it, until the spool may forget it:
//
//   JournalEnding() ─▶ Finish(): lists, and what is made of them, end
//                   ─▶ what others make needless goes ─▶ leases are free
//                   ─▶ Close(): the last word ─▶ the spool forgets it
//
// Threads. Everything on the recording's strand.
// Lifetime. Held by its calls in flight.
class OutputSet : public std::enable_shared_from_this<OutputSet> {
 public:
  using Restored = std::vector<std::vector<deliver::RestoredSegment>>;

  OutputSet(RuntimeCore& core, std::shared_ptr<Strand> strand,
            spool::RecordingId recording);

  // Before all else. Both are held until Close() or LetGo(). `taken_over`: an
  // output's lease is another machine's, it has given up, and the event is
  // told.
  void Open(const std::vector<deliver::OutputPlan>& plans,
            std::function<void(Event)> emit,
            std::function<void(Status)> taken_over);
  // Keeps the leases, and takes up what an earlier run left: by output, or
  // nothing.
  void Begin(std::vector<Restored> restored);

  // By value: what is asked of one may close them all.
  [[nodiscard]] std::vector<std::shared_ptr<deliver::Output>> all() const {
    return outputs_;
  }
  [[nodiscard]] bool empty() const { return outputs_.empty(); }
  void AddTo(RecordingProgress& progress) const;

  // Calls `out_of_time` once, after the first `timeout` in which nothing went
  // in that was held back until the end; not after Close().
  void EndWithin(std::chrono::milliseconds timeout,
                 std::function<void()> out_of_time);
  // Before any list has its end: else the next run would go on behind it.
  // `told` with each attempt's outcome; they end with the first that succeeds,
  // or with Finish().
  void JournalEnding(std::function<void(const Status&)> told);
  // Once. `failure`: of the recording. `ended` once they write no more.
  void Finish(const Status& failure, std::function<void()> ended);
  [[nodiscard]] bool finishing() const { return finishing_; }
  // Whether `ended` was called.
  [[nodiscard]] bool ended() const { return removed_.has_value(); }
  // Out of time: what is not stored is missing.
  void GiveUp();
  // The first failure of `before` and the results.
  [[nodiscard]] Status Outcome(const Status& before) const;
  // In the order of Open(); none before Finish().
  [[nodiscard]] const std::vector<OutputResult>& results() const {
    return results_;
  }
  // The last word goes to `feed`, and before the spool forgets the recording:
  // who finds it again tells it again. `closed` once, when that is settled.
  void Close(NotificationFeed& feed, const RecordingResult& result,
             std::function<void()> closed);
  // The strand will not run again: nobody is told, what is held goes.
  void LetGo();

 private:
  void OnTakenOver(std::size_t output, const Status& status);
  void OnDone(std::size_t output, OutputResult result);
  void OnRemoved(const Status& removed);
  void GiveRemovalUp();
  void StopKeepers();
  // What its owner gave it goes, which holds it.
  void Detach();
  void Forget(const std::function<void()>& closed);

  RuntimeCore& core_;
  const std::shared_ptr<Strand> strand_;
  const spool::RecordingId recording_;
  std::vector<std::shared_ptr<deliver::Output>> outputs_;
  // Of their leases; null where there is none.
  std::vector<std::shared_ptr<deliver::LeaseKeeper>> keepers_;
  std::size_t opened_ = 0;
  std::function<void(Event)> emit_;
  std::function<void(Status)> taken_over_;
  bool finishing_ = false;
  bool given_up_ = false;
  std::function<void()> ended_;
  std::vector<OutputResult> results_;
  std::size_t done_ = 0;
  // Of outputs that others make needless: asked for, and what came of it.
  bool removing_ = false;
  std::optional<Status> removed_;
  bool closed_ = false;
  // Of those that are closed: a later run may want it until all is forgotten.
  std::vector<std::shared_ptr<deliver::KeptMedia>> kept_;
};

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_OUTPUT_SET_H_
