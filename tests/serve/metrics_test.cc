#include "hlsrec/metrics.h"

#include <string>

#include "tests/catch.h"
#include "tests/serve/client.h"
#include "tests/serve/served.h"

namespace hlsrec {
namespace {

TEST_CASE("metrics: recordings and the server, as Prometheus reads them") {
  MetricsInput input;
  input.recordings = {{.name = "a \"b\"\\\n", .progress = {}},
                      {.name = "c", .progress = {}}};
  input.recordings[1].progress.segments_lost = 3;
  input.recordings[1].progress.backlog_bytes = 4'000'000'000'000;
  input.recordings[1].progress.duration = std::chrono::milliseconds(1500);
  input.recordings[1].progress.lag = std::chrono::milliseconds(250);
  input.server.emplace();
  input.server->answers[4] = 7;
  input.uploads.emplace();
  input.uploads->gaps = 5;
  const std::string text = RenderMetrics(input);
  const auto has = [&](const std::string& line) {
    CAPTURE(line);
    CHECK(text.find("\n" + line + "\n") != std::string::npos);
  };
  has("hlsrec_recordings 2");
  has("# TYPE hlsrec_segments_lost_total counter");
  has("hlsrec_segments_lost_total{recording=\"a \\\"b\\\"\\\\\\n\"} 0");
  has("hlsrec_segments_lost_total{recording=\"c\"} 3");
  has("# TYPE hlsrec_backlog_bytes gauge");
  has("hlsrec_backlog_bytes{recording=\"c\"} 4000000000000");
  has("hlsrec_recorded_seconds{recording=\"c\"} 1.5");
  has("hlsrec_lag_seconds{recording=\"c\"} 0.25");
  has("hlsrec_http_answers_total{status=\"4xx\"} 7");
  has("hlsrec_uploads_gap_total 5");
  has("# TYPE hlsrec_uploads_under_way gauge");
  CHECK(text.ends_with("\n"));
}

TEST_CASE("metrics: a handler serves them") {
  const auto runtime = *Runtime::Create();
  const Served served(
      {MakeMetricsHandler([runtime] {
        return RenderMetrics({.runtime = runtime, .recordings = {}});
      })},
      {}, runtime);
  const auto answer = Ask(*served.server, "GET", "/metrics?x");
  CHECK(answer.status == 200);
  CHECK(answer.Header("content-type") == kMetricsContentType);
  CHECK(answer.body ==
        "# HELP hlsrec_memory_bytes Media that waits in memory\n"
        "# TYPE hlsrec_memory_bytes gauge\n"
        "hlsrec_memory_bytes 0\n"
        "# HELP hlsrec_spool_bytes Segments that wait in the spool\n"
        "# TYPE hlsrec_spool_bytes gauge\n"
        "hlsrec_spool_bytes 0\n"
        "# HELP hlsrec_recordings Recordings that are open\n"
        "# TYPE hlsrec_recordings gauge\n"
        "hlsrec_recordings 0\n");
  CHECK(Ask(*served.server, "GET", "/metrics/a").status == 404);
}

}  // namespace
}  // namespace hlsrec
