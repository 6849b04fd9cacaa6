#include "tools/hlsrec/delivery_modes.h"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "tools/hlsrec/text.h"

namespace hlsrec::tools {
namespace {

Status CompressPlaylists(RecordingOptions& options) {
  bool any = false;
  for (OutputOptions& output : options.outputs) {
    if (!output.sink->keeps_content_encoding()) continue;
    output.playlist_encoding = PlaylistEncoding::kGzip;
    any = true;
  }
  if (any) return {};
  return {StatusCode::kInvalidArgument,
          "--gzip-playlists: folders keep no Content-Encoding, so that players "
          "would take gzip for text: want an http(s) or s3 URL"};
}

// A folder on this machine; the others are servers.
bool IsLocal(const OutputOptions& output) {
  return output.sink->Describe().starts_with("file:");
}

std::vector<std::string> ServerIds(const RecordingOptions& options) {
  std::vector<std::string> ids;
  for (const OutputOptions& output : options.outputs) {
    if (!IsLocal(output)) ids.push_back(output.id);
  }
  return ids;
}

Status UploadAtEnd(RecordingOptions& options) {
  bool any = false;
  for (OutputOptions& output : options.outputs) {
    if (IsLocal(output)) continue;
    output.delivery = Delivery::kAtEnd;
    any = true;
  }
  if (any) return {};
  return {StatusCode::kInvalidArgument,
          "--upload: at-end: folders are written while it is recorded: want an "
          "http(s) or s3 URL"};
}

Status DeleteLocal(RecordingOptions& options) {
  const std::vector<std::string> servers = ServerIds(options);
  bool any = false;
  for (OutputOptions& output : options.outputs) {
    if (!IsLocal(output)) continue;
    output.delete_once_stored_by = servers;
    any = true;
  }
  if (any && !servers.empty()) return {};
  return {StatusCode::kInvalidArgument,
          "--local: delete: want a folder, and an http(s) or s3 URL that has "
          "all before it goes"};
}

Status Retain(const std::string& text, RecordingOptions& options) {
  const auto retain = ParseDuration(text);
  if (!retain.ok()) return retain.status().WithContext("--retain");
  // Nobody means seconds, and what is removed is gone.
  if (text.find_first_not_of("0123456789.") == std::string::npos) {
    return {StatusCode::kInvalidArgument,
            fmt::format("--retain: {}: want a unit: {}d, {}h or {}s", text,
                        text, text, text)};
  }
  for (OutputOptions& output : options.outputs) {
    if (output.sink->Describe().starts_with("http")) {
      return {StatusCode::kInvalidArgument,
              "--retain: web servers have no list of what they hold: want "
              "folders and s3 URLs"};
    }
    output.retain = std::chrono::ceil<std::chrono::seconds>(*retain);
  }
  return {};
}

}  // namespace

void AddDeliveryModes(CLI::App& app, DeliveryModes& modes) {
  const char* group = "Storage";
  app.add_option("--rewrite-interval", modes.rewrite_interval,
                 "Least time between two writes of one playlist, for stores "
                 "that limit them; what the storage's type needs by default")
      ->type_name("DURATION")
      ->group(group);
  app.add_flag("--gzip-playlists", modes.gzip_playlists,
               "Playlists on web servers and in buckets as gzip: a tenth of "
               "the bytes of a long one. The server must keep Content-Encoding")
      ->group(group);
  app.add_option("--upload", modes.upload,
                 "When web servers and buckets are written to: realtime, or "
                 "at-end: when the recording has ended. The spool holds all of "
                 "it until then, and --finish-timeout is the longest time "
                 "without another object stored")
      ->capture_default_str()
      ->check(CLI::IsMember({"realtime", "at-end"}))
      ->group(group);
  app.add_option("--local", modes.local,
                 "What becomes of folders among several outputs: keep, or "
                 "delete: once every web server and bucket has everything")
      ->capture_default_str()
      ->check(CLI::IsMember({"keep", "delete"}))
      ->group(group);
  app.add_option("--retain", modes.retain,
                 "Remove recordings of this stream that ended longer ago, such "
                 "as 30d, and were recorded with this option: only what their "
                 "notes below .hlsrec-recordings name")
      ->type_name("DURATION")
      ->group(group);
}

Status ApplyDeliveryModes(const DeliveryModes& modes,
                          RecordingOptions& options) {
  if (!modes.rewrite_interval.empty()) {
    const auto interval = ParseDuration(modes.rewrite_interval);
    if (!interval.ok()) {
      return interval.status().WithContext("--rewrite-interval");
    }
    for (OutputOptions& output : options.outputs) {
      output.rewrite_interval = *interval;
    }
  }
  Status status;
  if (modes.gzip_playlists) status = CompressPlaylists(options);
  if (status.ok() && modes.upload == "at-end") status = UploadAtEnd(options);
  if (status.ok() && modes.local == "delete") status = DeleteLocal(options);
  if (status.ok() && !modes.retain.empty()) {
    status = Retain(modes.retain, options);
  }
  return status;
}

}  // namespace hlsrec::tools
