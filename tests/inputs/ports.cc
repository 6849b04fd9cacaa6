#include "tests/inputs/ports.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <string>

#include "src/base/clock.h"

namespace hlsrec::testing {
namespace {

constexpr int kPollMilliseconds = 10;
// For a machine that has much else to do: nothing is measured by it.
constexpr std::chrono::seconds kPatience(60);

// The port that was bound, 0 where `port` is taken; 0 asks for any.
int Bind(Transport transport, int port) {
  const int type = transport == Transport::kTcp ? SOCK_STREAM : SOCK_DGRAM;
  const int fd = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
  if (fd < 0) std::abort();
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  const bool bound =
      ::bind(fd, generic, size) == 0 && ::getsockname(fd, generic, &size) == 0;
  ::close(fd);
  return bound ? ntohs(address.sin_port) : 0;
}

// /proc/net/{tcp,udp}: "sl local_address rem_address st ...", in hex.
bool IsListed(const std::string& path, int port, const std::string& state) {
  std::ifstream table(path);
  std::string line;
  while (std::getline(table, line)) {
    std::istringstream fields(line);
    std::string slot;
    std::string local;
    std::string remote;
    std::string st;
    fields >> slot >> local >> remote >> st;
    const std::size_t colon = local.rfind(':');
    if (colon == std::string::npos || st != state) continue;
    if (std::strtol(local.c_str() + colon + 1, nullptr, 16) == port) {
      return true;
    }
  }
  return false;
}

}  // namespace

int FreePort(Transport transport) { return Bind(transport, 0); }

int FreeUdpPortPair() {
  for (;;) {
    const int port = FreePort(Transport::kUdp);
    if (port % 2 == 0 && Bind(Transport::kUdp, port + 1) != 0) return port;
  }
}

bool WaitForListener(Transport transport, int port) {
  return WaitUntil([transport, port] {
    if (transport == Transport::kTcp) {
      return IsListed("/proc/net/tcp", port, "0A") ||
             IsListed("/proc/net/tcp6", port, "0A");
    }
    return IsListed("/proc/net/udp", port, "07") ||
           IsListed("/proc/net/udp6", port, "07");
  });
}

bool WaitUntil(const std::function<bool()>& condition) {
  const SteadyTime end = SystemClock().Steady() + kPatience;
  while (!condition()) {
    if (SystemClock().Steady() > end) return false;
    ::poll(nullptr, 0, kPollMilliseconds);
  }
  return true;
}

}  // namespace hlsrec::testing
