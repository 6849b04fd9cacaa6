#ifndef HLSREC_SRC_DELIVER_KEY_WRITER_H_
#define HLSREC_SRC_DELIVER_KEY_WRITER_H_

#include <chrono>
#include <cstdint>
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

struct KeyWriterOptions {
  // How long one version is tried. Whoever waits for it is told then, also
  // where the sink has not answered yet.
  std::chrono::milliseconds patience{20000};
  RetryOptions retry = {};
  std::uint32_t seed = 1;  // of the jitter
};

// Writes and removes objects of one sink for others, who wait for the outcome.
// One call is in flight for each key; of what waits behind it, or for another
// attempt, the newest stays. Its outcome is that of those before, too, where
// both put with kReplace, or both remove. What fails and may succeed later is
// tried again while patience lasts, and nothing newer waits.
//
// Threads. Everything on the strand given; the sink's replies are brought
//     there.
// Errors. kDeadlineExceeded when patience is over, with the last failure: the
//     object may be stored or removed nevertheless. kConflict: a removal took a
//     put's place, or a put a removal's. kUnavailable: another put did. Others
//     as the sink answers.
// Lifetime. Held by its calls in flight and its timers.
class KeyWriter : public std::enable_shared_from_this<KeyWriter> {
 public:
  using Done = std::function<void(Status)>;
  using Task = std::function<void()>;

  KeyWriter(std::shared_ptr<Strand> strand, const Clock& clock,
            std::shared_ptr<Sink> sink, const KeyWriterOptions& options);

  void Put(PutRequest request, Done done);
  // `over` is called when nothing is under way of it any more, in particular no
  // late call of the sink: with `done`, or after it.
  void Remove(const std::string& key, Done done, Task over = {});

 private:
  struct Operation {
    std::uint64_t id = 0;
    std::optional<PutRequest> put = {};  // none: remove
    std::vector<Done> waiting = {};
    std::vector<Task> over = {};
    SteadyTime deadline = {};
    int attempt = 0;
    Status last = {};
  };
  struct Key {
    std::optional<Operation> current = {};
    std::optional<Operation> next = {};
    bool in_flight = false;
    std::optional<SteadyTime> last_write = {};
  };

  static bool SharesOutcome(const Operation& before, const Operation& after);
  static void Inherit(Operation& before, Operation& after);
  static void End(Operation operation, const Status& status);
  void Add(const std::string& key, Operation operation);
  void Start(const std::string& key);
  void Attempt(const std::string& key, std::uint64_t id);
  void OnReply(const std::string& key, Status status);
  void Compare(const std::string& key, Status conflict);
  void Settle(const std::string& key, const Status& status);
  void Advance(const std::string& key);
  void OnDeadline(const std::string& key, std::uint64_t id);
  void At(SteadyTime when, Task task);

  const std::shared_ptr<Strand> strand_;
  const Clock& clock_;
  const std::shared_ptr<Sink> sink_;
  const KeyWriterOptions options_;
  std::map<std::string, Key> keys_;
  std::uint64_t next_id_ = 1;
  std::minstd_rand random_;
};

}  // namespace hlsrec::deliver

#endif  // HLSREC_SRC_DELIVER_KEY_WRITER_H_
