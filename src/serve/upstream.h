#ifndef HLSREC_SRC_SERVE_UPSTREAM_H_
#define HLSREC_SRC_SERVE_UPSTREAM_H_

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "hlsrec/playback.h"
#include "src/base/budget.h"
#include "src/base/clock.h"
#include "src/base/mutex.h"
#include "src/base/runtime_core.h"
#include "src/net/transfer.h"

namespace hlsrec::serve {

// Objects of the place that is forwarded to, whole. Of playlists there is one
// request at a time for each, and its answer is good for others for a moment:
// an audience asks the bucket as often as one player does.
// What a caller holds counts until he lets go of it.
//
// Threads. Any; callbacks run on the transport's thread, or before Fetch()
//     returns.
class Upstream : public std::enable_shared_from_this<Upstream> {
 public:
  using Text = std::shared_ptr<const std::string>;
  using Done = std::function<void(StatusOr<Text>)>;

  Upstream(RuntimeCore& core, const PlaybackOptions& options);

  // As it is found in `decision`: by its URL, or by its key in the bucket. What
  // is stored as gzip is decoded. kResourceExhausted: too much is held already.
  void Fetch(const ForwardDecision& decision, Done done);

 private:
  struct Entry {
    Text text = {};  // empty: the first answer is on its way
    SteadyTime fresh_until = {};
    std::vector<Done> waiting = {};
    bool in_flight = false;
  };

  // Bytes of the budget, until the last that holds it goes.
  class Share;
  using SharePtr = std::shared_ptr<Share>;

  void Ask(const ForwardDecision& decision, Done done);
  void AskUrl(const std::string& url, SharePtr share, Done done);
  void OnAnswer(const std::string& name, const StatusOr<Text>& answer);
  void Forget(const std::string& name) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Those that were fresh until then, and nobody waits for.
  void ForgetStale(SteadyTime now) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  StatusOr<Text> Decode(StatusOr<std::string> bytes, SharePtr share) const;

  const Clock& clock_;
  const std::weak_ptr<net::Transport> transport_;
  const std::shared_ptr<S3Sink> bucket_;
  const std::uint64_t max_bytes_;
  const std::shared_ptr<Budget> budget_;
  const std::shared_ptr<const net::ConnectionOptions> connection_;
  Mutex mutex_;
  std::map<std::string, Entry> playlists_ ABSL_GUARDED_BY(mutex_);
  std::uint64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;  // of their texts
};

}  // namespace hlsrec::serve

#endif  // HLSREC_SRC_SERVE_UPSTREAM_H_
