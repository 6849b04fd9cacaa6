#include "tests/net/scripted_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "tests/catch.h"

namespace hlsrec {
namespace {

int Listen(int family, int& port) {
  const int fd = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  REQUIRE(fd >= 0);
  sockaddr_storage address{};
  socklen_t size = 0;
  if (family == AF_INET) {
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address);
    v4->sin_family = AF_INET;
    v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    size = sizeof(*v4);
  } else {
    auto* v6 = reinterpret_cast<sockaddr_in6*>(&address);
    v6->sin6_family = AF_INET6;
    v6->sin6_addr = in6addr_loopback;
    size = sizeof(*v6);
  }
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  // A machine may have no IPv6.
  if (::bind(fd, generic, size) != 0) {
    ::close(fd);
    REQUIRE(family == AF_INET6);
    return -1;
  }
  REQUIRE(::getsockname(fd, generic, &size) == 0);
  REQUIRE(::listen(fd, 512) == 0);
  port = ntohs(family == AF_INET
                   ? reinterpret_cast<sockaddr_in*>(&address)->sin_port
                   : reinterpret_cast<sockaddr_in6*>(&address)->sin6_port);
  return fd;
}

std::string Lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

}  // namespace

// One connection: requests one after the other.
class ScriptedServer::Connection {
 public:
  Connection(ScriptedServer& server, int fd, int number)
      : server_(server), fd_(fd), number_(number) {}

  void Run() {
    while (ServeOne()) {
    }
  }

