#ifndef HLSREC_SRC_SERVE_MICRO_EXCHANGE_H_
#define HLSREC_SRC_SERVE_MICRO_EXCHANGE_H_

#include <microhttpd.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "hlsrec/http_server.h"
#include "src/base/clock.h"
#include "src/base/mutex.h"
#include "src/serve/connection_watch.h"

namespace hlsrec::serve {

class Exchange;

// What the server's threads and late answers share.
struct ServerState {
  ServerState(HttpServerOptions server_options, const Clock& server_clock)
      : options(std::move(server_options)),
        clock(server_clock),
        watch(options.limits) {}

  const HttpServerOptions options;
  const Clock& clock;
  ConnectionWatch watch;
  std::array<std::atomic<std::uint64_t>, 6> answers = {};
  std::atomic<std::uint64_t> received = 0;
  std::atomic<std::uint64_t> sent = 0;
  std::atomic<std::uint64_t> cut_short = 0;
  std::atomic<bool> stopped = false;

  Mutex mutex;
  bool stopping ABSL_GUARDED_BY(mutex) = false;
  // Those whose connections sleep until they are answered.
  std::set<std::shared_ptr<Exchange>> waiting ABSL_GUARDED_BY(mutex);
};

// One request with its answer. The server's thread drives it; the answer may
// come from any.
class Exchange : public std::enable_shared_from_this<Exchange> {
 public:
  Exchange(ServerState& state, std::string target)
      : state_(state), target_(std::move(target)) {}

  // As libmicrohttpd calls it, again and again for one request.
  MHD_Result Access(MHD_Connection* connection, const char* method,
                    const char* data, std::size_t* size);
  // The request is over, one way or the other.
  void Over(bool completed);
  // Wakes the connection where it sleeps. Any thread.
  void Answer(HttpResponse response);

 private:
  MHD_Result Begin(MHD_Connection* connection, const char* method);
  MHD_Result Take(const char* data, std::size_t size);
  MHD_Result End(MHD_Connection* connection);
  MHD_Result Queue(MHD_Connection* connection, HttpResponse response);
  static bool MuchIsComing(MHD_Connection* connection);
  HttpRequest MakeRequest(MHD_Connection* connection, const char* method);
  [[nodiscard]] bool Answered() {
    MutexLock lock(mutex_);
    return response_.has_value();
  }

  ServerState& state_;  // outlives the connection, but not late answers
  const std::string target_;
  int socket_ = -1;
  bool begun_ = false;
  bool throwing_away_ = false;
  bool ended_ = false;
  bool queued_ = false;
  SteadyTime body_began_ = {};
  std::uint64_t body_bytes_ = 0;
  std::uint64_t sending_bytes_ = 0;
  std::unique_ptr<HttpBodyReader> reader_;

  Mutex mutex_;
  MHD_Connection* asleep_ ABSL_GUARDED_BY(mutex_) = nullptr;
  std::optional<HttpResponse> response_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hlsrec::serve

#endif  // HLSREC_SRC_SERVE_MICRO_EXCHANGE_H_
