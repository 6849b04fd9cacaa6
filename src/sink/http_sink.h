#ifndef HLSREC_SRC_SINK_HTTP_SINK_H_
#define HLSREC_SRC_SINK_HTTP_SINK_H_

#include <memory>
#include <string>

#include "hlsrec/http_sink.h"
#include "src/base/clock.h"
#include "src/base/executor.h"
#include "src/net/transfer.h"

namespace hlsrec::sink {

// What an HTTP sink needs of a runtime.
struct HttpSinkWorld {
  // Kept by the sink, not by its calls in flight: the runtime.
  std::shared_ptr<void> owner = {};
  std::shared_ptr<net::Transport> transport = {};
  const Clock* clock = nullptr;
  // Where the authorization may block; needed where there is one.
  std::shared_ptr<Executor> io = {};
};

// kInvalidArgument names the bad field, without more context; files that are
// named are there.
Status CheckHttpOptions(const HttpSinkOptions& options);

// The one line of a file of credentials; the message does not quote it.
StatusOr<std::string> ReadSecretFile(const std::string& path);

// With checked options.
std::shared_ptr<Sink> MakeHttpSink(const HttpSinkWorld& world,
                                   const HttpSinkOptions& options);

}  // namespace hlsrec::sink

#endif  // HLSREC_SRC_SINK_HTTP_SINK_H_
