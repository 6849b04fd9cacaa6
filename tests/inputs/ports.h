#ifndef HLSREC_TESTS_INPUTS_PORTS_H_
#define HLSREC_TESTS_INPUTS_PORTS_H_

#include <functional>

namespace hlsrec::testing {

enum class Transport { kTcp, kUdp };

// A port of 127.0.0.1 that was free just now.
int FreePort(Transport transport);
// An even one that has the next one free, too (RTP and RTCP).
int FreeUdpPortPair();

// Waits until somebody listens on the port (or has bound it, with UDP), without
// connecting to it: some listeners take one connection only. False after ten
// seconds.
bool WaitForListener(Transport transport, int port);

// Waits until it is true; false after ten seconds.
bool WaitUntil(const std::function<bool()>& condition);

}  // namespace hlsrec::testing

#endif  // HLSREC_TESTS_INPUTS_PORTS_H_
