#ifndef HLSREC_TESTS_S3_STORE_SERVER_H_
#define HLSREC_TESTS_S3_STORE_SERVER_H_

#include <string>
#include <vector>

#include "hlsrec/s3_sink.h"
#include "tests/inputs/child_process.h"
#include "tests/temporary_directory.h"

namespace hlsrec::testing {

// A real store that speaks S3, on loopback. It has one bucket, "bucket".
class StoreServer {
 public:
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string endpoint() const {
    return "http://127.0.0.1:" + std::to_string(port_);
  }
  // As whom it knows us.
  [[nodiscard]] const Credentials& keys() const { return keys_; }

 protected:
  StoreServer(const std::string& script, Credentials keys,
              const std::vector<std::string>& arguments = {});

 private:
  TemporaryDirectory directory_;
  const Credentials keys_;
  ChildProcess server_;
  int port_ = 0;
};

// OpenStack Swift with its S3 interface, which has no conditional puts and
// refuses signatures of another region than `location`.
class SwiftServer : public StoreServer {
 public:
  explicit SwiftServer(const std::string& location = "us-east-1");
};

// Ceph's gateway, which honours conditional puts and takes any region.
class CephServer : public StoreServer {
 public:
  CephServer();
};

// A front before a store which hands on what it is sent as it is, so that
// signatures stay the client's own, and misbehaves (front.py).
class MisbehavingFront {
 public:
  explicit MisbehavingFront(const StoreServer& store);
  [[nodiscard]] std::string endpoint() const;
  // What the store took through it, in words: "puts 12, faults 9"; and what a
  // playlist listed that was not there.
  [[nodiscard]] std::string Verdict() const;

 private:
  ChildProcess server_;
  int port_ = 0;
};

}  // namespace hlsrec::testing

#endif  // HLSREC_TESTS_S3_STORE_SERVER_H_
