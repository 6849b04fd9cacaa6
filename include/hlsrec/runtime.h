#ifndef HLSREC_RUNTIME_H_
#define HLSREC_RUNTIME_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "hlsrec/export.h"
#include "hlsrec/status.h"

namespace hlsrec {

class RuntimeCore;  // internal

// libav's log is one per process, so the host decides.
enum class LibavLog {
  kLeave,    // do not touch it
  kSilence,  // av_log level quiet
  kForward,  // to RuntimeOptions::libav_log
};

// What is on the disk, not only in the kernel's memory, and when. The death of
// the process alone (kill -9) costs one second at most with each of them.
enum class Durability {
  kNone,     // the kernel writes when it likes
  kSegment,  // a segment, and the journal's word of it, when it is complete:
             // a power failure costs the open segment
  kSecond,   // the open segment once a second, too
};

struct RuntimeOptions {
  // Threads that mux; every recording keeps to one at a time. Two carry several
  // hundred 1.5 Mb/s recordings on this class of machine.
  int media_threads = 2;
  // Bytes of media that may wait in memory, all recordings together; beyond it
  // Push() refuses.
  std::uint64_t memory_budget_bytes = std::uint64_t{256} << 20;
  // Directory for what is not yet delivered. Put it on the file system of your
  // file outputs: segments are then linked, not copied. Empty: segments are
  // kept in memory, within the budget, until they are delivered.
  std::string spool_directory = {};
  // What a power failure may cost; see Durability.
  Durability durability = Durability::kSegment;
  // Bytes of segments that may wait in the spool directory, open ones included;
  // empty: as many as the disk takes. What happens beyond is
  // RecordingOptions::spool_full.
  std::optional<std::uint64_t> spool_max_bytes = {};
  // How long a segment may be owed to an output before it counts as beyond the
  // quota; empty: for ever. Of those of an earlier run their media's time
  // tells.
  std::optional<std::chrono::milliseconds> spool_max_age = {};
  LibavLog libav_logging = LibavLog::kLeave;
  // Called from any thread with libav's level and line; must be thread-safe.
  std::function<void(int level, std::string_view line)> libav_log = {};
};

// What recordings share: threads, memory budget, spool, clock.
//
// Threads. All methods from any thread.
// Lifetime. Recorders, sinks and sources keep it alive; threads end with the
//     last of them. A process may have several.
class HLSREC_EXPORT Runtime {
 public:
  // kInvalidArgument names the bad option.
  static StatusOr<std::shared_ptr<Runtime>> Create(RuntimeOptions options = {});
  ~Runtime();
  Runtime(const Runtime&) = delete;
  Runtime& operator=(const Runtime&) = delete;

  // Bytes of media in memory now.
  [[nodiscard]] std::uint64_t memory_used_bytes() const;

  // For hlsrec's own layers; its type is private.
  [[nodiscard]] RuntimeCore& core() const { return *core_; }
  explicit Runtime(std::unique_ptr<RuntimeCore> core);

 private:
  std::unique_ptr<RuntimeCore> core_;
};

}  // namespace hlsrec

#endif  // HLSREC_RUNTIME_H_
