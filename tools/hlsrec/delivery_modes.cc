#include "tools/hlsrec/delivery_modes.h"

#include <CLI/CLI.hpp>

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
  if (modes.gzip_playlists) {
    if (Status status = CompressPlaylists(options); !status.ok()) {
      return status;
    }
  }
  return {};
}

}  // namespace hlsrec::tools
