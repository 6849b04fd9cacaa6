#include "tests/s3/ceph.h"

#include <cstdlib>

#include "tests/catch.h"

namespace hlsrec::testing {

CephServer::CephServer()
    : server_({"/usr/bin/python3", HLSREC_TEST_CEPH, directory_.path()}),
      port_(std::atoi(server_.ReadLine().c_str())) {
  REQUIRE(port_ > 0);
}

std::string CephServer::endpoint() const {
  return "http://127.0.0.1:" + std::to_string(port_);
}

Credentials CephServer::Keys() {
  return {.access_key_id = "tester", .secret_access_key = "testing"};
}

}  // namespace hlsrec::testing
