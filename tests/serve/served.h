#ifndef HLSREC_TESTS_SERVE_SERVED_H_
#define HLSREC_TESTS_SERVE_SERVED_H_

#include <memory>
#include <utility>
#include <vector>

#include "hlsrec/http_server.h"
#include "tests/catch.h"

namespace hlsrec {

// Handlers behind a server on a free port of 127.0.0.1.
struct Served {
  explicit Served(std::vector<std::shared_ptr<HttpHandler>> handlers,
                  HttpLimits limits = {},
                  std::shared_ptr<Runtime> shared = nullptr)
      : runtime(shared ? std::move(shared) : *Runtime::Create()) {
    auto started =
        HttpServer::Start(runtime, {.bind = "127.0.0.1:0",
                                    .limits = limits,
                                    .handlers = std::move(handlers)});
    REQUIRE(started.ok());
    server = *std::move(started);
  }
  std::shared_ptr<Runtime> runtime;
  std::unique_ptr<HttpServer> server;
};

}  // namespace hlsrec

#endif  // HLSREC_TESTS_SERVE_SERVED_H_
