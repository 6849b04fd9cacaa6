#include "tools/hlsrec/uploads.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <utility>

#include "tools/hlsrec/record_options.h"
#include "tools/hlsrec/text.h"

namespace hlsrec::tools {
namespace {

void Tell(const UploadEvent& event) {
  const char* what = "";
  switch (event.kind) {
    case UploadEvent::Kind::kNotStored:
      what = "not stored";
      break;
    case UploadEvent::Kind::kRefused:
      what = "refused";
      break;
    case UploadEvent::Kind::kGap:
      what = "gap";
      break;
    case UploadEvent::Kind::kNotRemoved:
      what = "not removed";
      break;
    case UploadEvent::Kind::kRemoved:
      return;
  }
  fmt::print(stderr, "hlsrec: upload: {}: {}: {}\n", event.key, what,
             event.message);
}

// The flag's name before what is wrong with its value.
template <typename T>
Status Read(const char* flag, StatusOr<T> value, T& out) {
  if (!value.ok()) return value.status().WithContext(flag);
  out = std::move(value).value();
  return {};
}

Status ReadOptions(const Uploads& uploads, UploadReceiverOptions& options) {
  options.path_prefix = uploads.path;
  options.temporary_directory = uploads.buffer;
  options.on_event = Tell;
  options.missing_segments = uploads.missing == "refuse"
                                 ? MissingSegments::kRefuse
                                 : MissingSegments::kGap;
  if (!uploads.token_file.empty()) {
    options.authorization = BearerTokenFile(uploads.token_file);
    if (const auto token = options.authorization(); !token.ok()) {
      return token.status().WithContext("--upload-token-file");
    }
  }
  Status status = Read("--upload-max-size", ParseBytes(uploads.max_size),
                       options.max_object_bytes);
  if (status.ok()) {
    status = Read("--upload-patience", ParseDuration(uploads.patience),
                  options.patience);
  }
  if (status.ok() && !uploads.delete_on_end.empty()) {
    status =
        Read("--upload-delete-on-end", ParseDuration(uploads.delete_on_end),
             options.delete_on_end.emplace());
  }
  // Whoever is still being tried is waited for.
  options.hold = std::max(options.hold, options.patience * 3 / 2);
  return status;
}

}  // namespace

void AddUploads(CLI::App& app, Uploads& uploads) {
  const auto add = [&app](const char* flag, std::string& value,
                          const char* type, const char* text) {
    return app.add_option(flag, value, text)
        ->type_name(type)
        ->group("Uploads from encoders");
  };
  add("--accept-uploads", uploads.target, "OUTPUT",
      "Store what encoders PUT, POST or DELETE in this folder, web server or "
      "bucket; with the flags of outputs");
  add("--upload-token-file", uploads.token_file, "FILE",
      "Only who sends `Authorization: Bearer` with the token in this file; "
      "read again for each request");
  add("--upload-path", uploads.path, "PATH", "Where they put")
      ->capture_default_str();
  add("--upload-max-size", uploads.max_size, "SIZE",
      "Of one file; beyond it 413")
      ->capture_default_str();
  add("--upload-patience", uploads.patience, "TIME",
      "How long the output is tried before the sender is told 503")
      ->capture_default_str();
  add("--upload-missing", uploads.missing, "WHAT",
      "Segments that a playlist names and that never came: gap or refuse (409)")
      ->capture_default_str()
      ->check(CLI::IsMember({"gap", "refuse"}));
  add("--upload-delete-on-end", uploads.delete_on_end, "TIME",
      "Remove a stream so long after its publish_finished; without it streams "
      "stay");
  add("--upload-buffer", uploads.buffer, "FOLDER",
      "Where files above a megabyte wait for the output")
      ->capture_default_str();
}

StatusOr<std::shared_ptr<UploadReceiver>> OpenUploads(
    const std::shared_ptr<Runtime>& runtime, const Uploads& uploads,
    const HttpDelivery& http, const S3Delivery& s3) {
  if (uploads.target.empty()) return std::shared_ptr<UploadReceiver>();
  if (uploads.target.ends_with(".m3u8")) {
    return Status(StatusCode::kInvalidArgument,
                  fmt::format("--accept-uploads: {}: want a folder, or a URL "
                              "that ends in one: names are the encoders'",
                              uploads.target));
  }
  RecordCommand output;
  output.http = http;
  output.s3 = s3;
  output.no_sync = uploads.no_sync;
  auto sink = OpenOutput(output, runtime, uploads.target);
  if (!sink.ok()) return sink.status().WithContext("--accept-uploads");
  UploadReceiverOptions options{.sink = std::move(sink).value()};
  if (Status status = ReadOptions(uploads, options); !status.ok()) {
    return status;
  }
  return UploadReceiver::Create(runtime, std::move(options));
}

}  // namespace hlsrec::tools
