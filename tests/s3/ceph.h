#ifndef HLSREC_TESTS_S3_CEPH_H_
#define HLSREC_TESTS_S3_CEPH_H_

#include <string>

#include "hlsrec/s3_sink.h"
#include "tests/inputs/child_process.h"
#include "tests/temporary_directory.h"

namespace hlsrec::testing {

// A real store that honours conditional puts: Ceph's gateway, on loopback. It
// has one bucket, "bucket".
class CephServer {
 public:
  CephServer();
  [[nodiscard]] std::string endpoint() const;
  // As whom it knows us.
  [[nodiscard]] static Credentials Keys();

 private:
  TemporaryDirectory directory_;
  ChildProcess server_;
  int port_ = 0;
};

}  // namespace hlsrec::testing

#endif  // HLSREC_TESTS_S3_CEPH_H_
