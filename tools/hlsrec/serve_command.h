#ifndef HLSREC_TOOLS_HLSREC_SERVE_COMMAND_H_
#define HLSREC_TOOLS_HLSREC_SERVE_COMMAND_H_

#include <string>
#include <vector>

#include "hlsrec/http_server.h"
#include "tools/hlsrec/http_delivery.h"
#include "tools/hlsrec/s3_delivery.h"
#include "tools/hlsrec/uploads.h"

namespace CLI {
class App;
}

namespace hlsrec::tools {

// `hlsrec serve ROOT...`, as it was typed.
struct ServeCommand {
  std::vector<std::string> roots;  // folders; a bucket; a bucket's web address
  HttpServerOptions server;
  // Who may ask.
  std::string token_file;
  std::string signing_key_file;
  std::string allowed_origin;
  bool open = false;  // to anybody, and that is meant
  // What is not here.
  std::string forward_base_url;
  std::string forward_bucket;      // "aws:NAME:REGION", ...
  std::string forward_extensions;  // empty: all, of a bucket
  std::string proxied_extensions;
  std::vector<std::string> forward_prefixes;  // "/here=/there"
  int forward_status = 302;
  std::string presign_expires = "1h";
  // Limits.
  std::string header_timeout = "15s";
  std::string idle_timeout = "30s";
  bool metrics = false;
  bool json = false;
  bool no_page = false;
  Uploads uploads;
  S3Delivery s3;
  HttpDelivery http;
};

void AddServe(CLI::App& app, ServeCommand& serve);

// Serves until SIGINT or SIGTERM. The process's exit code: 0, 1 usage, 5 the
// address, a folder or a file can't be had.
int RunServe(ServeCommand command);

}  // namespace hlsrec::tools

#endif  // HLSREC_TOOLS_HLSREC_SERVE_COMMAND_H_