 private:
  bool Fill(std::size_t most = 65536) {
    std::string block(most, '\0');
    const ssize_t count = ::recv(fd_, block.data(), block.size(), 0);
    if (count <= 0) return false;
    input_.append(block, 0, static_cast<std::size_t>(count));
    return true;
  }
  bool Send(const std::string& bytes) {
    std::size_t sent = 0;
    while (sent < bytes.size()) {
      const ssize_t count =
          ::send(fd_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
      if (count <= 0) return false;
      sent += static_cast<std::size_t>(count);
    }
    return true;
  }
  bool Reset() {
    const linger now{.l_onoff = 1, .l_linger = 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
    return false;
  }
  // Until the client, or the test, has enough.
  bool Stall() {
    pollfd hung_up{.fd = fd_, .events = POLLRDHUP, .revents = 0};
    ::poll(&hung_up, 1, 60'000);
    return false;
  }
  // So that the client can read what was sent.
  bool CloseKindly() {
    ::shutdown(fd_, SHUT_WR);
    while (Fill()) input_.clear();
    return false;
  }
  std::optional<Request> ReadHead() {
    while (input_.find("\r\n\r\n") == std::string::npos) {
      if (!Fill()) return std::nullopt;
    }
    const std::size_t end = input_.find("\r\n\r\n");
    std::string head = input_.substr(0, end + 2);
    input_.erase(0, end + 4);
    Request request{.connection = number_};
    const std::size_t space = head.find(' ');
    request.method = head.substr(0, space);
    request.path =
        head.substr(space + 1, head.find(' ', space + 1) - space - 1);
    for (std::size_t at = head.find("\r\n") + 2; at < head.size();) {
      const std::size_t next = head.find("\r\n", at);
      const std::string line = head.substr(at, next - at);
      const std::size_t colon = std::min(line.find(':'), line.size());
      const std::size_t value =
          std::min(line.find_first_not_of(' ', colon + 1), line.size());
      request.headers[Lower(line.substr(0, colon))] = line.substr(value);
      at = next + 2;
    }
    return request;
  }
  bool ReadBody(std::size_t size, Mischief mischief) {
    while (input_.size() < size) {
      if (mischief == Mischief::kResetMidBody && input_.size() >= size / 2) {
        return Reset();
      }
      if (mischief == Mischief::kReadSlowly) {
        ::poll(nullptr, 0, 1);
        if (!Fill(4096)) return false;
      } else if (!Fill()) {
        return false;
      }
    }
    return mischief == Mischief::kResetMidBody ? Reset() : true;
  }
  bool ServeOne() {
    std::optional<Request> request = ReadHead();
    if (!request) return false;
    Reply reply = server_.Begin(*request);
    if (reply.mischief == Mischief::kResetBeforeBody) return Reset();
    if (reply.mischief == Mischief::kStallBeforeBody) return Stall();
    if (reply.mischief == Mischief::kEarlyReply) {
      return Send(Text(*request, reply)) && CloseKindly();
    }
    const std::string length = request->Header("content-length");
    const std::size_t size = length.empty() ? 0 : std::stoul(length);
    if (!ReadBody(size, reply.mischief)) return false;
    std::string body = input_.substr(0, size);
    input_.erase(0, size);
    if (reply.mischief == Mischief::kResetAfterBody) return Reset();
    if (reply.mischief == Mischief::kStallAfterBody) return Stall();
    if (reply.status == 0) {
      Reply good = server_.Store(*request, body);
      good.mischief = reply.mischief;
      good.close = reply.close;
      good.headers += reply.headers;
      reply = std::move(good);
    }
    if (reply.mischief == Mischief::kLoseReply) return Reset();
    if (reply.mischief == Mischief::kGarbage) {
      return Send("SSH-2.0-nonsense\r\n") && CloseKindly();
    }
    const std::string text = Text(*request, reply);
    if (reply.mischief == Mischief::kCutReply) {
      return Send(text.substr(0, text.size() - 1)) && CloseKindly();
    }
    return Send(text) && (!reply.close || CloseKindly());
  }
  static std::string Text(const Request& request, const Reply& reply) {
    return "HTTP/1.1 " + std::to_string(reply.status) +
           " X\r\nContent-Length: " + std::to_string(reply.body.size()) +
           "\r\n" + (reply.close ? "Connection: close\r\n" : "") +
           reply.headers + "\r\n" +
           (request.method == "HEAD" ? "" : reply.body);
  }

  ScriptedServer& server_;
  const int fd_;
  const int number_;
  std::string input_;
};

ScriptedServer::ScriptedServer(Decide decide) : decide_(std::move(decide)) {
  listeners_ = {Listen(AF_INET, ports_[0]), Listen(AF_INET6, ports_[1])};
  for (const int listener : listeners_) {
    if (listener < 0) continue;
    acceptors_.emplace_back([this, listener] { Accept(listener); });
  }
}

ScriptedServer::~ScriptedServer() {
  std::vector<std::thread> threads;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    for (const int fd : open_) ::shutdown(fd, SHUT_RDWR);
  }
  for (const int listener : listeners_) ::shutdown(listener, SHUT_RDWR);
  for (std::thread& acceptor : acceptors_) acceptor.join();
  {
    const MutexLock lock(mutex_);
    threads.swap(threads_);
  }
  for (std::thread& thread : threads) thread.join();
  for (const int listener : listeners_) {
    if (listener >= 0) ::close(listener);
  }
}

void ScriptedServer::Accept(int listener) {
  while (true) {
    const int fd = ::accept4(listener, nullptr, nullptr, SOCK_CLOEXEC);
    const MutexLock lock(mutex_);
    if (stopping_) {
      if (fd >= 0) ::close(fd);
      return;
    }
    if (fd < 0) continue;
    open_.insert(fd);
    most_connections_ =
        std::max(most_connections_, static_cast<int>(open_.size()));
    threads_.emplace_back([this, fd, number = ++connections_] {
      Connection(*this, fd, number).Run();
      const MutexLock closing(mutex_);
      open_.erase(fd);
      ::close(fd);
    });
  }
}

ScriptedServer::Reply ScriptedServer::Begin(Request& request) {
  const MutexLock lock(mutex_);
  request.number = ++counts_[request.method + " " + request.path];
  requests_.push_back(request);
  return decide_ ? decide_(request) : Reply();
}

ScriptedServer::Reply ScriptedServer::Store(const Request& request,
                                            const std::string& body) {
  const MutexLock lock(mutex_);
  const std::string path = request.path.substr(0, request.path.find('?'));
  const auto found = objects_.find(path);
  const bool exists = found != objects_.end();
  if (request.method == "PUT" || request.method == "POST") {
    if (exists && request.Header("if-none-match") == "*") {
      return {.status = 412};
    }
    objects_[path] = body;
    log_.push_back({.path = path, .bytes = body, .headers = request.headers});
    return {.status = exists ? 204 : 201};
  }
  if (!exists) return {.status = 404, .body = "nothing here\n"};
  if (request.method == "DELETE") {
    objects_.erase(found);
    log_.push_back({.path = path, .removed = true});
    return {.status = 204};
  }
  return {.status = 200, .body = found->second};
}

void ScriptedServer::SetDecide(Decide decide) {
  const MutexLock lock(mutex_);
  decide_ = std::move(decide);
}

std::vector<ScriptedServer::Request> ScriptedServer::requests() const {
  const MutexLock lock(mutex_);
  return requests_;
}

std::vector<ScriptedServer::Stored> ScriptedServer::log() const {
  const MutexLock lock(mutex_);
  return log_;
}

std::map<std::string, std::string> ScriptedServer::objects() const {
  const MutexLock lock(mutex_);
  return objects_;
}

int ScriptedServer::connections() const {
  const MutexLock lock(mutex_);
  return connections_;
}

int ScriptedServer::most_connections() const {
  const MutexLock lock(mutex_);
  return most_connections_;
}

}  // namespace hlsrec
