#ifndef HLSREC_TESTING_H_
#define HLSREC_TESTING_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hlsrec/export.h"
#include "hlsrec/runtime.h"
#include "hlsrec/sink.h"
#include "hlsrec/status.h"

// What hlsrec tests itself with, for programs that embed it. Needs no test
// framework.
namespace hlsrec::spool {
class Spool;  // internal
}

namespace hlsrec::testing {

// Time that only moves when told. Starts at 2026-01-01T00:00:00Z.
//
// Threads. One.
class HLSREC_EXPORT ManualClock {
 public:
  ManualClock();
  ~ManualClock();
  ManualClock(const ManualClock&) = delete;
  ManualClock& operator=(const ManualClock&) = delete;

  [[nodiscard]] std::chrono::system_clock::time_point Wall() const;
  [[nodiscard]] std::chrono::steady_clock::time_point Steady() const;

  class Impl;
  [[nodiscard]] Impl& impl() const { return *impl_; }

 private:
  std::unique_ptr<Impl> impl_;
};

// A runtime without threads: everything happens inside RunUntilIdle() and
// Advance(), in one order that repeats. The spool is in memory.
// Recorder::Wait() and Open() run what is due and move the clock to what is due
// next. Destroying it runs what is due first; Kill() does not.
//
// Threads. One: the one that calls.
class HLSREC_EXPORT SimulatedRuntime {
 public:
  // `clock` must outlive it.
  explicit SimulatedRuntime(ManualClock& clock);
  ~SimulatedRuntime();
  SimulatedRuntime(const SimulatedRuntime&) = delete;
  SimulatedRuntime& operator=(const SimulatedRuntime&) = delete;

  // With the spool and journal that `open` makes, in a directory or on a disk
  // of your own; hlsrec's own tests use it.
  using OpenSpool = std::function<Status(RuntimeCore& core,
                                         std::unique_ptr<spool::Spool>& spool)>;
  static StatusOr<std::unique_ptr<SimulatedRuntime>> Create(
      ManualClock& clock, const OpenSpool& open);
  // With a spool in files below `spool_directory`, which outlives it.
  static StatusOr<std::unique_ptr<SimulatedRuntime>> Create(
      ManualClock& clock, const std::string& spool_directory);

  [[nodiscard]] const std::shared_ptr<Runtime>& runtime() const {
    return runtime_;
  }
  // Ends it as kill -9 would: what has not happened does not.
  void Kill();
  // Runs what is due now, and what that makes due.
  void RunUntilIdle();
  // Runs that many of the tasks at most: to end it between two of them.
  void RunTasks(int count);
  // Moves the clock from timer to timer.
  void Advance(std::chrono::milliseconds duration);

 private:
  class Impl;
  SimulatedRuntime();
  std::shared_ptr<Runtime> runtime_;
  Impl* impl_ = nullptr;  // owned by runtime_
};

// Objects in memory, with a log of all that happened. Answers at once, on the
// caller's thread.
//
// Threads. Any.
class HLSREC_EXPORT MemorySink final : public Sink {
 public:
  struct Operation {
    enum class Kind { kPut, kRemove } kind = Kind::kPut;
    std::string key = {};
    ObjectKind object = ObjectKind::kOther;
    std::string content_type = {};
    std::string content_encoding = {};
    std::uint64_t size_bytes = 0;
    Status status = {};
  };
  MemorySink();
  ~MemorySink() override;

  void Put(PutRequest request, Done done) override;
  void Get(std::string key, std::uint64_t max_bytes, GetDone done) override;
  void Remove(std::string key, Done done) override;
  void List(std::string prefix, ListDone done) override;
  [[nodiscard]] std::string Describe() const override { return "memory:"; }
  [[nodiscard]] bool keeps_content_encoding() const override { return true; }

  [[nodiscard]] std::map<std::string, std::string> objects() const;
  [[nodiscard]] std::vector<std::string> Keys() const;
  // The object's bytes; empty where there is none.
  [[nodiscard]] std::string Text(const std::string& key) const;
  [[nodiscard]] std::vector<Operation> log() const;
  // Called, unlocked, after each Put and Remove that changed something.
  void OnChange(std::function<void()> changed);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

// How a call of a FaultySink goes wrong.
enum class Fault {
  kNone,
  kFail,       // nothing happens, the status given is answered
  kLoseReply,  // it happens, the status given is answered
  kStall,      // nothing happens and no answer comes until Release()
};

// Passes calls on to another sink, except those it was told to spoil.
//
// Threads. Any; `decide` is called under no lock.
class HLSREC_EXPORT FaultySink final : public Sink {
 public:
  struct Decision {
    Fault fault = Fault::kNone;
    Status status = Status(StatusCode::kUnavailable, "fault: injected");
  };
  // `call` counts Put, Get, Remove and List together, from 1.
  using Decide =
      std::function<Decision(std::uint64_t call, const std::string& key)>;

  FaultySink(std::shared_ptr<Sink> inner, Decide decide);
  ~FaultySink() override;

  void Put(PutRequest request, Done done) override;
  void Get(std::string key, std::uint64_t max_bytes, GetDone done) override;
  void Remove(std::string key, Done done) override;
  void List(std::string prefix, ListDone done) override;
  void Hold(std::string key, HoldDone done) override;
  [[nodiscard]] std::string Describe() const override;
  [[nodiscard]] bool keeps_content_encoding() const override;
  [[nodiscard]] std::chrono::milliseconds rewrite_interval() const override;

  [[nodiscard]] std::uint64_t calls() const;
  // Lets stalled calls go on, in order, without a fault.
  void Release();

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

// Tries all a Sink promises (sink.h) on keys below `prefix`, which should hold
// nothing. Returns what is not kept, in words; empty: all is well. Removes what
// it made.
//
// Blocking. Waits for every call.
HLSREC_EXPORT std::vector<std::string> CheckSinkContract(
    Sink& sink, const std::string& prefix);

}  // namespace hlsrec::testing

#endif  // HLSREC_TESTING_H_
