#ifndef HLSREC_TESTS_NET_SCRIPTED_SERVER_H_
#define HLSREC_TESTS_NET_SCRIPTED_SERVER_H_

#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "src/base/mutex.h"

namespace hlsrec {

// How a request of ScriptedServer goes wrong.
enum class Mischief {
  kNone,
  kResetBeforeBody,  // the connection is reset when the head is read
  kResetMidBody,     // when half of the body is read
  kResetAfterBody,   // when all of it is read, and nothing is stored
  kLoseReply,        // stored, then reset
  kStallBeforeBody,  // the body is never read
  kStallAfterBody,   // all is read, nothing stored, no reply
  kReadSlowly,       // a little at a time, then stored
  kCutReply,         // stored; the reply ends in the middle
  kGarbage,          // stored; the reply is no HTTP
  kEarlyReply,       // `status` before the body is read
};

// An HTTP/1.1 store in memory on 127.0.0.1 and [::1], with connections that are
// kept: PUT, POST, GET, HEAD, DELETE. It remembers what it stored and when, and
// misbehaves as it is told.
//
// Threads. A thread for each connection; `decide` is called on them, one at a
//     time.
class ScriptedServer {
 public:
  struct Request {
    std::string method = {};
    std::string path = {};  // as it was sent, query included
    std::map<std::string, std::string> headers = {};  // names in lower case
    int connection = 0;                               // from 1
    // How many came for this path, this one included, by method.
    int number = 0;
    [[nodiscard]] std::string Header(const std::string& name) const {
      const auto found = headers.find(name);
      return found == headers.end() ? std::string() : found->second;
    }
  };
  struct Reply {
    Mischief mischief = Mischief::kNone;
    int status = 0;            // 0: what a good store says
    std::string headers = {};  // whole lines
    std::string body = {};
    bool close = false;
  };
  using Decide = std::function<Reply(const Request&)>;
  // Of what changed, in order.
  struct Stored {
    std::string path = {};
    std::string bytes = {};
    bool removed = false;
    std::map<std::string, std::string> headers = {};
  };

  explicit ScriptedServer(Decide decide = {});
  ~ScriptedServer();
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;

  [[nodiscard]] std::string Url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(ports_[0]) + path;
  }
  [[nodiscard]] std::string UrlV6(const std::string& path) const {
    return "http://[::1]:" + std::to_string(ports_[1]) + path;
  }
  void SetDecide(Decide decide);
  [[nodiscard]] std::vector<Request> requests() const;
  [[nodiscard]] std::vector<Stored> log() const;
  [[nodiscard]] std::map<std::string, std::string> objects() const;
  [[nodiscard]] int connections() const;
  // At the same time, at most.
  [[nodiscard]] int most_connections() const;

 private:
  class Connection;

  void Accept(int listener);
  Reply Begin(Request& request);
  Reply Store(const Request& request, const std::string& body);

  std::array<int, 2> listeners_{-1, -1};
  std::array<int, 2> ports_{0, 0};
  std::vector<std::thread> acceptors_;
  mutable Mutex mutex_;
  Decide decide_ ABSL_GUARDED_BY(mutex_);
  bool stopping_ ABSL_GUARDED_BY(mutex_) = false;
  std::set<int> open_ ABSL_GUARDED_BY(mutex_);
  std::vector<std::thread> threads_ ABSL_GUARDED_BY(mutex_);
  int connections_ ABSL_GUARDED_BY(mutex_) = 0;
  int most_connections_ ABSL_GUARDED_BY(mutex_) = 0;
  std::vector<Request> requests_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, int> counts_ ABSL_GUARDED_BY(mutex_);
  std::vector<Stored> log_ ABSL_GUARDED_BY(mutex_);
  std::map<std::string, std::string> objects_ ABSL_GUARDED_BY(mutex_);
};

}  // namespace hlsrec

#endif  // HLSREC_TESTS_NET_SCRIPTED_SERVER_H_
