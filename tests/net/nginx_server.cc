#include "tests/net/nginx_server.h"

#include <filesystem>
#include <fstream>
#include <vector>

#include "tests/catch.h"
#include "tests/inputs/ports.h"

namespace hlsrec {
namespace {

void Run(const std::vector<std::string>& arguments) {
  REQUIRE(testing::ChildProcess(arguments).Wait() == 0);
}

std::string Url(const char* scheme, int port, const std::string& path) {
  return std::string(scheme) + "://127.0.0.1:" + std::to_string(port) + path;
}

}  // namespace

NginxServer::NginxServer()
    : http_port_(testing::FreePort(testing::Transport::kTcp)),
      https_port_(testing::FreePort(testing::Transport::kTcp)) {
  MakeCertificates();
  WriteConfiguration();
  server_ = std::make_unique<testing::ChildProcess>(std::vector<std::string>{
      "/usr/sbin/nginx", "-p", directory_.path(), "-e", directory_.Path("log"),
      "-c", directory_.Path("nginx.conf")});
  REQUIRE(testing::WaitForListener(testing::Transport::kTcp, https_port_));
  REQUIRE(testing::WaitForListener(testing::Transport::kTcp, http_port_));
}

std::string NginxServer::Http(const std::string& path) const {
  return Url("http", http_port_, path);
}

std::string NginxServer::Https(const std::string& path) const {
  return Url("https", https_port_, path);
}

void NginxServer::MakeCertificates() const {
  const auto file = [this](const std::string& name) {
    return "'" + directory_.Path(name) + "'";
  };
  // openssl tells of its progress.
  const auto openssl = [](const std::string& arguments) {
    Run({"/bin/sh", "-c",
         "exec /usr/bin/openssl " + arguments + " 2>/dev/null"});
  };
  std::ofstream(directory_.Path("server.ext"))
      << "subjectAltName=IP:127.0.0.1\n";
  std::ofstream(directory_.Path("client.ext"))
      << "extendedKeyUsage=clientAuth\n";
  const std::string new_key =
      " -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ";
  openssl("req -x509 -subj '/CN=test authority' -days 2" + new_key +
          file("ca.key") + " -out " + file("ca.pem"));
  for (const std::string name : {"server", "client"}) {
    openssl("req -subj /CN=" + name + new_key + file(name + ".key") + " -out " +
            file(name + ".csr"));
    openssl("x509 -req -in " + file(name + ".csr") + " -CA " + file("ca.pem") +
            " -CAkey " + file("ca.key") + " -CAcreateserial -days 2 -extfile " +
            file(name + ".ext") + " -out " + file(name + ".pem"));
  }
}

void NginxServer::WriteConfiguration() const {
  const std::string& top = directory_.path();
  for (const char* folder : {"open", "basic", "bearer", "cert"}) {
    std::filesystem::create_directories(top + "/www/" + folder);
  }
  std::ofstream(top + "/users") << "user:{PLAIN}pass\n";
  const std::string dav =
      "dav_methods PUT DELETE; create_full_put_path on; }\n";
  std::ofstream file(top + "/nginx.conf");
  file << "daemon off;\nmaster_process off;\npid " << top << "/pid;\n"
       << "error_log " << top << "/log;\n"
       << "events { worker_connections 256; }\nhttp {\n"
       << "access_log off; client_max_body_size 0;\n";
  for (const char* kind :
       {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
    file << kind << "_temp_path " << top << "/" << kind << ";\n";
  }
  file << "server {\nlisten 127.0.0.1:" << http_port_ << ";\n"
       << "listen 127.0.0.1:" << https_port_ << " ssl http2;\n"
       << "ssl_certificate " << top << "/server.pem;\n"
       << "ssl_certificate_key " << top << "/server.key;\n"
       << "ssl_client_certificate " << top << "/ca.pem;\n"
       << "ssl_verify_client optional;\nroot " << top << "/www;\n"
       << "add_header X-Protocol $server_protocol always;\n"
       << "types { application/vnd.apple.mpegurl m3u8; video/mp2t ts; "
          "video/mp4 mp4; video/iso.segment m4s; }\n"
       << "location /open/ { " << dav
       << "location /basic/ { auth_basic x; auth_basic_user_file " << top
       << "/users; " << dav
       << "location /bearer/ { if ($http_authorization != \"Bearer t0k\") { "
          "return 401; } "
       << dav
       << "location /cert/ { if ($ssl_client_verify != SUCCESS) { return 403; "
          "} "
       << dav << "} }\n";
}

}  // namespace hlsrec
