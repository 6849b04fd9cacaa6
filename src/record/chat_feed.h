#ifndef HLSREC_SRC_RECORD_CHAT_FEED_H_
#define HLSREC_SRC_RECORD_CHAT_FEED_H_

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "src/base/runtime_core.h"
#include "src/spool/spool.h"

namespace hlsrec::record {

// Brings a recording's chat into the journal: what can't be written is tried
// until it is.
//
// Threads. The recording's strand. Lifetime. Held by its calls in flight.
class ChatFeed : public std::enable_shared_from_this<ChatFeed> {
 public:
  // `next`: the number of the next message. What waits is counted in `pending`.
  // `drained`: nothing waits any more; on the strand.
  ChatFeed(RuntimeCore& core, std::shared_ptr<Strand> strand,
           spool::RecordingId recording, std::uint64_t next,
           std::shared_ptr<spool::PendingBytes> pending,
           std::function<void()> drained);

  void Append(std::string message);
  // Messages that the journal does not have.
  [[nodiscard]] std::uint64_t waiting() const { return waiting_; }
  // Nobody listens any more; what is under way is not tried again.
  void Stop();

 private:
  void Write(spool::ChatAppended entry);
  void OnWritten(const spool::ChatAppended& entry, const Status& status);

  RuntimeCore& core_;
  const std::shared_ptr<Strand> strand_;
  const spool::RecordingId recording_;
  const std::shared_ptr<spool::PendingBytes> pending_;
  std::function<void()> drained_;
  std::uint64_t next_;
  std::uint64_t waiting_ = 0;
  bool stopped_ = false;
};

}  // namespace hlsrec::record

#endif  // HLSREC_SRC_RECORD_CHAT_FEED_H_
