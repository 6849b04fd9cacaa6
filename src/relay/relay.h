#ifndef HLSREC_SRC_RELAY_RELAY_H_
#define HLSREC_SRC_RELAY_RELAY_H_

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "hlsrec/recorder.h"
#include "src/av/stream_writer.h"
#include "src/base/budget.h"
#include "src/base/clock.h"
#include "src/base/mutex.h"
#include "src/base/thread.h"
#include "src/media/muxer.h"

namespace hlsrec::relay {

// Sends a copy of what is recorded to one server that takes a stream, over a
// connection that is made again when it breaks. What the server can't take in
// time is dropped, whole groups of pictures at a time.
//
// Threads. All methods from the recording's strand, none waits; a thread of its
//     own sends. Callbacks come from that thread.
// Lifetime. Destroying it cuts the connection; see Join.
class Relay {
 public:
  // What the recording is told of.
  struct Callbacks {
    // The connection broke (why), or is back (OK).
    std::function<void(const Status&)> on_connection = {};
    std::function<void(std::uint64_t)> on_dropped = {};
    std::function<void(RelayResult)> on_done = {};
    // The thread is about to end and has to be waited for somewhere that may
    // block.
    std::function<void(Thread)> join = {};
  };

  Relay(const Clock& clock, std::shared_ptr<Budget> budget,
        av::StreamTarget target, RelayOptions options, Callbacks callbacks);
  ~Relay();
  Relay(const Relay&) = delete;
  Relay& operator=(const Relay&) = delete;

  // The tracks from here on; the same as before change nothing.
  void Configure(const std::vector<media::MuxTrack>& tracks);
  void Write(const media::Sample& sample);
  // Sends what waits, as far as that is done within the timeout, then tells
  // on_done.
  void Finish();

 private:
  struct State;
  const std::shared_ptr<State> state_;
  const std::function<void(Thread)> join_;
  Thread thread_;
};

}  // namespace hlsrec::relay

#endif  // HLSREC_SRC_RELAY_RELAY_H_
