#ifndef HLSREC_TESTS_SERVE_CLIENT_H_
#define HLSREC_TESTS_SERVE_CLIENT_H_

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "hlsrec/http_server.h"

namespace hlsrec {

// A connection to a server on 127.0.0.1 that sends what it is told, right or
// wrong, and is at a loss for ten seconds at most.
class Client {
 public:
  struct Answer {
    int status = 0;  // 0: the connection ended without one
    std::map<std::string, std::string> headers = {};  // names in lower case
    std::string body = {};
    [[nodiscard]] std::string Header(const std::string& name) const {
      const auto found = headers.find(name);
      return found == headers.end() ? std::string() : found->second;
    }
  };

  explicit Client(int port);
  ~Client();
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  // False: the other side is gone.
  bool Send(std::string_view bytes);
  // Of one request; of one by HEAD there is no body.
  enum class Expect { kBody, kNoBody };
  Answer Read(Expect expect = Expect::kBody);
  // The other side has closed, and has sent nothing more.
  bool AtEnd();

  // A whole exchange. `headers` are whole lines.
  Answer Ask(const std::string& method, const std::string& target,
             const std::string& headers = "", const std::string& body = "");

 private:
  bool Fill();

  int socket_ = -1;
  std::string read_;  // and not yet looked at
};

// On a connection of its own.
Client::Answer Ask(const HttpServer& server, const std::string& method,
                   const std::string& target, const std::string& headers = "",
                   const std::string& body = "");

}  // namespace hlsrec

#endif  // HLSREC_TESTS_SERVE_CLIENT_H_
