#include "tests/s3/swift.h"

#include <cstdlib>

#include "tests/catch.h"

namespace hlsrec::testing {

SwiftServer::SwiftServer(const std::string& location)
    : server_(
          {"/usr/bin/python3", HLSREC_TEST_SWIFT, directory_.path(), location}),
      port_(std::atoi(server_.ReadLine().c_str())) {
  REQUIRE(port_ > 0);
}

std::string SwiftServer::endpoint() const {
  return "http://127.0.0.1:" + std::to_string(port_);
}

Credentials SwiftServer::Keys() {
  return {.access_key_id = "test:tester", .secret_access_key = "testing"};
}

}  // namespace hlsrec::testing
