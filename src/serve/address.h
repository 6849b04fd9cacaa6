#ifndef HLSREC_SRC_SERVE_ADDRESS_H_
#define HLSREC_SRC_SERVE_ADDRESS_H_

#include <netinet/in.h>
#include <sys/socket.h>

#include <string>

#include "hlsrec/status.h"

namespace hlsrec::serve {

// "127.0.0.1:8080", "[::1]:8080". kInvalidArgument says what is wrong.
StatusOr<sockaddr_storage> ParseAddress(const std::string& text);

// "127.0.0.1" or "::1", without the port; an IPv4 address that came over IPv6
// is that. Empty where it is of another family.
std::string PeerName(const sockaddr& address);

// "127.0.0.1:8080", "[::1]:8080".
std::string Authority(const sockaddr_storage& address, int port);

// A socket that listens there. kUnavailable where the address is taken.
StatusOr<int> Listen(const sockaddr_storage& address, const std::string& name);
// The port that it got.
int PortOf(int socket);

}  // namespace hlsrec::serve

#endif  // HLSREC_SRC_SERVE_ADDRESS_H_
