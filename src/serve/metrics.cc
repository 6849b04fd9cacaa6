#include "hlsrec/metrics.h"

#include <fmt/format.h>

#include <iterator>
#include <string_view>
#include <utility>

#include "src/base/runtime_core.h"
#include "src/serve/body.h"
#include "src/spool/spool.h"

namespace hlsrec {
namespace {

enum class Kind { kCounter, kGauge };

// A label's value: backslash, quote and line break are escaped.
std::string Escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\n') {
      escaped += "\\n";
      continue;
    }
    if (c == '\\' || c == '"') escaped += '\\';
    escaped += c;
  }
  return escaped;
}

class Text {
 public:
  void Begin(Kind kind, std::string_view name, std::string_view help) {
    name_ = name;
    fmt::format_to(std::back_inserter(text_),
                   "# HELP hlsrec_{} {}\n# TYPE hlsrec_{} {}\n", name, help,
                   name, kind == Kind::kCounter ? "counter" : "gauge");
  }
  // `labels` as they stand between the braces; empty: none.
  template <typename Number>
  void Add(std::string_view labels, Number value) {
    fmt::format_to(std::back_inserter(text_), "hlsrec_{}{}{}{} {}\n", name_,
                   labels.empty() ? "" : "{", labels, labels.empty() ? "" : "}",
                   value);
  }
  std::string Take() && { return std::move(text_); }

 private:
  std::string_view name_;
  std::string text_;
};

template <typename Counts>
struct NamedNumber {
  Kind kind;
  std::string_view name;
  std::string_view help;
  std::uint64_t Counts::*field;
};

constexpr NamedNumber<RecordingProgress> kRecordingNumbers[] = {
    {Kind::kCounter, "packets_accepted_total", "Packets taken",
     &RecordingProgress::packets_accepted},
    {Kind::kCounter, "packets_dropped_total", "Packets that were given up",
     &RecordingProgress::packets_dropped},
    {Kind::kCounter, "packets_repaired_total",
     "Packets whose timestamps were corrected",
     &RecordingProgress::packets_repaired},
    {Kind::kCounter, "written_bytes_total", "Bytes of segments",
     &RecordingProgress::bytes_written},
    {Kind::kCounter, "segments_sealed_total",
     "Segments that are complete, over renditions and containers",
     &RecordingProgress::segments_sealed},
    {Kind::kCounter, "segments_stored_total",
     "Segments that outputs have confirmed",
     &RecordingProgress::segments_stored},
    {Kind::kCounter, "segments_lost_total",
     "Segments that outputs could not store",
     &RecordingProgress::segments_lost},
    {Kind::kCounter, "segments_gap_total", "Segments listed as EXT-X-GAP",
     &RecordingProgress::segments_gap},
    {Kind::kCounter, "discontinuities_total", "Breaks in the timeline",
     &RecordingProgress::discontinuities},
    {Kind::kCounter, "put_retries_total", "Puts that were tried again",
     &RecordingProgress::put_retries},
    {Kind::kGauge, "backlog_objects", "Sealed or published, and not yet stored",
     &RecordingProgress::backlog_objects},
    {Kind::kGauge, "backlog_bytes", "Bytes of these",
     &RecordingProgress::backlog_bytes},
};

std::string LabelOf(const RecordingMetrics& recording) {
  return fmt::format("recording=\"{}\"", Escape(recording.name));
}

void AddRecordings(const std::vector<RecordingMetrics>& recordings,
                   Text& text) {
  text.Begin(Kind::kGauge, "recordings", "Recordings that are open");
  text.Add("", recordings.size());
  if (recordings.empty()) return;
  for (const NamedNumber<RecordingProgress>& number : kRecordingNumbers) {
    text.Begin(number.kind, number.name, number.help);
    for (const RecordingMetrics& one : recordings) {
      text.Add(LabelOf(one), one.progress.*number.field);
    }
  }
  text.Begin(Kind::kGauge, "recorded_seconds", "Media that was recorded");
  for (const RecordingMetrics& one : recordings) {
    text.Add(LabelOf(one),
             static_cast<double>(one.progress.duration.count()) / 1e6);
  }
  text.Begin(Kind::kGauge, "lag_seconds",
             "For how long the oldest complete segment waits to be listed");
  for (const RecordingMetrics& one : recordings) {
    text.Add(LabelOf(one), static_cast<double>(one.progress.lag.count()) / 1e6);
  }
  text.Begin(Kind::kGauge, "paused", "1 where a recording is paused");
  for (const RecordingMetrics& one : recordings) {
    text.Add(LabelOf(one), one.progress.paused ? 1 : 0);
  }
  text.Begin(Kind::kGauge, "spool_full",
             "1 where media waits for room in the spool");
  for (const RecordingMetrics& one : recordings) {
    text.Add(LabelOf(one), one.progress.spool_full ? 1 : 0);
  }
}

