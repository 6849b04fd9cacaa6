#include "tests/net/loopback_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <utility>

#include "tests/catch.h"

namespace hlsrec {

LoopbackServer::LoopbackServer(Handler handler)
    : handler_(std::move(handler)),
      socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  REQUIRE(socket_ >= 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  socklen_t size = sizeof(address);
  REQUIRE(::bind(socket_, generic, size) == 0);
  REQUIRE(::getsockname(socket_, generic, &size) == 0);
  REQUIRE(::listen(socket_, 16) == 0);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { Run(); });
}

LoopbackServer::~LoopbackServer() {
  stopping_ = true;
  ::shutdown(socket_, SHUT_RDWR);
  thread_.join();
  ::close(socket_);
}

std::string LoopbackServer::LastHead() const {
  const MutexLock lock(mutex_);
  return last_head_;
}

void LoopbackServer::Run() {
  while (!stopping_) {
    const int connection = ::accept(socket_, nullptr, nullptr);
    if (connection < 0) continue;
    Serve(connection);
    ::close(connection);
  }
}

void LoopbackServer::Serve(int connection) {
  std::string head;
  std::array<char, 4096> block{};
  while (head.find("\r\n\r\n") == std::string::npos) {
    const ssize_t count = ::recv(connection, block.data(), block.size(), 0);
    if (count <= 0) return;
    head.append(block.data(), static_cast<std::size_t>(count));
  }
  {
    const MutexLock lock(mutex_);
    last_head_ = head;
  }
  const std::string answer = handler_(head);
  std::size_t sent = 0;
  while (sent < answer.size()) {
    const ssize_t count = ::send(connection, answer.data() + sent,
                                 answer.size() - sent, MSG_NOSIGNAL);
    if (count <= 0) return;
    sent += static_cast<std::size_t>(count);
  }
  ::shutdown(connection, SHUT_WR);
}

std::string HttpAnswer(int status, const std::string& body,
                       const std::string& headers) {
  return "HTTP/1.1 " + std::to_string(status) +
         " X\r\nConnection: close\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n" + headers + "\r\n" + body;
}

std::string RequestPath(const std::string& head) {
  const std::size_t begin = head.find(' ') + 1;
  return head.substr(begin, head.find(' ', begin) - begin);
}

}  // namespace hlsrec
