#ifndef HLSREC_METRICS_H_
#define HLSREC_METRICS_H_

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "hlsrec/export.h"
#include "hlsrec/http_server.h"
#include "hlsrec/recorder.h"
#include "hlsrec/runtime.h"
#include "hlsrec/upload_receiver.h"

// Numbers for Prometheus.
namespace hlsrec {

struct RecordingMetrics {
  std::string name = {};  // the label `recording`: the stream's
  RecordingProgress progress = {};
};

struct MetricsInput {
  // Its memory and spool. Null: not told.
  std::shared_ptr<Runtime> runtime = {};
  std::vector<RecordingMetrics> recordings = {};  // Recorder::progress()
  std::optional<HttpServerStats> server = {};     // HttpServer::stats()
  std::optional<UploadStats> uploads = {};        // UploadReceiver::stats()
};

// All of it in Prometheus' text format, version 0.0.4. Names begin with
// `hlsrec_`, have their unit, and stay what they are.
HLSREC_EXPORT std::string RenderMetrics(const MetricsInput& input);

// Its Content-Type.
inline constexpr std::string_view kMetricsContentType =
    "text/plain; version=0.0.4; charset=utf-8";

// Answers GET and HEAD of /metrics with what `render` says. It is called on a
// thread of the server, several at once, and must not block.
HLSREC_EXPORT std::shared_ptr<HttpHandler> MakeMetricsHandler(
    std::function<std::string()> render);

}  // namespace hlsrec

#endif  // HLSREC_METRICS_H_
