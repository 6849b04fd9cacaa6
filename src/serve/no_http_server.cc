#include "hlsrec/http_server.h"

namespace hlsrec {

// As the other one is declared.
// NOLINTBEGIN(performance-unnecessary-value-param)
StatusOr<std::unique_ptr<HttpServer>> HttpServer::Start(
    std::shared_ptr<Runtime>, HttpServerOptions) {
  return Status(StatusCode::kUnimplemented,
                "serve: this build has no server: build with libmicrohttpd, "
                "HLSREC_HTTP_SERVER=ON");
}
// NOLINTEND(performance-unnecessary-value-param)

}  // namespace hlsrec
