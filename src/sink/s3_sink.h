#ifndef HLSREC_SRC_SINK_S3_SINK_H_
#define HLSREC_SRC_SINK_S3_SINK_H_

#include <memory>

#include "hlsrec/s3_sink.h"
#include "src/base/clock.h"
#include "src/base/executor.h"
#include "src/net/transfer.h"

namespace hlsrec::sink {

// What an S3 sink lives on.
struct S3Surroundings {
  const Clock& clock;
  std::weak_ptr<net::Transport> transport;
  std::shared_ptr<Executor> io;      // where bodies are read
  std::shared_ptr<Runtime> runtime;  // kept by the sink; may be null
};

// The S3 sink over any transport. Checks the options.
StatusOr<std::shared_ptr<S3Sink>> MakeS3Sink(S3Surroundings surroundings,
                                             const S3SinkOptions& options);

}  // namespace hlsrec::sink

#endif  // HLSREC_SRC_SINK_S3_SINK_H_
