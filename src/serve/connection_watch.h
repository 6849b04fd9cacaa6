#ifndef HLSREC_SRC_SERVE_CONNECTION_WATCH_H_
#define HLSREC_SRC_SERVE_CONNECTION_WATCH_H_

#include <cstdint>
#include <map>
#include <string>

#include "hlsrec/http_server.h"
#include "src/base/clock.h"
#include "src/base/mutex.h"

namespace hlsrec::serve {

// Who is connected, and until when he may take his time.
//
// Threads. Any.
class ConnectionWatch {
 public:
  explicit ConnectionWatch(const HttpLimits& limits) : limits_(limits) {}

  // Whether one more may come from there; counts who may not.
  bool Admits(const std::string& peer);
  void Opened(int socket, const std::string& peer, SteadyTime now);
  // Before the socket is closed: its number may then be another's.
  void Closed(int socket);

  // The headers of the next request have to be here in time.
  void AwaitHeaders(int socket, SteadyTime now);
  // A body that began at `began` and of which `bytes` have moved, or are to
  // move: it may go on for as long as the lowest speed takes.
  void AwaitBytes(int socket, SteadyTime began, std::uint64_t bytes);
  // A handler is at work.
  void AwaitNothing(int socket);

  // Ends the connections that are late; their owner closes them.
  void EndLate(SteadyTime now);

  void FillIn(HttpServerStats& stats) const;

 private:
  struct Entry {
    std::string peer;
    SteadyTime deadline;
  };

  void SetDeadline(int socket, SteadyTime deadline);

  const HttpLimits limits_;
  mutable Mutex mutex_;
  std::map<int, Entry> open_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, unsigned> by_peer_ ABSL_GUARDED_BY(mutex_);
  std::uint64_t accepted_ ABSL_GUARDED_BY(mutex_) = 0;
  std::uint64_t refused_ ABSL_GUARDED_BY(mutex_) = 0;
  std::uint64_t too_slow_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace hlsrec::serve

#endif  // HLSREC_SRC_SERVE_CONNECTION_WATCH_H_
