#ifndef HLSREC_SRC_BASE_SINK_READER_H_
#define HLSREC_SRC_BASE_SINK_READER_H_

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "hlsrec/sink.h"
#include "src/base/answer.h"
#include "src/base/runtime_core.h"

namespace hlsrec {

// Asks a sink from a thread that may wait, and again for some seconds where
// the sink is away for a moment.
//
// Threads. Any one at a time, none of the runtime's. Blocking. All but Ask().
class SinkReader {
 public:
  // On its way.
  using Question = std::shared_ptr<Answer<std::string>>;

  SinkReader(RuntimeCore& core, Sink& sink) : core_(core), sink_(sink) {}

  Question Ask(const std::string& key, std::uint64_t max_bytes);
  // The answer, or that of a few more attempts where it may be another then.
  StatusOr<std::string> Take(const std::string& key, std::uint64_t max_bytes,
                             Question question);
  StatusOr<std::string> Get(const std::string& key, std::uint64_t max_bytes);
  StatusOr<ObjectInfo> Stat(const std::string& key);
  StatusOr<std::vector<ObjectInfo>> List(const std::string& prefix);
  Status Put(const PutRequest& request);

  [[nodiscard]] RuntimeCore& core() { return core_; }

 private:
  void Wait(int attempt, const Status& status);

  RuntimeCore& core_;
  Sink& sink_;
};

}  // namespace hlsrec

#endif  // HLSREC_SRC_BASE_SINK_READER_H_
