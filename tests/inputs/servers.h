#ifndef HLSREC_TESTS_INPUTS_SERVERS_H_
#define HLSREC_TESTS_INPUTS_SERVERS_H_

#include <memory>
#include <string>

#include "tests/av/media_files.h"
#include "tests/inputs/child_process.h"

namespace hlsrec::testing {

// nginx with its RTMP module, on a free port of 127.0.0.1.
class RtmpServer {
 public:
  RtmpServer();
  [[nodiscard]] std::string url() const;

 private:
  const TempDirectory directory_;
  const int port_;
  std::unique_ptr<ChildProcess> server_;
};

// A server of this folder that prints its port once it listens.
class PythonServer {
 public:
  PythonServer(const std::string& script, const std::string& argument);
  [[nodiscard]] int port() const { return port_; }

 private:
  ChildProcess server_;
  const int port_;
};

}  // namespace hlsrec::testing

#endif  // HLSREC_TESTS_INPUTS_SERVERS_H_
