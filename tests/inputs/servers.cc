#include "tests/inputs/servers.h"

#include <cstdlib>
#include <fstream>
#include <vector>

#include "tests/catch.h"
#include "tests/inputs/ports.h"
#include "tests/inputs/published.h"

namespace hlsrec::testing {

RtmpServer::RtmpServer() : port_(FreePort(Transport::kTcp)) {
  std::ofstream file(directory_.path("nginx.conf"));
  file << "load_module /usr/lib/nginx/modules/ngx_rtmp_module.so;\n"
       << "daemon off;\nmaster_process off;\n"
       << "pid " << directory_.path("pid") << ";\n"
       << "error_log " << directory_.path("log") << ";\n"
       << "events { worker_connections 32; }\n"
       << "rtmp { server { listen 127.0.0.1:" << port_ << ";\n"
       << "application live { live on; } } }\n";
  file.close();
  server_ = std::make_unique<ChildProcess>(std::vector<std::string>{
      "/usr/sbin/nginx", "-p", directory_.path(""), "-e",
      directory_.path("log"), "-c", directory_.path("nginx.conf")});
  REQUIRE(WaitForListener(Transport::kTcp, port_));
}

std::string RtmpServer::url() const {
  return LocalUrl("rtmp", port_, "/live/cam");
}

PythonServer::PythonServer(const std::string& script,
                           const std::string& argument)
    : server_({"/usr/bin/python3",
               std::string(HLSREC_TEST_SCRIPTS) + "/" + script, argument}),
      port_(std::atoi(server_.ReadLine().c_str())) {
  REQUIRE(port_ > 0);
}

}  // namespace hlsrec::testing