constexpr NamedNumber<HttpServerStats> kServerNumbers[] = {
    {Kind::kCounter, "http_connections_total", "Connections accepted",
     &HttpServerStats::connections},
    {Kind::kGauge, "http_connections", "Connections that are open",
     &HttpServerStats::connections_open},
    {Kind::kCounter, "http_connections_refused_total",
     "Connections over the limits", &HttpServerStats::connections_refused},
    {Kind::kCounter, "http_connections_too_slow_total",
     "Connections that were ended because nothing moved",
     &HttpServerStats::connections_too_slow},
    {Kind::kCounter, "http_received_bytes_total", "Bytes of requests' bodies",
     &HttpServerStats::bytes_received},
    {Kind::kCounter, "http_sent_bytes_total",
     "Bytes of answers that went out whole", &HttpServerStats::bytes_sent},
    {Kind::kCounter, "http_cut_short_total", "Answers whose client went away",
     &HttpServerStats::cut_short},
};

template <typename Counts, std::size_t kCount>
void AddAll(const NamedNumber<Counts> (&numbers)[kCount], const Counts& counts,
            Text& text) {
  for (const NamedNumber<Counts>& number : numbers) {
    text.Begin(number.kind, number.name, number.help);
    text.Add("", counts.*number.field);
  }
}

void AddServer(const HttpServerStats& server, Text& text) {
  AddAll(kServerNumbers, server, text);
  text.Begin(Kind::kCounter, "http_answers_total", "Answers by status");
  for (std::size_t digit = 1; digit < server.answers.size(); ++digit) {
    text.Add(fmt::format("status=\"{}xx\"", digit), server.answers.at(digit));
  }
}

constexpr NamedNumber<UploadStats> kUploadNumbers[] = {
    {Kind::kCounter, "uploads_stored_total", "Uploads that were confirmed",
     &UploadStats::stored},
    {Kind::kCounter, "uploads_stored_bytes_total", "Bytes of these",
     &UploadStats::stored_bytes},
    {Kind::kCounter, "uploads_removed_total", "Objects that were removed",
     &UploadStats::removed},
    {Kind::kCounter, "uploads_refused_total", "Uploads answered with 4xx",
     &UploadStats::refused},
    {Kind::kCounter, "uploads_not_stored_total",
     "Uploads that the sink did not take in time", &UploadStats::not_stored},
    {Kind::kCounter, "uploads_broken_off_total",
     "Uploads whose client went away", &UploadStats::broken_off},
    {Kind::kCounter, "uploads_gap_total",
     "Segments that became EXT-X-GAP as they did not come", &UploadStats::gaps},
    {Kind::kCounter, "uploads_overtaken_total",
     "Versions of playlists that came behind a newer one",
     &UploadStats::overtaken},
    {Kind::kGauge, "uploads_under_way", "Uploads that are under way",
     &UploadStats::under_way},
    {Kind::kGauge, "uploads_remembered_names", "Names that are kept in memory",
     &UploadStats::remembered_names},
};

class MetricsHandler final : public HttpHandler {
 public:
  explicit MetricsHandler(std::function<std::string()> render)
      : render_(std::move(render)) {}

  bool Wants(const HttpRequest& request) const override {
    return request.path() == "/metrics" &&
           (request.method == "GET" || request.method == "HEAD");
  }
  std::unique_ptr<HttpBodyReader> Handle(HttpRequest,
                                         HttpReply reply) override {
    reply({.headers = {{.name = "Content-Type",
                        .value = std::string(kMetricsContentType)},
                       {.name = "Cache-Control", .value = "no-store"}},
           .body = serve::MakeText(render_())});
    return nullptr;
  }

 private:
  const std::function<std::string()> render_;
};

}  // namespace

std::string RenderMetrics(const MetricsInput& input) {
  Text text;
  if (input.runtime != nullptr) {
    text.Begin(Kind::kGauge, "memory_bytes", "Media that waits in memory");
    text.Add("", input.runtime->memory_used_bytes());
    text.Begin(Kind::kGauge, "spool_bytes", "Segments that wait in the spool");
    text.Add("", input.runtime->core().spool().used_bytes());
  }
  AddRecordings(input.recordings, text);
  if (input.server) AddServer(*input.server, text);
  if (input.uploads) AddAll(kUploadNumbers, *input.uploads, text);
  return std::move(text).Take();
}

std::shared_ptr<HttpHandler> MakeMetricsHandler(
    std::function<std::string()> render) {
  return std::make_shared<MetricsHandler>(std::move(render));
}

}  // namespace hlsrec
