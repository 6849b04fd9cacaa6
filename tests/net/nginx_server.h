#ifndef HLSREC_TESTS_NET_NGINX_SERVER_H_
#define HLSREC_TESTS_NET_NGINX_SERVER_H_

#include <memory>
#include <string>

#include "tests/inputs/child_process.h"
#include "tests/temporary_directory.h"

namespace hlsrec {

// nginx with its DAV module on free ports of 127.0.0.1, over HTTP and, with
// HTTP/2 and certificates of an authority of its own, HTTPS. Folders:
//   /open/    anybody
//   /basic/   user:pass
//   /bearer/  `Authorization: Bearer t0k`
//   /cert/    a client certificate
class NginxServer {
 public:
  NginxServer();

  [[nodiscard]] std::string Http(const std::string& path) const;
  [[nodiscard]] std::string Https(const std::string& path) const;
  // What it stores below `path`.
  [[nodiscard]] std::string Folder(const std::string& path) const {
    return directory_.path() + "/www" + path;
  }
  [[nodiscard]] std::string ca_file() const {
    return directory_.Path("ca.pem");
  }
  [[nodiscard]] std::string client_certificate_file() const {
    return directory_.Path("client.pem");
  }
  [[nodiscard]] std::string client_key_file() const {
    return directory_.Path("client.key");
  }

 private:
  void MakeCertificates() const;
  void WriteConfiguration() const;

  const TemporaryDirectory directory_;
  const int http_port_;
  const int https_port_;
  std::unique_ptr<testing::ChildProcess> server_;
};

}  // namespace hlsrec

#endif  // HLSREC_TESTS_NET_NGINX_SERVER_H_
