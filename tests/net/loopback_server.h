#ifndef HLSREC_TESTS_NET_LOOPBACK_SERVER_H_
#define HLSREC_TESTS_NET_LOOPBACK_SERVER_H_

#include <atomic>
#include <functional>
#include <string>
#include <thread>

#include "src/base/mutex.h"

namespace hlsrec {

// A very small HTTP server on 127.0.0.1, one request a connection. The handler
// gets the request's head and gives back every byte of the answer; an empty
// answer closes the connection without one. It runs on the server's thread.
class LoopbackServer {
 public:
  using Handler = std::function<std::string(const std::string& head)>;

  explicit LoopbackServer(Handler handler);
  ~LoopbackServer();
  LoopbackServer(const LoopbackServer&) = delete;
  LoopbackServer& operator=(const LoopbackServer&) = delete;

  [[nodiscard]] std::string Url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  // Of the newest request.
  [[nodiscard]] std::string LastHead() const;

 private:
  void Run();
  void Serve(int connection);

  Handler handler_;
  int socket_ = -1;
  int port_ = 0;
  std::atomic<bool> stopping_{false};
  mutable Mutex mutex_;
  std::string last_head_ ABSL_GUARDED_BY(mutex_);
  std::thread thread_;
};

// A whole answer with a body.
std::string HttpAnswer(int status, const std::string& body,
                       const std::string& headers = "");
// "/a" of "GET /a HTTP/1.1".
std::string RequestPath(const std::string& head);

}  // namespace hlsrec

#endif  // HLSREC_TESTS_NET_LOOPBACK_SERVER_H_
