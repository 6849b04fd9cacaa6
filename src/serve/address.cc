#include "src/serve/address.h"

#include <arpa/inet.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>

#include "src/base/status_util.h"

namespace hlsrec::serve {
namespace {

const sockaddr& Generic(const sockaddr_storage& address) {
  return reinterpret_cast<const sockaddr&>(address);
}

socklen_t LengthOf(const sockaddr_storage& address) {
  return address.ss_family == AF_INET6 ? sizeof(sockaddr_in6)
                                       : sizeof(sockaddr_in);
}

}  // namespace

StatusOr<sockaddr_storage> ParseAddress(const std::string& text) {
  const auto bad = [&text] {
    return InvalidArgument(
        "bind: {}: want a numeric address and a port, as in 127.0.0.1:8080 or "
        "[::]:8080",
        text);
  };
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) return bad();
  std::uint16_t port = 0;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data() + colon + 1, end, port);
  if (parsed.ec != std::errc() || parsed.ptr != end) return bad();
  std::string host = text.substr(0, colon);
  sockaddr_storage address{};
  if (host.starts_with("[") && host.ends_with("]")) {
    host = host.substr(1, host.size() - 2);
    auto& v6 = reinterpret_cast<sockaddr_in6&>(address);
    v6.sin6_family = AF_INET6;
    v6.sin6_port = htons(port);
    if (::inet_pton(AF_INET6, host.c_str(), &v6.sin6_addr) != 1) return bad();
  } else {
    auto& v4 = reinterpret_cast<sockaddr_in&>(address);
    v4.sin_family = AF_INET;
    v4.sin_port = htons(port);
    if (::inet_pton(AF_INET, host.c_str(), &v4.sin_addr) != 1) return bad();
  }
  return address;
}

std::string PeerName(const sockaddr& address) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  if (address.sa_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    ::inet_ntop(AF_INET, &v4.sin_addr, text.data(), text.size());
  } else if (address.sa_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    ::inet_ntop(AF_INET6, &v6.sin6_addr, text.data(), text.size());
  }
  const std::string name = text.data();
  constexpr std::string_view kMapped = "::ffff:";
  const bool mapped =
      name.starts_with(kMapped) && name.find('.') != std::string::npos;
  return mapped ? name.substr(kMapped.size()) : name;
}

std::string Authority(const sockaddr_storage& address, int port) {
  const std::string name = PeerName(Generic(address));
  return address.ss_family == AF_INET6 ? fmt::format("[{}]:{}", name, port)
                                       : fmt::format("{}:{}", name, port);
}

StatusOr<int> Listen(const sockaddr_storage& address, const std::string& name) {
  const auto fail = [&name](int error) {
    const std::string context = "bind: " + name;
    if (error == EADDRINUSE || error == EADDRNOTAVAIL) {
      return Unavailable("{}: {}", context, std::strerror(error));
    }
    return ErrnoStatus(error, context);
  };
  const int type = SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
  const int socket = ::socket(address.ss_family, type, 0);
  if (socket < 0) return fail(errno);
  const int on = 1;
  const int off = 0;
  ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.ss_family == AF_INET6) {
    ::setsockopt(socket, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
  if (::bind(socket, &Generic(address), LengthOf(address)) != 0 ||
      ::listen(socket, SOMAXCONN) != 0) {
    const int error = errno;
    ::close(socket);
    return fail(error);
  }
  return socket;
}

int PortOf(int socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  if (::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &length) !=
      0) {
    return 0;
  }
  return ntohs(address.ss_family == AF_INET6
                   ? reinterpret_cast<sockaddr_in6&>(address).sin6_port
                   : reinterpret_cast<sockaddr_in&>(address).sin_port);
}

}  // namespace hlsrec::serve
