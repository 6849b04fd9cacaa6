#include "hlsrec/http_server.h"

namespace hlsrec {

StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(
    std::shared_ptr<Runtime>, HttpServerOptions) {
  return Status(StatusCode::kUnimplemented,
                "serve: this build has no server: build with libmicrohttpd, "
                "HLSREC_HTTP_SERVER=ON");
}

}  // namespace hlsrec
