#include "tests/serve/client.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>

#include "src/net/header_text.h"

namespace hlsrec {

Client::Client(int port) {
  socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const timeval patience{.tv_sec = 10, .tv_usec = 0};
  ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  ::setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(socket_, reinterpret_cast<sockaddr*>(&address),
                sizeof address) != 0) {
    ::close(std::exchange(socket_, -1));
  }
}

Client::~Client() {
  if (socket_ >= 0) ::close(socket_);
}

bool Client::Send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count =
        ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

bool Client::Fill() {
  std::array<char, 65536> block;
  const ssize_t count = ::recv(socket_, block.data(), block.size(), 0);
  if (count <= 0) return false;
  read_.append(block.data(), static_cast<std::size_t>(count));
  return true;
}

Client::Answer Client::Read(Expect expect) {
  std::size_t end = 0;
  while ((end = read_.find("\r\n\r\n")) == std::string::npos) {
    if (!Fill()) return {};
  }
  Answer answer;
  const std::string head = read_.substr(0, end + 2);
  read_.erase(0, end + 4);
  if (head.size() > 12) answer.status = std::atoi(head.c_str() + 9);
  for (std::size_t at = head.find("\r\n") + 2; at < head.size();) {
    const std::size_t line_end = head.find("\r\n", at);
    const std::string line = head.substr(at, line_end - at);
    at = line_end + 2;
    const std::size_t colon = line.find(':');
    std::string name = line.substr(0, colon);
    for (char& c : name)
      c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
    answer.headers[name] = net::Trim(std::string_view(line).substr(colon + 1));
  }
  if (answer.status == 100) return Read(expect);
  if (expect == Expect::kNoBody || answer.status == 304) return answer;
  const auto length = static_cast<std::size_t>(
      std::strtoull(answer.Header("content-length").c_str(), nullptr, 10));
  while (read_.size() < length) {
    if (!Fill()) return {};
  }
  answer.body = read_.substr(0, length);
  read_.erase(0, length);
  return answer;
}

bool Client::AtEnd() {
  std::array<char, 1> byte;
  return read_.empty() && ::recv(socket_, byte.data(), 1, 0) <= 0;
}

Client::Answer Client::Ask(const std::string& method, const std::string& target,
                           const std::string& headers,
                           const std::string& body) {
  std::string request =
      method + " " + target + " HTTP/1.1\r\nHost: test\r\n" + headers;
  if (!body.empty()) {
    request += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  }
  Send(request + "\r\n" + body);
  return Read(method == "HEAD" ? Expect::kNoBody : Expect::kBody);
}

Client::Answer Ask(const HttpServer& server, const std::string& method,
                   const std::string& target, const std::string& headers,
                   const std::string& body) {
  Client client(server.port());
  return client.Ask(method, target, headers, body);
}

}  // namespace hlsrec
