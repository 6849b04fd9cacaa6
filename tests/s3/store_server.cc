#include "tests/s3/store_server.h"

#include <cstdlib>
#include <utility>

#include "src/net/http_get.h"
#include "tests/catch.h"

namespace hlsrec::testing {
namespace {

using Words = std::vector<std::string>;

const std::string kScripts = HLSREC_TEST_STORES "/";

// Leaves no compiled modules beside the scripts.
Words Python(const std::string& script, const Words& arguments) {
  Words words = {"/usr/bin/python3", "-B", kScripts + script};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

Words Joined(const std::string& first, const Words& rest) {
  Words words = {first};
  words.insert(words.end(), rest.begin(), rest.end());
  return words;
}

}  // namespace

StoreServer::StoreServer(const std::string& script, Credentials keys,
                         const std::vector<std::string>& arguments)
    : keys_(std::move(keys)),
      server_(Python(script, Joined(directory_.path(), arguments))),
      port_(std::atoi(server_.ReadLine().c_str())) {
  REQUIRE(port_ > 0);
}

SwiftServer::SwiftServer(const std::string& location)
    : StoreServer(
          "swift_server.py",
          {.access_key_id = "test:tester", .secret_access_key = "testing"},
          {location}) {}

CephServer::CephServer()
    : StoreServer("ceph_server.py",
                  {.access_key_id = "tester", .secret_access_key = "testing"}) {
}

MisbehavingFront::MisbehavingFront(const StoreServer& store)
    : server_(Python("front.py", {std::to_string(store.port())})),
      port_(std::atoi(server_.ReadLine().c_str())) {
  REQUIRE(port_ > 0);
}

std::string MisbehavingFront::endpoint() const {
  return "http://127.0.0.1:" + std::to_string(port_);
}

std::string MisbehavingFront::Verdict() const {
  net::HttpReader reader;
  const auto answer = reader.Fetch({.url = endpoint() + "/front/verdict"});
  REQUIRE(answer.ok());
  return answer->body;
}

}  // namespace hlsrec::testing
